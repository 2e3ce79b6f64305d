//! The small body on which readers and runs are tested: one nutrient, one hormone, a library of a few entries.

use osteon_model::MemorySources;
use osteon_sim::Body;

pub fn sources() -> MemorySources {
    let mut sources = MemorySources::new();
    sources.insert("body/body.ant", include_str!("body.ant"));
    for (name, text) in [
        ("nutrients.toml", include_str!("library/nutrients.toml")),
        ("quantities.toml", include_str!("library/quantities.toml")),
        ("supplements.toml", include_str!("library/supplements.toml")),
        ("drugs.toml", include_str!("library/drugs.toml")),
        ("conditions.toml", include_str!("library/conditions.toml")),
        ("foods.csv", include_str!("library/foods.csv")),
    ] {
        sources.insert(format!("library/{name}"), text);
    }
    sources
}

/// The same with diets, preparations and laboratory tests, which speak of what the other files hold.
pub fn all_sources() -> MemorySources {
    let mut sources = sources();
    for (name, text) in [
        ("diets.toml", include_str!("library/diets.toml")),
        (
            "preparations.toml",
            include_str!("library/preparations.toml"),
        ),
        ("laboratory.toml", include_str!("library/laboratory.toml")),
    ] {
        sources.insert(format!("library/{name}"), text);
    }
    sources
}

/// The small body, which has no faults.
pub fn body() -> Body {
    let body = Body::load(&all_sources()).unwrap_or_else(|f| panic!("{}", f.render()));
    assert!(body.faults.list.is_empty(), "{}", body.faults.render());
    body
}
