//! The conductor: the whole path of one scan on one page.
//!
//! bytes in -> identify -> inspect -> match -> unpack -> the same for everything inside -> verdict
//!
//! Containers that are being walked stand on an explicit stack, innermost on top, so that nesting
//! costs no call stack and only the objects on the current path are in memory. Every object goes
//! through [`Scan::examine`] behind a wall against panics: a defect harms one object.
//!
//! The same bytes are not looked at in vain: an object that one on its own path equals is not opened
//! again, and what came of an entry is copied for entries of the same container that equal it.

mod branch;
mod container;
mod crew;
mod listed;
mod twins;

use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use crate::engine::{Engine, ScanOptions, Workspace};
use crate::identify::{self, FileType, Found, Identification};
use crate::input::{Content, Input, Source};
use crate::inspect::{self, Facts, Layout};
use crate::limits::{Budget, Limit, Stop};
use crate::matcher::{Layer, Matcher, Scratch, Subject, Target, layers};
use crate::normalise::{self, Viewed};
use crate::observe::{Entered, Observer, Step};
use crate::unpack::{self, Entry, Opening, Passwords};
use crate::verdict::{Completeness, Finding, Object, Problem, Reason, Report, conclude};
use branch::Branch;
use container::Open;
use crew::{Common, Crew, Hire, Job};

/// Longer names of objects are cut: they are for people, and 100,000 of them are held at a time.
const NAME_LENGTH: usize = 512;
/// Further problems of one object say nothing new, unless their reason is new.
const PROBLEMS: usize = 8;
/// Findings that are kept of one scan. Behind them only the first of a class counts in each object, so
/// that no verdict changes: 100,000 objects that hit thousands of signatures each are no news.
const FINDINGS: usize = 100_000;
/// Programs whose facts are kept, if facts are wanted: those of one can take megabytes.
const PROGRAMS: usize = 256;

/// Scans one input and everything in it.
pub(crate) fn scan(
    engine: &Engine,
    input: Input<'_>,
    options: &ScanOptions,
    workspace: &mut Workspace,
) -> Report {
    let observed = options.observed.clone();
    let budget = Budget::observed(options.limits.clone(), options.cancel.clone(), observed);
    let mut report = match Source::open(input, &mut workspace.buffer, &budget) {
        Ok((source, watch)) => {
            let passwords = engine.passwords().behind(&options.passwords);
            let common = Common { engine, options, budget: &budget, passwords: &passwords };
            let mut scan = common.scan(&source, &mut workspace.scratches);
            if let Some(problem) = watch.and_then(|watch| watch.changed()) {
                scan.note(0, problem);
            }
            for set in engine.matchers().iter().filter_map(Matcher::changed_set) {
                scan.note(0, rewritten(set));
            }
            scan.finish()
        }
        Err(problem) => Report::not_scanned(problem),
    };
    engine.matchers().iter().for_each(Matcher::rest);
    report.sets = engine.sets().to_vec();
    report.memory = budget.peak_memory();
    report.elapsed = budget.elapsed();
    report
}

/// A finding and the height of its set in the stack.
#[derive(Clone)]
pub(crate) struct Raised {
    pub(crate) finding: Finding,
    pub(crate) height: usize,
}

/// Where an object lies.
#[derive(Clone)]
struct Place {
    depth: u32,
    layers: Arc<[Layer]>,
}

struct Scan<'s, 'a> {
    engine: &'s Engine,
    observer: Option<&'s dyn Observer>,
    keeps_facts: bool,
    budget: &'s Budget,
    passwords: &'s Passwords,
    scratches: &'s mut Vec<Scratch>,
    objects: Vec<Object>,
    raised: Vec<Raised>,
    /// Innermost container last.
    open: Vec<Open<'a>>,
    /// What the first object lies in, where another scan handed it over.
    above: Vec<Content<'a>>,
    bytes: u64,
    /// A finding or a fact was left out, for want of room.
    is_capped: bool,
    crew: Option<&'s Crew<'a>>,
    foreman: Option<&'s dyn Hire>,
}

