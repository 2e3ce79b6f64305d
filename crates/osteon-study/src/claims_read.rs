//! Reads the table of claims. Every fault at once, each with its place and a remedy. A key that holds a result does not exist.

use osteon_model::{Diagnostic, FileId, Span};
use osteon_sim::Diagnostics;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::claims::{Claim, NamedRows, Standing};
use crate::near_names::near_name;
use crate::study::{Kind, Link};

const TEXTS: [&str; 7] = [
    "claim",
    "grade",
    "link",
    "answered_by",
    "verdict_if_shown",
    "not_modelled",
    "note",
];
const OTHERS: [&str; 3] = ["row", "article", "tested_by"];
const TEST_KEYS: [&str; 6] = ["study", "sign", "quantity", "arm", "at", "as"];
/// A claim may concern no link at all.
const NO_LINK: &str = "none";

/// Reads the table called `name`.
///
/// # Errors
/// Everything that is wrong with it, with places.
pub fn read_claims(text: &str, name: &str) -> Result<(Vec<Claim>, Diagnostics), Diagnostics> {
    let mut faults = Diagnostics::default();
    let file = faults.sources.add(name, text);
    let (document, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        let range = error.span().unwrap_or(0..0);
        faults.list.push(
            Diagnostic::error(
                "claims-syntax",
                format!("not valid TOML: {}", error.message()),
                Span::new(file, range.start, range.end),
            )
            .help("texts stand in quotes, lists in [ ], and each key stands once"),
        );
    }
    let mut reader = Reader {
        file,
        faults: &mut faults.list,
    };
    let mut claims: Vec<Claim> = Vec::new();
    for (key, value) in document.get_ref() {
        match (key.get_ref().as_ref(), value.get_ref()) {
            ("claim", DeValue::Array(list)) => {
                for item in list {
                    match item.get_ref() {
                        DeValue::Table(table) => {
                            claims.extend(reader.claim(table, reader.place(item.span())));
                        }
                        _ => reader.wrong(item.span(), "a claim should be a table", "[[claim]]"),
                    }
                }
            }
            (other, _) => {
                let help = "the table holds [[claim]] entries and nothing else";
                let message = format!("the table of claims has no key `{other}`");
                reader.wrong(key.span(), &message, help);
            }
        }
    }
    claims.sort_by_key(|c| c.row);
    for pair in claims.windows(2) {
        if pair[0].row == pair[1].row {
            faults.list.push(
                Diagnostic::error(
                    "claims-wrong",
                    format!("row {} stands twice", pair[1].row),
                    pair[1].span,
                )
                .help("each row of the evidence is one claim"),
            );
        }
    }
    if faults.has_errors() {
        return Err(faults);
    }
    Ok((claims, faults))
}

struct Reader<'a> {
    file: FileId,
    faults: &'a mut Vec<Diagnostic>,
}

