//! "Did you mean": the known name nearest to one that is not known.

/// The nearest of `known`, if it is near enough to be meant: at most a third of the letters differ (swaps count once).
pub fn near_name<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower: Vec<char> = word.to_lowercase().chars().collect();
    let limit = (lower.len() / 3).max(1);
    known
        .into_iter()
        .map(|name| {
            (
                distance(&lower, &name.to_lowercase().chars().collect::<Vec<_>>()),
                name,
            )
        })
        .filter(|(d, name)| {
            *d <= limit || (lower.len() > 3 && name.to_lowercase().contains(&word.to_lowercase()))
        })
        .min_by_key(|(d, _)| *d)
        .map(|(_, name)| name)
}

/// Optimal string alignment distance.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut rows: Vec<Vec<usize>> = vec![(0..=b.len()).collect()];
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let mut best = (rows[i][j] + usize::from(x != y))
                .min(rows[i][j + 1] + 1)
                .min(row[j] + 1);
            if i > 0 && j > 0 && *x == b[j - 1] && a[i - 1] == *y {
                best = best.min(rows[i - 1][j - 1] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_found_and_strangers_are_not() {
        let known = ["serum.Mg", "serum.Ca", "urine.Mg", "mg-depletion"];
        assert_eq!(near_name("serum.mg", known), Some("serum.Mg"));
        assert_eq!(near_name("seurm.Mg", known), Some("serum.Mg"));
        assert_eq!(near_name("depletion", known), Some("mg-depletion"));
        assert_eq!(near_name("hip.BMD", known), None);
    }
}
