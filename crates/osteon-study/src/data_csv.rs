//! Comma-separated text with the place of every field, so that messages can point at it.
//! Quotes as in RFC 4180; empty lines and lines that begin with `#` are skipped.

/// A field and its byte range in the text.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Field {
    pub(crate) text: String,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// A record and the line it begins on, from 1.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Record {
    pub(crate) line: usize,
    pub(crate) fields: Vec<Field>,
}

/// Splits a text into records. Never fails: an unclosed quote ends with the text.
pub(crate) fn records(text: &str) -> Vec<Record> {
    let bytes = text.as_bytes();
    let mut out = Vec::new();
    let (mut at, mut line) = (if text.starts_with('\u{feff}') { 3 } else { 0 }, 1);
    while at < bytes.len() {
        let first_line = line;
        let mut fields = Vec::new();
        let comment = bytes[at] == b'#';
        loop {
            let (field, next) = field(text, at);
            line += text[at..next].matches('\n').count();
            fields.push(field);
            at = next;
            match bytes.get(at) {
                Some(b',') => at += 1,
                Some(b'\n') => {
                    at += 1;
                    line += 1;
                    break;
                }
                _ => break,
            }
        }
        let blank = fields.len() == 1 && fields[0].text.is_empty();
        if !(comment || blank) {
            out.push(Record {
                line: first_line,
                fields,
            });
        }
    }
    out
}

/// One field from `at`, and where it ends (at a comma, a line end or the end of the text).
fn field(text: &str, at: usize) -> (Field, usize) {
    let bytes = text.as_bytes();
    let lead = text[at..]
        .bytes()
        .take_while(|b| matches!(b, b' ' | b'\t'))
        .count();
    if bytes.get(at + lead) == Some(&b'"') {
        let start = at + lead + 1;
        let mut content = String::new();
        let mut from = start;
        loop {
            let Some(quote) = text[from..].find('"').map(|p| from + p) else {
                content.push_str(&text[from..]);
                return (
                    Field {
                        text: content,
                        start,
                        end: text.len(),
                    },
                    text.len(),
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
            return (
                Field {
                    text: content,
                    start,
                    end: quote,
                },
                next,
            );
        }
    }
    let next = text[at..].find([',', '\n']).map_or(text.len(), |p| at + p);
    let raw = &text[at..next];
    let start = at + (raw.len() - raw.trim_start().len());
    let content = raw.trim();
    (
        Field {
            text: content.to_owned(),
            start,
            end: start + content.len(),
        },
        next,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_know_their_place() {
        let text = "a,b\n# note\n\n x , \"y, \"\"z\"\"\"\r\nlast,";
        let all = records(text);
        assert_eq!(all.len(), 3);
        assert_eq!(all[1].line, 4);
        assert_eq!(all[1].fields[0].text, "x");
        assert_eq!(&text[all[1].fields[0].start..all[1].fields[0].end], "x");
        assert_eq!(all[1].fields[1].text, "y, \"z\"");
        assert_eq!(all[2].fields.len(), 2);
        assert!(records("\"open").len() == 1 && records("").is_empty());
    }
}
