//! Images of disks and file systems.

use crate::{Found, Kind, kind};

pub(crate) fn kinds() -> Vec<Kind> {
    [discs(), squashfs(), file_systems(), disks()].into_iter().flatten().collect()
}

fn discs() -> Vec<Kind> {
    let image = |name: &str, options: &str| {
        let command = format!("genisoimage -quiet {options} -o $OUT marker other");
        kind(format!("iso-{name}"), "genisoimage", command)
    };
    vec![
        image("plain", ""),
        image("joliet", "-J -R"),
        image("udf", "-udf"),
        image("level-4", "-iso-level 4"),
        image("hfs", "-hfs").says(&["unsupported:hfs"]),
        // Neither tree lists it; its bytes lie there all the same.
        image("hidden", "-hide marker -hide-joliet marker -J").gives(Found::Bytes),
        kind(
            "iso-zisofs",
            "genisoimage mkzftree",
            "mkdir d && cp marker d && mkzftree d z && genisoimage -quiet -R -z -o $OUT z",
        ),
        kind("iso-xorriso", "xorriso", "xorriso -as mkisofs -quiet -o $OUT marker other"),
        kind("iso-hfs-plus", "xorriso", "xorriso -as mkisofs -quiet -hfsplus -o $OUT marker other"),
        kind(
            "iso-libarchive-zisofs",
            "bsdtar",
            "bsdtar -cf $OUT --format iso9660 --options zisofs marker other",
        ),
        kind(
            "iso-behind-a-program",
            "genisoimage",
            "genisoimage -quiet -o i marker other && cat /bin/true i > $OUT",
        ),
    ]
}

fn squashfs() -> Vec<Kind> {
    let image = |name: &str, options: &str| {
        let command = format!("mksquashfs marker other $OUT -quiet -no-progress {options}");
        kind(format!("squashfs-{name}"), "mksquashfs", command)
    };
    vec![
        image("gzip", "-comp gzip"),
        image("xz", "-comp xz"),
        image("xz-bcj", "-comp xz -Xbcj x86"),
        image("lz4", "-comp lz4"),
        image("lz4hc", "-comp lz4 -Xhc"),
        image("zstd", "-comp zstd"),
        image("lzma", "-comp lzma"),
        image("stored", "-noI -noD -noF -noX"),
        kind(
            "squashfs-behind-a-program",
            "mksquashfs",
            "mksquashfs marker s -quiet -no-progress && cat /bin/true s > $OUT",
        ),
    ]
}

fn file_systems() -> Vec<Kind> {
    let mut kinds = Vec::new();
    for (version, size) in [("ext2", "2M"), ("ext3", "8M"), ("ext4", "2M")] {
        let make = format!("mke2fs -q -F -t {version} -d d $OUT {size}");
        kinds.push(kind(version, "mke2fs", format!("mkdir d && cp marker d && {make}")));
    }
    let ntfs = "truncate -s 4M $OUT && mkfs.ntfs -F -q $OUT && ntfscp $OUT marker marker";
    kinds.push(kind("ntfs", "mkfs.ntfs ntfscp", ntfs));
    for (width, size) in [("12", "1440k"), ("16", "16M"), ("32", "40M")] {
        let make = format!("truncate -s {size} $OUT && mkfs.vfat -F {width} $OUT");
        let command = format!("{make} && mcopy -i $OUT marker ::/marker");
        kinds.push(kind(format!("fat{width}"), "mkfs.vfat mcopy", command));
    }
    kinds
}

fn disks() -> Vec<Kind> {
    const PARTITION: &str = "mkdir d && cp marker d && mke2fs -q -F -t ext2 -d d i 2M";
    let image = |name: &str, options: &str| {
        let convert = format!("qemu-img convert {options} i $OUT");
        kind(name, "mke2fs qemu-img", format!("{PARTITION} && {convert}"))
    };
    let mut kinds = vec![
        image("qcow2", "-O qcow2"),
        image("qcow2-packed", "-c -O qcow2"),
        image("vhd", "-O vpc"),
        image("vhd-fixed", "-O vpc -o subformat=fixed"),
        image("vhdx", "-O vhdx"),
        image("vdi", "-O vdi"),
        image("parallels", "-O parallels"),
        image("vmdk", "-O vmdk"),
        image("vmdk-stream", "-O vmdk -o subformat=streamOptimized"),
        image("qcow", "-O qcow").gives(Found::Bytes).says(&["unsupported:qcow2-version"]),
    ];
    let table = |name: &str, lines: &str| {
        let disk = "truncate -s 1M $OUT && cat i >> $OUT && truncate -s +1M $OUT";
        let command = format!("{PARTITION} && {disk} && printf '{lines}' | sfdisk -q $OUT");
        kind(name, "mke2fs sfdisk", command)
    };
    kinds.push(table("mbr", "2048,,83\\n"));
    kinds.push(table("gpt", "label: gpt\\n2048,4096,L\\n"));
    kinds
}
