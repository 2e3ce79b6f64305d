//! Small dense symmetric matrices: Cholesky solution, inverse, and eigenvalues by Jacobi rotations. Row-major, tens of rows.

/// A square matrix.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Square {
    pub(crate) n: usize,
    pub(crate) a: Vec<f64>,
}

impl Square {
    pub(crate) fn zero(n: usize) -> Self {
        Square {
            n,
            a: vec![0.0; n * n],
        }
    }

    pub(crate) fn at(&self, i: usize, j: usize) -> f64 {
        self.a[i * self.n + j]
    }

    pub(crate) fn add(&mut self, i: usize, j: usize, value: f64) {
        self.a[i * self.n + j] += value;
    }

    /// Lower factor L of A = L Lᵀ; `None` if A is not positive definite.
    pub(crate) fn cholesky(&self) -> Option<Square> {
        let n = self.n;
        let mut l = Square::zero(n);
        for i in 0..n {
            for j in 0..=i {
                let dot: f64 = (0..j).map(|k| l.at(i, k) * l.at(j, k)).sum();
                let rest = self.at(i, j) - dot;
                l.a[i * n + j] = if i == j {
                    if rest <= 0.0 || !rest.is_finite() {
                        return None;
                    }
                    rest.sqrt()
                } else {
                    rest / l.at(j, j)
                };
            }
        }
        Some(l)
    }

    /// x of A x = b for a positive definite A.
    pub(crate) fn solve(&self, b: &[f64]) -> Option<Vec<f64>> {
        let mut x = b.to_vec();
        self.cholesky()?.substitute(&mut x);
        Some(x)
    }

    /// With this as the lower factor L: x of L Lᵀ x = b, in place of b.
    pub(crate) fn substitute(&self, x: &mut [f64]) {
        self.substitute_forward(x);
        for i in (0..self.n).rev() {
            let dot: f64 = (i + 1..self.n).map(|k| self.at(k, i) * x[k]).sum();
            x[i] = (x[i] - dot) / self.at(i, i);
        }
    }

    /// With this as the lower factor L: x of L x = b, in place of b.
    pub(crate) fn substitute_forward(&self, x: &mut [f64]) {
        for i in 0..self.n {
            let dot: f64 = (0..i).map(|k| self.at(i, k) * x[k]).sum();
            x[i] = (x[i] - dot) / self.at(i, i);
        }
    }

    /// Inverse of a positive definite matrix.
    pub(crate) fn inverse(&self) -> Option<Square> {
        let mut out = Square::zero(self.n);
        for j in 0..self.n {
            let unit: Vec<f64> = (0..self.n).map(|i| f64::from(u8::from(i == j))).collect();
            for (i, value) in self.solve(&unit)?.into_iter().enumerate() {
                out.a[i * self.n + j] = value;
            }
        }
        Some(out)
    }

    /// Eigenvalues with their eigenvectors, largest first (cyclic Jacobi).
    pub(crate) fn eigen(&self) -> Vec<(f64, Vec<f64>)> {
        const SWEEPS: usize = 60;
        let n = self.n;
        let mut a = self.clone();
        let mut v = Square::zero(n);
        (0..n).for_each(|i| v.add(i, i, 1.0));
        for _ in 0..SWEEPS {
            let off: f64 = (0..n)
                .flat_map(|i| (0..i).map(move |j| (i, j)))
                .map(|(i, j)| a.at(i, j).powi(2))
                .sum();
            let size: f64 = (0..n).map(|i| a.at(i, i).powi(2)).sum();
            if off <= 1e-28 * size || off == 0.0 {
                break;
            }
            for p in 0..n {
                for q in p + 1..n {
                    rotate(&mut a, &mut v, p, q);
                }
            }
        }
        let mut pairs: Vec<(f64, Vec<f64>)> = (0..n)
            .map(|j| (a.at(j, j), (0..n).map(|i| v.at(i, j)).collect()))
            .collect();
        pairs.sort_by(|x, y| y.0.total_cmp(&x.0));
        pairs
    }
}

fn rotate(a: &mut Square, v: &mut Square, p: usize, q: usize) {
    let n = a.n;
    let apq = a.at(p, q);
    if apq == 0.0 {
        return;
    }
    let theta = (a.at(q, q) - a.at(p, p)) / (2.0 * apq);
    let t = if theta >= 0.0 { 1.0 } else { -1.0 } / (theta.abs() + theta.hypot(1.0));
    let c = 1.0 / t.hypot(1.0);
    let s = t * c;
    for k in 0..n {
        let (x, y) = (a.at(k, p), a.at(k, q));
        a.a[k * n + p] = c * x - s * y;
        a.a[k * n + q] = s * x + c * y;
    }
    for k in 0..n {
        let (x, y) = (a.at(p, k), a.at(q, k));
        a.a[p * n + k] = c * x - s * y;
        a.a[q * n + k] = s * x + c * y;
        let (x, y) = (v.at(k, p), v.at(k, q));
        v.a[k * n + p] = c * x - s * y;
        v.a[k * n + q] = s * x + c * y;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn solves_and_decomposes() {
        let m = Square {
            n: 3,
            a: vec![4.0, 1.0, 0.5, 1.0, 3.0, 0.2, 0.5, 0.2, 2.0],
        };
        let x = m.solve(&[1.0, 2.0, 3.0]).expect("positive definite");
        for (i, b) in [1.0, 2.0, 3.0].iter().enumerate() {
            let back: f64 = (0..3).map(|j| m.at(i, j) * x[j]).sum();
            assert!((back - b).abs() < 1e-12);
        }
        let pairs = m.eigen();
        assert!((pairs.iter().map(|p| p.0).sum::<f64>() - 9.0).abs() < 1e-12);
        for (value, vector) in &pairs {
            for i in 0..3 {
                let mv: f64 = (0..3).map(|j| m.at(i, j) * vector[j]).sum();
                assert!((mv - value * vector[i]).abs() < 1e-9);
            }
        }
        assert!(
            Square {
                n: 2,
                a: vec![1.0, 2.0, 2.0, 1.0]
            }
            .solve(&[1.0, 1.0])
            .is_none()
        );
    }
}
