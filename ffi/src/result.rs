//! Results: verdict x completeness, then findings, reasons, objects and sets by index.

use std::collections::BTreeMap;
use std::mem::MaybeUninit;
use std::path::Path;
use std::sync::OnceLock;

use pellucid::json::FileRecord;
use pellucid::normalise::View;
use pellucid::verdict::{Finding as EngineFinding, Object as EngineObject, Problem, Report};

use serde::Serialize;

use crate::boundary::{call, free_box, required, value};
use crate::error::Failure;
use crate::options::About;
use crate::reason::reason_number;
use crate::record::{self, Record, ends};
use crate::text::Text;
use crate::verdict::{completeness_number, method_number, verdict_number};

/// What a scan says. Owned by the caller of the scan, immutable: any number of threads may read it.
/// Every text that is asked from it lives as long as it does.
pub struct ScanResult {
    pub(crate) report: Report,
    reasons: Vec<NamedReason>,
    /// Where the content came from, as the host names it, else as it was opened.
    path: String,
    metadata: Vec<(String, String)>,
    json: OnceLock<String>,
}

/// Where a reason stands in the report, and its name, which the report has only as a value.
struct NamedReason {
    object: usize,
    problem: usize,
    name: String,
}

impl ScanResult {
    pub(crate) fn new(mut report: Report, about: About, opened: &str) -> Self {
        if let (Some(name), Some(file)) = (&about.name, report.objects.first_mut()) {
            file.name.clone_from(name);
        }
        let reasons = report.objects.iter().enumerate().flat_map(|(object, content)| {
            content.problems.iter().enumerate().map(move |(problem, what)| NamedReason {
                object,
                problem,
                name: what.reason.to_string(),
            })
        });
        Self {
            reasons: reasons.collect(),
            report,
            path: about.name.unwrap_or_else(|| opened.to_owned()),
            metadata: about.metadata,
            json: OnceLock::new(),
        }
    }

    fn json(&self) -> &str {
        self.json.get_or_init(|| {
            let record = FileRecord::new(Path::new(&self.path), &self.report);
            let known = self.metadata.iter().map(|(key, value)| (key.as_str(), value.as_str()));
            let known = BTreeMap::from_iter(known);
            serde_json::to_string(&JsonResult { record, metadata: known }).unwrap_or_default()
        })
    }

    fn problem(&self, reason: &NamedReason) -> Option<&Problem> {
        self.report.objects.get(reason.object)?.problems.get(reason.problem)
    }
}

/// The record that the command prints, and what the host knows.
#[derive(Serialize)]
struct JsonResult<'r> {
    #[serde(flatten)]
    record: FileRecord<'r>,
    metadata: BTreeMap<&'r str, &'r str>,
}

/// In `offset`: the method does not know where it hit.
pub const PELLUCID_NO_OFFSET: u64 = u64::MAX;

/// One signature that hit. The texts live as long as the result.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Finding {
    /// Set by the caller: sizeof(pellucid_finding).
    pub struct_size: usize,
    /// The signature's name, as in its source.
    pub name: Text,
    /// The set it came from, as `origin/channel@version`.
    pub set: Text,
    /// The signature's source file inside the set; empty where the set does not say.
    pub source: Text,
    /// Who wrote the signature; empty where the set does not say.
    pub author: Text,
    /// The signature's licence; empty where the set does not say.
    pub licence: Text,
    /// The index of the object that it hit.
    pub object: usize,
    /// Where the first match starts in the object, or PELLUCID_NO_OFFSET.
    pub offset: u64,
    /// What the hit means: a PELLUCID_VERDICT_... number.
    pub verdict: u32,
    /// How it was found: a PELLUCID_METHOD_... number.
    pub method: u32,
    /// 0 (for information) to 100, as its author says.
    pub severity: u32,
    /// The normal form of the object that it was found in ("text"); empty where it was found in the
    /// object's own bytes.
    pub view: Text,
}

