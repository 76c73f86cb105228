//! Programs that carry files, and installers.

use crate::{Kind, kind};

pub(crate) fn kinds() -> Vec<Kind> {
    [nsis(), carriers()].into_iter().flatten().collect()
}

/// NSIS with each of its compressors.
fn nsis() -> Vec<Kind> {
    let installer = |name: &str, settings: &str| {
        let section = "Section\\nSetOutPath $TEMP\\nFile marker\\nFile other\\nSectionEnd\\n";
        let script = format!("printf 'OutFile OUT\\n{settings}\\n{section}' > a.nsi");
        kind(format!("nsis-{name}"), "makensis", format!("{script} && makensis -V1 a.nsi"))
    };
    let mut kinds = vec![
        installer("stored", "SetCompress off"),
        installer("wide", "Unicode true"),
        installer("narrow", "Unicode false"),
        installer("unchecked", "CRCCheck off"),
    ];
    for compressor in ["zlib", "bzip2", "lzma"] {
        kinds.push(installer(compressor, &format!("SetCompressor {compressor}")));
        let solid = format!("SetCompressor /SOLID {compressor}");
        kinds.push(installer(&format!("{compressor}-solid"), &solid));
    }
    kinds
}

fn carriers() -> Vec<Kind> {
    const STUB: &str = "/usr/share/nsis/Stubs/zlib-x86-unicode";
    vec![
        kind("pe-zip", "zip makensis", format!("zip -q a.zip marker && cat {STUB} a.zip > $OUT")),
        kind("pe-7z", "7z makensis", format!("7z a a.7z marker && cat {STUB} a.7z > $OUT")),
        kind("pe-plain", "makensis", format!("cat {STUB} marker > $OUT")),
        kind("elf-zip", "zip", "zip -q a.zip marker && cat /bin/true a.zip > $OUT"),
        kind(
            "gif-zip",
            "zip",
            "zip -q a.zip marker && (printf 'GIF89a\\1\\0\\1\\0\\0\\0\\0;'; cat a.zip) > $OUT",
        ),
        kind("msi-wixl", "wixl", "wixl -o $OUT product.wxs"),
        kind(
            "msi-binary",
            "msibuild",
            "msibuild $OUT -s Title Author && msibuild $OUT -a Binary.Marker marker",
        ),
        kind(
            "pyinstaller",
            "pyinstaller",
            "echo > a.py && pyinstaller -F --add-data marker:. a.py && mv dist/a $OUT",
        ),
    ]
}
