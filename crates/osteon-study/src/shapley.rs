//! Fair shares: what each of several players adds to a whole that they make together (Shapley 1953).
//!
//! A game gives a value to every set of players; a set is a mask, bit i for player i. The shares add up to what all players make more than
//! nobody, whatever the game. Exact over all sets, or from drawn orders of arrival. Knows nothing of what the players are.

use std::collections::BTreeMap;

/// A share and how far off it may be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Share {
    /// The share.
    pub value: f64,
    /// Standard error from the drawn orders; 0 where all sets were looked at.
    pub error: f64,
}

/// Shares from the values of all 2ⁿ sets: Σ over sets S without i of |S|!(n−|S|−1)!/n! · (v(S ∪ i) − v(S)).
///
/// `values` is indexed by mask and has 2ⁿ entries.
pub fn exact_shares(players: usize, values: &[f64]) -> Vec<Share> {
    assert_eq!(values.len(), 1 << players, "one value for each set");
    // Weight of a set by its size: 1 / (n · (n−1 over size)).
    let mut weights = Vec::with_capacity(players);
    let mut choose = 1.0;
    for size in 0..players {
        weights.push(1.0 / (players as f64 * choose));
        choose *= (players - 1 - size) as f64 / (size + 1) as f64;
    }
    (0..players)
        .map(|i| {
            let value = (0..values.len())
                .filter(|set| set & (1 << i) == 0)
                .map(|set| {
                    weights[set.count_ones() as usize] * (values[set | (1 << i)] - values[set])
                })
                .sum();
            Share { value, error: 0.0 }
        })
        .collect()
}

/// Drawn orders of arrival, each followed by its reverse: extreme sets meet every player early and late, which halves the spread.
pub fn draw_orders(players: usize, orders: usize, seed: u64) -> Vec<Vec<usize>> {
    let mut state = seed;
    let mut drawn = Vec::with_capacity(orders);
    while drawn.len() < orders {
        let mut order: Vec<usize> = (0..players).collect();
        for last in (1..players).rev() {
            order.swap(last, (next(&mut state) % (last as u64 + 1)) as usize);
        }
        let reverse = order.iter().rev().copied().collect();
        drawn.push(order);
        if drawn.len() < orders {
            drawn.push(reverse);
        }
    }
    drawn
}

/// Every set that is met while players arrive in these orders, the empty one and the whole one among them, each once.
pub fn sets_of(orders: &[Vec<usize>]) -> Vec<u64> {
    let mut sets: Vec<u64> = orders
        .iter()
        .flat_map(|order| {
            order.iter().scan(0, |set, player| {
                *set |= 1 << player;
                Some(*set)
            })
        })
        .chain([0])
        .collect();
    sets.sort_unstable();
    sets.dedup();
    sets
}

/// Shares from drawn orders: the mean of what each player adds on arrival. In every order these add up to the whole, so their means do.
///
/// `value` gives the values of the sets of [`sets_of`]. The error is that of a mean over pairs of an order and its reverse.
pub fn drawn_shares(
    players: usize,
    orders: &[Vec<usize>],
    values: &BTreeMap<u64, f64>,
) -> Vec<Share> {
    let value = |set: u64| values.get(&set).copied().unwrap_or(f64::NAN);
    let mut added = vec![Vec::with_capacity(orders.len()); players];
    for order in orders {
        let mut set = 0;
        for player in order {
            let with = set | (1 << player);
            added[*player].push(value(with) - value(set));
            set = with;
        }
    }
    added
        .into_iter()
        .map(|added| {
            let pairs: Vec<f64> = added
                .chunks(2)
                .map(|c| c.iter().sum::<f64>() / c.len() as f64)
                .collect();
            let mean = pairs.iter().sum::<f64>() / pairs.len() as f64;
            let square = pairs.iter().map(|v| (v - mean).powi(2)).sum::<f64>();
            let n = pairs.len() as f64;
            Share {
                value: added.iter().sum::<f64>() / added.len() as f64,
                error: (square / (n * (n - 1.0).max(1.0))).sqrt(),
            }
        })
        .collect()
}

/// SplitMix64 (Steele, Lea and Flood 2014), public domain: the next of a series of well-mixed numbers.
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(players: usize, value: impl Fn(u64) -> f64) -> Vec<f64> {
        (0..1_u64 << players).map(value).collect()
    }

    #[test]
    fn gloves_are_shared_as_in_the_textbook() {
        // Player 0 has a left glove, 1 and 2 have right ones; a pair is worth 1.
        let pair = |set: u64| f64::from(u8::from(set & 1 == 1 && set & 6 != 0));
        let shares = exact_shares(3, &table(3, pair));
        for (share, known) in shares.iter().zip([2.0 / 3.0, 1.0 / 6.0, 1.0 / 6.0]) {
            assert!((share.value - known).abs() < 1e-14, "{shares:?}");
        }
    }

    #[test]
    fn an_interaction_is_halved_and_an_idle_player_gets_nothing() {
        let v = |set: u64| {
            let (a, b) = ((set & 1) as f64, (set >> 1 & 1) as f64);
            5.0 + 2.0 * a - b + 3.0 * a * b
        };
        let shares = exact_shares(3, &table(3, v));
        for (share, known) in shares.iter().zip([3.5, 0.5, 0.0]) {
            assert!((share.value - known).abs() < 1e-14, "{shares:?}");
        }
    }

    #[test]
    fn drawn_orders_add_up_exactly_and_come_near() {
        // Many interactions of all orders, from a mixing function.
        let v = |set: u64| {
            let mut state = set;
            (next(&mut state) >> 11) as f64 / (1_u64 << 53) as f64 + set.count_ones() as f64
        };
        let n = 12;
        let exact = exact_shares(n, &table(n, v));
        let orders = draw_orders(n, 200, 7);
        assert_eq!(orders, draw_orders(n, 200, 7));
        assert_ne!(orders, draw_orders(n, 200, 8));
        let values: BTreeMap<u64, f64> = sets_of(&orders).into_iter().map(|s| (s, v(s))).collect();
        let drawn = drawn_shares(n, &orders, &values);
        let whole = v((1 << n) - 1) - v(0);
        for shares in [&exact, &drawn] {
            let sum: f64 = shares.iter().map(|s| s.value).sum();
            assert!((sum - whole).abs() < 1e-12, "{sum} {whole}");
        }
        let far = exact
            .iter()
            .zip(&drawn)
            .filter(|(e, d)| (e.value - d.value).abs() > 2.0 * d.error)
            .count();
        assert!(far <= 2, "{exact:?} {drawn:?}");
        assert!(
            drawn.iter().all(|d| d.error > 0.0 && d.error < 0.1),
            "{drawn:?}"
        );
    }
}
