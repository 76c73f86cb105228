// Harmless industry test files that cannot be told by one digest.
//
// None of the standard strings stands here in one piece: each is cut, and its
// pieces are declared last to first or broken by a class, so that neither this file nor a compiled
// set that stores literals one after another alarms another scanner.

rule test_eicar_padded
{
    meta:
        name = "Test.EICAR.File"
        class = "malicious"
        severity = 10
        author = "The Pellucid developers"
        licence = "MIT OR Apache-2.0"
        description = "The EICAR standard test file followed by white space. The canonical 68 bytes are test-files.csv's, so that no file is found twice"
        reference = "https://www.eicar.org/download-anti-malware-testfile/"
    strings:
        $padding = /H\+H\*[ \t\n\r\x1a]{1,60}/
        $last = "TEST-FILE!$"
        $middle = "EICAR-STANDARD-ANTIVIRUS-"
        $first = "X5O!P%@AP[4\\PZX54(P^)7CC)7}$"
    condition:
        // EICAR's own definition: at the start of the file, and nothing but
        // space, tab, LF, CR or CTRL-Z behind, 128 bytes in all. A text that
        // quotes the string is no test file.
        filesize > 68 and filesize <= 128 and
        $first at 0 and $middle at 28 and $last at 53 and
        $padding at 64 and !padding[1] == filesize - 64
}

rule test_gtube_mail
{
    meta:
        name = "Test.GTUBE.Mail"
        class = "pua"
        severity = 10
        author = "The Pellucid developers"
        licence = "MIT OR Apache-2.0"
        description = "The generic test for unsolicited bulk e-mail (GTUBE), alone on a line of a mail message"
        reference = "https://spamassassin.apache.org/gtube/"
    strings:
        $line = /\nXJS\*C4JDBQADN1\.NSBN3\*2IDNEN\*GTUBE[-]STANDARD-ANTI-UBE[-]TEST-EMAIL\*C\.34X(\r|\n|$)/
        $bare = /^XJS\*C4JDBQADN1\.NSBN3\*2IDNEN\*GTUBE[-]STANDARD-ANTI-UBE[-]TEST-EMAIL\*C\.34X\s{0,8}$/
        $header = /^(Return-Path|Received|Delivered-To|Date|From|To|Subject|Message-I[Dd]|MIME-Version|X-[A-Za-z-]{1,40}): /
    condition:
        // Manuals and test suites quote the string: it must stand on a line of
        // its own in a file that opens with a mail header, or be all of it.
        filesize < 256KB and (($line and $header) or $bare)
}

rule test_gtphish_mail
{
    meta:
        name = "Test.GTphish.Mail"
        class = "pua"
        severity = 10
        author = "The Pellucid developers"
        licence = "MIT OR Apache-2.0"
        description = "The generic test for phishing e-mail (GTphish), alone on a line of a mail message"
    strings:
        $line = /\nXJS\*C4JDBQADN1\.NSBN3\*2IDNEN\*GTPHISH[-]STANDARD-ANTI-PHISH[-]TEST-EMAIL\*C\.34X(\r|\n|$)/
        $bare = /^XJS\*C4JDBQADN1\.NSBN3\*2IDNEN\*GTPHISH[-]STANDARD-ANTI-PHISH[-]TEST-EMAIL\*C\.34X\s{0,8}$/
        $header = /^(Return-Path|Received|Delivered-To|Date|From|To|Subject|Message-I[Dd]|MIME-Version|X-[A-Za-z-]{1,40}): /
    condition:
        // As for GTUBE above.
        filesize < 256KB and (($line and $header) or $bare)
}

rule test_amsi_script
{
    meta:
        name = "Test.AMSI.Script"
        class = "malicious"
        severity = 10
        author = "The Pellucid developers"
        licence = "MIT OR Apache-2.0"
        description = "Microsoft's sample string for testing scanners behind the Antimalware Scan Interface, in a script made to carry it"
        reference = "https://learn.microsoft.com/windows/win32/amsi/"
    strings:
        $sample = /((Invoke-Expression|iex|echo|Write-(Output|Host)|powershell(\.exe)?[^\r\n]{0,80})\s{1,4})?['"]{0,2}AMSI Test Sample: 7e72c3ce[-]861b-4339-8740-0ac1484c1386['"]{0,3}\s{0,8}$/ nocase ascii wide
    condition:
        // Write-ups and test suites quote the sample; a script made to be the
        // test holds this one statement (behind a byte order mark, perhaps).
        filesize < 512 and $sample in (0 .. 3)
}
