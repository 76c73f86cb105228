//! Archives and streams.

use crate::{Found, Kind, PASSWORD, kind};

pub(crate) fn kinds() -> Vec<Kind> {
    [seven_zip(), zip(), tar(), streams(), dos(), estsoft()].into_iter().flatten().collect()
}

/// 7z with each of its methods and filters.
fn seven_zip() -> Vec<Kind> {
    let with = |name: &str, options: &str| {
        let command = format!("7z a {options} $OUT.7z marker other && mv $OUT.7z $OUT");
        kind(format!("7z-{name}"), "7z", command)
    };
    let mut kinds = Vec::new();
    for method in ["lzma", "lzma2", "ppmd", "bzip2", "deflate", "deflate64", "copy"] {
        kinds.push(with(method, &format!("-m0={method}")));
    }
    for filter in ["delta:4", "bcj", "arm", "armt", "arm64", "ppc", "sparc", "ia64"] {
        let name = filter.replace(':', "-");
        kinds.push(with(&name, &format!("-m0={filter} -m1=lzma2")));
    }
    let bcj2 = "-m0=bcj2 -m1=lzma -m2=lzma -m3=lzma -mb0s0:1 -mb0s1:2 -mb0s2:3";
    kinds.push(with("bcj2", bcj2));
    kinds.push(with("blocks", "-ms=off"));
    kinds.push(with("plain-header", "-mhc=off"));
    kinds.push(with("password", &format!("-p'{PASSWORD}'")).locked());
    kinds.push(with("password-header", &format!("-p'{PASSWORD}' -mhe=on")).locked());
    let method = &["unsupported:7z-method"];
    kinds.push(with("swap4", "-m0=swap4 -m1=lzma2").gives(Found::Nothing).says(method));
    let volume =
        "head -c 30000 /dev/urandom > big; 7z a -v10k $OUT.7z marker big && mv $OUT.7z.001 $OUT";
    kinds.push(kind("7z-volume", "7z", volume).gives(Found::Nothing).says(&["truncated"]));
    let sfx = "7z a -sfx7zCon.sfx $OUT.exe marker other && mv $OUT.exe $OUT";
    kinds.push(kind("7z-sfx", "7z", sfx));
    kinds.push(kind("7z-libarchive", "bsdtar", "bsdtar -cf $OUT --format 7zip marker other"));
    kinds
}

fn zip() -> Vec<Kind> {
    let info = |name: &str, options: &str| {
        let command = format!("zip -q {options} $OUT.zip marker other && mv $OUT.zip $OUT");
        kind(format!("zip-{name}"), "zip", command)
    };
    let by_7z = |name: &str, options: &str| {
        let command = format!("7z a -tzip {options} $OUT.zip marker other && mv $OUT.zip $OUT");
        kind(format!("zip-7z-{name}"), "7z", command)
    };
    let around = |name: &str, command: &str| {
        kind(name, "zip", format!("zip -q a.zip marker other && {command}"))
    };
    let mut kinds = vec![
        info("deflate", ""),
        info("stored", "-0"),
        info("bzip2", "-Z bzip2"),
        info("password", &format!("-P '{PASSWORD}'")).locked(),
        kind("zip-streamed", "zip", "zip -q -fd -fz - marker other > $OUT"),
        around("zip-prefixed", "(head -c 3000 /bin/sh; cat a.zip) > $OUT"),
        around("zip-prefixed-told", "(head -c 3000 /bin/sh; cat a.zip) > b.zip && zip -q -A b.zip && mv b.zip $OUT"),
        around("zip-appended", "(cat a.zip; head -c 70000 /bin/sh) > $OUT"),
        around("zip-in-zip", "zip -q b.zip a.zip && zip -q -0 c.zip b.zip && mv c.zip $OUT"),
        kind("zip-split", "zip", "head -c 100000 /dev/urandom > big; zip -q -s 64k $OUT.zip marker big && mv $OUT.z01 $OUT").says(&["truncated"]),
        kind("zip-libarchive", "bsdtar", "bsdtar -cf $OUT --format zip marker other"),
        kind("zip-libarchive-aes", "bsdtar", format!("bsdtar -cf $OUT --format zip --passphrase '{PASSWORD}' --options zip:encryption=aes256 marker other")).locked(),
        kind("zip-python-lzma", "python3", "python3 -c \"import zipfile; zipfile.ZipFile('$OUT', 'w', zipfile.ZIP_LZMA).write('marker')\""),
        kind("jar", "jar", "jar cf $OUT marker other"),
        by_7z("aes", &format!("-mem=AES256 -p'{PASSWORD}'")).locked(),
        by_7z("zipcrypto", &format!("-mem=ZipCrypto -p'{PASSWORD}'")).locked(),
    ];
    let methods = ["deflate64", "bzip2", "lzma", "ppmd", "xz"];
    kinds.extend(methods.map(|method| by_7z(method, &format!("-mm={method}"))));
    kinds
}