// SAFETY: `repr(C)`, begins with its size; integers and texts only.
unsafe impl Record for Finding {
    const ENDS: &'static [usize] = ends!(Finding {
        struct_size,
        name,
        set,
        source,
        author,
        licence,
        object,
        offset,
        verdict,
        method,
        severity,
        view,
    });
}

impl Finding {
    pub(crate) fn of(finding: &EngineFinding) -> Self {
        Self {
            struct_size: size_of::<Self>(),
            name: Text::of(&finding.name),
            set: Text::of(&finding.set),
            source: Text::of(&finding.source),
            author: Text::of(&finding.author),
            licence: Text::of(&finding.licence),
            object: finding.object,
            offset: finding.offset.unwrap_or(PELLUCID_NO_OFFSET),
            verdict: verdict_number(finding.class.verdict()),
            method: method_number(finding.method),
            severity: finding.severity.into(),
            view: Text::of(finding.view.map_or("", View::name)),
        }
    }
}

/// One reason why an object was not looked at in full. The texts live as long as the result.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Reason {
    /// Set by the caller: sizeof(pellucid_reason).
    pub struct_size: usize,
    /// The name, such as "limit:depth" or "encrypted"; stable.
    pub name: Text,
    /// What was expected, what was found, and where; for people, may be empty.
    pub detail: Text,
    /// The index of the object that it is about.
    pub object: usize,
    /// A PELLUCID_REASON_... number; treat one that is not known like PELLUCID_REASON_OTHER.
    pub code: u32,
}

// SAFETY: `repr(C)`, begins with its size; integers and texts only.
unsafe impl Record for Reason {
    const ENDS: &'static [usize] = ends!(Reason { struct_size, name, detail, object, code });
}

/// One object: the file itself (index 0) or something found in it. A parent always comes before its
/// children. The texts live as long as the result.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Object {
    /// Set by the caller: sizeof(pellucid_object).
    pub struct_size: usize,
    /// The name inside the parent, decoded for people; of the file itself the name that the options
    /// gave, else empty. It comes from the scanned file: never use it as a path.
    pub name: Text,
    /// The index of the parent; the file itself, index 0, is its own.
    pub parent: usize,
    /// Size in bytes, as far as it is known.
    pub bytes: u64,
    /// How many types it has: pellucid_result_object_type.
    pub types: usize,
    /// How many oddities it has: pellucid_result_object_anomaly.
    pub anomalies: usize,
    /// How much of it was looked at, its children left aside: PELLUCID_COMPLETE, ...
    pub completeness: u32,
}

// SAFETY: `repr(C)`, begins with its size; integers and a text only.
unsafe impl Record for Object {
    const ENDS: &'static [usize] =
        ends!(Object { struct_size, name, parent, bytes, types, anomalies, completeness });
}

impl Object {
    fn of(object: &EngineObject) -> Self {
        Self {
            struct_size: size_of::<Self>(),
            name: Text::of(&object.name),
            parent: object.parent.unwrap_or(0),
            bytes: object.size,
            types: object.types.iter().count(),
            anomalies: object.anomalies.len(),
            completeness: completeness_number(object.completeness),
        }
    }
}

/// A set that the scan used. The text lives as long as the result.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct UsedSet {
    /// Set by the caller: sizeof(pellucid_used_set).
    pub struct_size: usize,
    /// `origin/channel@version`.
    pub name: Text,
    /// 1 when independent parties signed it, else 0. No set is signed yet.
    pub is_signed: u64,
}

// SAFETY: `repr(C)`, begins with its size; an integer and a text only.
unsafe impl Record for UsedSet {
    const ENDS: &'static [usize] = ends!(UsedSet { struct_size, name, is_signed });
}

