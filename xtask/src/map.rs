//! The maps do not lie: every path that they name exists and every crate is named.

use std::path::Path;

use crate::{Faults, read};

const MAPS: [&str; 3] = ["ARCHITECTURE.md", "README.md", "CONTRIBUTING.md"];

pub(crate) fn check(root: &Path) -> Faults {
    let mut faults = Faults::new();
    for map in MAPS {
        let text = read(&root.join(map));
        let limit = match map {
            "ARCHITECTURE.md" => 200,
            "CONTRIBUTING.md" => 150,
            _ => 250,
        };
        if text.lines().count() > limit {
            faults.push(format!("{map} is longer than {limit} lines"));
        }
        for (number, line) in text.lines().enumerate() {
            for word in line.split('`').skip(1).step_by(2) {
                let named = word.trim_end_matches('/');
                let looks_like_path =
                    (named.contains('/') || named.ends_with(".md") || named.ends_with(".toml"))
                        && !named.contains(['<', '>', '*', ' ', '(', '$', '{', ':', '⇄', '…'])
                        && !named.starts_with("http")
                        && named.starts_with(|c: char| {
                            c.is_ascii_lowercase() || c.is_ascii_uppercase() || c == '.'
                        });
                let first = named.split('/').next().unwrap_or(named);
                let ours = root.join(first).exists() || named.ends_with(".md");
                if looks_like_path
                    && ours
                    && !root.join(named).exists()
                    && !named.starts_with("out/")
                {
                    faults.push(format!("{map}:{}: `{named}` does not exist", number + 1));
                }
            }
        }
    }
    let architecture = read(&root.join("ARCHITECTURE.md"));
    if let Ok(dir) = std::fs::read_dir(root.join("crates")) {
        for name in dir
            .flatten()
            .map(|e| e.file_name().to_string_lossy().into_owned())
        {
            if !architecture.contains(&format!("`crates/{name}`")) {
                faults.push(format!("ARCHITECTURE.md does not name `crates/{name}`"));
            }
        }
    }
    faults
}
