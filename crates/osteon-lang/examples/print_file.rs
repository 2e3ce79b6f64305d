//! Prints the flat model of an Antimony file as Antimony: `cargo run -p osteon-lang --example print_file -- FILE`.

#[path = "support/disk.rs"]
mod disk;

fn main() {
    let file = std::env::args().nth(1).expect("a file name as argument");
    let parsed = osteon_lang::load(&disk::Disk, &file);
    if parsed.has_errors() {
        eprintln!("{}", parsed.sources.render_all(&parsed.diagnostics));
        std::process::exit(1);
    }
    print!(
        "{}",
        osteon_lang::print(&parsed.model.expect("a text without errors has a model"))
    );
}
