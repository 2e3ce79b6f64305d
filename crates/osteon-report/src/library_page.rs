//! What the library and the body say about a name, in full: numbers with range, origin and source, conversions, doors, sources.

use std::fmt::Write as _;

use osteon_model::Unit;
use osteon_sim::{
    Body, Change, Diet, Entry, Fact, Food, LaboratoryTest, Nutrient, Preparation, Product,
    Quantity, Response, Shelf, Substance, TestMethod,
};

/// Amounts that conversions are shown for: unit and digits are those of labels and laboratories.
const AMOUNT_UNITS: [&str; 6] = ["g", "mg", "ug", "mmol", "mEq", "[IU]"];

/// Everything under that name or alias, one block each; empty if there is nothing. `bibliography` is the text of the BibTeX file.
pub fn library_page(body: &Body, name: &str, bibliography: &str) -> String {
    let library = &body.library;
    let mut blocks = Vec::new();
    for shelf in Shelf::ALL {
        if let Some(entry) = library.entry(shelf, name) {
            blocks.push(entry_text(body, entry, bibliography));
        }
    }
    if let Some(nutrient) = library.nutrient(name) {
        blocks.push(nutrient_text(body, nutrient, bibliography));
    }
    if let Some(food) = library.food(name) {
        blocks.push(food_text(body, food, bibliography));
    }
    if let Some(diet) = library.diet(name) {
        blocks.push(diet_text(body, diet, bibliography));
    }
    if let Some(way) = library.preparation(name) {
        blocks.push(preparation_text(way, bibliography));
    }
    if let Some(quantity) = library.quantity(name) {
        blocks.push(quantity_text(body, quantity, bibliography));
    }
    let same = |a: &str| a.eq_ignore_ascii_case(name);
    let test = |t: &&LaboratoryTest| same(&t.name) || t.aliases.iter().any(|a| same(a));
    if let Some(test) = library.tests.iter().find(test) {
        blocks.push(test_text(test, bibliography));
    }
    if let Some(text) = symbol_text(body, name, bibliography) {
        blocks.push(text);
    }
    blocks.join("\n")
}

/// Every name that [`library_page`] knows, for "did you mean".
pub fn library_names(body: &Body) -> Vec<String> {
    let library = &body.library;
    let mut names: Vec<String> = Shelf::ALL
        .into_iter()
        .flat_map(|s| library.names(s).map(str::to_owned).collect::<Vec<_>>())
        .collect();
    names.extend(library.nutrients.iter().map(|n| n.name.clone()));
    names.extend(library.foods.keys().cloned());
    names.extend(
        library
            .diets
            .iter()
            .flat_map(|d| std::iter::once(d.name.clone()).chain(d.aliases.iter().cloned())),
    );
    names.extend(library.preparations.iter().map(|p| p.name.clone()));
    names.extend(library.quantities.iter().map(|q| q.name.clone()));
    names.extend(
        library
            .tests
            .iter()
            .flat_map(|t| std::iter::once(t.name.clone()).chain(t.aliases.iter().cloned())),
    );
    names.extend(body.vocabulary.names().map(str::to_owned));
    names.dedup();
    names
}

fn number(value: f64) -> String {
    let text = format!("{value:.6}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    match text {
        "0" | "-0" if value != 0.0 => format!("{value:.3e}"),
        _ => text.to_owned(),
    }
}

fn head(out: &mut String, name: &str, kind: &str, label: &str, aliases: &[String]) {
    let _ = writeln!(out, "{name} ({kind}): {label}");
    if !aliases.is_empty() {
        let _ = writeln!(out, "  also called: {}", aliases.join(", "));
    }
}

fn grade_words(grade: &str) -> &'static str {
    match grade {
        "A" => "randomised trials or physiology, replicated",
        "B" => "one good human study or consistent cohorts",
        "C" => "animals or cells only, or conflicting evidence",
        "D" => "unsupported or contradicted: the default is what evidence leaves of it",
        _ => "",
    }
}

fn foot(
    out: &mut String,
    grade: Option<&String>,
    note: Option<&String>,
    sources: &[String],
    bib: &str,
) {
    if let Some(note) = note {
        let _ = writeln!(out, "  note: {note}");
    }
    if let Some(grade) = grade {
        let _ = writeln!(out, "  evidence: {grade} ({})", grade_words(grade));
    }
    for key in sources {
        let _ = writeln!(out, "  source: {}", citation(bib, key));
    }
}

