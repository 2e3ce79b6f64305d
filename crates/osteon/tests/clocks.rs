//! The averaged clock and the clock of meals describe one body: after thirty days of a diet, daily means of serum magnesium, calcium,
//! phosphate and parathyroid hormone and what is absorbed and excreted in a day differ by at most 2 %, on poor and on rich diets.

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use support::{fresh_folder, osteon, put};

/// Magnesium, calcium and phosphorus in mg a day.
const DIETS: [(&str, u32, u32, u32); 6] = [
    ("usual", 330, 1000, 1400),
    ("poor", 100, 400, 800),
    ("rich", 600, 1500, 2000),
    ("little-magnesium", 150, 1000, 1400),
    ("much-magnesium", 800, 1000, 1400),
    ("much-phosphorus", 330, 700, 2200),
];
const MEANS: [&str; 4] = ["serum.Mg", "serum.Ca", "serum.P", "serum.PTH"];
const COLLECTIONS: [&str; 3] = ["urine.Mg", "urine.Ca", "urine.P"];
const COUNTERS: [&str; 3] = ["Mg_absorbed_total", "Ca_absorbed_total", "P_absorbed_total"];

/// Runs day 30 of a diet and gives the values of each quantity in the order of time.
fn day_thirty(
    folder: &Path,
    diet: (&str, u32, u32, u32),
    clock: &str,
    every: &str,
) -> BTreeMap<String, Vec<f64>> {
    let (name, magnesium, calcium, phosphorus) = diet;
    let quantities: Vec<String> = MEANS
        .iter()
        .chain(&COLLECTIONS)
        .chain(&COUNTERS)
        .map(|q| format!("{q:?}"))
        .collect();
    let scenario = folder.join(format!("{name}-{clock}.toml"));
    put(
        &scenario,
        &format!(
            "[person]\nsex = \"male\"\nage = \"30 a\"\nweight = \"75 kg\"\nheight = \"178 cm\"\n\
             usual_diet = {{ magnesium = \"{magnesium} mg/d\", calcium = \"{calcium} mg/d\", phosphorus = \"{phosphorus} mg/d\", vitamin_D = \"5 ug/d\" }}\n\
             [record]\nfrom = \"30 d\"\nuntil = \"31 d\"\nevery = \"{every}\"\nclock = \"{clock}\"\nquantities = [{}]\n",
            quantities.join(", ")
        ),
    );
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let out = folder.join(format!("{name}-{clock}"));
    let words: Vec<String> = [
        "--project",
        &root.display().to_string(),
        "run",
        &scenario.display().to_string(),
        "-o",
        &out.display().to_string(),
        "--quiet",
    ]
    .map(str::to_owned)
    .to_vec();
    let told = osteon(
        folder,
        &words.iter().map(String::as_str).collect::<Vec<_>>(),
    );
    assert_eq!(told.code, 0, "{}", told.stderr);
    let table: PathBuf = fs::read_dir(&out)
        .expect("the results")
        .map(|entry| entry.expect("an entry").path())
        .find(|path| path.extension().is_some_and(|e| e == "csv"))
        .expect("a table");
    let text = fs::read_to_string(table).expect("the table");
    let mut lines = text.lines();
    let head: Vec<&str> = lines.next().expect("a header").split(',').collect();
    let at = |name: &str| head.iter().position(|h| *h == name).expect("a column");
    let (quantity, value) = (at("quantity"), at("value"));
    let mut columns: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for line in lines {
        let cells: Vec<&str> = line.split(',').collect();
        columns
            .entry(cells[quantity].to_owned())
            .or_default()
            .push(cells[value].parse().expect("a number"));
    }
    columns
}

#[test]
fn both_clocks_agree_on_poor_and_rich_diets() {
    let folder = fresh_folder("clocks");
    let mut worst = String::new();
    for diet in DIETS {
        let averaged = day_thirty(&folder, diet, "averaged", "1 d");
        let meals = day_thirty(&folder, diet, "meals", "15 min");
        let mean = |v: &[f64]| v[1..].iter().sum::<f64>() / (v.len() - 1) as f64;
        let last = |v: &[f64]| v[v.len() - 1];
        let gain = |v: &[f64]| v[v.len() - 1] - v[0];
        let mut compare = |name: &str, of: &dyn Fn(&[f64]) -> f64| {
            let (a, b) = (of(&averaged[name]), of(&meals[name]));
            assert!(a > 0.0 && b > 0.0, "{name}: {a} and {b}");
            if (a / b - 1.0).abs() > 0.02 {
                worst += &format!("{}: {name}: averaged {a}, by the clock {b}\n", diet.0);
            }
        };
        MEANS.iter().for_each(|name| compare(name, &mean));
        COLLECTIONS.iter().for_each(|name| compare(name, &last));
        COUNTERS.iter().for_each(|name| compare(name, &gain));
    }
    assert!(worst.is_empty(), "{worst}");
}
