//! Which numbers of a body are uncertain, how far, and how plausible bodies are drawn from them.
//!
//! The value in the body is the median; each side of it reaches to its end of the range on the scale of the parameter (logarithmic
//! where range and value are positive). Measured, derived, scaled and fitted numbers: half a normal distribution on each side, whose
//! 95 % ends at the end of the range, cut there. Assumed numbers: uniform on each side, because their range is all that is claimed.
//! A draw depends on seed, number of the draw and name of the parameter alone, never on threads, lanes or other parameters.

use osteon_model::Origin;
use osteon_sim::Body;

use crate::fit_file::Z_95;
use crate::uncertainty_posterior::Knowledge;

/// A derived number whose range is narrower than this share of it only carries rounding and is not varied.
const ROUNDING: f64 = 0.01;

/// A number of the body that could be another one.
#[derive(Debug, Clone, PartialEq)]
pub struct Uncertain {
    /// Body symbol.
    pub name: String,
    /// Words for it; the name if the body has none.
    pub label: String,
    /// Unit as the body writes it.
    pub unit: String,
    /// Value in the body.
    pub value: f64,
    /// Lower and upper end of its range, the value inside.
    pub range: (f64, f64),
    /// Where the value comes from.
    pub origin: Origin,
}

/// Every parameter with a plain number and a range that is no input: inputs are a person's, not knowledge.
pub fn uncertain_parameters(body: &Body) -> Vec<Uncertain> {
    let known = |symbol: &osteon_model::Symbol| {
        let word = body.vocabulary.get(&symbol.id)?;
        // Where nobody says where a number comes from, nothing but its range is claimed.
        let (origin, range) = (
            symbol.annotation.origin.unwrap_or(Origin::Assumed),
            symbol.annotation.range?,
        );
        let value = word
            .number
            .filter(|_| word.parameter && !word.ruled && word.role.is_none())?;
        let index = body.find(&symbol.id)?;
        let range = (range.lower.min(value), range.upper.max(value));
        let wide = range.1 > range.0
            && (origin != Origin::Derived || range.1 - range.0 > ROUNDING * value.abs());
        (wide && body.program.settable_at_start(index)).then(|| Uncertain {
            name: symbol.id.clone(),
            label: symbol.name.clone().unwrap_or_else(|| symbol.id.clone()),
            unit: word.unit_text.clone(),
            value,
            range,
            origin,
        })
    };
    let mut found: Vec<Uncertain> = body.model.symbols.iter().filter_map(known).collect();
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found
}

impl Uncertain {
    fn is_log(&self) -> bool {
        self.range.0 > 0.0
    }

    fn on_scale(&self, value: f64) -> f64 {
        if self.is_log() { value.ln() } else { value }
    }

    fn off_scale(&self, on: f64) -> f64 {
        let value = if self.is_log() { on.exp() } else { on };
        value.clamp(self.range.0, self.range.1)
    }

    /// The draw of this number for individual number `sample`.
    pub fn draw(&self, seed: u64, sample: u64) -> f64 {
        let (first, second) = uniforms(seed, sample, &self.name);
        // Signed share of the way from the value to the end of the range on that side.
        let share = if self.origin == Origin::Assumed {
            2.0 * first - 1.0
        } else {
            normal(first, second) / Z_95
        };
        self.towards(share)
    }

    /// The value at `z` standard deviations of a standard normal number: the distribution is that of [`Uncertain::draw`].
    pub(crate) fn at_normal(&self, z: f64) -> f64 {
        let share = if self.origin == Origin::Assumed {
            2.0 * below(z) - 1.0
        } else {
            z / Z_95
        };
        self.towards(share)
    }

    /// How much farther one standard deviation of this number reaches than that of a normal one whose 95 % are the range: 1 but for
    /// even distributions, whose share of the way goes with z as E[z (2Φ(z) − 1)] = 1/√π.
    pub(crate) fn per_deviation(&self) -> f64 {
        if self.origin == Origin::Assumed {
            Z_95 / std::f64::consts::PI.sqrt()
        } else {
            1.0
        }
    }

    /// Distances from the value to the lower and the upper end, on its scale.
    fn reaches(&self) -> (f64, f64) {
        let (low, middle, high) = (
            self.on_scale(self.range.0),
            self.on_scale(self.value),
            self.on_scale(self.range.1),
        );
        (middle - low, high - middle)
    }

    /// True if the upper end of the range lies farther from the value than the lower one, on its scale.
    pub(crate) fn upper_is_farther(&self) -> bool {
        let (below, above) = self.reaches();
        above >= below
    }

    /// Distance of the nearer end as a share of that of the farther one.
    pub(crate) fn nearer_share(&self) -> f64 {
        let (below, above) = self.reaches();
        below.min(above) / below.max(above)
    }

    /// The value that lies `share` of the way to the upper end of the range, or to the lower one if negative.
    pub fn towards(&self, share: f64) -> f64 {
        let (below, above) = self.reaches();
        let reach = if share < 0.0 { below } else { above };
        self.off_scale(self.on_scale(self.value) + share.clamp(-1.0, 1.0) * reach)
    }
}

