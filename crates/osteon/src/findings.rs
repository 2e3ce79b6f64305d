//! Diagnostics on their way out: as text in the manner of rustc, or as JSON.

use osteon_model::{Diagnostic, Severity, SourceMap};
use serde_json::{Value, json};

fn severity_word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

/// Diagnostics as JSON objects, in the order of their places.
pub(crate) fn as_json(list: &[Diagnostic], sources: &SourceMap) -> Value {
    let mut sorted: Vec<&Diagnostic> = list.iter().collect();
    sorted.sort_by_key(|d| (d.severity, d.labels.first().map(|l| l.span)));
    sorted
        .into_iter()
        .map(|d| {
            let place = d
                .labels
                .first()
                .map(|l| (sources.name(l.span.file), sources.line_column(l.span)));
            json!({
                "id": d.id,
                "severity": severity_word(d.severity),
                "message": d.message,
                "file": place.map(|p| p.0),
                "line": place.map(|p| p.1.0),
                "column": place.map(|p| p.1.1),
                "help": d.help,
            })
        })
        .collect()
}

/// `3 errors, 1 warning`; nothing for none.
pub(crate) fn count_words(list: &[Diagnostic]) -> Option<String> {
    let words: Vec<String> = [Severity::Error, Severity::Warning, Severity::Note]
        .into_iter()
        .filter_map(|severity| {
            let n = list.iter().filter(|d| d.severity == severity).count();
            let plural = if n == 1 { "" } else { "s" };
            (n > 0).then(|| format!("{n} {}{plural}", severity_word(severity)))
        })
        .collect();
    (!words.is_empty()).then(|| words.join(", "))
}
