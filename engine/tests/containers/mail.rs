//! Mail as Python writes it, and what travels in texts.

use crate::{Found, Kind, kind};

pub(crate) fn kinds() -> Vec<Kind> {
    let python = |form: &str| {
        kind(format!("mail-{form}"), "python3", format!("python3 mail.py {form} > $OUT"))
    };
    let forms = [
        "attached",
        "quoted",
        "eight-bit",
        "nested",
        "mailbox",
        "crlf",
        "digest",
        "binary",
        "archive",
    ];
    let mut kinds: Vec<Kind> = forms.map(python).into();
    let key = "openssl req -x509 -newkey rsa:2048 -nodes -keyout k -out c -subj /CN=x -days 1";
    let sign = "openssl smime -sign -in marker -binary -signer c -inkey k";
    kinds.extend([
        kind("mail-mpack", "mpack", "mpack -s subject -o $OUT marker"),
        kind("mail-uuencoded", "uuencode", "(printf 'From: a@b.c\\nTo: d@e.f\\nSubject: x\\n\\nhello\\n'; uuencode marker marker) > $OUT"),
        kind("mail-signed", "openssl", format!("{key} && {sign} -out $OUT")),
        kind("mail-signed-opaque", "openssl", format!("{key} && {sign} -nodetach -out $OUT"))
            .gives(Found::Bytes)
            .says(&["unsupported:smime"]),
        kind("uuencode", "uuencode", "uuencode marker marker > $OUT"),
        kind("uuencode-base64", "uuencode", "uuencode -m marker marker > $OUT"),
        kind("html-data-url", "base64", "(printf '<html><a href=\"data:application/octet-stream;base64,'; base64 -w0 marker; printf '\">x</a></html>') > $OUT"),
        kind("html-script", "base64", "(printf '<html><script>var a=\"'; gzip -c marker | base64 -w0; printf '\";</script></html>') > $OUT"),
        kind("shell-base64", "base64", "(printf '#!/bin/sh\\nbase64 -d <<EOF | gunzip > x\\n'; gzip -c marker | base64; echo EOF) > $OUT"),
        // What base64 stands for that nothing announces counts where it is of a known type.
        kind("base64", "base64", "base64 marker > $OUT").gives(Found::Nothing),
    ]);
    kinds
}
