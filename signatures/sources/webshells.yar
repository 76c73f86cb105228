// Web shells: server-side pages that hand request input to an interpreter.
//
// What they have in common, and what keeps documentation and ordinary pages
// out: the file must open like a page of its kind (a tag at its very start, or
// the header of a picture that the page hides in), and the input must reach
// the dangerous call directly, in one expression that begins a statement.
// A page that merely names these functions, a comment that warns of them and a
// Markdown text that shows them do not match.

rule php_webshell_eval_input
{
    meta:
        name = "Backdoor.PHP.WebShell.EvalInput"
        class = "malicious"
        severity = 90
        author = "The Pellucid developers"
        licence = "MIT OR Apache-2.0"
        description = "PHP page that evaluates code taken from the request"
        reference = "https://attack.mitre.org/techniques/T1505/003/"
    strings:
        $php = /<\?(php|=)/ nocase
        // eval and assert of a request variable, perhaps through a few decoders
        $eval = /([;{}=)\n\r@]|<\?(php|=)?)\s{0,64}@?(eval|assert)\s{0,8}\(\s{0,8}(@?(stripslashes|base64_decode|str_rot13|gzinflate|gzuncompress|urldecode|rawurldecode|hex2bin|strrev|trim)\s{0,4}\(\s{0,4}){0,4}@?\$_(GET|POST|REQUEST|COOKIE|SERVER)\s{0,4}[\[{]/ nocase
        // the request's body; development servers have such a console as one
        // part of a longer file
        $body = /([;{}=)\n\r@]|<\?(php|=)?)\s{0,64}@?(eval|assert)\s{0,8}\(\s{0,8}@?file_get_contents\s{0,4}\(\s{0,4}['"]php:\/\/input/ nocase
        // the pattern modifier that evaluates the replacement
        $replace = /([;{}=)\n\r@]|<\?(php|=)?)\s{0,64}@?preg_replace\s{0,4}\(\s{0,4}(['"])[^'"\n]{1,32}[\/#~|]i?e['"]\s{0,4},\s{0,4}@?\$_(GET|POST|REQUEST|COOKIE)\s{0,4}[\[{]/ nocase
        // the name of the function and its argument both come from the request
        $call = /([;{}=)\n\r@]|<\?(php|=)?)\s{0,64}@?\$_(GET|POST|REQUEST|COOKIE)\s{0,4}\[[^\]\n]{1,32}\]\s{0,4}\(\s{0,4}@?\$_(GET|POST|REQUEST|COOKIE)\s{0,4}\[/ nocase
    condition:
        filesize < 2MB and $php and
        (
            (uint8(0) == 0x3C and uint32be(0) != 0x3C3F786D) or          // "<", not "<?xm"
            ($php in (0 .. 16) and uint8(0) != 0x60 and uint8(0) != 0x23) or
            uint32be(0) == 0x47494638 or                                  // GIF8
            uint16be(0) == 0xFFD8 or uint32be(0) == 0x89504E47            // JPEG, PNG
        ) and
        (any of ($eval, $replace, $call) or (filesize < 1KB and $body))
}

rule php_webshell_command_input
{
    meta:
        name = "Backdoor.PHP.WebShell.CommandInput"
        class = "malicious"
        severity = 90
        author = "The Pellucid developers"
        licence = "MIT OR Apache-2.0"
        description = "PHP page that runs a command taken from the request"
        reference = "https://attack.mitre.org/techniques/T1505/003/"
    strings:
        $php = /<\?(php|=)/ nocase
        // Methods (->exec) and functions of other names (curl_exec) do not
        // begin a statement; a command escaped by escapeshellarg or cut by
        // basename is not the request's own.
        $direct = /([;{}=)\n\r@]|<\?(php|=)?|echo|print|die\(|return)\s{0,64}@?(system|passthru|shell_exec|exec|popen|proc_open|pcntl_exec)\s{0,8}\(\s{0,8}(@?(stripslashes|base64_decode|str_rot13|urldecode|hex2bin|strrev|trim)\s{0,4}\(\s{0,4}){0,3}@?\$_(GET|POST|REQUEST|COOKIE|SERVER)\s{0,4}[\[{]/ nocase
        // the same in two statements close together, through the variable names
        // in use since the first shells of this kind
        $parameter = /\$(cmd|command|c|exec)\s{0,4}=\s{0,4}\(?\s{0,4}@?\$_(GET|POST|REQUEST|COOKIE)\s{0,4}\[/ nocase
        $use = /([;{}=)\n\r@]|echo|print)\s{0,64}@?(system|passthru|shell_exec|exec|popen)\s{0,4}\(\s{0,4}\$(cmd|command|c|exec)\s{0,4}[,.)]/ nocase
        $backtick = /(echo|print|=|return|<\?=)\s{0,8}`\s{0,4}(\{\s{0,2})?\$_(GET|POST|REQUEST|COOKIE)\s{0,2}[\[{]/ nocase
    condition:
        filesize < 2MB and $php and
        (
            (uint8(0) == 0x3C and uint32be(0) != 0x3C3F786D) or
            ($php in (0 .. 16) and uint8(0) != 0x60 and uint8(0) != 0x23) or
            uint32be(0) == 0x47494638 or
            uint16be(0) == 0xFFD8 or uint32be(0) == 0x89504E47
        ) and
        (any of ($direct, $backtick) or $use in (@parameter[1] .. @parameter[1] + 400))
}

rule php_packed_eval
{
    meta:
        name = "Heur.PHP.PackedEval"
        class = "suspicious"
        severity = 60
        author = "The Pellucid developers"
        licence = "MIT OR Apache-2.0"
        description = "PHP page that evaluates a long literal after unpacking it"
        reference = "https://attack.mitre.org/techniques/T1027/"
    strings:
        $php = /<\?(php|=)/ nocase
        // Suspicious only: some sellers still protect their code this way. A
        // template cached as base64 is decoded but not evaluated.
        $packed = /\beval\s{0,8}\(\s{0,8}(['"]\?>['"]\s{0,4}\.\s{0,4})?(@?(base64_decode|gzinflate|gzuncompress|gzdecode|str_rot13|strrev|convert_uudecode|rawurldecode|urldecode|hex2bin)\s{0,4}\(\s{0,4}){1,6}['"][A-Za-z0-9+\/=%]{64}/ nocase
    condition:
        filesize < 8MB and
        (
            (uint8(0) == 0x3C and uint32be(0) != 0x3C3F786D) or
            ($php in (0 .. 16) and uint8(0) != 0x60 and uint8(0) != 0x23) or
            uint32be(0) == 0x47494638 or
            uint16be(0) == 0xFFD8 or uint32be(0) == 0x89504E47
        ) and
        $packed
}

rule jsp_webshell_exec_input
{
    meta:
        name = "Backdoor.JSP.WebShell.ExecInput"
        class = "malicious"
        severity = 90
        author = "The Pellucid developers"
        licence = "MIT OR Apache-2.0"
        description = "JSP page that runs a command taken from a request parameter"
        reference = "https://attack.mitre.org/techniques/T1505/003/"
    strings:
        $page = "<%"
        $tag = "<jsp:scriptlet"
        $exec = /(getRuntime\s{0,4}\(\s{0,4}\)\s{0,8}\.\s{0,8}exec|new\s{1,8}ProcessBuilder)\s{0,4}\([^;\n]{0,96}\brequest\s{0,4}\.\s{0,4}getParameter(Values)?\s{0,4}\(/
        // parameter first, call later, through the variable names in use since
        // the first shells of this kind
        $parameter = /String\s{1,8}(cmd|command|c|exec)\s{0,4}=\s{0,4}request\s{0,4}\.\s{0,4}getParameter\s{0,4}\(\s{0,4}"(cmd|command|c|exec|pwd|i)"/
        $use = /getRuntime\s{0,4}\(\s{0,4}\)\s{0,8}\.\s{0,8}exec\s{0,4}\([^;\n]{0,96}\b(cmd|command|c|exec)\s{0,4}[,)]/
    condition:
        // Opens as a page or a comment: articles about web shells open with a
        // heading.
        filesize < 1MB and (uint8(0) == 0x3C or uint16be(0) == 0x2F2F) and ($page or $tag) and
        ($exec or ($parameter and $use))
}

rule asp_webshell_eval_input
{
    meta:
        name = "Backdoor.ASP.WebShell.EvalInput"
        class = "malicious"
        severity = 90
        author = "The Pellucid developers"
        licence = "MIT OR Apache-2.0"
        description = "ASP or ASP.NET page that evaluates code taken from the request"
        reference = "https://attack.mitre.org/techniques/T1505/003/"
    strings:
        $page = "<%"
        $server = /<script[^>]{1,120}runat\s{0,2}=\s{0,2}['"]?server/ nocase
        $eval = /(<%|[;:=\n\r>{])\s{0,64}@?(eval|execute|executeglobal)\s{0,8}\(?\s{0,8}\(?\s{0,8}(unescape\s{0,2}\(\s{0,2}|System\.Text\.Encoding[^\n]{0,80}\(\s{0,4})?request\s{0,4}(\.\s{0,4}(item|form|querystring|params|cookies|headers)\s{0,4})?[\(\[]/ nocase
    condition:
        // Databinding's Eval("Column") takes a literal, not Request.
        filesize < 1MB and
        (uint8(0) == 0x3C or uint32be(0) == 0x47494638 or $page in (0 .. 16)) and
        ($page or $server) and $eval
}

rule asp_webshell_process_input
{
    meta:
        name = "Backdoor.ASP.WebShell.ProcessInput"
        class = "malicious"
        severity = 90
        author = "The Pellucid developers"
        licence = "MIT OR Apache-2.0"
        description = "ASP or ASP.NET page that starts a process with arguments taken from the request"
        reference = "https://attack.mitre.org/techniques/T1505/003/"
    strings:
        $page = "<%"
        $start = /\bProcess\s{0,4}\.\s{0,4}Start\s{0,4}\([^;\n]{0,120}\bRequest\s{0,4}(\.\s{0,4}(QueryString|Form|Params|Item|Headers|Cookies)\s{0,4})?[\[\(]/ nocase
        $arguments = /\.Arguments\s{0,8}=\s{0,8}"\/c\s{0,4}"\s{0,8}[+&]\s{0,8}(\w{1,32}|Request\s{0,4}(\.\s{0,4}(QueryString|Form|Params|Item)\s{0,4})?[\[\(][^\n]{1,60})/ nocase
        $command = /\.FileName\s{0,8}=\s{0,8}"(c:\\{1,2}windows\\{1,2}system32\\{1,2})?cmd(\.exe)?"/ nocase
        $request = /\bRequest\s{0,4}(\.\s{0,4}(QueryString|Form|Params|Item)\s{0,4})?[\[\(]\s{0,4}"/ nocase
        $textbox = "<asp:TextBox" nocase
        $shell = "WScript.Shell" nocase
        $run = /\.(Exec|Run)\s{0,4}\(?[^\n]{0,80}\bRequest\s{0,4}(\.\s{0,4}(QueryString|Form|Item)\s{0,4})?\(/ nocase
        $value = /\b(szCMD|strCmd|cmd|command)\s{0,4}=\s{0,4}Request\s{0,4}(\.\s{0,4}(QueryString|Form|Item)\s{0,4})?\(/ nocase
        $run_value = /\.(Exec|Run)\s{0,4}\(?[^\n]{0,40}\/c[^\n]{0,16}&\s{0,4}(szCMD|strCmd|cmd|command)\b/ nocase
    condition:
        // A page that starts a fixed program, or that shows a request value,
        // has only one half.
        filesize < 1MB and
        (uint8(0) == 0x3C or uint32be(0) == 0x47494638 or $page in (0 .. 16)) and $page and
        ($start or ($command and $arguments and ($request or $textbox)) or
         ($shell and ($run or ($value and $run_value))))
}
