//! Circles in a graph: its strongly connected parts.

use std::collections::{BTreeMap, BTreeSet};

/// The groups of at least two in which each reaches each other one along the arrows.
pub(crate) fn circles<T: Clone + Ord>(arrows: &[(T, T)]) -> Vec<Vec<T>> {
    let mut next: BTreeMap<&T, BTreeSet<&T>> = BTreeMap::new();
    for (from, to) in arrows {
        next.entry(from).or_default().insert(to);
    }
    let reached: BTreeMap<&T, BTreeSet<&T>> = next
        .keys()
        .map(|from| (*from, reachable(*from, &next)))
        .collect();
    let mut circles = BTreeSet::new();
    for (from, far) in &reached {
        let returns = |to: &&&T| reached.get(*to).is_some_and(|far| far.contains(*from));
        let circle: Vec<T> = far.iter().filter(returns).map(|to| (*to).clone()).collect();
        if circle.len() > 1 {
            circles.insert(circle);
        }
    }
    circles.into_iter().collect()
}

fn reachable<'a, T: Ord>(from: &'a T, next: &BTreeMap<&'a T, BTreeSet<&'a T>>) -> BTreeSet<&'a T> {
    let mut reached = BTreeSet::new();
    let mut open = vec![from];
    while let Some(at) = open.pop() {
        for to in next.get(at).into_iter().flatten() {
            if reached.insert(*to) {
                open.push(to);
            }
        }
    }
    reached
}