/// What was found, at its worst: a PELLUCID_VERDICT_... number; 0 for NULL.
///
/// "Clean" is PELLUCID_VERDICT_CLEAN (or TRUSTED) together with PELLUCID_COMPLETE, never alone. Any
/// thread; never fails.
#[unsafe(no_mangle)]
pub extern "C" fn pellucid_result_verdict(result: Option<&ScanResult>) -> u32 {
    value(0, || result.map(|result| verdict_number(result.report.verdict)))
}

/// How much of the file and of everything in it was looked at: PELLUCID_COMPLETE, PELLUCID_PARTIAL or
/// PELLUCID_NOT_SCANNED; 0 for NULL. Any thread; never fails.
#[unsafe(no_mangle)]
pub extern "C" fn pellucid_result_completeness(result: Option<&ScanResult>) -> u32 {
    value(0, || result.map(|result| completeness_number(result.report.completeness)))
}

/// Bytes looked at: the file and all unpacked objects; 0 for NULL. Any thread; never fails.
#[unsafe(no_mangle)]
pub extern "C" fn pellucid_result_bytes(result: Option<&ScanResult>) -> u64 {
    value(0, || result.map(|result| result.report.bytes))
}

/// Microseconds of wall-clock time that the scan took; 0 for NULL. Any thread; never fails.
#[unsafe(no_mangle)]
pub extern "C" fn pellucid_result_elapsed_us(result: Option<&ScanResult>) -> u64 {
    let micros = |result: &ScanResult| result.report.elapsed.as_micros().try_into();
    value(0, || result.map(|result| micros(result).unwrap_or(u64::MAX)))
}

/// How many signatures hit; 0 for NULL. Any thread; never fails.
#[unsafe(no_mangle)]
pub extern "C" fn pellucid_result_finding_count(result: Option<&ScanResult>) -> usize {
    value(0, || result.map(|result| result.report.findings.len()))
}

/// Fills `finding` with the one at `index`; `finding->struct_size` must be set. They are in the order
/// of their objects. Fails with PELLUCID_OUT_OF_RANGE. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pellucid_result_finding(
    result: Option<&ScanResult>,
    index: usize,
    finding: *mut Finding,
) -> i32 {
    call(None, || {
        let result = required(result, "result")?;
        let ours = Finding::of(at(&result.report.findings, index, "finding")?);
        // SAFETY: the header asks for NULL or a struct of the size that it says.
        unsafe { record::fill(finding, ours) }
    })
}

/// How many reasons there are why not everything was looked at; 0 for NULL. Any thread; never fails.
#[unsafe(no_mangle)]
pub extern "C" fn pellucid_result_reason_count(result: Option<&ScanResult>) -> usize {
    value(0, || result.map(|result| result.reasons.len()))
}

/// Fills `reason` with the one at `index`; `reason->struct_size` must be set. They are in the order of
/// their objects. Fails with PELLUCID_OUT_OF_RANGE. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pellucid_result_reason(
    result: Option<&ScanResult>,
    index: usize,
    reason: *mut Reason,
) -> i32 {
    call(None, || {
        let result = required(result, "result")?;
        let named = at(&result.reasons, index, "reason")?;
        let problem = result
            .problem(named)
            .ok_or_else(|| Failure::internal("a reason without its problem"))?;
        let ours = Reason {
            struct_size: size_of::<Reason>(),
            name: Text::of(&named.name),
            detail: Text::of(&problem.detail),
            object: named.object,
            code: reason_number(problem.reason),
        };
        // SAFETY: the header asks for NULL or a struct of the size that it says.
        unsafe { record::fill(reason, ours) }
    })
}

/// How many objects there are, the file itself included; 0 for NULL. Any thread; never fails.
#[unsafe(no_mangle)]
pub extern "C" fn pellucid_result_object_count(result: Option<&ScanResult>) -> usize {
    value(0, || result.map(|result| result.report.objects.len()))
}