impl Reader<'_> {
    fn place(&self, range: std::ops::Range<usize>) -> Span {
        Span::new(self.file, range.start, range.end)
    }

    fn wrong(&mut self, range: std::ops::Range<usize>, message: &str, help: &str) {
        let span = self.place(range);
        self.faults
            .push(Diagnostic::error("claims-wrong", message, span).help(help));
    }

    fn missing(&mut self, span: Span, message: String, help: &str) {
        self.faults
            .push(Diagnostic::error("claims-missing", message, span).help(help));
    }

    fn text(&mut self, key: &str, value: &Spanned<DeValue<'_>>) -> Option<String> {
        match value.get_ref() {
            DeValue::String(words) => Some(words.trim().to_owned()),
            _ => {
                let message = format!("`{key}` should be a text in quotes");
                self.wrong(value.span(), &message, &format!("{key} = \"…\""));
                None
            }
        }
    }

    fn claim(&mut self, table: &DeTable<'_>, span: Span) -> Option<Claim> {
        let faults_before = self.faults.len();
        let mut texts: [String; 7] = Default::default();
        let (mut row, mut articles, mut tested_by) = (None, Vec::new(), Vec::new());
        for (key, value) in table {
            let name: &str = key.get_ref();
            if let Some(slot) = TEXTS.iter().position(|t| *t == name) {
                if let Some(words) = self.text(name, value) {
                    texts[slot] = words;
                }
                continue;
            }
            match (name, value.get_ref()) {
                ("row", DeValue::Integer(number)) => row = number.as_str().parse::<u32>().ok(),
                ("article" | "tested_by", DeValue::Array(list)) => {
                    for item in list {
                        match item.get_ref() {
                            DeValue::String(words) if name == "article" => {
                                articles.push(words.to_string());
                            }
                            DeValue::Table(table) if name == "tested_by" => {
                                let place = self.place(item.span());
                                tested_by.extend(self.named_rows(table, place));
                            }
                            _ => self.wrong(
                                item.span(),
                                &format!("`{name}` holds something else than it should"),
                                "article = [\"…\"]; tested_by = [{ study = \"…\", quantity = \"…\" }]",
                            ),
                        }
                    }
                }
                (known, _) if OTHERS.contains(&known) => self.wrong(
                    value.span(),
                    &format!("`{known}` is of the wrong kind"),
                    "row = 7; article = [\"…\"]; tested_by = [{ study = \"…\", quantity = \"…\" }]",
                ),
                (other, _) => {
                    let all = TEXTS.into_iter().chain(OTHERS);
                    let help = match near_name(other, all) {
                        _ if other == "result" => {
                            "the result is worked out from the named rows and is never written down"
                                .to_owned()
                        }
                        Some(near) => format!("did you mean `{near}`?"),
                        None => format!("known keys: {}, {}", OTHERS.join(", "), TEXTS.join(", ")),
                    };
                    self.wrong(key.span(), &format!("a claim has no key `{other}`"), &help);
                }
            }
        }
        let [
            claim,
            grade,
            link,
            answered_by,
            if_shown,
            not_modelled,
            note,
        ] = texts;
        let Some(row) = row else {
            self.missing(
                span,
                "a claim without the number of its row".to_owned(),
                "row = 7",
            );
            return None;
        };
        for (key, has) in [("claim", &claim), ("grade", &grade), ("link", &link)] {
            if has.is_empty() {
                let message = format!("claim {row} does not say `{key}`");
                self.missing(span, message, &format!("{key} = \"…\""));
            }
        }
        let words = || Link::ALL.iter().map(|l| l.as_str()).chain([NO_LINK]);
        if !link.is_empty() && !words().any(|w| w == link) {
            let help = format!("one of {}", words().collect::<Vec<_>>().join(", "));
            self.faults.push(
                Diagnostic::error(
                    "claims-wrong",
                    format!("claim {row}: `link` is \"{link}\""),
                    span,
                )
                .help(help),
            );
        }
        let if_shown = self.if_shown(
            row,
            &if_shown,
            &tested_by,
            &not_modelled,
            &answered_by,
            span,
        );
        (self.faults.len() == faults_before).then_some(Claim {
            row,
            claim,
            articles,
            grade,
            link,
            answered_by,
            if_shown,
            tested_by,
            not_modelled,
            note,
            span,
        })
    }

    /// What the rows are worth: a claim has rows, a worth and an answering mechanism, or a reason why not.
    fn if_shown(
        &mut self,
        row: u32,
        word: &str,
        tested_by: &[NamedRows],
        reason: &str,
        answered_by: &str,
        span: Span,
    ) -> Standing {
        let worth = [Standing::Supported, Standing::Contradicted]
            .into_iter()
            .find(|s| s.as_str() == word);
        match (tested_by.is_empty(), worth) {
            (false, Some(worth)) => {
                if !reason.is_empty() {
                    self.faults.push(
                        Diagnostic::error(
                            "claims-wrong",
                            format!("claim {row} is tested and says `not_modelled`"),
                            span,
                        )
                        .help("take away `not_modelled`, or the tests"),
                    );
                }
                if answered_by.is_empty() {
                    let message = format!("claim {row} does not say `answered_by`");
                    self.missing(span, message, "answered_by = \"mechanisms and quantities\"");
                }
                return worth;
            }
            (false, None) => self.missing(
                span,
                format!("claim {row} does not say what it is worth if its rows are shown"),
                "verdict_if_shown = \"supported\" or \"contradicted\"",
            ),
            (true, _) if reason.is_empty() => self.missing(
                span,
                format!("claim {row} is neither tested nor said to be outside of the body"),
                "tested_by = [{ study = \"…\", quantity = \"…\" }], or not_modelled = \"why\"",
            ),
            // What the evidence says is kept for readers; without rows it never becomes the result.
            (true, worth) => return worth.unwrap_or(Standing::NotModelled),
        }
        Standing::NotModelled
    }

    fn named_rows(&mut self, table: &DeTable<'_>, span: Span) -> Option<NamedRows> {
        let mut said: [Option<String>; 6] = Default::default();
        for (key, value) in table {
            let name: &str = key.get_ref();
            match TEST_KEYS.iter().position(|k| *k == name) {
                Some(slot) => said[slot] = self.text(name, value),
                None => {
                    let help = near_name(name, TEST_KEYS).map_or_else(
                        || format!("known keys: {}", TEST_KEYS.join(", ")),
                        |near| format!("did you mean `{near}`?"),
                    );
                    self.wrong(key.span(), &format!("a test has no key `{name}`"), &help);
                }
            }
        }
        let [study, sign, quantity, arm, at, kind] = said;
        if let Some(word) = kind
            .as_deref()
            .filter(|w| !Kind::ALL.iter().any(|k| k.as_str() == *w))
        {
            let known: Vec<&str> = Kind::ALL.iter().map(|k| k.as_str()).collect();
            self.faults.push(
                Diagnostic::error("claims-wrong", format!("`as` is \"{word}\""), span)
                    .help(format!("one of {}", known.join(", "))),
            );
        }
        let folder = match (study, sign) {
            (Some(name), None) => format!("studies/{name}"),
            (None, Some(name)) => format!("signs/{name}"),
            _ => {
                self.missing(
                    span,
                    "a test names one study or one sign".to_owned(),
                    "{ study = \"author-1999-topic\", quantity = \"serum.X\" }",
                );
                return None;
            }
        };
        Some(NamedRows {
            folder,
            quantity,
            arm,
            at,
            kind,
            span,
        })
    }
}
