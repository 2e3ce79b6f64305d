//! Tables of people and of their events (NONMEM form) for one scenario.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use osteon_fuzz::BODY;
use osteon_sim::Scenario;

const SCENARIO: &str = r#"
[person]
sex = "female"
age = "60 a"
weight = "70 kg"
[record]
until = "30 d"
every = "1 d"
quantities = ["serum.Mg"]
"#;

static PLAIN: LazyLock<Scenario> =
    LazyLock::new(|| osteon_sim::read_scenario(SCENARIO, "scenario.toml", &BODY).expect("a valid scenario"));

fuzz_target!(|text: &str| {
    let (people, events) = text.split_once("\n%%%%\n").unwrap_or((text, ""));
    match osteon_sim::read_people(people, "people.csv", &BODY) {
        Ok(people) => {
            if let Err(faults) = osteon_sim::read_events(events, "events.csv", &BODY, &people, &PLAIN) {
                let _ = faults.to_string();
            }
        }
        Err(faults) => {
            let _ = faults.to_string();
        }
    }
});
