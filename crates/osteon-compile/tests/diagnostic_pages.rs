//! The pages of this room's own diagnostics do what they say: blocks ```` ```model ```` are Antimony that can be read and not compiled; the
//! last line of each says `# error: [id]` or `# ok`.

use osteon_compile::compile;
use osteon_model::{MemorySources, Model};

fn read(text: &str) -> Model {
    let mut sources = MemorySources::new();
    sources.insert("m", text);
    let parsed = osteon_lang::load(&sources, "m");
    parsed
        .model
        .unwrap_or_else(|| panic!("{}", parsed.sources.render_all(&parsed.diagnostics)))
}

#[test]
fn pages_do_what_they_say() {
    for page in ["rate-of-rule"] {
        let path = format!(
            "{}/../../docs/diagnostics/{page}.md",
            env!("CARGO_MANIFEST_DIR")
        );
        let text = std::fs::read_to_string(path).expect("the page exists");
        let mut verdicts = Vec::new();
        for block in text.split("\n```").filter(|b| b.starts_with("model\n")) {
            let (_, body) = block.split_once('\n').expect("a block has lines");
            let (body, verdict) = body
                .trim_end()
                .rsplit_once('\n')
                .expect("a block ends in a verdict");
            let expected = verdict.trim_start_matches("# ");
            let found = match compile(&read(body)) {
                Ok(_) => "ok".to_owned(),
                Err(all) => format!(
                    "error: [{}]",
                    all.iter().map(|d| d.id).collect::<Vec<_>>().join(", ")
                ),
            };
            assert_eq!(found, expected, "{page}: {body}");
            verdicts.push(found);
        }
        assert_eq!(
            verdicts,
            [format!("error: [{page}]"), "ok".to_owned()],
            "{page} shows the fault and its repair"
        );
    }
}