/// Fills `object` with the one at `index`; `object->struct_size` must be set. Fails with
/// PELLUCID_OUT_OF_RANGE. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pellucid_result_object(
    result: Option<&ScanResult>,
    index: usize,
    object: *mut Object,
) -> i32 {
    call(None, || {
        let result = required(result, "result")?;
        let ours = Object::of(at(&result.report.objects, index, "object")?);
        // SAFETY: the header asks for NULL or a struct of the size that it says.
        unsafe { record::fill(object, ours) }
    })
}

/// Sets `*name` to the name of one of an object's types, such as "zip": lower case, stable, static.
/// Fails with PELLUCID_OUT_OF_RANGE. Any thread.
#[unsafe(no_mangle)]
pub extern "C" fn pellucid_result_object_type(
    result: Option<&ScanResult>,
    object: usize,
    index: usize,
    name: Option<&mut MaybeUninit<Text>>,
) -> i32 {
    call(None, || {
        let out = required(name, "name")?;
        let result = required(result, "result")?;
        let types = at(&result.report.objects, object, "object")?.types;
        let found = types.iter().nth(index);
        let found = found.ok_or_else(|| Failure::range("type", index, types.iter().count()))?;
        out.write(Text::of(found.name()));
        Ok(())
    })
}

/// Sets `*anomaly` to one of an object's oddities, in words for people: things that did not keep
/// anything from being looked at, such as a malformed header. Fails with PELLUCID_OUT_OF_RANGE. Any
/// thread.
#[unsafe(no_mangle)]
pub extern "C" fn pellucid_result_object_anomaly(
    result: Option<&ScanResult>,
    object: usize,
    index: usize,
    anomaly: Option<&mut MaybeUninit<Text>>,
) -> i32 {
    call(None, || {
        let out = required(anomaly, "anomaly")?;
        let result = required(result, "result")?;
        let object = at(&result.report.objects, object, "object")?;
        out.write(Text::of(at(&object.anomalies, index, "anomaly")?));
        Ok(())
    })
}

/// Sets `*json` to the whole result as one JSON object, in the form of `pellucid scan --format ndjson`,
/// with the metadata of the options under "metadata". It is made at the first call and lives as long as
/// the result. Any thread.
#[unsafe(no_mangle)]
pub extern "C" fn pellucid_result_json(
    result: Option<&ScanResult>,
    json: Option<&mut MaybeUninit<Text>>,
) -> i32 {
    call(None, || {
        let out = required(json, "json")?;
        out.write(Text::of(required(result, "result")?.json()));
        Ok(())
    })
}

/// How many sets the scan used; 0 for NULL. Any thread; never fails.
#[unsafe(no_mangle)]
pub extern "C" fn pellucid_result_set_count(result: Option<&ScanResult>) -> usize {
    value(0, || result.map(|result| result.report.sets.len()))
}

/// Fills `set` with the one at `index`, the bottom of the stack first; `set->struct_size` must be set.
/// Fails with PELLUCID_OUT_OF_RANGE. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pellucid_result_set(
    result: Option<&ScanResult>,
    index: usize,
    set: *mut UsedSet,
) -> i32 {
    call(None, || {
        let result = required(result, "result")?;
        let label = at(&result.report.sets, index, "set")?;
        let ours = UsedSet {
            struct_size: size_of::<UsedSet>(),
            name: Text::of(&label.name),
            is_signed: label.signed.into(),
        };
        // SAFETY: the header asks for NULL or a struct of the size that it says.
        unsafe { record::fill(set, ours) }
    })
}

/// Frees a result and every text that was asked from it; NULL is nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pellucid_result_free(result: *mut ScanResult) {
    // SAFETY: results come from `Box::into_raw`; the header asks for one free and no use after it.
    unsafe { free_box(result) };
}

pub(crate) fn at<'a, T>(list: &'a [T], index: usize, what: &str) -> Result<&'a T, Failure> {
    list.get(index).ok_or_else(|| Failure::range(what, index, list.len()))
}
