//! The chi-square distribution: how often a sum of squares of independent normal deviations is as large as this or larger.

/// Q(k/2, x/2), the share of sums of `k` squared standard normal deviations that reach `x`.
///
/// By Q(a + 1, z) = Q(a, z) + zᵃ e⁻ᶻ / Γ(a + 1) from Q(1, z) = e⁻ᶻ (even k) or Q(½, z) = erfc √z (odd k); NIST Digital Library of Mathematical Functions, 8.8.6 and 8.4.
pub(crate) fn chi_square_above(x: f64, k: usize) -> f64 {
    if k == 0 || x <= 0.0 {
        return 1.0;
    }
    let z = 0.5 * x;
    let (mut a, mut share, mut term) = if k.is_multiple_of(2) {
        // zᵃ e⁻ᶻ / Γ(a + 1) at a = 1.
        (1.0, (-z).exp(), z * (-z).exp())
    } else {
        // At a = ½, with Γ(3/2) = √π/2.
        let root = z.sqrt();
        (
            0.5,
            erfc(root),
            root * (-z).exp() * std::f64::consts::FRAC_2_SQRT_PI,
        )
    };
    while a + 0.5 < 0.5 * k as f64 {
        share += term;
        a += 1.0;
        term *= z / a;
    }
    share.min(1.0)
}

/// erfc x for x ≥ 0: the series of erf below 2, the continued fraction above; the same, 7.6.2 and 7.9.1.
fn erfc(x: f64) -> f64 {
    let square = x * x;
    if x < 2.0 {
        let (mut term, mut sum, mut n) = (x, x, 0.0);
        while term.abs() > 1e-17 * sum {
            n += 1.0;
            term *= 2.0 * square / (2.0 * n + 1.0);
            sum += term;
        }
        return 1.0 - std::f64::consts::FRAC_2_SQRT_PI * (-square).exp() * sum;
    }
    let tail = (1..=60)
        .rev()
        .fold(x, |below, n| x + 0.5 * f64::from(n) / below);
    0.5 * std::f64::consts::FRAC_2_SQRT_PI * (-square).exp() / tail
}

#[cfg(test)]
mod tests {
    use super::chi_square_above;

    #[test]
    fn tables_of_chi_square() {
        // Quantiles of Abramowitz & Stegun, table 26.8.
        for (x, k, share) in [
            (3.841_459, 1, 0.05),
            (15.136_7, 1, 1e-4),
            (18.420_7, 2, 1e-4),
            (11.070_5, 5, 0.05),
            (0.554_3, 5, 0.99),
            (35.564_0, 9, 4.7e-5),
            (31.827_6, 8, 1e-4),
        ] {
            let found = chi_square_above(x, k);
            assert!((found / share - 1.0).abs() < 0.01, "{x} {k}: {found}");
        }
        assert_eq!(chi_square_above(0.0, 3), 1.0);
        assert_eq!(chi_square_above(4.0, 0), 1.0);
    }
}
