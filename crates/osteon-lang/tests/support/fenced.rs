//! Fenced blocks of a Markdown text, with the heading they stand under.

/// A block between three backticks.
pub struct Block {
    /// First word after the fence.
    pub language: String,
    /// What follows it on the line.
    options: String,
    /// The last heading above.
    #[allow(dead_code)]
    pub heading: String,
    /// The lines inside.
    pub code: String,
}

impl Block {
    /// `value` of `key=value` after the language.
    pub fn option(&self, key: &str) -> Option<&str> {
        self.options
            .split_whitespace()
            .filter_map(|o| o.split_once('='))
            .find(|(k, _)| *k == key)
            .map(|(_, v)| v)
    }
}

/// All blocks in order.
pub fn blocks(text: &str) -> Vec<Block> {
    let mut all = Vec::new();
    let mut heading = String::new();
    let mut open: Option<Block> = None;
    for line in text.lines() {
        if let Some(block) = &mut open {
            if line == "```" {
                all.extend(open.take());
            } else {
                block.code.push_str(line);
                block.code.push('\n');
            }
        } else if let Some(info) = line.strip_prefix("```") {
            let (language, options) = info.split_once(' ').unwrap_or((info, ""));
            open = Some(Block {
                language: language.to_owned(),
                options: options.to_owned(),
                heading: heading.clone(),
                code: String::new(),
            });
        } else if line.starts_with('#') {
            heading = line.trim_start_matches('#').trim().to_owned();
        }
    }
    assert!(open.is_none(), "a fence is never closed");
    all
}