impl<'s, 'a> Scan<'s, 'a> {
    fn new(
        engine: &'s Engine,
        options: &'s ScanOptions,
        opening: Opening<'s>,
        scratches: &'s mut Vec<Scratch>,
    ) -> Self {
        Self {
            engine,
            observer: options.observed.observer(),
            keeps_facts: options.facts,
            budget: opening.budget,
            passwords: opening.passwords,
            scratches,
            objects: Vec::new(),
            raised: Vec::new(),
            open: Vec::new(),
            above: Vec::new(),
            bytes: 0,
            is_capped: false,
            crew: None,
            foreman: None,
        }
    }

    /// Examines the file, then what is inside.
    fn run(&mut self, source: &Source<'a>) {
        if let Err(stop) = self.budget.enter(0) {
            self.objects
                .push(Object { completeness: Completeness::NotScanned, ..Object::default() });
            return self.note(0, stop.into());
        }
        let nowhere = Place { depth: 0, layers: Arc::default() };
        self.visit(source.content.clone(), Object::default(), nowhere);
        source.problem.iter().for_each(|problem| self.note(0, problem.clone()));
        self.walk();
    }

    /// Examines what is inside, container by container.
    fn walk(&mut self) {
        while let Some(mut container) = self.open.pop() {
            container.twins.end(self.mark());
            if self.is_in_vain() {
                self.open.clear();
                return;
            }
            match self.next_child(&mut container) {
                Some(child) => {
                    container.twins.begin(child.met.kept, self.mark());
                    let twin = child.met.twin.and_then(|twin| container.twins.span(twin));
                    let (parent, depth) = (container.object, container.depth.saturating_add(1));
                    let layers = Arc::clone(&container.layers);
                    self.open.push(container);
                    let known = match child.job {
                        Some(job) => self.done_by_helper(&job),
                        None => twin.and_then(|twin| self.copy(twin)).filter(|c| self.charge(c)),
                    };
                    self.enter(child.entry, known, parent, Place { depth, layers });
                }
                None => self.close(container),
            }
        }
    }

    /// Whether several threads reached a limit, so that all will be done again by one.
    fn is_in_vain(&self) -> bool {
        let is_in_vain = self.crew.is_some() && (self.is_capped || self.budget.refusals() > 0);
        if is_in_vain {
            self.budget.stop();
        }
        is_in_vain
    }

    fn done_by_helper(&mut self, job: &Job<'a>) -> Option<Branch> {
        let branch = self.crew?.collect(job)?;
        if !self.has_room_for(&branch) {
            self.is_capped = true;
            return None;
        }
        self.budget.add(branch.spent());
        Some(branch).filter(|branch| !branch.is_empty())
    }

    /// Takes an entry in as an object of its own, if the budget agrees. One that is only mentioned
    /// becomes an object where a signature hits it. What is known to be in it is not looked at again.
    fn enter(&mut self, entry: Entry<'a>, known: Option<Branch>, parent: usize, place: Place) {
        let listed = self.search_listings(&entry.listings, parent);
        if entry.is_only_mentioned() && listed.is_empty() {
            return;
        }
        let name = readable(&entry.name);
        let index = self.objects.len();
        if !listed.is_empty() {
            // What is said of this entry by its name does not hold for others.
            self.open.iter_mut().last().into_iter().for_each(|container| container.twins.forget());
        }
        if let Some(known) = known.filter(|known| self.has_room_for(known)) {
            let behind = self.graft(known, &name, parent);
            self.raise_listed(listed, index);
            return self.raised.extend(behind);
        }
        if let Err(stop) = self.budget.enter(place.depth) {
            self.note(parent, Problem::new(stop.into(), format!("before {name:?}")));
            return self.give_up(stop);
        }
        let parent = Some(parent);
        let is_only_mentioned = entry.is_only_mentioned();
        let mut object = Object { name, parent, problems: entry.problems, ..Object::default() };
        match entry.content {
            Some(content) => {
                if !object.problems.is_empty() {
                    object.completeness = Completeness::Partial;
                }
                self.visit(content, object, place);
            }
            None => {
                if !is_only_mentioned {
                    object.completeness = Completeness::NotScanned;
                }
                self.objects.push(object);
            }
        }
        self.raise_listed(listed, index);
    }

