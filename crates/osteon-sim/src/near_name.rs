//! "Did you mean": the nearest of known names to a mistyped one.

/// The nearest known name within a third of its length in edits (letter case aside), if there is one.
pub(crate) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = name.to_lowercase();
    known
        .into_iter()
        .map(|k| (distance(&wanted, &k.to_lowercase()), k))
        .filter(|(d, k)| *d <= 1 + k.chars().count().max(wanted.chars().count()) / 4)
        .min_by(|a, b| a.0.cmp(&b.0).then(a.1.cmp(b.1)))
        .map(|(_, k)| k)
}

/// Help text: the nearest name, else the list if it is short.
pub(crate) fn advice<'a>(
    name: &str,
    known: impl IntoIterator<Item = &'a str>,
    where_listed: &str,
) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    match nearest(name, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None if known.is_empty() => format!("there is none; see {where_listed}"),
        None if known.len() <= 12 => format!("known: {}", known.join(", ")),
        None => format!("see {where_listed}"),
    }
}

/// Damerau–Levenshtein distance (adjacent swaps count as one edit).
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) =
        (a.chars().take(80).collect(), b.chars().take(80).collect());
    let mut rows = vec![vec![0; b.len() + 1]; a.len() + 1];
    for i in 0..=a.len() {
        for j in 0..=b.len() {
            rows[i][j] = if i == 0 || j == 0 {
                i + j
            } else {
                let mut best = (rows[i - 1][j] + 1)
                    .min(rows[i][j - 1] + 1)
                    .min(rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]));
                if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                    best = best.min(rows[i - 2][j - 2] + 1);
                }
                best
            };
        }
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn typing_errors_are_found_and_strangers_are_not() {
        let known = ["magnesium", "calcium", "serum.Mg"];
        assert_eq!(nearest("magnseium", known), Some("magnesium"));
        assert_eq!(nearest("serum.mg", known), Some("serum.Mg"));
        assert_eq!(nearest("zinc", known), None);
    }
}
