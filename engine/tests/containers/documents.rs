//! PDF documents with attached files, as qpdf writes them.

use crate::{Kind, PASSWORD, kind};

pub(crate) fn kinds() -> Vec<Kind> {
    const PAGE: &str = "printf '%%PDF-1.4\\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\\n\
        2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\\n\
        3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>endobj\\n\
        trailer<</Root 1 0 R/Size 4>>\\n' > a.pdf";
    let document = |name: &str, options: &str| {
        let attach = "qpdf a.pdf --add-attachment marker -- b.pdf";
        let command = format!("{PAGE}; {attach}; qpdf {options} b.pdf $OUT");
        kind(format!("pdf-{name}"), "qpdf", command)
    };
    let locked = |name: &str, password: &str, form: &str| {
        let options = format!("--allow-weak-crypto --encrypt '{password}' owner {form} --");
        document(name, &options)
    };
    vec![
        document("attached", ""),
        document("object-streams", "--object-streams=generate --recompress-flate"),
        document("plain-streams", "--stream-data=uncompress"),
        document("linearized", "--linearize"),
        locked("rc4-40", "", "40"),
        locked("rc4-128", "", "128"),
        locked("aes-128", "", "128 --use-aes=y"),
        locked("aes-256", "", "256"),
        locked("password-rc4", PASSWORD, "128").locked(),
        locked("password-aes", PASSWORD, "256").locked(),
    ]
}
