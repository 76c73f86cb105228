// Office documents that run commands by themselves.
//
// A macro that starts with the document is common in offices, and so is one
// that starts a program; the rules ask for both, and for a program that
// documents have no business with.

rule vba_auto_shell
{
    meta:
        name = "Downloader.VBA.AutoShell"
        class = "malicious"
        severity = 80
        author = "The Pellucid developers"
        licence = "MIT OR Apache-2.0"
        description = "Macro source that starts with the document and runs a scripting host or downloads a program"
        reference = "https://attack.mitre.org/techniques/T1137/"
    strings:
        // A module as it is stored or exported begins with its attributes.
        $module = "Attribute VB_Name" nocase
        $auto = /\bSub\s{1,8}(Auto_?Open|Auto_?Close|AutoExec|Document_?Open|Document_?Close|Workbook_?Open|Workbook_?Activate)\s{0,4}\(/ nocase
        $host = /(\bShell|\.Run|\.Exec|\.ShellExecute)\s{0,4}\(?\s{0,4}[^\n\r]{0,160}\b(powershell|mshta|regsvr32|certutil|bitsadmin|wscript|cscript)\b/ nocase
        $download = /(URLDownloadToFile|MSXML2\.(Server)?XMLHTTP|Microsoft\.XMLHTTP|WinHttp\.WinHttpRequest)/ nocase
        $run = /(\bShell\s{0,4}\(?|\.Run\s{0,4}\(?|\.ShellExecute\s{0,4}\(?)\s{0,4}[^\n\r]{1,160}/ nocase
        $write = /(URLDownloadToFile|\.SaveToFile|\bFor\s{1,4}Binary\b)/ nocase
    condition:
        // Articles and listings of macros begin otherwise; a macro that only
        // opens the explorer or only fetches data has one half.
        filesize < 4MB and $module in (0 .. 4) and $auto and
        ($host or ($download and $write and $run))
}

rule ole_auto_shell
{
    meta:
        name = "Heur.OLE.AutoShell"
        class = "suspicious"
        severity = 60
        author = "The Pellucid developers"
        licence = "MIT OR Apache-2.0"
        description = "OLE document whose compiled macros start with the document and name a scripting host or a downloader"
        reference = "https://attack.mitre.org/techniques/T1137/"
    strings:
        $project = "_VBA_PROJECT" wide
        // names as the compiled macros keep them, in one piece
        $auto = /\b(Auto_?Open|AutoExec|AutoClose|Auto_Close|Document_Open|Document_Close|Workbook_Open)\b/ nocase
        $shell = /\b(WScript\.Shell|Shell\.Application|ShellExecute|winmgmts:|Win32_Process)/ nocase
        $host = /\b(powershell|mshta|regsvr32|certutil|bitsadmin)(\.exe)?[ "]/ nocase
        $download = /(URLDownloadToFile|MSXML2\.(Server)?XMLHTTP|Microsoft\.XMLHTTP|WinHttp\.WinHttpRequest|ADODB\.Stream)/ nocase
    condition:
        // One of the three is common in honest macros, two of them are not.
        uint32be(0) == 0xD0CF11E0 and uint32be(4) == 0xA1B11AE1 and filesize < 32MB and
        $project and $auto and 2 of ($shell, $host, $download)
}

rule office_dde_command
{
    meta:
        name = "Downloader.Office.DdeCommand"
        class = "malicious"
        severity = 80
        author = "The Pellucid developers"
        licence = "MIT OR Apache-2.0"
        description = "Document field that starts a command interpreter by dynamic data exchange"
        reference = "https://attack.mitre.org/techniques/T1559/002/"
    strings:
        // WordprocessingML, or the field instruction of RTF
        $field = /(<w:(instrText|fldSimple)\b|\\\*\\fldinst\b)/
        // Honest fields name an Office program (Excel, and a range in it).
        $command = /\bDDE(AUTO)?\s{1,8}(["']|&quot;)?([a-z]:\\{1,4}([\w .-]{1,32}\\{1,4}){0,6})?(cmd|powershell|mshta|wscript|cscript|regsvr32|rundll32|certutil)(\.exe)?\b/ nocase
    condition:
        filesize < 32MB and (uint8(0) == 0x3C or uint32be(0) == 0x7B5C7274 or uint32be(0) == 0xEFBBBF3C) and
        $field and $command
}
