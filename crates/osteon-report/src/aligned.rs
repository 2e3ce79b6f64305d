//! Tables for the terminal: columns as wide as their widest cell, numbers to the right.

use std::fmt::Write as _;

/// A table in the making.
pub(crate) struct Aligned {
    rows: Vec<Vec<String>>,
    right: Vec<bool>,
}

impl Aligned {
    /// Headings; those that begin with `>` head columns that stand to the right.
    pub(crate) fn new(headings: &[&str]) -> Self {
        let right = headings.iter().map(|h| h.starts_with('>')).collect();
        let first = headings
            .iter()
            .map(|h| h.trim_start_matches('>').to_owned())
            .collect();
        Aligned {
            rows: vec![first],
            right,
        }
    }

    pub(crate) fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rows.len() < 2
    }

    /// The table, each line after `indent`.
    pub(crate) fn text(&self, indent: &str) -> String {
        let widths: Vec<usize> = (0..self.right.len())
            .map(|c| {
                self.rows
                    .iter()
                    .map(|r| r.get(c).map_or(0, |t| t.chars().count()))
                    .max()
                    .unwrap_or(0)
            })
            .collect();
        let mut out = String::new();
        for row in &self.rows {
            let mut line = String::from(indent);
            for (c, width) in widths.iter().enumerate() {
                let cell = row.get(c).map_or("", String::as_str);
                let pad = " ".repeat(width - cell.chars().count());
                let _ = if self.right[c] {
                    write!(line, "{pad}{cell}  ")
                } else {
                    write!(line, "{cell}{pad}  ")
                };
            }
            out.push_str(line.trim_end());
            out.push('\n');
        }
        out
    }
}
