//! A table of people as plain data: who they are, one row a person, and how a row becomes the person of a scenario.

use crate::scenario::{DietPart, InputValue, Person, Scenario};

/// What a column says about a person.
#[derive(Debug, Clone, PartialEq)]
pub enum Trait {
    /// Start value of a body input or free parameter, in its own unit. Everything computed from it follows.
    Input(String),
    /// Amount per day of a nutrient in the usual diet, in the unit of its averaged input.
    Diet(String),
}

/// A column of a table of people.
#[derive(Debug, Clone, PartialEq)]
pub struct PersonColumn {
    /// Header as written.
    pub header: String,
    /// What it says.
    pub says: Trait,
    /// Nutrient whose part of the scenario's usual diet this input stands for.
    pub displaces: Option<String>,
}

/// People, one row each. Values are in the units of the body; NaN where a cell was empty.
#[derive(Debug, Clone, Default)]
pub struct People {
    /// Columns other than identifiers.
    pub columns: Vec<PersonColumn>,
    pub(crate) keys: Vec<String>,
    pub(crate) ids: Vec<String>,
    pub(crate) values: Vec<f64>,
}

impl People {
    /// How many people there are.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// True if there is nobody.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// Identifier of a person: the column `USUBJID` if there is one, else `ID`.
    pub fn id(&self, person: usize) -> &str {
        self.ids.get(person).map_or("", String::as_str)
    }

    /// The column `ID` of a person, by which tables of events speak of them.
    pub fn key(&self, person: usize) -> &str {
        self.keys.get(person).map_or("", String::as_str)
    }

    /// Words of `[person]` that the table brings for everybody, so that a scenario need not.
    pub fn brings(&self) -> Vec<&'static str> {
        [("age", "age"), ("weight", "body_weight"), ("sex", "female")]
            .into_iter()
            .filter(|(_, input)| {
                self.columns
                    .iter()
                    .any(|c| c.says == Trait::Input((*input).to_owned()))
            })
            .map(|(word, _)| word)
            .collect()
    }

    /// The scenario for one of them: what the row says stands for what the scenario says about the person, in every arm.
    pub fn scenario(&self, person: usize, shared: &Scenario) -> Scenario {
        let mut own = Scenario {
            text: String::new(),
            ..shared.clone()
        };
        for arm in &mut own.arms {
            self.put(person, &mut arm.person);
            // Nobody forgets the same doses as their neighbour.
            for adherence in arm.adherences() {
                *adherence = adherence.of(self.key(person));
            }
        }
        own
    }

    fn put(&self, row: usize, person: &mut Person) {
        let values = &self.values[row * self.columns.len()..(row + 1) * self.columns.len()];
        for (column, value) in self.columns.iter().zip(values) {
            if value.is_nan() {
                continue;
            }
            match &column.says {
                Trait::Input(input) => {
                    if input == "age" {
                        person.age_a = *value;
                    }
                    if let Some(nutrient) = &column.displaces {
                        person.diet.retain(|d| d.nutrient != *nutrient);
                    }
                    let said = InputValue {
                        input: input.clone(),
                        value: *value,
                        said: column.header.clone(),
                    };
                    match person.inputs.iter_mut().find(|v| v.input == *input) {
                        Some(old) => *old = said,
                        None => person.inputs.push(said),
                    }
                }
                Trait::Diet(nutrient) => {
                    let said = DietPart {
                        nutrient: nutrient.clone(),
                        per_day: *value,
                        at: Vec::new(),
                        said: column.header.clone(),
                    };
                    match person.diet.iter_mut().find(|d| d.nutrient == *nutrient) {
                        Some(old) => *old = said,
                        None => person.diet.push(said),
                    }
                }
            }
        }
    }
}
