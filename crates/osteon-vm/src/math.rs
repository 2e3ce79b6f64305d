//! Elementary functions shared by the evaluator and constant folding, so that results do not depend on the system's library.
//!
//! `exp`, `ln` and `pow` are free of branches where it matters, so that loops over lanes become vector code. Argument reduction and the
//! logarithm's polynomial follow FreeBSD's msun (e_exp.c, e_log.c; public constants); the rarer functions come from the `libm` crate.
#![allow(clippy::excessive_precision)]

/// How `a * b + c` is computed: fused where the instruction set can, else with two roundings.
pub trait Arith {
    /// `a * b + c`.
    fn mul_add(a: f64, b: f64, c: f64) -> f64;
}

/// Two roundings.
pub(crate) struct Plain;
/// One rounding; only for code compiled for instruction sets that have it.
pub(crate) struct Fused;

impl Arith for Plain {
    #[inline(always)]
    fn mul_add(a: f64, b: f64, c: f64) -> f64 {
        a * b + c
    }
}

impl Arith for Fused {
    #[inline(always)]
    fn mul_add(a: f64, b: f64, c: f64) -> f64 {
        a.mul_add(b, c)
    }
}

const LN2_HI: f64 = 6.931_471_803_691_238_164_90e-1;
const LN2_LO: f64 = 1.908_214_929_270_587_700_02e-10;
const LOG2_E: f64 = std::f64::consts::LOG2_E;
/// 1.5·2⁵²: adding it rounds to an integer that can be read from the low bits.
const ROUNDER: f64 = 6_755_399_441_055_744.0;

/// eˣ, within 1 ulp.
pub fn exp(x: f64) -> f64 {
    exp_with::<Plain>(x, 0.0)
}

/// Natural logarithm, within 1 ulp; −∞ at 0, NaN below.
pub fn ln(x: f64) -> f64 {
    ln_with::<Plain>(x)
}

/// xʸ with the special cases of C99.
pub fn pow(x: f64, y: f64) -> f64 {
    libm::pow(x, y)
}

/// e^(x + low) for a small correction `low`.
#[inline(always)]
pub(crate) fn exp_with<A: Arith>(x: f64, low: f64) -> f64 {
    // Outside this range the result is 0 or ∞; comparisons written so that NaN passes through.
    let x = if x > 710.0 { 710.0 } else { x };
    let x = if x < -746.0 { -746.0 } else { x };
    let shifted = A::mul_add(x, LOG2_E, ROUNDER);
    let n = shifted - ROUNDER;
    let r = A::mul_add(-n, LN2_LO, A::mul_add(-n, LN2_HI, x)) + low;
    // eʳ = 1 + r + r²·(1/2! + r/3! + …), |r| ≤ ln2 / 2, by Estrin's scheme: short chains, few roundings that matter.
    let r2 = r * r;
    let r4 = r2 * r2;
    let p01 = A::mul_add(r, 1.0 / 6.0, 0.5);
    let p23 = A::mul_add(r, 1.0 / 120.0, 1.0 / 24.0);
    let p45 = A::mul_add(r, 1.0 / 5_040.0, 1.0 / 720.0);
    let p67 = A::mul_add(r, 1.0 / 362_880.0, 1.0 / 40_320.0);
    let p89 = A::mul_add(r, 1.0 / 39_916_800.0, 1.0 / 3_628_800.0);
    let pab = A::mul_add(r, 1.0 / 6_227_020_800.0, 1.0 / 479_001_600.0);
    let low4 = A::mul_add(p23, r2, p01);
    let mid4 = A::mul_add(p67, r2, p45);
    let top4 = A::mul_add(pab, r2, p89);
    let p = A::mul_add(A::mul_add(top4, r4, mid4), r4, low4);
    let e = 1.0 + A::mul_add(r2, p, r);
    // 2ⁿ in two factors, so that results below the normal range are rounded once.
    let half_shifted = A::mul_add(n, 0.5, ROUNDER);
    let whole = shifted.to_bits().wrapping_sub(ROUNDER.to_bits());
    let first = half_shifted.to_bits().wrapping_sub(ROUNDER.to_bits());
    let second = whole.wrapping_sub(first);
    let scale = |k: u64| f64::from_bits(k.wrapping_add(1023) << 52);
    e * scale(first) * scale(second)
}