fn fact_words(fact: &Fact, bib: &str) -> String {
    let mut text = String::new();
    if let Some((lower, upper)) = fact.range {
        let _ = write!(text, ", range {} to {}", number(lower), number(upper));
    }
    let _ = write!(text, ", {}", fact.origin);
    if !fact.source.is_empty() {
        let keys: Vec<&str> = fact.source.split(',').map(str::trim).collect();
        let _ = write!(text, " [{}]", keys.join(", "));
    }
    if !fact.why.is_empty() {
        let _ = write!(text, ": {}", fact.why);
    }
    let _ = bib;
    text
}

fn unit(text: &str) -> Option<Unit> {
    Unit::parse(text).ok()
}

/// An amount in every unit that the facts of the substance allow.
fn in_all_units(substance: &Substance, value: f64, from: &Unit) -> String {
    let mut parts: Vec<String> = Vec::new();
    for text in AMOUNT_UNITS {
        let Some(to) = unit(text) else { continue };
        let Ok(factor) = substance.factor(from, &to) else {
            continue;
        };
        let converted = value * factor;
        if converted == 0.0 || !(1e-3..1e6).contains(&converted.abs()) {
            continue;
        }
        parts.push(format!(
            "{} {}",
            number(converted),
            text.trim_matches(['[', ']'])
        ));
    }
    parts.join(" = ")
}

fn entry_text(body: &Body, entry: &Entry, bib: &str) -> String {
    let mut out = String::new();
    head(
        &mut out,
        &entry.name,
        entry.shelf.word(),
        &entry.label,
        &entry.aliases,
    );
    if let Some(product) = &entry.product {
        product_text(&mut out, body, product, bib);
    }
    match &entry.response {
        Response::Fixed => {}
        Response::Linear { said, .. } => {
            let _ = writeln!(
                out,
                "  described at {said}; effects grow in proportion to the dose"
            );
        }
        Response::Emax {
            said,
            half,
            reference,
        } => {
            let _ = writeln!(
                out,
                "  described at {said}; effects saturate: E(d) = d / (d + {} {})",
                number(*half),
                reference.1
            );
        }
    }
    for effect in &entry.effects {
        let words = match effect.change {
            Change::Factor(f) => format!("times {}", number(f)),
            Change::Add(a) => format!("plus {}", number(a)),
            Change::Set(v) => format!("set to {}", number(v)),
        };
        let word = body.vocabulary.get(&effect.input);
        let unit = match (&effect.change, word) {
            (Change::Factor(_), _) | (_, None) => String::new(),
            (_, Some(w)) => format!(" {}", w.unit_text),
        };
        let meaning = word
            .and_then(|w| w.name.clone())
            .map_or_else(String::new, |n| format!(" ({n})"));
        let _ = writeln!(
            out,
            "  changes {}{meaning}: {words}{unit}{}",
            effect.input,
            fact_words(&effect.fact, bib)
        );
    }
    foot(
        &mut out,
        entry.grade.as_ref(),
        entry.note.as_ref(),
        &entry.sources,
        bib,
    );
    let own: Vec<String> = entry
        .effects
        .iter()
        .map(|e| &e.fact)
        .chain(entry.product.iter().flat_map(|p| &p.facts))
        .flat_map(|f| f.source.split(','))
        .map(|k| k.trim().to_owned())
        .filter(|k| !k.is_empty() && !entry.sources.contains(k))
        .collect();
    sources_once(&mut out, &own, bib);
    out
}

fn sources_once(out: &mut String, keys: &[String], bib: &str) {
    let mut told: Vec<&str> = Vec::new();
    for key in keys {
        if !told.contains(&key.as_str()) {
            told.push(key);
            let _ = writeln!(out, "  source: {}", citation(bib, key));
        }
    }
}

