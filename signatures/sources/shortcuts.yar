// Windows shortcuts (LNK) that carry commands instead of pointing at things.
//
// Every rule requires the header of [MS-SHLLINK]: size 0x4C, then the class
// identifier 00021401-0000-0000-C000-000000000046. Command lines inside are
// UTF-16.

rule lnk_hidden_powershell
{
    meta:
        name = "Downloader.LNK.HiddenPowerShell"
        class = "malicious"
        severity = 80
        author = "The Pellucid developers"
        licence = "MIT OR Apache-2.0"
        description = "Shortcut that starts PowerShell out of sight with an encoded or downloading command"
        reference = "https://attack.mitre.org/techniques/T1204/002/"
    strings:
        $powershell = "powershell" nocase ascii wide
        $hidden = /-w(in(dow(style)?)?)?\s{1,4}(hidden|h|1)\b/ nocase wide
        $encoded = /-e(nc|ncoded|ncodedcommand)?\s{1,4}["']?[A-Za-z0-9+\/=]{32}/ nocase wide
        $download = /(downloadstring|downloadfile|downloaddata|invoke-webrequest|invoke-restmethod|\biwr\b|\birm\b|start-bitstransfer|frombase64string)/ nocase wide
    condition:
        // Shortcuts to PowerShell itself, or to a script of the user's, say
        // neither; a minimised window (show command 7) counts as hiding.
        uint32(0) == 0x4C and uint32(4) == 0x00021401 and uint32(8) == 0 and uint32(12) == 0x000000C0 and uint32(16) == 0x46000000 and
        filesize < 2MB and $powershell and ($hidden or uint32(0x3C) == 7) and ($encoded or $download)
}

rule lnk_mshta
{
    meta:
        name = "Downloader.LNK.Mshta"
        class = "malicious"
        severity = 80
        author = "The Pellucid developers"
        licence = "MIT OR Apache-2.0"
        description = "Shortcut that has mshta run a remote page or inline script"
        reference = "https://attack.mitre.org/techniques/T1218/005/"
    strings:
        $mshta = "mshta" nocase ascii wide
        $remote = /["' ]?(https?:\/\/|\\\\\w[\w.-]{2,64}\\|vbscript:|javascript:)[\w.(\[]/ nocase wide
    condition:
        // A shortcut to a local .hta has no such argument.
        uint32(0) == 0x4C and uint32(4) == 0x00021401 and uint32(8) == 0 and uint32(12) == 0x000000C0 and uint32(16) == 0x46000000 and
        filesize < 2MB and $mshta and $remote
}

rule lnk_padded_command
{
    meta:
        name = "Heur.LNK.PaddedCommand"
        class = "suspicious"
        severity = 70
        author = "The Pellucid developers"
        licence = "MIT OR Apache-2.0"
        description = "Shortcut whose command line is pushed out of the properties window by a run of white space"
        reference = "https://nvd.nist.gov/vuln/detail/CVE-2025-9491"
    strings:
        $interpreter = /\b(cmd|powershell|mshta|wscript|cscript|rundll32|conhost|forfiles)\b/ nocase ascii wide
        $spaces = "                                " wide
        $tabs = "\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t" wide
        $feeds = "\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n" wide
        $returns = "\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n" wide
    condition:
        // No program writes a run of 32 spaces into a shortcut by itself;
        // binary property blocks hold zeros, not white space.
        uint32(0) == 0x4C and uint32(4) == 0x00021401 and uint32(8) == 0 and uint32(12) == 0x000000C0 and uint32(16) == 0x46000000 and
        filesize < 2MB and $interpreter and any of ($spaces, $tabs, $feeds, $returns)
}
