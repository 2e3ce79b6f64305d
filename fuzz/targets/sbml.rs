//! SBML texts, with a second document that `comp` may refer to: read, written and read again, compiled.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let sources = osteon_fuzz::files(text, &["a.xml", "b.xml"]);
    if let Ok(model) = osteon_sbml::read(&sources, "a.xml") {
        let everything = osteon_sbml::WriteOptions {
            switches_as_events: true,
            read_once: true,
        };
        for options in [osteon_sbml::WriteOptions::default(), everything] {
            let mut again = osteon_model::MemorySources::new();
            again.insert("a.xml", osteon_sbml::write_with(&model, &options));
            let _ = osteon_sbml::read(&again, "a.xml");
        }
        let _ = osteon_compile::compile(&model);
    }
});