fn product_text(out: &mut String, body: &Body, product: &Product, bib: &str) {
    let nutrient = product.nutrient.as_deref().unwrap_or("the drug itself");
    let _ = writeln!(
        out,
        "  route: {}; doses are amounts of {nutrient}",
        product.route
    );
    let milligram = unit("mg");
    if let Some(milligram) = &milligram {
        let one = if product.substance.g_per_iu.is_some() {
            0.025
        } else {
            100.0
        };
        let _ = writeln!(
            out,
            "  conversions: {}",
            in_all_units(&product.substance, one, milligram)
        );
    }
    if let Some(fraction) = product.elemental_fraction {
        let _ = writeln!(
            out,
            "  1 g of the compound holds {} mg of {nutrient}; 100 mg of it are in {} mg (of = \"compound\")",
            number(fraction * 1000.0),
            number(100.0 / fraction)
        );
    }
    let shares = |list: &[(String, f64)]| {
        list.iter()
            .map(|(symbol, share)| {
                let meaning = body
                    .vocabulary
                    .get(symbol)
                    .and_then(|w| w.name.clone())
                    .map_or_else(String::new, |n| format!(" ({n})"));
                format!("{} % to {symbol}{meaning}", number(share * 100.0))
            })
            .collect::<Vec<_>>()
            .join(", ")
    };
    if !product.into.is_empty() {
        let _ = writeln!(out, "  by the clock: {}", shares(&product.into));
    }
    if product.averaged.is_empty() {
        let _ = writeln!(
            out,
            "  averaged over the day: not possible, it goes by the clock"
        );
    } else {
        let _ = writeln!(
            out,
            "  averaged over the day: {}",
            shares(&product.averaged)
        );
    }
    for (symbol, value) in &product.sets {
        let _ = writeln!(out, "  sets {symbol} to {}", number(*value));
    }
    for fact in &product.facts {
        let _ = writeln!(
            out,
            "  {}: {}{}",
            fact.what,
            number(fact.value),
            fact_words(fact, bib)
        );
    }
}

fn nutrient_text(body: &Body, nutrient: &Nutrient, bib: &str) -> String {
    let mut out = String::new();
    head(
        &mut out,
        &nutrient.name,
        "nutrient",
        &nutrient.label,
        &nutrient.aliases,
    );
    if let Some(mass) = nutrient.substance.molar_mass_g_per_mol {
        let _ = writeln!(out, "  molar mass {} g/mol", number(mass));
    }
    for (value, text) in [(1.0, "mmol"), (100.0, "mg"), (1.0, "mEq"), (1000.0, "[IU]")] {
        let Some(from) = unit(text) else { continue };
        let line = in_all_units(&nutrient.substance, value, &from);
        if line.contains('=') {
            let _ = writeln!(out, "  {line}");
        }
    }
    let input = body.vocabulary.get(&nutrient.averaged);
    let usual = input.and_then(|w| w.number).map_or_else(String::new, |v| {
        format!(
            ", {} {} unless a diet says otherwise",
            number(v),
            input.map_or("", |w| &w.unit_text)
        )
    });
    let _ = writeln!(out, "  averaged over the day: {}{usual}", nutrient.averaged);
    if let Some(meal) = &nutrient.meal {
        let _ = writeln!(out, "  by the clock: each meal adds to {meal}");
    }
    foot(
        &mut out,
        None,
        None,
        std::slice::from_ref(&nutrient.source),
        bib,
    );
    out
}

/// Unit of the amounts in which the library holds a nutrient.
fn held_in(body: &Body, nutrient: &Nutrient) -> Option<Unit> {
    let a_day = body.vocabulary.get(&nutrient.averaged)?.unit?;
    Some(a_day.times(&unit("d")?))
}

fn food_text(body: &Body, food: &Food, bib: &str) -> String {
    let mut out = String::new();
    head(&mut out, &food.name, "food", "in 100 g as eaten", &[]);
    for nutrient in &body.library.nutrients {
        let Some(held) = held_in(body, nutrient) else {
            continue;
        };
        let line = match food.per_100_g.iter().find(|n| n.0 == nutrient.name) {
            None => "not known".to_owned(),
            Some((_, 0.0)) => "none".to_owned(),
            Some((_, amount)) => in_all_units(&nutrient.substance, *amount, &held),
        };
        let own = food
            .own_sources
            .iter()
            .find(|s| s.0 == nutrient.name)
            .map_or_else(String::new, |s| format!(" [{}]", s.1));
        let _ = writeln!(out, "  {}: {line}{own}", nutrient.name);
    }
    match food.serving_g {
        Some(grams) => {
            let _ = writeln!(out, "  1 serving = {} g", number(grams));
        }
        None => {
            let _ = writeln!(out, "  serving: not known, write grams");
        }
    }
    let _ = writeln!(out, "  source: {}", citation(bib, &food.source));
    sources_once(
        &mut out,
        &food
            .own_sources
            .iter()
            .map(|s| s.1.clone())
            .collect::<Vec<_>>(),
        bib,
    );
    out
}

