//! Names as people write them: when two writings are the same name, and "did you mean" for those that are none.

/// A name without what people vary: letter case, hyphens, commas and spaces, British or American spelling.
pub(crate) fn plain(name: &str) -> String {
    let lower: String = name
        .to_lowercase()
        .chars()
        .map(|c| {
            if matches!(c, '-' | '_' | ',' | '\'' | '’' | '(' | ')') {
                ' '
            } else {
                c
            }
        })
        .collect();
    let words: Vec<&str> = lower.split_whitespace().collect();
    words
        .join(" ")
        .replace("sulph", "sulf")
        .replace("ae", "e")
        .replace("oe", "e")
}

/// True if two writings mean the same name.
pub(crate) fn same_name(a: &str, b: &str) -> bool {
    a == b || plain(a) == plain(b)
}

/// Known names of which every word of the asked name begins a word ("mag citrate", "vit D"), or that begin with it ("oats").
fn begun<'a>(name: &str, known: &[&'a str]) -> Vec<&'a str> {
    let asked = plain(name);
    let words: Vec<&str> = asked.split(' ').filter(|w| !w.is_empty()).collect();
    if words.is_empty() || asked.chars().count() < 3 {
        return Vec::new();
    }
    known
        .iter()
        .filter(|k| {
            let theirs = plain(k);
            words
                .iter()
                .all(|w| theirs.split(' ').any(|t| t.starts_with(w)))
        })
        .copied()
        .collect()
}

/// The longest known name of two words or more, all of which stand in what was asked ("first stage 4" for "first 4").
fn inside<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    let asked = plain(name);
    let words: Vec<&str> = asked.split(' ').collect();
    let stands = |k: &&&str| {
        let theirs = plain(k);
        theirs.contains(' ') && theirs.split(' ').all(|w| words.contains(&w))
    };
    known.iter().filter(stands).max_by_key(|k| k.len()).copied()
}

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

/// Help text for a name that is none: the nearest name, else names that its words begin, else the list if it is short.
pub fn suggestion<'a>(
    name: &str,
    known: impl IntoIterator<Item = &'a str>,
    where_listed: &str,
) -> String {
    advice(name, known, where_listed)
}

/// The same, under the name that readers use.
pub(crate) fn advice<'a>(
    name: &str,
    known: impl IntoIterator<Item = &'a str>,
    where_listed: &str,
) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    if let Some(near) = nearest(name, known.iter().copied()) {
        return format!("did you mean `{near}`?");
    }
    if let Some(inside) = inside(name, &known) {
        return format!("did you mean `{inside}`?");
    }
    let begun = begun(name, &known);
    match begun.as_slice() {
        [] => {}
        few if few.len() <= 6 => {
            let quoted: Vec<String> = few.iter().map(|k| format!("`{k}`")).collect();
            return format!("did you mean {}?", quoted.join(" or "));
        }
        many => {
            return format!(
                "{} names fit, for example `{}`; see {where_listed}",
                many.len(),
                many[0]
            );
        }
    }
    match () {
        () if known.is_empty() => format!("there is none; see {where_listed}"),
        () if known.len() <= 12 => format!("known: {}", known.join(", ")),
        () => format!("see {where_listed}"),
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
    use super::{advice, nearest, same_name};

    #[test]
    fn writings_of_one_name() {
        assert!(same_name("Magnesium-Citrate", "magnesium citrate"));
        assert!(same_name("hypomagnesemia", "Hypomagnesaemia"));
        assert!(same_name("magnesium sulphate iv", "magnesium sulfate IV"));
        assert!(!same_name("magnesium", "calcium"));
    }

    #[test]
    fn a_name_inside_other_words_is_found() {
        let known = ["stage 3", "stage 4", "other"];
        assert_eq!(
            advice("stage number 4", known, "x"),
            "did you mean `stage 4`?"
        );
    }

    #[test]
    fn words_that_begin_names() {
        let known = [
            "magnesium citrate",
            "magnesium oxide",
            "vitamin D2",
            "vitamin D3",
        ];
        assert_eq!(
            advice("mag citrate", known, "there"),
            "did you mean `magnesium citrate`?"
        );
        assert_eq!(
            advice("vit D", known, "there"),
            "did you mean `vitamin D2` or `vitamin D3`?"
        );
        assert!(advice("zinc", known, "there").starts_with("known:"));
    }

    #[test]
    fn typing_errors_are_found_and_strangers_are_not() {
        let known = ["magnesium", "calcium", "serum.Mg"];
        assert_eq!(nearest("magnseium", known), Some("magnesium"));
        assert_eq!(nearest("serum.mg", known), Some("serum.Mg"));
        assert_eq!(nearest("zinc", known), None);
    }
}
