// Download cradles and droppers: scripts that fetch the next stage and run it
// out of the user's sight.
//
// Installers and administrators fetch and run things too, so none of these
// rules is content with fetching: each asks for the hiding as well (a hidden
// window, a command in base64, a page of HTML that drives the shell).

rule powershell_hidden_cradle
{
    meta:
        name = "Downloader.PowerShell.HiddenCradle"
        class = "malicious"
        severity = 80
        author = "The Pellucid developers"
        licence = "MIT OR Apache-2.0"
        description = "Command line that starts PowerShell without a window and executes what it downloads"
        reference = "https://attack.mitre.org/techniques/T1059/001/"
    strings:
        // The command must begin the file or a line, follow another command, or
        // stand in the string that a script passes on: prose that quotes it
        // does none of these. Hidden window, then execution, then download, all
        // on the line.
        $line = /(^|[\n\r&|@]|start\s{1,4}(\/min\s{1,4}|\/b\s{1,4})?|(Run|Exec|Shell|ShellExecute|system)\s{0,2}\(?\s{0,2}["']|\/c\s{1,4}["']?)\s{0,32}((c:)?[\\%\w]{1,60}\\)?powershell(\.exe)?["']?\s[^\n\r]{0,120}-w(in(dow(style)?)?)?\s{1,4}(hidden|h|1)\s[^\n\r]{0,160}(iex|invoke-expression)\b[^\n\r]{0,120}(downloadstring|downloaddata|downloadfile|invoke-webrequest|invoke-restmethod|iwr|irm)\b[^\n\r]{0,40}http/ nocase ascii wide
        // download first, execution behind the pipe
        $piped = /(^|[\n\r&|@]|start\s{1,4}(\/min\s{1,4}|\/b\s{1,4})?|(Run|Exec|Shell|ShellExecute|system)\s{0,2}\(?\s{0,2}["']|\/c\s{1,4}["']?)\s{0,32}((c:)?[\\%\w]{1,60}\\)?powershell(\.exe)?["']?\s[^\n\r]{0,120}-w(in(dow(style)?)?)?\s{1,4}(hidden|h|1)\s[^\n\r]{0,120}(downloadstring|invoke-webrequest|invoke-restmethod|iwr|irm)\b[^\n\r]{1,120}\|\s{0,4}(iex|invoke-expression)\b/ nocase ascii wide
    condition:
        filesize < 256KB and uint16(0) != 0x5A4D and uint32be(0) != 0x7F454C46 and
        ($line or $piped)
}

rule powershell_encoded_cradle
{
    meta:
        name = "Downloader.PowerShell.EncodedCradle"
        class = "malicious"
        severity = 80
        author = "The Pellucid developers"
        licence = "MIT OR Apache-2.0"
        description = "PowerShell command in base64 that downloads and executes"
        reference = "https://attack.mitre.org/techniques/T1027/010/"
    strings:
        // Deployment tools pass commands in base64 too, but theirs do not
        // hold a download joined to an execution.
        $flag = /\s-e(nc|ncoded|ncodedcommand)?\s{1,4}["']?[A-Za-z0-9+\/]{64}/ nocase ascii wide
        $download1 = "DownloadString" wide base64 base64wide
        $download2 = "downloadstring" wide base64 base64wide
        $download3 = "DownloadData" wide base64 base64wide
        $client1 = "Net.WebClient" wide base64 base64wide
        $client2 = "net.webclient" wide base64 base64wide
        $execute1 = "IEX" wide base64 base64wide
        $execute2 = "iex" wide base64 base64wide
        $execute3 = "Invoke-Expression" wide base64 base64wide
    condition:
        filesize < 1MB and $flag and any of ($client*) and any of ($download*) and any of ($execute*)
}

rule hta_cradle
{
    meta:
        name = "Downloader.HTA.Cradle"
        class = "malicious"
        severity = 80
        author = "The Pellucid developers"
        licence = "MIT OR Apache-2.0"
        description = "Script in a page of HTML that runs a downloading command through the Windows shell objects"
        reference = "https://attack.mitre.org/techniques/T1218/005/"
    strings:
        $script = /<(script|hta:application)\b/ nocase
        $object = /(CreateObject|ActiveXObject|GetObject)\s{0,4}\(\s{0,4}["'](WScript\.Shell|Shell\.Application|new:)/ nocase
        // HTML applications of administrators run commands; theirs do not
        // fetch code from the network with tools borrowed for it.
        $run = /\.(Run|Exec|ShellExecute)\s{0,4}\(?\s{0,4}["'][^\n\r]{0,160}(downloadstring|downloadfile|invoke-webrequest|\biwr\s|\birm\s|certutil[^\n\r]{0,40}-urlcache|bitsadmin[^\n\r]{0,60}\/transfer|mshta(\.exe)?\s{1,4}https?:|regsvr32[^\n\r]{0,60}\/i:http|-e(nc|ncodedcommand)?\s{1,4}[A-Za-z0-9+\/=]{64})/ nocase
    condition:
        filesize < 1MB and $script and $object and $run
}

rule script_hidden_dropper
{
    meta:
        name = "Downloader.Script.HiddenDropper"
        class = "malicious"
        severity = 80
        author = "The Pellucid developers"
        licence = "MIT OR Apache-2.0"
        description = "VBScript or JScript that downloads a file into a temporary folder and runs it in a hidden window"
        reference = "https://attack.mitre.org/techniques/T1105/"
    strings:
        $stream = "ADODB.Stream" nocase
        $http = /(MSXML2\.(Server)?XMLHTTP|Microsoft\.XMLHTTP|WinHttp\.WinHttpRequest)/ nocase
        $get = /\.open\s{0,4}\(?\s{0,4}["']GET["']\s{0,4},/ nocase
        $save = ".SaveToFile" nocase
        $folder = /(%(temp|tmp|appdata|localappdata|public|programdata)%|GetSpecialFolder\s{0,4}\(?\s{0,4}2|\(\s{0,2}["'](temp|tmp|appdata)["']\s{0,2}\))/ nocase
        // Run's second argument 0 is a window that is never shown. Scripts
        // that install a downloaded package show it or wait for it.
        $hidden = /\.(Run\s{0,4}\(?[^\n\r]{1,160}|ShellExecute\s{0,4}\(?[^\n\r]{1,200}),\s{0,4}(0|vbHide)\b/ nocase
    condition:
        filesize < 512KB and uint32be(0) != 0xD0CF11E0 and all of them
}

rule script_encoded
{
    meta:
        name = "Heur.Script.Encoded"
        class = "suspicious"
        severity = 40
        author = "The Pellucid developers"
        licence = "MIT OR Apache-2.0"
        description = "Script hidden by Microsoft's Script Encoder (VBE, JSE, or inside a page)"
        reference = "https://attack.mitre.org/techniques/T1027/"
    strings:
        // marker, length in base64, ... checksum in base64, end marker
        $begin = /#@~\^[A-Za-z0-9+\/]{6}==/
        $end = /[A-Za-z0-9+\/]{6}==\^#~@/
        $language = /language\s{0,4}=\s{0,4}["']?(VBScript|JScript)\.Encode\b/ nocase
    condition:
        // At the very start of a file, or in a page that declares it: source
        // code of decoders has the markers elsewhere.
        filesize < 1MB and $end and
        ($begin at 0 or $begin at 3 or ($language and $begin))
}