fn diet_text(body: &Body, diet: &Diet, bib: &str) -> String {
    let mut out = String::new();
    head(&mut out, &diet.name, "diet", &diet.label, &diet.aliases);
    for nutrient in &body.library.nutrients {
        let Some(held) = held_in(body, nutrient) else {
            continue;
        };
        match diet.parts.iter().find(|p| p.nutrient == nutrient.name) {
            Some(part) => {
                let said = if part.women == part.men {
                    format!(
                        "{} ({})",
                        part.said.0,
                        in_all_units(&nutrient.substance, part.women, &held)
                    )
                } else {
                    format!("women {}, men {}", part.said.0, part.said.1)
                };
                let _ = writeln!(
                    out,
                    "  {}: {said}{}",
                    nutrient.name,
                    fact_words(&part.fact, bib)
                );
            }
            None => {
                let total: f64 = diet
                    .foods
                    .iter()
                    .filter_map(|f| {
                        let food = body.library.food(&f.food)?;
                        let amount = food.per_100_g.iter().find(|n| n.0 == nutrient.name)?.1;
                        let kept = f
                            .prepared
                            .as_deref()
                            .and_then(|p| body.library.preparation(p))
                            .and_then(|p| p.keeps.iter().find(|k| k.0 == nutrient.name))
                            .map_or(1.0, |k| k.1.value);
                        Some(amount * kept * f.grams / 100.0)
                    })
                    .sum();
                let _ = writeln!(
                    out,
                    "  {}: {} a day from foods",
                    nutrient.name,
                    if total == 0.0 {
                        "none".to_owned()
                    } else {
                        in_all_units(&nutrient.substance, total, &held)
                    }
                );
            }
        }
    }
    for food in &diet.foods {
        let prepared = food
            .prepared
            .as_ref()
            .map_or_else(String::new, |p| format!(", {p}"));
        let _ = writeln!(
            out,
            "  food: {} {} ({} g a day{prepared})",
            food.food,
            food.said,
            number(food.grams)
        );
    }
    foot(
        &mut out,
        diet.grade.as_ref(),
        diet.note.as_ref(),
        &diet.sources,
        bib,
    );
    out
}

fn preparation_text(way: &Preparation, bib: &str) -> String {
    let mut out = String::new();
    head(
        &mut out,
        &way.name,
        "preparation of food",
        &way.label,
        &way.aliases,
    );
    for (_, fact) in &way.keeps {
        let _ = writeln!(
            out,
            "  {}: {}{}",
            fact.what,
            number(fact.value),
            fact_words(fact, bib)
        );
    }
    foot(
        &mut out,
        way.grade.as_ref(),
        way.note.as_ref(),
        &way.sources,
        bib,
    );
    out
}

fn quantity_text(body: &Body, quantity: &Quantity, bib: &str) -> String {
    let mut out = String::new();
    head(&mut out, &quantity.name, "quantity", &quantity.label, &[]);
    let _ = writeln!(
        out,
        "  {} of the body in {}",
        quantity.symbol, quantity.unit
    );
    if let Some((us, factor)) = &quantity.us_unit {
        let _ = writeln!(out, "  1 {} = {} {us}", quantity.unit, number(*factor));
    }
    if let Some(days) = quantity.over_d {
        let _ = writeln!(out, "  the gain of a counter over {} d", number(days));
    }
    if quantity.since_start {
        let _ = writeln!(out, "  the gain of a counter since time zero");
    }
    if let Some(note) = &quantity.note {
        let _ = writeln!(out, "  note: {note}");
    }
    if let Some(r) = &quantity.reference {
        let limit = |v: Option<f64>| v.map_or_else(|| "open".to_owned(), number);
        let _ = writeln!(
            out,
            "  reference interval: {} to {} {}",
            limit(r.lower),
            limit(r.upper),
            quantity.unit
        );
        let _ = writeln!(out, "  source: {}", citation(bib, &r.source));
    }
    let _ = body;
    out
}

fn test_text(test: &LaboratoryTest, bib: &str) -> String {
    let mut out = String::new();
    head(
        &mut out,
        &test.name,
        "laboratory test",
        &test.label,
        &test.aliases,
    );
    if let TestMethod::Load {
        product,
        amount,
        over,
        collected,
    } = &test.method
    {
        let _ = writeln!(
            out,
            "  {amount} of {product} over {over}; share that is not in {collected} of the next 24 h, less the same day without it"
        );
    }
    for fact in [&test.analytical, &test.biological, &test.repeat]
        .into_iter()
        .flatten()
    {
        let what = match fact.what.as_str() {
            "repeat" => "standard deviation of repeats".to_owned(),
            other => format!("{other} variation, %"),
        };
        let _ = writeln!(
            out,
            "  {what}: {}{}",
            number(fact.value),
            fact_words(fact, bib)
        );
    }
    let _ = writeln!(out, "  tells: {}\n  cannot: {}", test.tells, test.cannot);
    out
}

