//! LU with row scaling and partial pivoting for lanes whose static factorisation cannot be trusted.

/// Dense factorisations of single lanes. Memory is taken at the first use.
#[derive(Debug)]
pub(crate) struct DenseFallback {
    n: usize,
    lanes: usize,
    held: Vec<bool>,
    matrices: Vec<f64>,
    pivots: Vec<usize>,
    scale: Vec<f64>,
    work: Vec<f64>,
}

impl DenseFallback {
    pub fn new(n: usize, lanes: usize) -> Self {
        DenseFallback {
            n,
            lanes,
            held: vec![false; lanes],
            matrices: Vec::new(),
            pivots: Vec::new(),
            scale: Vec::new(),
            work: Vec::new(),
        }
    }

    pub fn any(&self) -> bool {
        self.held.iter().any(|h| *h)
    }

    pub fn holds(&self, lane: usize) -> bool {
        self.held[lane]
    }

    pub fn release(&mut self, lane: usize) {
        self.held[lane] = false;
    }

    /// Factorises `diagonal`·I − J from J's nonzeros. False if singular or not finite.
    pub fn factor(
        &mut self,
        lane: usize,
        diagonal: f64,
        entries: impl Iterator<Item = (u32, u32, f64)>,
    ) -> bool {
        let n = self.n;
        if self.matrices.is_empty() {
            self.matrices = vec![0.0; n * n * self.lanes];
            self.pivots = vec![0; n * self.lanes];
            self.scale = vec![0.0; n * self.lanes];
            self.work = vec![0.0; n];
        }
        self.held[lane] = true;
        let m = &mut self.matrices[lane * n * n..(lane + 1) * n * n];
        let pivots = &mut self.pivots[lane * n..(lane + 1) * n];
        let scale = &mut self.scale[lane * n..(lane + 1) * n];
        m.fill(0.0);
        for i in 0..n {
            m[i * n + i] = diagonal;
        }
        for (i, j, value) in entries {
            m[i as usize * n + j as usize] -= value;
        }
        for i in 0..n {
            let row = &mut m[i * n..(i + 1) * n];
            let largest = row.iter().fold(0.0, |a: f64, b| {
                if b.abs() > a || b.is_nan() {
                    b.abs()
                } else {
                    a
                }
            });
            if !(largest > 0.0 && largest.is_finite()) {
                return false;
            }
            scale[i] = 1.0 / largest;
            row.iter_mut().for_each(|x| *x *= scale[i]);
        }
        for k in 0..n {
            let mut best = k;
            for i in k + 1..n {
                if m[i * n + k].abs() > m[best * n + k].abs() {
                    best = i;
                }
            }
            pivots[k] = best;
            if best != k {
                for j in 0..n {
                    m.swap(k * n + j, best * n + j);
                }
            }
            let pivot = m[k * n + k];
            if pivot == 0.0 || !pivot.is_finite() {
                return false;
            }
            for i in k + 1..n {
                let l = m[i * n + k] / pivot;
                m[i * n + k] = l;
                if l != 0.0 {
                    let (upper, lower) = m.split_at_mut(i * n);
                    for (x, u) in lower[k + 1..n]
                        .iter_mut()
                        .zip(&upper[k * n + k + 1..(k + 1) * n])
                    {
                        *x -= l * u;
                    }
                }
            }
        }
        true
    }

    /// Solves for one lane; its column of `b` becomes the solution.
    pub fn solve(&mut self, lane: usize, b: &mut [f64]) {
        let (n, lanes) = (self.n, self.lanes);
        let m = &self.matrices[lane * n * n..(lane + 1) * n * n];
        let pivots = &self.pivots[lane * n..(lane + 1) * n];
        let scale = &self.scale[lane * n..(lane + 1) * n];
        let x = &mut self.work;
        for i in 0..n {
            x[i] = b[i * lanes + lane] * scale[i];
        }
        for (k, pivot) in pivots.iter().enumerate() {
            x.swap(k, *pivot);
        }
        for i in 0..n {
            let s: f64 = (0..i).map(|j| m[i * n + j] * x[j]).sum();
            x[i] -= s;
        }
        for i in (0..n).rev() {
            let s: f64 = (i + 1..n).map(|j| m[i * n + j] * x[j]).sum();
            x[i] = (x[i] - s) / m[i * n + i];
        }
        for i in 0..n {
            b[i * lanes + lane] = x[i];
        }
    }
}