    /// What the budget refused it will refuse again: closes the containers that cannot go on.
    fn give_up(&mut self, stop: Stop) {
        let cannot_go_on = match stop {
            Stop::Limit(Limit::Depth) => self.open.len().saturating_sub(1),
            _ => 0,
        };
        for container in self.open.split_off(cannot_go_on).into_iter().rev() {
            self.close(container);
        }
    }

    /// Examines one object and puts the containers that it is on the stack.
    fn visit(&mut self, content: Content<'a>, mut object: Object, place: Place) {
        object.size = content.len() as u64;
        self.bytes = self.bytes.saturating_add(object.size);
        let index = self.objects.len();
        self.objects.push(object);
        let examine = || self.examine(&content, index, &place);
        if catch_unwind(AssertUnwindSafe(examine)).is_err() {
            // What the panic left in the scratches is not to be relied on.
            self.scratches.iter_mut().for_each(|scratch| *scratch = Scratch::default());
            self.note(index, internal("examining failed"));
        }
    }

    fn examine(&mut self, content: &Content<'a>, index: usize, place: &Place) {
        let mut identified = identify::identify_while(content, &|| self.budget.check().is_ok());
        identified.add(self.file_types(content, &identified));
        if let Some(object) = self.objects.get_mut(index) {
            object.types = identified.types();
        }
        if identified.more {
            let detail = "more kinds of data inside than are kept track of";
            let too_many = |()| Problem::new(Reason::Limit(Limit::Objects), detail);
            self.note(index, self.budget.check().map_or_else(Problem::from, too_many));
        }
        if !self.is_wanted(index, place.depth) {
            return;
        }
        self.search(content, &identified, index, &place.layers);
        if self.lies_in_itself(content) {
            if let Some(object) = self.objects.get_mut(index) {
                object.anomalies.push("the same bytes as something it lies in".to_owned());
            }
            return;
        }
        let opening = Opening { budget: self.budget, passwords: self.passwords };
        // What the sets call a container is one where it can be opened as one.
        let is_one = |found: &Found| {
            found.offset > 0
                || !identified.added.contains(found.file_type)
                || unpack::is_opened(found.file_type)
        };
        let places = unpack::places(content, &identified, self.budget);
        for inside in places.into_iter().rev().filter(|inside| is_one(&inside.found)) {
            let found = inside.found;
            match unpack::open(&content.slice(0, inside.end), found, &opening) {
                Some(Ok(unpacker)) => {
                    let layers = layers(&place.layers, &identified, &found).into();
                    let content = content.clone();
                    self.open.push(Open::new(unpacker, content, index, place.depth, layers));
                }
                Some(Err(problem)) => self.note(index, problem),
                None => {}
            }
        }
    }

    /// Whether an object on the way to this one has the same bytes: opening it would have no end.
    fn lies_in_itself(&self, content: &Content<'a>) -> bool {
        let mut outer = self.open.iter().map(|outer| &outer.content).chain(&self.above);
        !content.is_empty() && outer.any(|outer| **outer == **content)
    }

    /// Asks the observer whether an object is to be scanned.
    fn is_wanted(&mut self, index: usize, depth: u32) -> bool {
        let Some((observer, object)) = self.observer.zip(self.objects.get(index)) else {
            return true;
        };
        let left_out = match observer.object(&Entered::new(index, depth, object)) {
            Step::Continue => return true,
            Step::Skip => Problem::new(Reason::Skipped, "left out as the host asked"),
            Step::Stop => self.budget.stop().into(),
        };
        self.note(index, left_out);
        if let Some(object) = self.objects.get_mut(index) {
            object.completeness = Completeness::NotScanned;
        }
        false
    }

