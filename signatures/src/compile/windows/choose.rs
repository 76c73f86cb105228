//! The run of bytes by which each pattern is found, and the class that it is looked for in.
//!
//! First every pattern is priced in every class. Then classes are given up, one by one, as long as
//! that makes the whole cheaper: each is a pass over the data. A few short patterns are better searched
//! for one by one than by a pass that probes every position. Last each pattern gets its cheapest run
//! in the classes that are left, where windows that many patterns share have become dearer. Each group of
//! patterns (`groups.rs`) has classes and windows of its own.

use std::collections::{BTreeSet, HashMap};

use pellucid::matcher::ByteMask;
use pellucid::matcher::filter::Plan;
use pellucid::set::layout::AnchorRow;

use super::cost::{self, CLASSES};
use super::groups::Group;
use super::runs::{FOLD, is_fixed};
use super::{Kept, Windows};

/// No class will do.
pub(super) const HOPELESS: u64 = u64::MAX;
/// The price of a window for each other place in the patterns where it stands: what signatures are
/// made from is also what clean files are made from. About three in a thousand million.
const SEEN_IN_PATTERNS: u64 = 1 << 32;
/// A window that so many patterns have chosen is avoided.
const CROWDED: u32 = 16;
const PRICE_OF_CROWDS: u64 = 1 << 45;
/// Anchors whose compared bytes are further from their run are not asked for.
const NEAR: usize = 200;

/// What was chosen.
#[derive(Default)]
pub(super) struct Chosen {
    pub(super) plans: Vec<Plan>,
    pub(super) anchors: Vec<AnchorRow>,
    /// Patterns without a run of fixed bytes, or that are better searched for one by one.
    pub(super) left: BTreeSet<u32>,
}

/// What searching the whole data for one pattern by itself costs, as if it were candidates.
const ALONE: u64 = (1 << 60) / 300;
/// Bytes after which such a search is cheap enough not to count, as a power of two.
const SOON: u32 = 18;

/// By class; behind them, what a search for the pattern by itself costs.
type Prices = [u64; CLASSES.len() + 1];

/// A place in a pattern.
#[derive(Clone, Copy)]
struct Choice {
    price: u64,
    class: usize,
    stretch: usize,
    start: usize,
    /// Bytes of its run.
    length: usize,
}

/// The least price of a stretch in any class.
pub(super) fn price(stretch: &[ByteMask]) -> u64 {
    let mut best = HOPELESS;
    let class_price = |class: usize| CLASSES.get(class).map_or(0, |class| class.pass >> 20);
    for_each_run(stretch, &ALL, None, &mut Work::default(), |class, run| {
        best = best.min(run.price.saturating_add(class_price(class)));
    });
    best
}

/// Chooses for each group of `patterns`.
pub(super) fn choose(windows: &Windows, patterns: &[u32], groups: &[Group]) -> Chosen {
    let seen = SeenWindows::count(windows, patterns);
    let mut work = Work::default();
    let mut known: HashMap<u32, Prices> = HashMap::new();
    let mut chosen = Chosen::default();
    for group in groups {
        let patterns = group.patterns.iter().filter(|pattern| !chosen.left.contains(*pattern));
        let priced = patterns.map(|&pattern| {
            let price = || prices(windows, pattern, &seen, &mut work);
            (pattern, *known.entry(pattern).or_insert_with(price))
        });
        let priced: Vec<(u32, Prices)> = priced.collect();
        choose_group(windows, group.target, &priced, &seen, &mut work, &mut chosen);
        // What has tables for some objects is not searched for by itself in all of them.
        for pattern in &group.patterns {
            let alone = known.get_mut(pattern).and_then(|prices| prices.last_mut());
            alone.into_iter().for_each(|alone| *alone = HOPELESS);
        }
    }
    chosen
}

/// Chooses classes and runs for a group of patterns with their prices.
fn choose_group(
    windows: &Windows,
    target: u8,
    priced: &[(u32, Prices)],
    seen: &SeenWindows,
    work: &mut Work,
    chosen: &mut Chosen,
) {
    let classes = cheapest_classes(priced);
    let mut taken: HashMap<(usize, u64), u32> = HashMap::new();
    let mut plans: Vec<Plan> =
        CLASSES.iter().map(|class| class.plan().for_target(target)).collect();
    for &(pattern, ref prices) in priced {
        let stretches = windows.of_pattern(pattern);
        let alone = prices.last().copied().unwrap_or(HOPELESS);
        let best = best(windows, stretches, &classes, seen, &taken, work);
        match best.filter(|best| best.price <= alone) {
            Some(choice) => {
                add(windows, stretches, choice, &mut taken, &mut plans, &mut chosen.anchors);
            }
            None => _ = chosen.left.insert(pattern),
        }
    }
    chosen.plans.extend(plans);
}

