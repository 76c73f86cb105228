use super::super::testing::{assert_holds_sample, run, sample_tree, survives_damage, walk_at};
use super::*;
use crate::limits::{Limit, Limits};
use crate::verdict::Reason;

fn archive(json: &str, files: &[u8]) -> Vec<u8> {
    let length = json.len() as u32;
    let padded = length.next_multiple_of(4);
    let front = [4, padded + 8, padded + 4, length].map(u32::to_le_bytes).concat();
    let padding = vec![0; (padded - length) as usize];
    [&front, json.as_bytes(), &padding, files].concat()
}

const TREE: &str = r#"{"files":{"a":{"files":{"b \"c\".js":{"size":3,"offset":"0","integrity":
    {"algorithm":"SHA256","hash":"00","blocks":["00","11"]}}}},"d":{"offset":"3","executable":true,
    "size":4},"link":{"link":"a/b"}}}"#;

fn walked(archive: &[u8]) -> super::super::testing::Walked {
    walk_at(open, archive, 0, Limits::default())
}

#[test]
fn files_have_their_path_and_content() {
    let walked = walked(&archive(TREE, b"onefour"));
    assert_eq!(walked.names(), ["a/b \"c\".js", "d"]);
    assert_eq!(walked.content("a/b \"c\".js"), b"one");
    assert_eq!(walked.content("d"), b"four");
    assert_eq!(walked.reasons(), []);
}

#[test]
fn what_is_not_there_is_said() {
    let beside = r#"{"files":{"a":{"size":3,"unpacked":true},"b":{"size":9,"offset":"0"}}}"#;
    let walked_one = walked(&archive(beside, b"abc"));
    assert_eq!(walked_one.content("b"), b"abc");
    assert_eq!(walked_one.reasons(), [Reason::Truncated]);
    assert!(walked_one.words().contains("beside the archive"));
    let whole = archive(TREE, b"onefour");
    let cut = walked(&whole[..100]);
    assert_eq!(cut.reasons(), [Reason::Truncated]);
    assert_eq!(walked(&whole[..10]).reasons(), [Reason::Truncated]);
}

#[test]
fn sizes_beyond_all_numbers_and_endless_folders_end() {
    let large = r#"{"files":{"a":{"size":18446744073709551615,"offset":"18446744073709551615"},
        "b":{"size":99999999999999999999999,"offset":"0"}}}"#;
    assert!(walked(&archive(large, b"")).entries.is_empty());
    let deep = "{\"a\":".repeat(100_000);
    assert_eq!(walked(&archive(&deep, b"")).reasons(), [Reason::Corrupted]);
}

#[test]
fn one_file_listed_many_times_is_charged_each_time() {
    let many: String =
        (0..100).map(|n| format!(r#""{n}":{{"size":1000,"offset":"0"}},"#)).collect();
    let archive = archive(&format!("{{\"files\":{{{many}}}}}"), &[7; 1000]);
    let limits = Limits { total_bytes: 10_500, ..Limits::default() };
    let walked = walk_at(open, &archive, 0, limits);
    assert_eq!(walked.entries.len(), 11);
    assert_eq!(walked.reasons(), [Reason::Limit(Limit::TotalBytes)]);
}

#[test]
fn archives_made_by_electrons_own_tool() {
    let folder = sample_tree();
    let arguments = ["pack", ".", "../made.asar"];
    let inner = folder.path().join("tree");
    std::fs::create_dir(folder.path().join("root")).unwrap();
    std::fs::rename(inner, folder.path().join("root/tree")).unwrap();
    let root = folder.path().join("root");
    if run(&root, "asar", &arguments).is_none() {
        return;
    }
    let archive = std::fs::read(folder.path().join("made.asar")).unwrap();
    assert_holds_sample(&walked(&archive), "asar");
}

#[test]
fn damage_ends_within_the_limits() {
    survives_damage(open, &archive(TREE, b"onefour"));
}