    /// The types that the sets see in an object.
    fn file_types(&mut self, data: &[u8], identified: &Identification) -> Vec<FileType> {
        let (engine, budget) = (self.engine, self.budget);
        let at_start = identified.types_at_start();
        let sets = engine.matchers().iter().zip(self.scratches.iter_mut());
        sets.flat_map(|(set, scratch)| set.file_types(data, at_start, scratch, budget)).collect()
    }

    /// Searches one object for the signatures of every set.
    fn search(&mut self, data: &[u8], identified: &Identification, index: usize, layers: &[Layer]) {
        let layout = inspect::layout(data, &identified.found);
        self.remark(index, identified, layout.as_ref());
        self.remark_packer(index, data, layout.as_ref());
        self.remark_document(index, data, identified);
        if self.keeps_facts && layout.is_some() {
            self.keep_facts(index, inspect::inspect(data, &identified.found, self.budget));
        }
        let types = identified.types_at_start();
        let landmarks = inspect::landmarks(data, &identified.found);
        let landmarks = landmarks.as_ref();
        let kind = Target::of(data, types);
        let added = identified.added;
        let subject = Subject { types, added, kind, landmarks, layers, ..Subject::new(data) };
        self.search_subject(&subject, index);
        let (views, ended) = normalise::views(data, identified, self.engine.views(), self.budget);
        for Viewed { view, written } in &views {
            let data = written.bytes();
            self.search_subject(&Subject { data, view: Some(*view), ..subject }, index);
        }
        if let Err(stop) = ended {
            let detail = "normalising the text was broken off";
            self.note(index, Problem::new(stop.into(), detail));
        }
    }

    fn search_subject(&mut self, subject: &Subject<'_>, index: usize) {
        for (height, matcher) in self.engine.matchers().iter().enumerate() {
            let Some(scratch) = self.scratches.get_mut(height) else { continue };
            let mut findings = Vec::new();
            let searched = matcher.search(subject, scratch, self.budget, &mut findings);
            let damage = matcher.damage(scratch);
            findings.retain(|finding| !self.engine.is_removed(finding, height));
            if subject.view.is_some() {
                self.drop_known(&mut findings, index, height);
            }
            self.raise(findings, index, height);
            if let Err(stop) = searched {
                self.note(index, stop.into());
            }
            damage.into_iter().for_each(|problem| self.note(index, problem));
        }
    }

    /// Keeps what is known about a program, for as many programs as there is room for.
    fn keep_facts(&mut self, index: usize, facts: Facts) {
        let kept = self.objects.iter().filter(|object| object.facts.is_some()).count();
        let Some(object) = self.objects.get_mut(index) else { return };
        if kept < PROGRAMS {
            object.facts = Some(Arc::new(facts));
        } else {
            self.is_capped = true;
            object
                .anomalies
                .push(format!("facts are kept of {PROGRAMS} programs, not of this one"));
        }
    }

    /// Drops the findings of a view that the object's own bytes or another view had as well.
    fn drop_known(&self, findings: &mut Vec<Finding>, index: usize, height: usize) {
        if findings.is_empty() {
            return;
        }
        let of_object =
            self.raised.iter().rev().take_while(|raised| raised.finding.object == index);
        let known = of_object.filter(|raised| raised.height == height);
        let known: HashSet<&str> = known.map(|raised| raised.finding.name.as_str()).collect();
        findings.retain(|finding| !known.contains(finding.name.as_str()));
    }

    /// Keeps the findings of one set on one object, as many as there is room for.
    fn raise(&mut self, findings: Vec<Finding>, index: usize, height: usize) {
        let mut classes = Vec::new();
        let mut left_out = 0_u64;
        let mut stopped = None;
        for finding in findings {
            let is_first = !classes.contains(&finding.class);
            if self.raised.len() >= FINDINGS && !is_first {
                left_out = left_out.saturating_add(1);
                continue;
            }
            if is_first {
                classes.push(finding.class);
            }
            let finding = Finding { object: index, ..finding };
            if stopped.is_none() && self.is_told_to_stop(&finding) {
                stopped = Some(self.budget.stop());
            }
            self.raised.push(Raised { finding, height });
        }
        if let Some(stop) = stopped {
            self.note(index, stop.into());
        }
        if left_out > 0 {
            self.is_capped = true;
            let detail = format!("{left_out} more findings are not listed");
            self.note(index, Problem::new(Reason::Limit(Limit::Memory), detail));
        }
    }

