//! Tables of people and events as text: comma-separated fields with their places, and headers that carry a unit, `age[a]`.
//!
//! Quotes as in RFC 4180. Records come one by one, so that a table of a million rows is never held as separate texts.

use osteon_model::{FileId, Span};

/// A field and its byte range in the text.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Field {
    pub(crate) text: String,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

impl Field {
    pub(crate) fn span(&self, file: FileId) -> Span {
        Span::new(file, self.start, self.end)
    }

    /// Nothing was said: empty, or one of the marks that tables use for it.
    pub(crate) fn is_blank(&self) -> bool {
        matches!(self.text.as_str(), "" | "." | "NA")
    }
}

/// What to do about a header that has no commas but other marks between its words.
pub(crate) fn parted_otherwise(header: &[Field]) -> Option<&'static str> {
    let [only] = header else {
        return None;
    };
    let marks = [
        (';', "fields are parted by commas here, not by semicolons"),
        ('\t', "fields are parted by commas here, not by tabs"),
        (' ', "fields are parted by commas here, not by spaces"),
    ];
    let found = marks
        .into_iter()
        .find(|(mark, _)| only.text.contains(*mark));
    found.map(|(_, help)| help)
}

/// Records of a text in order. Never fails: an unclosed quote ends with the text.
pub(crate) struct Records<'t> {
    text: &'t str,
    at: usize,
    /// Lines that begin with `#`, without it, as far as they have been passed.
    pub(crate) remarks: Vec<(String, usize)>,
}

impl<'t> Records<'t> {
    pub(crate) fn new(text: &'t str) -> Self {
        let at = if text.starts_with('\u{feff}') { 3 } else { 0 };
        Records {
            text,
            at,
            remarks: Vec::new(),
        }
    }
}

impl Iterator for Records<'_> {
    type Item = Vec<Field>;

    fn next(&mut self) -> Option<Vec<Field>> {
        let bytes = self.text.as_bytes();
        while self.at < bytes.len() {
            if bytes[self.at] == b'#' {
                let end = self.text[self.at..]
                    .find('\n')
                    .map_or(bytes.len(), |n| self.at + n);
                let remark = self.text[self.at + 1..end].trim().to_owned();
                self.remarks.push((remark, self.at));
                self.at = (end + 1).min(bytes.len());
                continue;
            }
            let mut fields = Vec::new();
            loop {
                let (field, next) = field(self.text, self.at);
                fields.push(field);
                self.at = next;
                match bytes.get(self.at) {
                    Some(b',') => self.at += 1,
                    Some(_) => {
                        self.at += 1;
                        break;
                    }
                    None => break,
                }
            }
            if fields.len() > 1 || !fields[0].text.is_empty() {
                return Some(fields);
            }
        }
        None
    }
}

/// One field from `at`, and where it ends: at a comma, a line end or the end of the text.
fn field(text: &str, at: usize) -> (Field, usize) {
    let bytes = text.as_bytes();
    let blank = |b: &u8| matches!(b, b' ' | b'\t');
    let lead = bytes[at..].iter().take_while(|b| blank(b)).count();
    if bytes.get(at + lead) == Some(&b'"') {
        let start = at + lead + 1;
        let mut content = String::new();
        let mut from = start;
        loop {
            let Some(quote) = text[from..].find('"').map(|p| from + p) else {
                content.push_str(&text[from..]);
                let end = text.len();
                return (
                    Field {
                        text: content,
                        start,
                        end,
                    },
                    end,
                );
            };
            content.push_str(&text[from..quote]);
            if bytes.get(quote + 1) == Some(&b'"') {
                content.push('"');
                from = quote + 2;
                continue;
            }
            let next = text[quote..]
                .find([',', '\n'])
                .map_or(text.len(), |p| quote + p);
            let field = Field {
                text: content,
                start,
                end: quote,
            };
            return (field, next);
        }
    }
    let next = text[at..].find([',', '\n']).map_or(text.len(), |p| at + p);
    let raw = &text[at..next];
    let start = at + (raw.len() - raw.trim_start().len());
    let content = raw.trim();
    let field = Field {
        text: content.to_owned(),
        start,
        end: start + content.len(),
    };
    (field, next)
}

/// A header cell taken apart: `age[a]` is `age` and `a`; `sex` has no unit.
pub(crate) fn name_and_unit(header: &str) -> (&str, Option<&str>) {
    let header = header.trim();
    match (header.find('['), header.ends_with(']')) {
        (Some(open), true) => (
            header[..open].trim(),
            Some(header[open + 1..header.len() - 1].trim()),
        ),
        _ => (header, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_remarks_and_headers() {
        let text = "\u{feff}ID,age[a]\r\n# carry: LOCF\n\n1, \"4,0\"\n2,\"x\"\"y\"\n3";
        let mut records = Records::new(text);
        let all: Vec<Vec<String>> = records
            .by_ref()
            .map(|r| r.into_iter().map(|f| f.text).collect())
            .collect();
        assert_eq!(
            all,
            [
                vec!["ID", "age[a]"],
                vec!["1", "4,0"],
                vec!["2", "x\"y"],
                vec!["3"]
            ]
        );
        assert_eq!(records.remarks[0].0, "carry: LOCF");
        assert_eq!(Records::new("\"open").count(), 1);
        assert_eq!(Records::new("").count(), 0);
        assert_eq!(
            name_and_unit("vitamin_D[[IU]/d]"),
            ("vitamin_D", Some("[IU]/d"))
        );
        assert_eq!(name_and_unit("sex"), ("sex", None));
    }
}
