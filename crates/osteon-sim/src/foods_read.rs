//! Reads `library/foods.csv`: nutrients in 100 g of a food. An empty cell means "not known", which is not zero.

use osteon_model::{Diagnostic, Span, Unit};

use crate::library::{Food, Library};
use crate::toml_text::Reading;
use crate::vocabulary::Vocabulary;

/// Reads the table into `library.foods`. Faults name the line.
pub(crate) fn read_foods(reading: &Reading, text: &str, words: &Vocabulary, library: &mut Library) {
    let whole = |message: String| {
        Diagnostic::error(
            "library-wrong-kind",
            message,
            Span::new(reading.file, 0, text.lines().next().map_or(0, str::len)),
        )
    };
    let mut csv = csv::ReaderBuilder::new()
        .comment(Some(b'#'))
        .from_reader(text.as_bytes());
    let headers = match csv.headers() {
        Ok(headers) => headers.clone(),
        Err(error) => return reading.push(whole(format!("not a table: {error}"))),
    };
    let place = |name: &str| headers.iter().position(|h| h.trim() == name);
    let (Some(food), Some(source)) = (place("food"), place("source")) else {
        return reading.push(whole(
            "the table needs the columns `food` and `source`".to_owned(),
        ));
    };
    let serving = place("serving_g");
    // (column, nutrient, factor from the column's unit to the averaged input's amount)
    let mut columns: Vec<(usize, String, f64)> = Vec::new();
    for (column, header) in headers.iter().enumerate() {
        let Some((name, unit)) = header
            .trim()
            .split_once('[')
            .and_then(|(n, u)| Some((n.trim(), u.strip_suffix(']')?)))
        else {
            continue;
        };
        let Some(nutrient) = library.nutrient(name) else {
            continue;
        };
        let target = words
            .get(&nutrient.averaged)
            .and_then(|w| w.unit)
            .unwrap_or(Unit::DIMENSIONLESS);
        let factor = Unit::parse(unit).map_err(|e| e.to_string()).and_then(|u| {
            nutrient.substance.factor(
                &u,
                &target.times(&Unit::parse("d").map_err(|e| e.to_string())?),
            )
        });
        match factor {
            Ok(factor) => columns.push((column, nutrient.name.clone(), factor)),
            Err(why) => reading.push(whole(format!("column `{header}`: {why}"))),
        }
    }
    for row in csv.records() {
        let row = match row {
            Ok(row) => row,
            Err(error) => {
                reading.push(whole(format!("not a table: {error}")));
                continue;
            }
        };
        let at = row.position().map_or(0, |p| p.byte() as usize);
        let end = at
            + text
                .get(at..)
                .and_then(|t| t.lines().next())
                .map_or(0, str::len);
        let mut per_100_g = Vec::new();
        for (column, nutrient, factor) in &columns {
            let cell = row.get(*column).unwrap_or("").trim();
            if cell.is_empty() {
                continue;
            }
            match cell.parse::<f64>() {
                Ok(value) if value >= 0.0 && value.is_finite() => {
                    per_100_g.push((nutrient.clone(), value * factor))
                }
                _ => reading.push(Diagnostic::error(
                    "library-wrong-kind",
                    format!("`{cell}` is not an amount"),
                    Span::new(reading.file, at, end),
                )),
            }
        }
        let own_sources = columns
            .iter()
            .filter_map(|(_, nutrient, _)| {
                let key = row.get(place(&format!("{nutrient}_source"))?)?.trim();
                (!key.is_empty()).then(|| (nutrient.clone(), key.to_owned()))
            })
            .collect();
        let name = row.get(food).unwrap_or("").trim().to_owned();
        let serving_g = serving
            .and_then(|c| row.get(c))
            .and_then(|c| c.trim().parse().ok());
        library.foods.insert(
            name.clone(),
            Food {
                name,
                serving_g,
                per_100_g,
                source: row.get(source).unwrap_or("").trim().to_owned(),
                own_sources,
            },
        );
    }
}
