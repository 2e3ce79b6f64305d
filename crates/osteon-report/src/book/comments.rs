//! The comments of a model's text as prose: where the models of a file begin and end, what stands above them, and what stands
//! between their lines. Reads Antimony as lines; needs to know comments, quotes and `model … end`, nothing else.

use osteon_model::FileId;

/// A `model … end` of a file, from the comment above it to its `end`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Block {
    pub(super) file: FileId,
    /// Name of the model; empty outside of models.
    pub(super) model: String,
    pub(super) start: usize,
    pub(super) end: usize,
    /// The comment above it.
    pub(super) prose: String,
    /// Comments inside, with the byte they begin at: lines of their own, in paragraphs.
    pub(super) remarks: Vec<(usize, String)>,
}

impl Block {
    /// What stands outside of all models of a file.
    pub(super) fn outside(file: FileId, text: &str) -> Block {
        Block {
            file,
            model: String::new(),
            start: 0,
            end: text.len() + 1,
            prose: String::new(),
            remarks: Vec::new(),
        }
    }
}

/// The comment of a line and whether the line holds nothing else. Quoted text holds no comments.
fn comment(line: &str) -> Option<(&str, bool)> {
    let mut quoted = false;
    let bytes = line.as_bytes();
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'"' => quoted = !quoted,
            b'#' if !quoted => {
                return Some((line[at + 1..].trim(), line[..at].trim().is_empty()));
            }
            b'/' if !quoted && bytes.get(at + 1) == Some(&b'/') => {
                // `//` also begins the rest of an address; those stand in quotes.
                return Some((line[at + 2..].trim(), line[..at].trim().is_empty()));
            }
            _ => {}
        }
    }
    None
}

/// The name of a model that begins on this line.
fn model_name(line: &str) -> Option<String> {
    let rest = ["model", "module"]
        .iter()
        .find_map(|word| line.trim_start().strip_prefix(word))?;
    let rest = rest.strip_prefix([' ', '\t'])?.trim_start();
    let name: String = rest
        .trim_start_matches('*')
        .trim_start()
        .chars()
        .take_while(|c| c.is_alphanumeric() || *c == '_')
        .collect();
    (!name.is_empty()).then_some(name)
}

/// The models of a file, in order.
pub(super) fn blocks(file: FileId, text: &str) -> Vec<Block> {
    let mut found: Vec<Block> = Vec::new();
    let mut open: Option<Block> = None;
    // The comment being gathered: where it begins, and its paragraphs.
    let mut gathered: Option<(usize, String)> = None;
    let mut above: Option<(usize, String)> = None;
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        let at = offset;
        offset += line.len();
        let code = line.trim();
        if let Some((words, true)) = comment(line) {
            let (_, so_far) = gathered.get_or_insert_with(|| (at, String::new()));
            if words.is_empty() {
                so_far.push_str("\n\n");
            } else {
                if !so_far.is_empty() && !so_far.ends_with('\n') {
                    so_far.push(' ');
                }
                so_far.push_str(words);
            }
            continue;
        }
        if let Some((start, words)) = gathered.take() {
            match &mut open {
                Some(block) => block.remarks.push((start, words)),
                None => above = Some((start, words)),
            }
        }
        if open.is_none() {
            if let Some(model) = model_name(line) {
                // The comment at the head of a file speaks of its first model, also over imports.
                let (start, prose) = above.take().unwrap_or_else(|| (at, String::new()));
                open = Some(Block {
                    file,
                    model,
                    start,
                    end: text.len() + 1,
                    prose,
                    remarks: Vec::new(),
                });
            }
        } else if code == "end" || code.starts_with("end ") || code.starts_with("end#") {
            if let Some(mut block) = open.take() {
                block.end = offset;
                found.push(block);
            }
        } else if let (Some((words, false)), Some(block)) = (comment(line), &mut open)
            && !words.is_empty()
        {
            block.remarks.push((at, words.to_owned()));
        }
    }
    found.extend(open);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_above_inside_and_behind_are_prose() {
        let text = "# Head of the file,\n# two lines.\n#\n# A second paragraph.\nimport \"x.ant\"\n\nmodel *One(a)\n  # Why b.\n  b := 2*a # twice\n  b notes \"see https://x.org/#y\"\nend\n\n# The other.\nmodel Two()\n  c = 1\nend\n";
        let found = blocks(FileId(0), text);
        let names: Vec<&str> = found.iter().map(|b| b.model.as_str()).collect();
        assert_eq!(names, ["One", "Two"]);
        assert_eq!(
            found[0].prose,
            "Head of the file, two lines.\n\nA second paragraph."
        );
        let remarks: Vec<&str> = found[0].remarks.iter().map(|r| r.1.as_str()).collect();
        assert_eq!(remarks, ["Why b.", "twice"]);
        assert_eq!(found[1].prose, "The other.");
        assert!(text[found[0].start..found[0].end].ends_with("end\n"));
    }
}
