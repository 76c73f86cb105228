// Reverse shells: scripts that connect a command interpreter to a remote host.
//
// Cheat sheets, manuals and rule files are full of these lines. So the line
// must be a statement of a script (interpreter line at the file's start, or a
// crontab entry), not a comment, and must name the host in figures.

rule shell_dev_tcp
{
    meta:
        name = "Backdoor.Shell.DevTcp"
        class = "malicious"
        severity = 90
        author = "The Pellucid developers"
        licence = "MIT OR Apache-2.0"
        description = "Shell script or crontab that connects an interactive shell to a remote address"
        reference = "https://attack.mitre.org/techniques/T1059/004/"
    strings:
        $statement = /[\n;&|({](\s{0,16}(nohup|setsid|exec|sudo|bash -c|sh -c)\s{1,4}){0,2}\s{0,16}['"]?(\/usr)?(\/bin\/)?(ba|z|k)?sh\s{1,4}-i\s{0,4}([0-9]?>&?|&>|<)\s{0,4}\/dev\/(tcp|udp)\/([0-9]{1,3}\.){3}[0-9]{1,3}\/[0-9]{1,5}/
        // descriptor opened first, shell fed from it: exec 5<>/dev/tcp/...
        $open = /\n\s{0,32}exec\s{1,4}[0-9]{1,3}<>\s{0,2}\/dev\/tcp\/([0-9]{1,3}\.){3}[0-9]{1,3}\/[0-9]{1,5}/
        $feed = /(while\s{1,4}read\s[^\n]{1,40}do\s[^\n]{0,40}2>&[0-9]{1,3}\s{0,2}>&[0-9]{1,3}|(ba|z|k)?sh\s[^\n]{0,16}<&\s?[0-9]{1,3}\s{0,2}[12]?>&\s?[0-9]{1,3})/
        $crontab = /([0-9*\/,-]{1,12}[ \t]{1,8}){4}[0-9*\/,-]{1,12}[ \t]{1,8}(root[ \t]{1,8})?[^\n#]{0,60}(ba|z|k)?sh\s{1,4}-i\s{0,4}([0-9]?>&?|&>)\s{0,4}\/dev\/tcp\/([0-9]{1,3}\.){3}[0-9]{1,3}\/[0-9]{1,5}/
    condition:
        filesize < 1MB and
        ((uint16be(0) == 0x2321 and ($statement or ($open and $feed))) or $crontab)
}

rule shell_fifo_netcat
{
    meta:
        name = "Backdoor.Shell.FifoNetcat"
        class = "malicious"
        severity = 90
        author = "The Pellucid developers"
        licence = "MIT OR Apache-2.0"
        description = "Shell script that ties an interactive shell to netcat or openssl through a named pipe"
        reference = "https://attack.mitre.org/techniques/T1059/004/"
    strings:
        $line = /mkfifo\s{1,4}[\/\w.$-]{1,64}\s{0,4}(;|&&|\n)\s{0,4}(cat\s{1,4}[\/\w.$-]{1,64}\s{0,4}\|\s{0,4})?(\/usr)?(\/bin\/)?(ba|da|z)?sh\s{1,4}-i[^\n]{0,60}\|\s{0,4}(\/usr)?(\/bin\/)?(nc|ncat|netcat|telnet|openssl\s{1,4}s_client)\s[^\n>]{1,120}>\s{0,4}[\/\w.$-]{2,64}/
    condition:
        // Pipes between ordinary programs have no "sh -i" in the middle.
        filesize < 1MB and uint16be(0) == 0x2321 and $line
}

rule python_reverse_shell
{
    meta:
        name = "Backdoor.Python.ReverseShell"
        class = "malicious"
        severity = 90
        author = "The Pellucid developers"
        licence = "MIT OR Apache-2.0"
        description = "Python program that connects a socket and hands it to a shell as its input and output"
        reference = "https://attack.mitre.org/techniques/T1059/006/"
    strings:
        $connect = /\.connect\(\s{0,4}\(\s{0,4}['"][^'"\n\\]{1,64}['"]\s{0,4},\s{0,4}(int\(\s{0,2}['"]?)?[0-9]{1,5}/
        $duplicate = /dup2\(\s{0,4}\w{1,16}\.fileno\(\)\s{0,4},\s{0,4}(0|1|2|fd|f|i)\s{0,4}\)/
        $loop = /for\s{1,4}(fd|f|i)\s{1,4}in\s{1,4}([\(\[]\s{0,4}0\s{0,4},\s{0,4}1\s{0,4},\s{0,4}2|range\(\s{0,2}3\s{0,2}\))/
        $spawn = /(pty\.spawn\(\s{0,4}\[?\s{0,4}['"]|(call|Popen|run|execl|execv|execve|system)\(\s{0,4}\[?\s{0,4}['"])(\/usr)?(\/bin\/)?(ba|z|da)?sh['"]/
        $import = /(import|from)\s/
    condition:
        // Servers and daemons duplicate descriptors, clients connect, terminal
        // programs spawn shells: all three together, from a script, to a host
        // that is written into it.
        filesize < 256KB and (uint16be(0) == 0x2321 or $import at 0) and
        $connect and $spawn and (#duplicate >= 3 or ($duplicate and $loop))
}
