//! Patterns by the objects that they are searched in: each target of many patterns has tables of its
//! own, so that nobody looks for what is meant for programs in a document.
//!
//! Patterns for every object, and those of targets with few patterns, go into the tables for all other
//! objects, and into those of each target too: an object of one target is searched in one pass.

use std::collections::BTreeMap;

use pellucid::matcher::Target;

/// Patterns that are searched for together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Group {
    /// The target whose objects they are searched in; 0 for all objects of no other group.
    pub(super) target: u8,
    /// In rising order.
    pub(super) patterns: Vec<u32>,
}

/// Groups those of `searched`, the group for all other objects first. Targets are taken by their numbers
/// of patterns, the fewest first: one with fewer than the first group has by then joins it. So each other
/// group has at least as many of its own as it repeats, and all together are at most twice what there is.
pub(super) fn of(searched: &[u32], target_of: impl Fn(u32) -> u8) -> Vec<Group> {
    let mut targets: BTreeMap<u8, Vec<u32>> = BTreeMap::new();
    for &pattern in searched {
        targets.entry(target_of(pattern)).or_default().push(pattern);
    }
    let general = targets.remove(&(Target::Any as u8)).unwrap_or_default();
    let mut general = Group { target: Target::Any as u8, patterns: general };
    let mut targets: Vec<(u8, Vec<u32>)> = targets.into_iter().collect();
    targets.sort_by_key(|(_, patterns)| patterns.len());
    let mut groups = Vec::new();
    for (target, patterns) in targets {
        match patterns.len() < general.patterns.len() {
            true => general.patterns.extend(patterns),
            false => groups.push(Group { target, patterns }),
        }
    }
    general.patterns.sort_unstable();
    for group in &mut groups {
        group.patterns.extend_from_slice(&general.patterns);
        group.patterns.sort_unstable();
    }
    groups.insert(0, general);
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_targets(targets: &[u8]) -> Vec<(u8, Vec<u32>)> {
        let all: Vec<u32> = (0..).take(targets.len()).collect();
        let groups = of(&all, |pattern| targets[pattern as usize]);
        groups.into_iter().map(|group| (group.target, group.patterns)).collect()
    }

    #[test]
    fn targets_with_many_patterns_are_searched_apart() {
        let group = |target, patterns: &[u32]| (target, patterns.to_vec());
        let (pe, elf) = (Target::Pe as u8, Target::Elf as u8);
        assert_eq!(
            of_targets(&[pe, 0, pe, elf, pe, 0]),
            [group(0, &[1, 3, 5]), group(pe, &[0, 1, 2, 3, 4, 5])],
            "one for ELF goes where those for all are"
        );
        assert_eq!(
            of_targets(&[pe, elf]),
            [group(0, &[]), group(pe, &[0]), group(elf, &[1])],
            "nothing is searched for in other objects"
        );
        assert_eq!(of_targets(&[0, 0]), [group(0, &[0, 1])]);
        assert_eq!(of_targets(&[]), [group(0, &[])]);
    }
}
