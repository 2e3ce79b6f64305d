//! The report of a scenario: one whole page that fetches nothing, whose numbers are those of the run.

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use roxmltree::{Document, Node, ParsingOptions};
use serde_json::Value;
use support::{DEPLETION, fresh_folder, on_small_body, osteon, put};

fn parsed(text: &str) -> Document<'_> {
    let options = ParsingOptions {
        allow_dtd: true,
        ..ParsingOptions::default()
    };
    Document::parse_with_options(text, options).expect("well-formed")
}

fn named<'a>(page: &'a Document<'a>, tag: &'a str) -> impl Iterator<Item = Node<'a, 'a>> {
    page.descendants()
        .filter(move |n| n.tag_name().name() == tag)
}

/// Nothing is fetched, ids stand once, every picture has words, every link inside leads somewhere.
fn sound(page: &Document<'_>) {
    let mut ids = BTreeMap::new();
    for node in page.descendants() {
        if let Some(id) = node.attribute("id") {
            assert_eq!(ids.insert(id.to_owned(), ()), None, "{id} stands twice");
        }
    }
    for node in page.descendants().filter(Node::is_element) {
        let tag = node.tag_name().name();
        for attribute in node.attributes() {
            let value = attribute.value();
            match attribute.name() {
                "src" | "srcset" | "data" => panic!("{tag} fetches {value}"),
                "href" if tag == "a" => {
                    if let Some(place) = value.strip_prefix('#') {
                        assert!(ids.contains_key(place), "no place {value}");
                    }
                }
                "href" => panic!("{tag} fetches {value}"),
                "aria-labelledby" => {
                    for word in value.split(' ') {
                        assert!(ids.contains_key(word), "no words {word}");
                    }
                }
                "clip-path" => {
                    let place = value.trim_start_matches("url(#").trim_end_matches(')');
                    assert!(ids.contains_key(place), "no {value}");
                }
                _ => {}
            }
        }
    }
    for svg in named(page, "svg") {
        assert!(
            svg.attribute("aria-labelledby").is_some(),
            "a picture without words"
        );
    }
    for style in named(page, "style") {
        let text = style.text().expect("a style");
        assert!(!text.contains("url(") && !text.contains("@import"));
    }
}

/// The numbers of the page are those of `osteon run`, to the last digit.
fn same_numbers(page: &Document<'_>, run: &Value) -> usize {
    let arms = run["arms"].as_array().expect("arms");
    let mut compared = 0;
    for table in named(page, "table") {
        let Some(arm) = table.attribute("data-arm") else {
            continue;
        };
        let of_run = arms.iter().find(|a| a["arm"] == arm).expect("the arm");
        for row in table
            .descendants()
            .filter(|n| n.attribute("data-quantity").is_some())
        {
            let name = row.attribute("data-quantity").expect("a name");
            let columns = of_run["quantities"].as_array().expect("quantities");
            let Some(column) = columns.iter().find(|c| c["quantity"] == name) else {
                continue;
            };
            for cell in row.children().filter(|n| n.attribute("data-row").is_some()) {
                let at: usize = cell
                    .attribute("data-row")
                    .expect("a row")
                    .parse()
                    .expect("a number");
                let shown: f64 = cell
                    .attribute("data-v")
                    .expect("a value")
                    .parse()
                    .expect("a number");
                // The reader of JSON rounds the last binary digit its own way.
                let of_run = column["values"][at].as_f64().expect("a value");
                assert!(
                    (shown - of_run).abs() <= 4.0 * f64::EPSILON * of_run.abs(),
                    "{name}, row {at}: {shown} and {of_run}"
                );
                compared += 1;
            }
        }
    }
    for figure in named(page, "figure") {
        let data = figure
            .children()
            .find(|n| n.attribute("type") == Some("application/json"));
        let Some(text) = data.and_then(|d| d.text()) else {
            continue;
        };
        let data: Value = serde_json::from_str(text).expect("JSON");
        for curve in data["curves"].as_array().expect("curves") {
            let arm = &arms[curve["arm"].as_u64().expect("an arm") as usize];
            let columns = arm["quantities"].as_array().expect("quantities");
            let column = columns.iter().find(|c| c["quantity"] == data["quantity"]);
            assert_eq!(curve["values"], column.expect("the quantity")["values"]);
            assert_eq!(curve["days"], arm["times"]);
            compared += 1;
        }
    }
    compared
}

