//! The table of claims: what is said about the body, and which judged rows decide it.
//!
//! A claim never holds its own answer. It names rows of studies and signs and says what the claim is worth if the body shows
//! all of them ([`Claim::if_shown`]); the answer is worked out from their verdicts ([`answer`]). Format: `docs/claims.md`.

use osteon_model::{Diagnostic, Sources, Span};
use osteon_sim::{Diagnostics, read_days};

use crate::judge::{RowVerdict, Verdict};
use crate::near_names::near_name;
use crate::study::{Row, Study};
use crate::study_read::is_study;

/// Where the table lies.
pub const CLAIMS_FILE: &str = "evidence/claims.toml";

/// What the body makes of a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// The body does what the claim says.
    Supported,
    /// The body does not do what the claim says.
    Contradicted,
    /// The body has nothing to say about it, or could not be asked.
    NotModelled,
}

impl Standing {
    /// The word in tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Standing::Supported => "supported",
            Standing::Contradicted => "contradicted",
            Standing::NotModelled => "not_modelled",
        }
    }

    /// The other answer; what is not modelled stays so.
    #[must_use]
    pub fn opposite(self) -> Standing {
        match self {
            Standing::Supported => Standing::Contradicted,
            Standing::Contradicted => Standing::Supported,
            Standing::NotModelled => Standing::NotModelled,
        }
    }
}

/// Rows that a claim names: all rows of a folder that have everything that is said here.
#[derive(Debug, Clone, PartialEq)]
pub struct NamedRows {
    /// `studies/…` or `signs/…`.
    pub folder: String,
    /// Dotted name of the quantity.
    pub quantity: Option<String>,
    /// Arm as written in `data.csv`: `treated`, or `treated vs control`.
    pub arm: Option<String>,
    /// Time as written.
    pub at: Option<String>,
    /// What the number means, as written.
    pub kind: Option<String>,
    /// Where it stands in the table.
    pub span: Span,
}

impl NamedRows {
    /// True if the row is meant.
    pub fn means(&self, row: &Row) -> bool {
        let said =
            |asked: &Option<String>, has: &dyn Fn(&str) -> bool| asked.as_deref().is_none_or(has);
        let near = |a: f64, b: f64| (a - b).abs() < 1e-6;
        said(&self.quantity, &|q| q == row.quantity)
            && said(&self.arm, &|a| a == row.arm || a == row.arm_words())
            && said(&self.at, &|t| {
                t == row.at || read_days(t).is_ok_and(|days| near(days, row.at_d))
            })
            && said(&self.kind, &|k| k == row.kind.as_str())
    }

    fn words(&self) -> String {
        let parts = [&self.quantity, &self.arm, &self.at, &self.kind];
        parts
            .into_iter()
            .flatten()
            .cloned()
            .collect::<Vec<_>>()
            .join(", ")
    }
}

/// A claim with its evidence and the rows that decide it.
#[derive(Debug, Clone, PartialEq)]
pub struct Claim {
    /// Number in the table of evidence.
    pub row: u32,
    /// The claim in neutral words.
    pub claim: String,
    /// Articles that make it.
    pub articles: Vec<String>,
    /// Evidence grade.
    pub grade: String,
    /// What kind of knowledge links cause and effect.
    pub link: String,
    /// What in the body answers it.
    pub answered_by: String,
    /// What the claim is worth if every named row is within. Without named rows it is no answer, only what the evidence says.
    pub if_shown: Standing,
    /// The rows that decide it.
    pub tested_by: Vec<NamedRows>,
    /// Why the body has nothing to say, for claims without rows.
    pub not_modelled: String,
    /// Free words.
    pub note: String,
    /// Where it stands in the table.
    pub span: Span,
}

/// A claim as the body answers it now.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The claim.
    pub claim: Claim,
    /// What the body makes of it.
    pub result: Standing,
    /// Every named row with its verdict, in the order of naming.
    pub rows: Vec<RowVerdict>,
}

