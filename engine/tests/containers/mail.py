"""Writes a message around the file `marker`, in the form that the first argument names."""
import email.policy
import sys
import zipfile
from email.message import EmailMessage
from email.mime.message import MIMEMessage
from email.mime.multipart import MIMEMultipart

form = sys.argv[1]
content = open("marker", "rb").read()
out = sys.stdout.buffer


def header(message):
    message["From"] = "a@example.org"
    message["To"] = "b@example.org"
    message["Subject"] = "hello"
    return message


def attached(content, **options):
    message = header(EmailMessage())
    message.set_content("text")
    options = {"maintype": "application", "subtype": "octet-stream", "filename": "x", **options}
    message.add_attachment(content, **options)
    return message


if form == "binary":
    out.write(
        b"From: a@example.org\nTo: b@example.org\nSubject: x\nMIME-Version: 1.0\n"
        b'Content-Type: multipart/mixed; boundary="b"\n\n--b\n'
        b"Content-Type: application/octet-stream\nContent-Transfer-Encoding: binary\n\n"
        + content
        + b"\n--b--\n"
    )
elif form == "mailbox":
    message = attached(content).as_bytes()
    begin = b"From a@example.org Mon Jan  1 00:00:00 2024\n"
    out.write(begin + message + b"\n\n" + begin + message + b"\n")
elif form == "crlf":
    out.write(attached(content).as_bytes(policy=email.policy.SMTP))
elif form == "nested":
    message = header(EmailMessage())
    message.set_content("outer")
    message.add_attachment(attached(content))
    out.write(message.as_bytes())
elif form == "digest":
    message = header(MIMEMultipart("digest"))
    message.attach(MIMEMessage(attached(content)))
    out.write(message.as_bytes())
elif form == "archive":
    with zipfile.ZipFile("x.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write("marker")
    out.write(attached(open("x.zip", "rb").read(), subtype="zip").as_bytes())
else:
    encodings = {"attached": "base64", "quoted": "quoted-printable", "eight-bit": "8bit"}
    out.write(attached(content, cte=encodings[form]).as_bytes())
