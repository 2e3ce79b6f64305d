//! Scenarios against the real body: read, and what they do to a person expanded.
#![no_main]

use libfuzzer_sys::fuzz_target;
use osteon_fuzz::BODY;

fuzz_target!(|text: &str| {
    match osteon_sim::read_scenario(text, "scenario.toml", &BODY) {
        Ok(scenario) => {
            for arm in 0..scenario.arms.len() {
                let _ = osteon_sim::schedule(&BODY, &scenario, arm);
            }
        }
        Err(faults) => {
            let _ = faults.to_string();
        }
    }
});
