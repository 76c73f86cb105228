//! Disks of terabytes in images of kilobytes, and images whose packed blocks are all the same one. What
//! lies on a virtual disk is held against the length of that disk: there the ratio never ends anything,
//! and the size of objects, of all that is put out, and of memory do.

use std::path::Path;
use std::process::Command;

use crate::{Bomb, defuse};

/// Runs a script in a folder; what is then in `out`, or `None`, said on stderr, where it fails.
fn made(script: &str) -> Option<Vec<u8>> {
    let folder = tempfile::tempdir().expect("a folder");
    let mut command = Command::new("sh");
    let output = command.args(["-ec", script]).current_dir(folder.path()).output();
    match output {
        Ok(output) if output.status.success() => read(&folder.path().join("out")),
        _ => {
            eprintln!("skipped: cannot run {script}");
            None
        }
    }
}

fn read(path: &Path) -> Option<Vec<u8>> {
    std::fs::read(path).ok()
}

#[test]
fn sparse_disks_of_terabytes_end_at_the_size_of_an_object() {
    let sizes =
        [("qcow2", "60T"), ("vhdx", "60T"), ("vmdk", "2T"), ("vpc", "2040G"), ("vdi", "1T")];
    let bombs = sizes.into_iter().filter_map(|(format, size)| {
        let create = format!("qemu-img create -q -f {format} out {size}");
        Some(Bomb::new(create.clone(), made(&create)?, &["limit:object-bytes"]))
    });
    defuse(bombs, |_| {});
}

/// A thousand partitions, each as large as the disk of 16 TiB that they are on.
#[test]
fn partitions_over_each_other_on_a_sparse_disk_end_at_a_limit() {
    let script = "qemu-img convert -f raw -O qcow2 table disk.qcow2; \
        qemu-img resize -q disk.qcow2 16T; mv disk.qcow2 out";
    let mut table = vec![0; 34 * 512];
    table[510..512].copy_from_slice(b"\x55\xaa");
    table[446 + 4] = 0xee;
    let header =
        [&b"EFI PART\0\0\x01\0"[..], &[0; 60], &2_u64.to_le_bytes(), &128_u32.to_le_bytes()];
    let header = [&header.concat()[..], &128_u32.to_le_bytes()].concat();
    table[512..512 + header.len()].copy_from_slice(&header);
    for (line, first) in table[1024..].chunks_exact_mut(128).zip(64_u64..) {
        line[0] = 1;
        line[32..40].copy_from_slice(&first.to_le_bytes());
        line[40..48].copy_from_slice(&(1_u64 << 35).to_le_bytes());
    }
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("table"), &table).expect("written");
    let script = script.replace(" table ", &format!(" {}/table ", folder.path().display()));
    let bomb = made(&script).map(|bytes| Bomb::new("partitions", bytes, &["limit:total-bytes"]));
    defuse(bomb, |_| {});
}

/// A disk image of macOS whose chunks are all the same megabyte, over and over: 8 GiB.
fn dmg() -> Vec<u8> {
    const CHUNKS: u32 = 1 << 13;
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    std::io::Write::write_all(&mut encoder, &vec![0; 1 << 20]).expect("memory");
    let packed = encoder.finish().expect("memory");
    let mut table = b"mish\0\0\0\x01".to_vec();
    table.resize(200, 0);
    table.extend((CHUNKS + 1).to_be_bytes());
    for number in 0..u64::from(CHUNKS) {
        table.extend([0x8000_0005_u32.to_be_bytes(), [0; 4]].concat());
        let fields = [number * 2048, 2048, 0, packed.len() as u64];
        table.extend(fields.map(u64::to_be_bytes).concat());
    }
    table.extend([&[0xff; 4][..], &[0; 36]].concat());
    let list =
        format!("<plist><dict><key>Data</key><data>{}</data></dict></plist>", base64(&table));
    let mut trailer = b"koly\0\0\0\x04\0\0\x02\0".to_vec();
    trailer.resize(512, 0);
    trailer[216..224].copy_from_slice(&(packed.len() as u64).to_be_bytes());
    trailer[224..232].copy_from_slice(&(list.len() as u64).to_be_bytes());
    trailer[492..500].copy_from_slice(&(u64::from(CHUNKS) * 2048).to_be_bytes());
    [packed, list.into_bytes(), trailer].concat()
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let group = |group: &[u8]| {
        let bits = group.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte));
        let bits = bits << (8 * (3 - group.len()));
        (0..4).map(move |n| char::from(DIGITS[(bits >> (18 - 6 * n)) as usize & 63]))
    };
    bytes.chunks(3).flat_map(group).collect()
}

#[test]
fn chunks_that_are_all_one_end_at_a_limit() {
    defuse([Bomb::new("dmg", dmg(), &["limit:object-bytes"])], |_| {});
    // With room for the object it is the memory that ends it.
    let change = |limits: &mut pellucid::limits::Limits| {
        limits.object_bytes = 1 << 40;
        limits.total_bytes = 1 << 40;
    };
    defuse([Bomb::new("dmg", dmg(), &["limit:memory"])], change);
}

#[test]
fn squashfs_of_runs_and_of_shared_blocks_ends_at_a_limit() {
    let run = "mkdir t; yes x | tr -d '\\n' | head -c 40000000 > t/run; mksquashfs t out -quiet -no-progress -b 1M";
    let shared = "mkdir t; yes x | tr -d '\\n' | head -c 1000000 > t/0; \
        for n in $(seq 200); do cp t/0 t/$n; done; mksquashfs t out -quiet -no-progress";
    let holes = "mkdir t; truncate -s 300M t/holes; mksquashfs t out -quiet -no-progress -b 1M";
    let bombs =
        [(run, "limit:object-bytes"), (shared, "limit:total-bytes"), (holes, "limit:ratio")];
    let bombs = bombs
        .into_iter()
        .filter_map(|(script, reason)| Some(Bomb::new(script, made(script)?, &[reason])));
    defuse(bombs, |_| {});
}

/// File systems with a file of holes, larger than any disk.
#[test]
fn sparse_files_of_file_systems_end_at_the_size_of_an_object() {
    let ext = "mkdir t; truncate -s 1T t/holes; /usr/sbin/mke2fs -q -F -t ext4 -d t out 4M";
    let ntfs = "truncate -s 2M out; /usr/sbin/mkntfs -F -q -f -c 512 out 2> /dev/null; \
        truncate -s 1500000 file; /usr/sbin/ntfscp -f out file zeros 2> /dev/null";
    let bombs = [(ext, &["limit:object-bytes"][..]), (ntfs, &[])];
    let bombs =
        bombs.into_iter().filter_map(|(script, says)| Some(Bomb::new(script, made(script)?, says)));
    defuse(bombs, |_| {});
}
