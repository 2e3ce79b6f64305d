//! Prints every diagnostic of an Antimony file: `cargo run -p osteon-lang --example check_file -- FILE [--strict]`.

#[path = "support/disk.rs"]
mod disk;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let strict = arguments.iter().any(|a| a == "--strict");
    let file = arguments
        .iter()
        .find(|a| !a.starts_with("--"))
        .expect("a file name as argument");
    let start = std::time::Instant::now();
    let parsed = osteon_lang::load(&disk::Disk, file);
    let loaded = start.elapsed();
    let found = osteon_lang::check(&parsed, strict);
    let checked = start.elapsed() - loaded;
    println!("{}", parsed.sources.render_all(&found));
    let mut counts = std::collections::BTreeMap::new();
    for diagnostic in &found {
        *counts
            .entry((diagnostic.severity, diagnostic.id))
            .or_insert(0) += 1;
    }
    for ((severity, id), count) in counts {
        println!("{count:5} {severity:?} {id}");
    }
    if let Some(model) = &parsed.model {
        println!(
            "{} symbols, {} reactions, {} events",
            model.symbols.len(),
            model.reactions.len(),
            model.events.len()
        );
    }
    println!("loaded in {loaded:?}, checked in {checked:?}");
}