#[test]
fn a_page_tells_the_run_and_nothing_else() {
    let folder = fresh_folder("report-body");
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let out = folder.join("r.html").display().to_string();
    let told = osteon(
        &root,
        &[
            "report",
            "depletion",
            "--quick",
            "--bands",
            "4",
            "-o",
            &out,
            "--json",
        ],
    );
    assert_eq!(told.code, 0, "{}", told.stderr);
    let text = fs::read_to_string(&out).expect("the page");
    let page = parsed(&text);
    sound(&page);
    let run = osteon(&root, &["run", "depletion", "--json"]);
    let run: Value = serde_json::from_str(&run.stdout).expect("JSON");
    assert!(same_numbers(&page, &run) > 30);
    for words in [
        "1000 mg/d",
        "magnesium sulfate iv",
        "id=\"laboratory\"",
        "plausible bodies",
        "class=\"band\"",
        run["made_by"]["body_hash"].as_str().expect("a hash"),
    ] {
        assert!(text.contains(words), "{words}");
    }
    // Words for every plot.
    let plots: Vec<Node<'_, '_>> = named(&page, "figure")
        .filter(|f| f.attribute("class") == Some("plot"))
        .collect();
    assert_eq!(plots.len(), 6);
    for plot in plots {
        let desc = plot.descendants().find(|n| n.tag_name().name() == "desc");
        let words = desc.and_then(|d| d.text()).expect("words");
        assert!(words.contains("from") && words.contains(" to "), "{words}");
    }
    let report: Value = serde_json::from_str(&told.stdout).expect("JSON");
    let arm = &report["arms"][0];
    assert_eq!(arm["person"]["age_a"], 30.0);
    assert!(arm["laboratory"].as_array().expect("tests").len() >= 8);
    let ratios = arm["outlook"].as_array().expect("an outlook");
    assert!(ratios.iter().any(|r| r["quantity"] == "hip.fracture_ratio"));
    assert!(!report["sources"].as_array().expect("sources").is_empty());
}

#[test]
fn why_flows_and_assumptions_are_told_for_any_body() {
    let folder = fresh_folder("report-small");
    let scenario = DEPLETION.replace("Three weeks", "Three <weeks> & \\\"more\\\"");
    put(&folder.join("s.toml"), &scenario);
    let told = on_small_body(&folder, &["report", "s.toml", "-o", "r.html", "--json"]);
    assert_eq!(told.code, 0, "{}", told.stderr);
    let text = fs::read_to_string(folder.join("r.html")).expect("the page");
    let page = parsed(&text);
    sound(&page);
    let heading = named(&page, "h1")
        .next()
        .and_then(|h| h.text())
        .expect("a heading");
    assert!(heading.starts_with("Three <weeks> & \"more\""), "{heading}");
    let report: Value = serde_json::from_str(&told.stdout).expect("JSON");
    for why in report["why"].as_array().expect("whys") {
        let gap = why["gap"].as_f64().expect("a gap").abs();
        assert!(
            gap <= 1e-6 * why["change"].as_f64().expect("a change").abs(),
            "{why}"
        );
    }
    let ranked = report["assumptions"].as_array().expect("assumptions");
    let shares: Vec<f64> = ranked
        .iter()
        .map(|a| a["share"].as_f64().expect("a share"))
        .collect();
    assert!(shares.windows(2).all(|w| w[0] >= w[1]), "{shares:?}");
    for flow in report["flows"].as_array().expect("flows") {
        assert!(flow["element"].is_string(), "{flow}");
    }
    let wrong = on_small_body(
        &folder,
        &["report", "s.toml", "--study", "nobody-1900", "-o", "x.html"],
    );
    assert_eq!(wrong.code, 1);
    assert!(!folder.join("x.html").exists());
}