    fn is_told_to_stop(&self, finding: &Finding) -> bool {
        self.observer.is_some_and(|observer| observer.finding(finding).is_break())
    }

    /// Remarks on a program whose headers do not hold what they announce: its bytes are searched all
    /// the same, but signatures that count from its entry point or its sections cannot hit.
    fn remark(&mut self, index: usize, identified: &Identification, layout: Option<&Layout>) {
        let at_start = identified.types_at_start();
        let is_program = at_start.contains(FileType::Pe) || at_start.contains(FileType::Elf);
        let remark = match layout {
            None if is_program => "the program's headers cannot be read",
            Some(layout) if !layout.all_sections => "the section table is cut short",
            _ => return,
        };
        if let Some(object) = self.objects.get_mut(index) {
            object.anomalies.push(remark.to_owned());
        }
    }

    /// Remarks on a program that a packer packed: signatures of what is in it cannot hit.
    fn remark_packer(&mut self, index: usize, data: &[u8], layout: Option<&Layout>) {
        let packer = layout.and_then(|layout| inspect::packer(data, layout));
        if let (Some(packer), Some(object)) = (packer, self.objects.get_mut(index)) {
            object.anomalies.push(format!("packed with {packer}"));
        }
    }

    /// Remarks on what a document reaches for outside of itself.
    fn remark_document(&mut self, index: usize, data: &[u8], identified: &Identification) {
        let (remarks, ended) = inspect::remarks(data, identified.types(), self.budget);
        if let Some(object) = self.objects.get_mut(index) {
            object.anomalies.extend(remarks);
        }
        if let Err(stop) = ended {
            self.note(index, stop.into());
        }
    }

    /// Adds a problem to an object, whose scan was then not complete.
    fn note(&mut self, index: usize, problem: Problem) {
        if let Some(observer) = self.observer {
            observer.problem(index, &problem);
        }
        if let Some(object) = self.objects.get_mut(index) {
            object.completeness = object.completeness.max(Completeness::Partial);
            add(&mut object.problems, problem);
        }
    }

    fn finish(self) -> Report {
        let findings = conclude::overrule(self.raised, &self.objects);
        conclude::report(findings, self.objects, self.bytes)
    }
}

/// A signature set whose file was written to under the engine: nobody knows what was searched for.
fn rewritten(set: &str) -> Problem {
    let detail = format!("the file of set {set} was written to; open the set again");
    Problem::new(Reason::ChangedWhileScanning, detail)
}

/// Adds a problem where it says something new.
fn add(problems: &mut Vec<Problem>, problem: Problem) {
    let is_new = problems.iter().all(|known| known.reason != problem.reason);
    if is_new || (problems.len() < PROBLEMS && !problems.contains(&problem)) {
        problems.push(problem);
    }
}

fn internal(what: &str) -> Problem {
    Problem::new(Reason::InternalError, format!("{what}; please report this file's kind as a bug"))
}

/// A name for people: decoded as far as it goes, and not too long.
fn readable(name: &[u8]) -> String {
    let cut = name.get(..NAME_LENGTH).unwrap_or(name);
    let mut readable = String::from_utf8_lossy(cut).into_owned();
    let is_whole = cut.len() == name.len() && readable.len() <= NAME_LENGTH;
    readable.truncate(readable.floor_char_boundary(NAME_LENGTH));
    if !is_whole {
        readable.push('…');
    }
    readable
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problems_stay_few_and_no_reason_is_lost() {
        let mut problems = Vec::new();
        for number in 0..1000 {
            add(&mut problems, Problem::new(Reason::Corrupted, number.to_string()));
        }
        add(&mut problems, Problem::new(Reason::Encrypted, "behind many others"));
        assert_eq!(problems.len(), PROBLEMS + 1);
        assert!(problems.iter().any(|problem| problem.reason == Reason::Encrypted));
    }
}
