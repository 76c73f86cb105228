// Names in ZIP archives that lie about what the entry is.
//
// Both rules read the central directory (APPNOTE 4.3.12: 46 fixed bytes, then
// the name, whose length is the 16-bit number at 28). The third pair of bytes,
// the version needed to unpack, keeps accidental marks out. The match must span
// exactly header and name: so the name ends with the extension, and a name such
// as report.pdf.exe.config does not match. The loops over matches run once for
// each entry that has such a name, which honest archives hardly have.

rule zip_double_extension
{
    meta:
        name = "Heur.ZIP.DoubleExtension"
        class = "suspicious"
        severity = 70
        author = "The Pellucid developers"
        licence = "MIT OR Apache-2.0"
        description = "Archive with a program whose name poses as a document or a picture"
        reference = "https://attack.mitre.org/techniques/T1036/007/"
    strings:
        // Source archives hold names such as index.html.js or notes.txt.sh:
        // script extensions that developers stack are left out.
        $name = /PK\x01\x02.{2}[\x00-\x3f]\x00.{38}[^\x00-\x1f]{1,200}\.(pdf|docx?|xlsx?|pptx?|rtf|txt|csv|jpe?g|png|gif|bmp|mp3|mp4|avi|mov|mkv)[ _.]{0,160}\.(exe|scr|pif|com|bat|cmd|vbs|vbe|jse|wsf|hta)/is
        // Windows itself names shortcuts so (folder Recent): only in the root
        // of an archive are they a disguise.
        $shortcut = /PK\x01\x02.{2}[\x00-\x3f]\x00.{38}[^\x00-\x1f\/\\]{1,200}\.(pdf|docx?|xlsx?|pptx?|rtf|txt|jpe?g|png|mp4)[ _.]{0,160}\.lnk/is
    condition:
        uint16be(0) == 0x504B and
        (
            // suppress: potentially_slow_loop
            for any i in (1 .. #name) : (!name[i] == 46 + uint16(@name[i] + 28)) or
            // suppress: potentially_slow_loop
            for any i in (1 .. #shortcut) : (!shortcut[i] == 46 + uint16(@shortcut[i] + 28))
        )
}

rule zip_reversed_name
{
    meta:
        name = "Heur.ZIP.ReversedName"
        class = "suspicious"
        severity = 80
        author = "The Pellucid developers"
        licence = "MIT OR Apache-2.0"
        description = "Archive with a program whose name is turned around by U+202E, so that its extension reads as another"
        reference = "https://attack.mitre.org/techniques/T1036/002/"
    strings:
        // Names in right-to-left scripts need no override character, and
        // documents that have one do not run.
        $name = /PK\x01\x02.{2}[\x00-\x3f]\x00.{38}[^\x00-\x1f]{0,160}\xE2\x80\xAE[^\x00-\x1f]{1,160}\.(exe|scr|pif|com|bat|cmd|vbs|vbe|js|jse|wsf|hta|lnk|msi|ps1)/is
    condition:
        uint16be(0) == 0x504B and
        // suppress: potentially_slow_loop
        for any i in (1 .. #name) : (!name[i] == 46 + uint16(@name[i] + 28))
}