/// Which classes are used.
type Classes = [bool; CLASSES.len()];
const ALL: Classes = [true; CLASSES.len()];

/// Working memory, used again and again.
#[derive(Default)]
struct Work {
    surprises: cost::Surprises,
    /// What each window costs.
    costs: Vec<u64>,
    /// At how many other places of the patterns each window stands.
    others: Vec<u64>,
}

/// A run that a class takes.
struct Run<'r> {
    /// In the stretch.
    start: usize,
    bytes: &'r [u8],
    /// By what clean files hold.
    price: u64,
    /// By where else its windows stand in the patterns.
    others: u64,
}

/// Calls with the class for every run that one of the classes takes.
fn for_each_run(
    stretch: &[ByteMask],
    classes: &Classes,
    seen: Option<&SeenWindows>,
    work: &mut Work,
    mut take: impl FnMut(usize, &Run<'_>),
) {
    let mut at = 0_usize;
    for piece in stretch.chunk_by(|a, b| is_fixed(*a) == is_fixed(*b)) {
        let begin = at;
        at = at.saturating_add(piece.len());
        if !piece.first().is_some_and(|&byte| is_fixed(byte)) {
            continue;
        }
        let run: Vec<u8> = piece.iter().map(|byte| byte.value & FOLD).collect();
        let Work { surprises, costs, others } = work;
        surprises.read(&run);
        let mut width = 0;
        let used = CLASSES.iter().enumerate().zip(classes).filter(|(_, is_used)| **is_used);
        for ((number, class), _) in used.filter(|((_, class), _)| class.run() <= run.len()) {
            if width != class.width {
                width = class.width;
                surprises.windows(&run, width, costs);
                others.clear();
                match seen.filter(|_| SeenWindows::WIDTHS.contains(&width)) {
                    Some(seen) => others.extend(run.windows(width).map(|it| seen.others(it))),
                    None => others.resize(costs.len(), 0),
                }
            }
            let step = class.step;
            let others_of = |sum: u64| sum.saturating_mul(SEEN_IN_PATTERNS) / step.max(1) as u64;
            let sums = sums_of_steps(costs, step).zip(sums_of_steps(others, step));
            for (start, (price, others)) in sums.enumerate() {
                let bytes = run.get(start..start.saturating_add(class.whole_run()));
                let (bytes, start) = (bytes.unwrap_or_default(), begin.saturating_add(start));
                let (price, others) = (price >> step.trailing_zeros(), others_of(others));
                take(number, &Run { start, bytes, price, others });
            }
            if run.len() < class.whole_run() {
                // The last window may end in any byte.
                let known = run.len().saturating_sub(class.width).saturating_add(1);
                let last = cost::window(run.get(known..).unwrap_or_default());
                let price = costs.iter().sum::<u64>().saturating_add(last) >> step.trailing_zeros();
                let others = others_of(others.iter().sum());
                take(number, &Run { start: begin, bytes: &run, price, others });
            }
        }
    }
}

/// The sum of every `step` neighbours. A step is at most 8, and what a window costs little more than
/// 2^60, so that it fits.
fn sums_of_steps(values: &[u64], step: usize) -> impl Iterator<Item = u64> + '_ {
    let (first, rest) = values.split_at_checked(step.saturating_sub(1)).unwrap_or((&[], &[]));
    let mut sum: u64 = first.iter().sum();
    rest.iter().zip(values).map(move |(&enters, &leaves)| {
        let all = sum.saturating_add(enters);
        sum = all.saturating_sub(leaves);
        all
    })
}

/// How often windows stand in the patterns, by a hash.
struct SeenWindows(Vec<u8>);

impl SeenWindows {
    const LOG2: u32 = 24;
    /// Shorter windows are frequent anyway.
    const WIDTHS: [usize; 3] = [4, 5, 8];

