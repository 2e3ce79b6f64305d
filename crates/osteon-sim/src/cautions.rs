//! What should be thought of before anybody does what a scenario says: upper levels of intake, and conditions in which a nutrient is risky.

use crate::library::{Library, Shelf};
use crate::scenario::{Arm, Regimen};

/// In words, each once.
pub(crate) fn cautions(library: &Library, arms: &[Arm]) -> Vec<String> {
    let mut said: Vec<String> = Vec::new();
    let mut say = |text: String| {
        if !said.contains(&text) {
            said.push(text);
        }
    };
    for arm in arms {
        let whose = if arm.name.is_empty() {
            String::new()
        } else {
            format!("arm `{}`: ", arm.name)
        };
        let taken: Vec<&Regimen> = arm
            .person
            .regimens
            .iter()
            .chain(arm.phases.iter().flat_map(|p| &p.regimens))
            .collect();
        for nutrient in &library.nutrients {
            let of_it = |r: &Regimen| {
                let found = [Shelf::Supplement, Shelf::Drug]
                    .into_iter()
                    .find_map(|shelf| library.entry(shelf, &r.entry));
                found
                    .and_then(|e| e.product.as_ref())
                    .is_some_and(|p| p.nutrient.as_deref() == Some(nutrient.name.as_str()))
            };
            let daily =
                |r: &Regimen| -> f64 { r.averaged.iter().flatten().map(|d| d.amount).sum() };
            let own: Vec<&Regimen> = taken.iter().copied().filter(|r| of_it(r)).collect();
            if let Some(upper) = &nutrient.upper {
                // The most that is taken together: at the beginning of one of them.
                let together = own
                    .iter()
                    .map(|at| {
                        let overlap =
                            |r: &&&Regimen| r.from_d <= at.from_d && at.from_d < r.until_d;
                        own.iter().filter(overlap).map(|r| daily(r)).sum::<f64>()
                    })
                    .fold(0.0, f64::max);
                let food = if upper.with_food {
                    arm.person
                        .diet
                        .iter()
                        .find(|d| d.nutrient == nutrient.name)
                        .map_or(0.0, |d| d.per_day)
                } else {
                    0.0
                };
                if together > 0.0 && together + food > upper.per_day * (1.0 + 1e-9) {
                    let of = if upper.with_food {
                        "with food"
                    } else {
                        "from supplements"
                    };
                    say(format!(
                        "{whose}more {} a day {of} than the upper level of {}: {} [{}]",
                        nutrient.name.replace('_', " "),
                        upper.said,
                        upper.says,
                        upper.source
                    ));
                }
            }
            let given = !own.is_empty()
                || arm
                    .titrations
                    .iter()
                    .any(|t| t.begin.as_ref().is_some_and(|b| b.0.iter().any(of_it)));
            let exposures = arm
                .person
                .exposures
                .iter()
                .chain(arm.phases.iter().flat_map(|p| &p.exposures));
            for exposure in exposures.filter(|_| given) {
                let entry = library.entry(Shelf::Condition, &exposure.entry);
                if let Some(caution) = entry
                    .and_then(|e| e.caution.as_ref())
                    .filter(|c| c.nutrient == nutrient.name)
                {
                    say(format!(
                        "{whose}`{}` and {} as a supplement: {} [{}]",
                        exposure.entry,
                        nutrient.name.replace('_', " "),
                        caution.says,
                        caution.source
                    ));
                }
            }
        }
    }
    said
}