fn tar() -> Vec<Kind> {
    let mut kinds = Vec::new();
    for format in ["gnu", "oldgnu", "v7", "ustar", "pax"] {
        let command = format!("tar --format={format} -cf $OUT marker other");
        kinds.push(kind(format!("tar-{format}"), "tar", command));
    }
    let sparse = ["gnu", "pax", "pax --sparse-version=0.1", "pax --sparse-version=0.0"];
    for (number, format) in sparse.into_iter().enumerate() {
        let hole = "cp marker s; truncate -s 5M s; cat other >> s";
        let command = format!("{hole}; tar --format={format} -S -cf $OUT s");
        kinds.push(kind(format!("tar-sparse-{number}"), "tar", command).gives(Found::Bytes));
    }
    let long = "d=$(printf 'd%.0s' $(seq 90)); mkdir -p $d/$d && cp marker $d/$d";
    kinds.push(kind("tar-long-names", "tar", format!("{long}; tar --format=gnu -cf $OUT $d")));
    let twice = "tar -cf a other; tar -cf b marker; cat a b > $OUT";
    kinds.push(kind("tar-concatenated", "tar", twice));
    for (name, tool) in [
        ("gzip", "gzip"),
        ("bzip2", "bzip2"),
        ("xz", "xz"),
        ("lzma", "lzma"),
        ("lzip", "lzip"),
        ("zstd", "zstd"),
        ("lz4", "lz4"),
        ("compress", "compress"),
    ] {
        let command = format!("tar -I {tool} -cf $OUT marker other");
        kinds.push(kind(format!("tar-{name}"), tool, command));
    }
    let raw = "tar --lzop -cf $OUT marker other";
    kinds.push(kind("tar-lzop", "lzop", raw));
    let raw = "tar -I brotli -cf $OUT marker other";
    kinds.push(kind("tar-brotli", "brotli", raw).gives(Found::Nothing));
    for encoding in ["uuencode", "b64encode"] {
        let command = format!("bsdtar -cf $OUT --{encoding} marker other");
        kinds.push(kind(format!("tar-{encoding}"), "bsdtar", command));
    }
    kinds
}

fn streams() -> Vec<Kind> {
    let packed = |tool: &'static str, name: &str, options: &str| {
        kind(name, tool, format!("{tool} {options} < marker > $OUT"))
    };
    vec![
        packed("gzip", "gzip", "-9"),
        packed("bzip2", "bzip2", ""),
        packed("xz", "xz", ""),
        packed("xz", "xz-bcj", "--x86 --lzma2"),
        packed("xz", "xz-blocks", "--block-size=1KiB"),
        packed("xz", "lzma", "--format=lzma"),
        packed("lzip", "lzip", ""),
        packed("zstd", "zstd", "-q"),
        packed("zstd", "zstd-long", "-q --long=27"),
        packed("lz4", "lz4", "-q"),
        packed("lz4", "lz4-legacy", "-q -l"),
        packed("compress", "compress", ""),
        kind("szdd", "mscompress", "mscompress marker && mv marker_ $OUT"),
        kind("gzip-members", "gzip", "(gzip -c other; gzip -c marker) > $OUT").gives(Found::Bytes),
        kind("gzip-and-more", "gzip", "(gzip -c marker; echo more) > $OUT").says(&["corrupted"]),
    ]
}

/// What DOS and Windows brought.
fn dos() -> Vec<Kind> {
    let mut kinds = vec![
        kind("cab-mszip", "gcab", "gcab -c -z $OUT marker other"),
        kind("cab-stored", "gcab", "gcab -c -n $OUT marker other"),
        kind("cab-prefixed", "gcab", "gcab -c -z a marker other && (head -c 4000 /bin/sh; cat a) > $OUT"),
        kind("arj-volume", "arj", "head -c 30000 /dev/urandom > big; arj a -y -v20k $OUT.arj marker big && mv $OUT.arj $OUT").says(&["truncated"]),
        kind("arj-password", "arj", format!("arj a -y -g'{PASSWORD}' $OUT.arj marker other && mv $OUT.arj $OUT")).locked(),
        kind("lha-lh4", "jlha", "jlha co4 $OUT marker other"),
        kind("lha-lhx", "jlha", "jlha cox $OUT marker other"),
        kind("arc", "arc", "arc a $OUT.arc marker && mv $OUT.arc $OUT").gives(Found::Nothing).says(&["unsupported:arc"]),
    ];
    for method in 0..=4 {
        let command = format!("arj a -y -m{method} $OUT.arj marker other && mv $OUT.arj $OUT");
        kinds.push(kind(format!("arj-m{method}"), "arj", command));
    }
    for (name, options) in [
        ("lh0", "z"),
        ("lh1", "o"),
        ("lh5", "o5"),
        ("lh6", "o6"),
        ("lh7", "o7"),
        ("level-0", "0"),
        ("level-1", "1"),
        ("level-2", "2"),
    ] {
        kinds.push(kind(
            format!("lha-{name}"),
            "lha",
            format!("lha cq{options} $OUT marker other"),
        ));
    }
    for compression in ["gzip", "bzip2", "xz", "lzma", "none"] {
        let options = format!("--options compression={compression}");
        let command = format!("bsdtar -cf $OUT --format xar {options} marker other");
        kinds.push(kind(format!("xar-{compression}"), "bsdtar", command));
    }
    kinds
}

/// ALZ and EGG with each of the methods that are read.
fn estsoft() -> Vec<Kind> {
    let methods = ["stored", "deflate", "bzip2"];
    let forms = methods.iter().flat_map(|method| ["alz", "egg"].map(|it| format!("{it}-{method}")));
    let of = |form: String| {
        let command = format!("python3 estsoft.py {form} $OUT");
        kind(form, "python3", command)
    };
    forms.map(of).collect()
}