    fn count(windows: &Windows, patterns: &[u32]) -> Self {
        let mut seen = Self(vec![0; 1 << Self::LOG2]);
        for stretch in patterns.iter().flat_map(|&pattern| windows.of_pattern(pattern)) {
            for piece in windows.bytes(stretch).chunk_by(|a, b| is_fixed(*a) == is_fixed(*b)) {
                let run: Vec<u8> = piece.iter().map(|byte| byte.value & FOLD).collect();
                if piece.first().is_some_and(|&byte| is_fixed(byte)) {
                    Self::WIDTHS.into_iter().for_each(|width| seen.add_all(&run, width));
                }
            }
        }
        seen
    }

    fn add_all(&mut self, run: &[u8], width: usize) {
        for window in run.windows(width) {
            if let Some(count) = self.0.get_mut(Self::place(number_of(window), width)) {
                *count = count.saturating_add(1);
            }
        }
    }

    fn place(window: u64, width: usize) -> usize {
        let mixed = (window ^ (width as u64) << 60).wrapping_mul(0xd6e8_feb8_6659_fd93);
        let mixed = (mixed ^ mixed >> 32).wrapping_mul(0xd6e8_feb8_6659_fd93);
        (mixed >> 64_u32.saturating_sub(Self::LOG2)) as usize
    }

    /// At how many other places a window stands.
    fn others(&self, window: &[u8]) -> u64 {
        let place = Self::place(number_of(window), window.len());
        u64::from(self.0.get(place).copied().unwrap_or(0).saturating_sub(1))
    }
}

/// The bytes as a number in little endian.
fn number_of(window: &[u8]) -> u64 {
    window.iter().rev().fold(0, |number, &byte| number << 8 | u64::from(byte))
}

/// The least price of a pattern in every class, and of a search for it alone.
fn prices(windows: &Windows, pattern: u32, seen: &SeenWindows, work: &mut Work) -> Prices {
    let mut prices = [HOPELESS; CLASSES.len() + 1];
    let mut rarest = HOPELESS;
    let stretches = windows.of_pattern(pattern);
    for stretch in stretches {
        for_each_run(windows.bytes(stretch), &ALL, Some(seen), work, |number, run| {
            rarest = rarest.min(run.price);
            let price = run.price.saturating_add(run.others).saturating_mul(starts_of(stretch));
            if let Some(least) = prices.get_mut(number) {
                *least = (*least).min(price);
            }
        });
    }
    if let Some(alone) = prices.last_mut() {
        *alone = price_alone(windows, stretches, rarest);
    }
    prices
}

/// What it costs to search for a pattern by itself, by the price of its rarest run. One that is nothing
/// but a few bytes is found soon where they are frequent, and no further search is needed then.
fn price_alone(windows: &Windows, stretches: &[Kept], rarest: u64) -> u64 {
    let is_one_run = match stretches {
        [only] => windows.bytes(only).iter().all(|&byte| is_fixed(byte)),
        _ => false,
    };
    let places = rarest.checked_shr(60_u32.saturating_sub(SOON)).unwrap_or(0).max(1);
    match (rarest, is_one_run) {
        (HOPELESS, _) => HOPELESS,
        (_, true) => ALONE / places,
        (rarest, false) => ALONE.saturating_add(rarest.saturating_mul(2)),
    }
}

/// The classes that serve all patterns at the least price, passes included.
fn cheapest_classes(prices: &[(u32, Prices)]) -> Classes {
    let mut classes = ALL;
    let mut price = price_of(prices, &classes);
    loop {
        let without = (0..CLASSES.len()).filter_map(|number| {
            let mut fewer = classes;
            let class = fewer.get_mut(number).filter(|class| **class)?;
            *class = false;
            Some((price_of(prices, &fewer), fewer))
        });
        match without.min_by_key(|(price, _)| *price) {
            Some((less, fewer)) if less <= price => (price, classes) = (less, fewer),
            _ => return classes,
        }
    }
}

/// What searching with some classes costs. A pattern that only the others could serve costs more than
/// anything.
fn price_of(prices: &[(u32, Prices)], classes: &Classes) -> u128 {
    let passes = CLASSES.iter().zip(classes).filter(|(_, is_used)| **is_used);
    let passes: u128 = passes.map(|(class, _)| u128::from(class.pass)).sum();
    let least = |(_, own): &(u32, Prices)| {
        let any = own.iter().copied().min().unwrap_or(HOPELESS);
        let alone = own.last().copied().unwrap_or(HOPELESS);
        let used = own.iter().zip(classes).filter(|(_, is_used)| **is_used);
        match used.map(|(price, _)| *price).min().unwrap_or(HOPELESS).min(alone) {
            HOPELESS if any != HOPELESS => u128::from(u64::MAX) << 32,
            HOPELESS => 0,
            price => u128::from(price),
        }
    };
    passes.saturating_add(prices.iter().map(least).sum())
}

