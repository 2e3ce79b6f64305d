//! Mass, moles, equivalents and international units of one substance, and the one place that converts between them.

use osteon_model::{Rational, Unit};

/// Facts of chemistry about one substance. A missing one makes the conversion that needs it impossible, never approximate.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Substance {
    /// Grams per mole.
    pub molar_mass_g_per_mol: Option<f64>,
    /// Equivalents per mole.
    pub valence: Option<f64>,
    /// Grams per international unit.
    pub g_per_iu: Option<f64>,
}

// Places of mole, kilogram, international unit and equivalent among the bases of `Unit`.
const MOL: usize = 0;
const KG: usize = 1;
const IU: usize = 8;
const EQ: usize = 9;

impl Substance {
    /// Moles per one of base unit `index` (kg, IU, eq), if the facts allow it.
    fn mol_per(&self, index: usize) -> Option<f64> {
        let mol_per_g = self.molar_mass_g_per_mol.map(|m| 1.0 / m);
        match index {
            MOL => Some(1.0),
            KG => mol_per_g.map(|m| 1e3 * m),
            IU => Some(self.g_per_iu? * mol_per_g?),
            EQ => self.valence.map(|v| 1.0 / v),
            _ => None,
        }
    }

    /// Kilograms per one of base unit `index`, so that mass ↔ IU works without a molar mass.
    fn kg_per(&self, index: usize) -> Option<f64> {
        match index {
            KG => Some(1.0),
            IU => self.g_per_iu.map(|g| g * 1e-3),
            _ => self
                .mol_per(index)
                .zip(self.molar_mass_g_per_mol)
                .map(|(mol, g)| mol * g * 1e-3),
        }
    }

    /// What a number in `from` is multiplied by to be in `to`, for amounts of this substance.
    ///
    /// # Errors
    /// In words what is missing, or that the two measure different things.
    pub fn factor(&self, from: &Unit, to: &Unit) -> Result<f64, String> {
        if let Some(factor) = from.conversion_to(to) {
            return Ok(factor);
        }
        let mut source = None;
        let mut target = None;
        let mut power = 0;
        for index in 0..from.exponents.len() {
            let (a, b) = (from.exponents[index], to.exponents[index]);
            let change = Rational::new(b.num * a.den - a.num * b.den, a.den * b.den);
            if change == Rational::ZERO {
                continue;
            }
            let chemical = matches!(index, MOL | KG | IU | EQ);
            let slot = if change.num < 0 {
                &mut source
            } else {
                &mut target
            };
            if !chemical
                || change.den != 1
                || slot.is_some()
                || (power != 0 && power != change.num.abs())
            {
                return Err(format!("{from} and {to} measure different things"));
            }
            power = change.num.abs();
            *slot = Some(index);
        }
        let (Some(source), Some(target)) = (source, target) else {
            return Err(format!("{from} and {to} measure different things"));
        };
        let ratio = match (self.mol_per(source), self.mol_per(target)) {
            (Some(a), Some(b)) => Some(a / b),
            _ => self
                .kg_per(source)
                .zip(self.kg_per(target))
                .map(|(a, b)| a / b),
        };
        let Some(ratio) = ratio else {
            let missing = match (source, target) {
                (IU, _) | (_, IU) if self.g_per_iu.is_none() => "international_unit",
                (EQ, _) | (_, EQ) if self.valence.is_none() => "valence",
                _ => "molar_mass",
            };
            return Err(format!("the library gives no `{missing}` for it"));
        };
        Ok(ratio.powi(power) * from.factor / to.factor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mass_moles_equivalents_and_units() {
        let magnesium = Substance {
            molar_mass_g_per_mol: Some(24.305),
            valence: Some(2.0),
            g_per_iu: None,
        };
        let d3 = Substance {
            molar_mass_g_per_mol: Some(384.64),
            valence: None,
            g_per_iu: Some(0.025e-6),
        };
        let unit = |t: &str| Unit::parse(t).expect(t);
        let close = |a: f64, b: f64| assert!((a / b - 1.0).abs() < 1e-12, "{a} {b}");
        close(
            magnesium
                .factor(&unit("mg/d"), &unit("mmol/d"))
                .expect("mass"),
            1.0 / 24.305,
        );
        close(
            magnesium
                .factor(&unit("mEq/L"), &unit("mmol/L"))
                .expect("eq"),
            0.5,
        );
        close(
            magnesium
                .factor(&unit("mg/dL"), &unit("mmol/L"))
                .expect("lab"),
            10.0 / 24.305,
        );
        close(d3.factor(&unit("IU/d"), &unit("ug/d")).expect("iu"), 0.025);
        close(
            d3.factor(&unit("IU/d"), &unit("nmol/d")).expect("iu"),
            25.0 / 384.64,
        );
        close(
            Substance {
                molar_mass_g_per_mol: None,
                ..d3.clone()
            }
            .factor(&unit("IU"), &unit("ug"))
            .expect("iu"),
            0.025,
        );
        assert!(d3.factor(&unit("mEq/d"), &unit("ug/d")).is_err());
        assert!(magnesium.factor(&unit("mg"), &unit("mmol/d")).is_err());
        assert!(magnesium.factor(&unit("L"), &unit("mmol")).is_err());
    }
}
