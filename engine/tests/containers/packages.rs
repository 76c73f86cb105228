//! What systems keep their software in: cpio, ar, Debian's and Red Hat's packages, scripts that unpack
//! themselves.

use crate::{Found, Kind, kind};

pub(crate) fn kinds() -> Vec<Kind> {
    [cpio_and_ar(), debian(), red_hat(), scripts()].into_iter().flatten().collect()
}

fn cpio_and_ar() -> Vec<Kind> {
    const NAMES: &str = "printf 'marker\\nother\\n'";
    let mut kinds = Vec::new();
    for format in ["bin", "odc", "newc", "crc", "hpbin", "hpodc", "ustar"] {
        let command = format!("{NAMES} | cpio -o -H {format} > $OUT");
        kinds.push(kind(format!("cpio-{format}"), "cpio", command));
    }
    kinds.push(kind("cpio-gzip", "cpio", format!("{NAMES} | cpio -o -H newc | gzip > $OUT")));
    let both = "(echo other | cpio -o -H newc; echo marker | cpio -o -H newc | gzip) > $OUT";
    kinds.push(kind("cpio-initramfs", "cpio", both));
    kinds.push(kind("ar", "ar", "ar rc $OUT marker other"));
    kinds.push(kind("ar-thin", "ar", "ar rcT $OUT marker other").gives(Found::Nothing));
    kinds.push(kind("ar-bsd", "bsdtar", "bsdtar -cf $OUT --format arbsd marker other"));
    kinds
}

fn debian() -> Vec<Kind> {
    const TREE: &str = "mkdir -p p/DEBIAN p/usr && cp marker p/usr && printf 'Package: a\\n\
        Version: 1\\nArchitecture: all\\nMaintainer: x\\nDescription: x\\n' > p/DEBIAN/control";
    let package = |compression: &str| {
        let build = format!("dpkg-deb -Z{compression} -b p p.deb && mv p.deb $OUT");
        kind(format!("deb-{compression}"), "dpkg-deb", format!("{TREE} && {build}"))
    };
    ["xz", "gzip", "zstd", "none"].map(package).into()
}

fn red_hat() -> Vec<Kind> {
    const SPEC: &str = "printf 'Name: a\\nVersion: 1\\nRelease: 1\\nSummary: x\\nLicense: x\\n\
        %%description\\nx\\n%%install\\nmkdir -p %%{buildroot}/usr\\n\
        cp %s/marker %%{buildroot}/usr/\\n%%files\\n/usr/marker\\n' $PWD > a.spec";
    let package = |payload: &str| {
        let defines = format!("--define \"_topdir $PWD/r\" --define '_binary_payload {payload}'");
        let build = format!("rpmbuild --quiet -bb {defines} a.spec; mv r/RPMS/*/*.rpm $OUT");
        kind(format!("rpm-{payload}"), "rpmbuild", format!("{SPEC} && {build}"))
    };
    ["w9.gzdio", "w6.xzdio", "w9.bzdio", "w6.lzdio", "w3.zstdio"].map(package).into()
}

/// Archives behind the script that unpacks them.
fn scripts() -> Vec<Kind> {
    let mut kinds = Vec::new();
    for (option, tool) in [
        ("gzip", "gzip"),
        ("bzip2", "bzip2"),
        ("xz", "xz"),
        ("compress", "compress"),
        ("zstd", "zstd"),
        ("lz4", "lz4"),
        ("lzo", "lzop"),
        ("base64", "base64"),
        ("nocomp", "tar"),
    ] {
        let make =
            format!("mkdir d && cp marker d && makeself --quiet --{option} d $OUT label true");
        let needs = format!("command -v {tool} > /dev/null && {make}");
        kinds.push(kind(format!("makeself-{option}"), "makeself", needs));
    }
    kinds.push(kind("shar", "shar uuencode", "shar marker other > $OUT"));
    kinds.push(kind("shar-libarchive", "bsdtar", "bsdtar -cf $OUT --format shardump marker other"));
    kinds
}