impl Answer {
    /// How many named rows came out within.
    pub fn passed(&self) -> usize {
        let within = |r: &&RowVerdict| r.verdict == Verdict::Within;
        self.rows.iter().filter(within).count()
    }

    /// True if the body says what the evidence says: it shows every named row. Claims without rows have no view.
    pub fn agrees(&self) -> Option<bool> {
        (!self.rows.is_empty()).then(|| self.passed() == self.rows.len())
    }
}

/// Folders that the claims name, each once, in order of the alphabet.
pub fn claimed_folders(claims: &[Claim]) -> Vec<String> {
    let mut folders: Vec<String> = claims
        .iter()
        .flat_map(|c| &c.tested_by)
        .map(|t| t.folder.clone())
        .collect();
    folders.sort();
    folders.dedup();
    folders
}

/// Names that lead nowhere: folders that are no study, quantities and rows that no study has.
/// `studies` are the folders that could be read.
pub fn check_names(
    claims: &[Claim],
    sources: &dyn Sources,
    studies: &[(String, Study)],
    faults: &mut Diagnostics,
) {
    for named in claims.iter().flat_map(|c| &c.tested_by) {
        let known = studies.iter().find(|(f, _)| *f == named.folder);
        let Some((_, study)) = known else {
            if !is_study(sources, &named.folder) {
                faults.list.push(no_folder(named, sources));
            }
            continue;
        };
        if !study.rows.iter().any(|row| named.means(row)) {
            let keys: Vec<String> = study
                .rows
                .iter()
                .map(|r| {
                    let parts = [r.quantity.as_str(), &r.arm_words(), &r.at, r.kind.as_str()];
                    parts
                        .into_iter()
                        .filter(|p| !p.is_empty())
                        .collect::<Vec<_>>()
                        .join(", ")
                })
                .collect();
            faults.list.push(
                Diagnostic::error(
                    "claims-unknown",
                    format!("{} has no row `{}`", named.folder, named.words()),
                    named.span,
                )
                .help(format!("its rows are: {}", keys.join("; "))),
            );
        }
    }
}

fn no_folder(named: &NamedRows, sources: &dyn Sources) -> Diagnostic {
    let (shelf, name) = named
        .folder
        .split_once('/')
        .unwrap_or(("studies", &named.folder));
    let known = sources.list(shelf).unwrap_or_else(|_| Vec::new());
    let help = near_name(name, known.iter().map(|k| k.trim_end_matches('/'))).map_or_else(
        || format!("name a folder of {shelf}/"),
        |near| format!("did you mean `{near}`?"),
    );
    Diagnostic::error(
        "claims-unknown",
        format!("there is no {}", named.folder),
        named.span,
    )
    .help(help)
}

/// Answers every claim from the verdicts of its rows; `judged` gives the verdicts of a folder.
///
/// * every row within: what the claim is worth if shown;
/// * any row outside or of the wrong sign: the opposite, because the body does not do what the evidence says;
/// * no row, or rows that did not run and none against: not modelled.
pub fn answer<'a>(claims: &[Claim], judged: impl Fn(&str) -> &'a [RowVerdict]) -> Vec<Answer> {
    claims
        .iter()
        .map(|claim| {
            let rows: Vec<RowVerdict> = claim
                .tested_by
                .iter()
                .flat_map(|named| {
                    let of_folder = judged(&named.folder);
                    of_folder.iter().filter(|r| named.means(&r.row))
                })
                .cloned()
                .collect();
            let against =
                |r: &RowVerdict| matches!(r.verdict, Verdict::Outside | Verdict::WrongSign);
            let result = if rows.is_empty() {
                Standing::NotModelled
            } else if rows.iter().any(against) {
                claim.if_shown.opposite()
            } else if rows.iter().any(|r| r.verdict == Verdict::Failed) {
                Standing::NotModelled
            } else {
                claim.if_shown
            };
            Answer {
                claim: claim.clone(),
                result,
                rows,
            }
        })
        .collect()
}
