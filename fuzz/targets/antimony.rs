//! Antimony texts that import one another: read, checked, printed and read again, compiled.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let sources = osteon_fuzz::files(text, &["a.ant", "b.ant", "c.ant"]);
    let parsed = osteon_lang::load(&sources, "a.ant");
    let faults = osteon_lang::check(&parsed, true);
    let _ = parsed.sources.render_all(&faults[..faults.len().min(20)]);
    if let Some(model) = &parsed.model {
        let broken = parsed.diagnostics.iter().any(osteon_model::Diagnostic::is_error);
        if !broken {
            let _ = osteon_lang::print(model);
            let _ = osteon_compile::compile(model);
        }
    }
});