/// ln x.
#[inline(always)]
pub(crate) fn ln_with<A: Arith>(x: f64) -> f64 {
    const SQRT_HALF_BITS: u64 = 0x3fe6_a09e_667f_3bcd;
    const TWO_52: u64 = 0x4330_0000_0000_0000;
    let tiny = x < f64::MIN_POSITIVE;
    let scaled = if tiny {
        x * 18_014_398_509_481_984.0
    } else {
        x
    };
    // x = 2ᵏ·m with m in [√½, √2). The exponent is read as an unsigned number (bias 1024) so that a logical shift will do.
    let above = scaled
        .to_bits()
        .wrapping_sub(SQRT_HALF_BITS)
        .wrapping_add(1024 << 52);
    let biased = above >> 52;
    let m = f64::from_bits(
        scaled
            .to_bits()
            .wrapping_sub(biased << 52)
            .wrapping_add(1024 << 52),
    );
    let k = f64::from_bits(TWO_52 | biased)
        - (4_503_599_627_370_496.0 + 1024.0)
        - if tiny { 54.0 } else { 0.0 };
    let f = m - 1.0;
    let s = f / (2.0 + f);
    let z = s * s;
    let w = z * z;
    let odd = w * A::mul_add(
        w,
        A::mul_add(
            w,
            1.531_383_769_920_937_332e-1,
            2.222_219_843_214_978_396e-1,
        ),
        3.999_999_999_940_941_908e-1,
    );
    let even = z * A::mul_add(
        w,
        A::mul_add(
            w,
            A::mul_add(
                w,
                1.479_819_860_511_658_591e-1,
                1.818_357_216_161_805_012e-1,
            ),
            2.857_142_874_366_239_149e-1,
        ),
        6.666_666_666_666_735_130e-1,
    );
    let half_square = 0.5 * f * f;
    let tail = A::mul_add(k, LN2_LO, s * (half_square + (odd + even)));
    let result = A::mul_add(k, LN2_HI, f - (half_square - tail));
    let result = if x == f64::INFINITY { x } else { result };
    let result = if x == 0.0 { f64::NEG_INFINITY } else { result };
    if x >= 0.0 { result } else { f64::NAN }
}

/// xʸ from `log` = ln x; exact special cases are left to [`pow`], see [`pow_is_special`].
#[inline(always)]
pub(crate) fn pow_from_ln<A: Arith>(y: f64, log: f64) -> f64 {
    exp_with::<A>(y * log, 0.0)
}

/// True where `e^(y ln x)` is not xʸ: negative, infinite or NaN bases, infinite or NaN exponents, 0⁰.
#[inline(always)]
pub(crate) fn pow_is_special(x: f64, y: f64) -> bool {
    let ordinary = (x.to_bits() >> 63 == 0) & (x < f64::INFINITY) & (y.abs() < f64::INFINITY);
    !ordinary | ((x == 0.0) & (y == 0.0))
}

/// The smaller; `b` if either is NaN.
#[inline(always)]
pub fn min(a: f64, b: f64) -> f64 {
    if a < b { a } else { b }
}

/// The larger; `b` if either is NaN.
#[inline(always)]
pub fn max(a: f64, b: f64) -> f64 {
    if a > b { a } else { b }
}

/// Nearest integer, ties to even.
#[inline(always)]
pub fn round(x: f64) -> f64 {
    x.round_ties_even()
}

macro_rules! from_libm {
    ($($(#[$doc:meta])* $name:ident = $theirs:ident;)*) => {$(
        $(#[$doc])*
        pub fn $name(x: f64) -> f64 {
            libm::$theirs(x)
        }
    )*};
}

from_libm! {
    /// Sine.
    sin = sin;
    /// Cosine.
    cos = cos;
    /// Tangent.
    tan = tan;
    /// Hyperbolic sine.
    sinh = sinh;
    /// Hyperbolic cosine.
    cosh = cosh;
    /// Hyperbolic tangent.
    tanh = tanh;
    /// Inverse sine.
    asin = asin;
    /// Inverse cosine.
    acos = acos;
    /// Inverse tangent.
    atan = atan;
    /// Inverse hyperbolic sine.
    asinh = asinh;
    /// Inverse hyperbolic cosine.
    acosh = acosh;
    /// Inverse hyperbolic tangent.
    atanh = atanh;
}

/// x! as Γ(x + 1); exact for integers up to 170.
pub fn factorial(x: f64) -> f64 {
    if (0.0..=170.0).contains(&x) && x.fract() == 0.0 {
        return (1..=x as u32).map(f64::from).product();
    }
    libm::tgamma(x + 1.0)
}
