//! Study folders (study.toml, scenario.toml, data.csv) against the real body.
#![no_main]

use libfuzzer_sys::fuzz_target;
use osteon_fuzz::BODY;

fuzz_target!(|text: &str| {
    let sources = osteon_fuzz::files(text, &["s/study.toml", "s/scenario.toml", "s/data.csv"]);
    if let Err(faults) = osteon_study::read_study(&sources, "s", &BODY) {
        let _ = faults.to_string();
    }
});