/// The cheapest place of a pattern in the classes that are used.
fn best(
    windows: &Windows,
    stretches: &[Kept],
    classes: &Classes,
    seen: &SeenWindows,
    taken: &HashMap<(usize, u64), u32>,
    work: &mut Work,
) -> Option<Choice> {
    let mut best: Option<Choice> = None;
    for (number, stretch) in stretches.iter().enumerate() {
        for_each_run(windows.bytes(stretch), classes, Some(seen), work, |class_number, run| {
            let Some(class) = CLASSES.get(class_number) else { return };
            let price = run.price.saturating_add(run.others).saturating_mul(starts_of(stretch));
            if best.is_some_and(|best| best.price <= price) {
                return;
            }
            let crowds = run.bytes.windows(class.width).take(class.step).filter(|window| {
                taken.get(&(class_number, number_of(window))).is_some_and(|&count| count >= CROWDED)
            });
            let crowds = (crowds.count() as u64).saturating_mul(PRICE_OF_CROWDS);
            let price = price.saturating_add(crowds);
            if best.is_none_or(|best| best.price > price) {
                let (start, length) = (run.start, run.bytes.len());
                best = Some(Choice { price, class: class_number, stretch: number, start, length });
            }
        });
    }
    best
}

/// How many starts have to be verified where a stretch is seen, as far as they count.
fn starts_of(stretch: &Kept) -> u64 {
    u64::from(stretch.spread) / 2 + 1
}

/// Gives the windows of a run to the plan of its class.
fn add(
    windows: &Windows,
    stretches: &[Kept],
    choice: Choice,
    taken: &mut HashMap<(usize, u64), u32>,
    plans: &mut [Plan],
    anchors: &mut Vec<AnchorRow>,
) {
    let (Some(class), Some(plan), Some(stretch)) =
        (CLASSES.get(choice.class), plans.get_mut(choice.class), stretches.get(choice.stretch))
    else {
        return;
    };
    let bytes = windows.bytes(stretch);
    let run: Vec<u8> =
        bytes.iter().skip(choice.start).take(choice.length).map(|byte| byte.value & FOLD).collect();
    for window in run.windows(class.width) {
        let count = taken.entry((choice.class, number_of(window))).or_default();
        *count = count.saturating_add(1);
    }
    plan.add(&run, anchors.len() as u32);
    let (check_at, check, check_mask) = check(bytes, choice.start, run.len());
    anchors.push(AnchorRow {
        segment: stretch.segment.into(),
        lead_min: stretch.lead_min.saturating_add(choice.start as u32).into(),
        spread: stretch.spread.into(),
        check_at: check_at.into(),
        check: check.into(),
        check_mask: check_mask.into(),
    });
}

/// The eight bytes that are compared first: those that say most beside the run.
fn check(bytes: &[ByteMask], run: usize, length: usize) -> (i16, u64, u64) {
    let first = run.saturating_sub(NEAR);
    let last = run.saturating_add(length).saturating_add(NEAR).min(bytes.len());
    let says = |(at, byte): (usize, &ByteMask)| {
        let is_in_run = (run..run.saturating_add(length)).contains(&at);
        let is_frequent = matches!(byte.value, 0 | 0xff | b' ');
        match byte.mask.count_ones() {
            ones if is_in_run => ones / 8,
            ones if is_frequent => ones / 2,
            ones => ones,
        }
    };
    let says: Vec<u32> = bytes.iter().enumerate().take(last).skip(first).map(says).collect();
    let score = |eight: &[u32]| eight.iter().sum::<u32>();
    // Of equals the first.
    let scores = says.windows(says.len().clamp(1, 8)).map(score).enumerate();
    let best = scores.rev().max_by_key(|&(_, score)| score);
    let start = best.map_or(0, |(start, _)| first.saturating_add(start));
    let (mut check, mut check_mask) = (0_u64, 0_u64);
    for byte in bytes.iter().skip(start).take(8).collect::<Vec<_>>().into_iter().rev() {
        check = check << 8 | u64::from(byte.value);
        check_mask = check_mask << 8 | u64::from(byte.mask);
    }
    let distance = (start as i64).saturating_sub(run as i64);
    (i16::try_from(distance).unwrap_or(0), check, check_mask)
}