fn symbol_text(body: &Body, name: &str, bib: &str) -> Option<String> {
    let symbol = body.model.symbols.iter().find(|s| s.id == name)?;
    let word = body.vocabulary.get(name)?;
    let mut out = String::new();
    let role = word
        .role
        .as_deref()
        .map_or(String::new(), |r| format!(", {r}"));
    let label = word
        .name
        .clone()
        .unwrap_or_else(|| "no words for it".to_owned());
    let _ = writeln!(out, "{name} (symbol of the body{role}): {label}");
    if let Some(value) = word.number {
        let _ = writeln!(
            out,
            "  value at the start: {} {}",
            number(value),
            word.unit_text
        );
    } else {
        let _ = writeln!(out, "  unit: {}", word.unit_text);
    }
    for field in ["origin", "species", "n", "from", "why"] {
        if let Some(text) = symbol.annotation.field(field) {
            let _ = writeln!(out, "  {field}: {text}");
        }
    }
    if let Some(keys) = symbol.annotation.field("key") {
        let keys: Vec<String> = keys.split(',').map(|k| k.trim().to_owned()).collect();
        sources_once(&mut out, &keys, bib);
    }
    Some(out)
}

/// Authors, title, place and year of a key of a BibTeX file; the key alone if it is not there.
fn citation(bib: &str, key: &str) -> String {
    let Some(at) = bib.find(&format!("{{{key},")) else {
        return key.to_owned();
    };
    let entry = &bib[at..];
    let entry = &entry[..entry.find("\n@").unwrap_or(entry.len())];
    let field = |name: &str| -> Option<String> {
        let mut from = 0;
        while let Some(found) = entry[from..].find(name) {
            let start = from + found;
            from = start + name.len();
            let before = entry[..start].chars().next_back();
            if before.is_some_and(|c| c.is_alphanumeric()) {
                continue;
            }
            let Some(rest) = entry[from..].trim_start().strip_prefix('=') else {
                continue;
            };
            let rest = rest.trim_start().strip_prefix('{')?;
            let mut depth = 1;
            for (i, c) in rest.char_indices() {
                match c {
                    '{' => depth += 1,
                    '}' => depth -= 1,
                    _ => {}
                }
                if depth == 0 {
                    let text = rest[..i].replace(['{', '}'], "").replace('\\', "");
                    return Some(text.split_whitespace().collect::<Vec<_>>().join(" "));
                }
            }
            return None;
        }
        None
    };
    let mut parts: Vec<String> = Vec::new();
    if let Some(author) = field("author") {
        let first = author.split(" and ").next().unwrap_or("").trim().to_owned();
        let more = if author.contains(" and ") {
            " and others"
        } else {
            ""
        };
        parts.push(first + more);
    }
    parts.extend(
        [
            "title",
            "journal",
            "publisher",
            "year",
            "doi",
            "url",
            "note",
        ]
        .into_iter()
        .filter_map(|f| {
            let text = field(f)?;
            Some(match f {
                "doi" => format!("doi:{text}"),
                "note" => format!("({text})"),
                _ => text,
            })
        }),
    );
    format!("{key}: {}", parts.join(". "))
}

#[cfg(test)]
mod tests {
    use super::{citation, number};

    #[test]
    fn citations_are_read_from_the_bibliography() {
        let bib = "@article{a-2001,\n  author = {Ash, R and Beech, F}, title = {On {Mg} in trees}, journal = {J Wood}, year = {2001}, doi = {10.1/x}}\n@book{b-2002,\n  title = {Other}}\n";
        assert_eq!(
            citation(bib, "a-2001"),
            "a-2001: Ash, R and others. On Mg in trees. J Wood. 2001. doi:10.1/x"
        );
        assert_eq!(citation(bib, "b-2002"), "b-2002: Other");
        assert_eq!(citation(bib, "c-2003"), "c-2003");
    }

    #[test]
    fn numbers_are_exact_and_short() {
        assert_eq!(number(24.305), "24.305");
        assert_eq!(number(0.5), "0.5");
        assert_eq!(number(300.0), "300");
        assert_eq!(number(1e-9), "1.000e-9");
    }
}