/// The numbers of plausible body number `sample`: every uncertain parameter. What rows have told is drawn together: from all of them at
/// once where their slopes are known, else stage by stage as the fits left it.
pub fn draw_all(
    parameters: &[Uncertain],
    known: &Knowledge,
    seed: u64,
    sample: u64,
) -> Vec<(String, f64)> {
    if let Some(joint) = &known.joint {
        let z = joint.coordinates(parameters, seed, sample);
        let one = |(p, z): (&Uncertain, f64)| (p.name.clone(), p.at_normal(z));
        return parameters.iter().zip(z).map(one).collect();
    }
    let mut values: Vec<(String, f64)> = parameters
        .iter()
        .map(|p| (p.name.clone(), p.draw(seed, sample)))
        .collect();
    for posterior in &known.stages {
        for (name, value) in posterior.draw(parameters, seed, sample) {
            if let Some(place) = values.iter_mut().find(|v| v.0 == name) {
                place.1 = value;
            }
        }
    }
    values
}

/// Share of the standard normal distribution below z.
fn below(z: f64) -> f64 {
    // Abramowitz and Stegun 26.2.17: error below 7.5e-8.
    const P: f64 = 0.231_641_9;
    const B: [f64; 5] = [
        0.319_381_530,
        -0.356_563_782,
        1.781_477_937,
        -1.821_255_978,
        1.330_274_429,
    ];
    let t = 1.0 / (1.0 + P * z.abs());
    let tail = (-0.5 * z * z).exp() / std::f64::consts::TAU.sqrt()
        * B.iter().rev().fold(0.0, |sum, b| (sum + b) * t);
    if z > 0.0 { 1.0 - tail } else { tail }
}

/// A standard normal number from two uniform ones (Box and Muller).
pub(crate) fn normal(first: f64, second: f64) -> f64 {
    (-2.0 * first.ln()).sqrt() * (std::f64::consts::TAU * second).cos()
}

/// Two uniform numbers inside (0, 1) that belong to a seed, an individual and a name.
pub(crate) fn uniforms(seed: u64, sample: u64, name: &str) -> (f64, f64) {
    let mut key = 0xcbf2_9ce4_8422_2325_u64;
    for byte in name.bytes() {
        key = (key ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    let base = mixed(mixed(mixed(seed) ^ sample.wrapping_mul(0x9e37_79b9_7f4a_7c15)) ^ key);
    let unit = |bits: u64| ((bits >> 11) as f64 + 0.5) / (1_u64 << 53) as f64;
    (
        unit(mixed(base)),
        unit(mixed(base.wrapping_add(0x9e37_79b9_7f4a_7c15))),
    )
}

/// The finaliser of SplitMix64 (Steele, Lea and Flood 2014): a counter in, well-mixed bits out.
fn mixed(counter: u64) -> u64 {
    let z = counter.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(origin: Origin, value: f64, range: (f64, f64)) -> Uncertain {
        Uncertain {
            name: "x".into(),
            label: "x".into(),
            unit: "1".into(),
            value,
            range,
            origin,
        }
    }

    fn draws(p: &Uncertain) -> Vec<f64> {
        let mut all: Vec<f64> = (0..4001).map(|i| p.draw(7, i)).collect();
        all.sort_by(f64::total_cmp);
        all
    }

    #[test]
    fn the_value_is_the_median_and_the_range_holds() {
        for origin in [Origin::Measured, Origin::Assumed] {
            let p = number(origin, 2.0, (1.0, 8.0));
            let all = draws(&p);
            assert!((all[2000] - 2.0).abs() < 0.1, "{origin:?} {}", all[2000]);
            assert!(all[0] >= 1.0 && all[4000] <= 8.0);
        }
    }

    #[test]
    fn ninety_five_per_cent_of_a_measured_number_lie_inside_and_the_rest_on_the_ends() {
        let all = draws(&number(Origin::Measured, 0.0, (-1.0, 1.0)));
        let outside = all.iter().filter(|v| v.abs() >= 1.0).count() as f64 / all.len() as f64;
        assert!((outside - 0.05).abs() < 0.012, "{outside}");
        let share_inside_one_sd =
            all.iter().filter(|v| v.abs() < 1.0 / Z_95).count() as f64 / all.len() as f64;
        assert!(
            (share_inside_one_sd - 0.683).abs() < 0.025,
            "{share_inside_one_sd}"
        );
    }

    #[test]
    fn assumed_numbers_are_even_on_each_side() {
        let all = draws(&number(Origin::Assumed, 0.0, (-1.0, 3.0)));
        for (share, value) in [(0.25, -0.5), (0.75, 1.5)] {
            assert!((all[(share * 4000.0) as usize] - value).abs() < 0.12);
        }
    }

    #[test]
    fn a_normal_number_gives_the_same_distributions() {
        for origin in [Origin::Measured, Origin::Assumed] {
            let p = number(origin, 0.0, (-1.0, 3.0));
            let mut all: Vec<f64> = (0..4001)
                .map(|i| {
                    let (first, second) = uniforms(3, i, "z");
                    p.at_normal(normal(first, second))
                })
                .collect();
            all.sort_by(f64::total_cmp);
            for (a, b) in all.iter().zip(draws(&p)).step_by(400) {
                assert!((a - b).abs() < 0.12, "{origin:?} {a} {b}");
            }
        }
        assert!((below(1.96) - 0.975_002).abs() < 1e-6 && (below(-1.0) - 0.158_655).abs() < 1e-6);
    }

    #[test]
    fn draws_belong_to_seed_number_and_name_alone() {
        let p = number(Origin::Measured, 2.0, (1.0, 8.0));
        assert_eq!(p.draw(1, 5).to_bits(), p.draw(1, 5).to_bits());
        assert_ne!(p.draw(1, 5), p.draw(2, 5));
        assert_ne!(p.draw(1, 5), p.draw(1, 6));
        let other = Uncertain {
            name: "y".into(),
            ..p.clone()
        };
        assert_ne!(p.draw(1, 5), other.draw(1, 5));
    }
}
