"""A mail in order, and ways to spoil it."""

from __future__ import annotations

from digest.pipeline.checking import Helpers, check_message

FILLER = "&#847;&zwnj; " * 40
PREHEADER = f'<div style="display:none">What else there is today, in a whole line of its own.{FILLER}</div>'
PAGE = (
    '<!DOCTYPE html><html lang="en"><head><title>Tide</title>'
    '<meta name="viewport" content="width=device-width"></head>'
    f'<body style="background-color:#FFFFFF;color:#222222">{PREHEADER}\n<h1>Tide</h1>'
    '<p><a href="https://tide.example/a" style="color:#1D3F72">Ferry sails</a>'
    ' <a href="https://tide.example/u" style="color:#1D3F72">Unsubscribe</a></p>'
    "<p>Tide, 4 Ropewalk Steps, Port Iselin PI1 7QD</p></body></html>"
)
TEXT = "Ferry sails\nhttps://tide.example/a\nUnsubscribe: https://tide.example/u\nTide, 4 Ropewalk Steps, PI1 7QD"
HEADERS = {
    "From": "Tide <news@tide.example>",
    "To": "reader@example.org",
    "Subject": "Ferry sails at noon",
    "Date": "Mon, 23 Nov 2026 07:00:00 +0000",
    "Message-ID": "<1@tide.example>",
    "MIME-Version": "1.0",
    "Precedence": "list",
    "Auto-Submitted": "auto-generated",
    "List-Id": "Tide <daily.tide.example>",
    "List-Unsubscribe": "<https://tide.example/u>, <mailto:desk@tide.example>",
    "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    "DKIM-Signature": "v=1; a=rsa-sha256; d=tide.example; s=x; h=from:list-unsubscribe:list-unsubscribe-post; b=x",
}


def eml(
    *,
    html: str = PAGE,
    text: str = TEXT,
    extra: tuple[str, ...] = (),
    swapped: bool = False,
    attached: dict[str, bytes] | None = None,
    **headers: str | None,
) -> bytes:
    """Return a message; headers are replaced by name ("List_Id"), or left out by None."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [f"{name}: {value}" for name, value in {**HEADERS, **named}.items() if value is not None]
    parts = [("plain", text), ("html", html)]
    lines += [*extra, 'Content-Type: multipart/related; boundary="b"', ""]
    for kind, body in reversed(parts) if swapped else parts:
        if body:
            lines += ["--b", f"Content-Type: text/{kind}; charset=utf-8", "Content-Transfer-Encoding: 8bit", "", body]
    raw = "\r\n".join(lines).encode("utf-8", "surrogateescape")
    for name, content in (attached or {}).items():
        raw += f"\r\n--b\r\nContent-Type: image/png\r\nContent-ID: <{name}>\r\n".encode()
        raw += b"Content-Transfer-Encoding: 8bit\r\n\r\n" + content
    return raw + b"\r\n--b--\r\n"


def page(before: str, after: str) -> str:
    """Return the page with one thing changed, which must be there."""
    assert before in PAGE, before
    return PAGE.replace(before, after, 1)


def with_body(html: str) -> str:
    """Return the page with something before its heading."""
    return page("<h1>", f"{html}<h1>")


def styled(css: str, body: str = "") -> str:
    """Return the page with a style sheet, and something before its heading."""
    return with_body(body).replace("</head>", f"<style>{css}</style></head>", 1)


def found(raw: bytes, helpers: Helpers | None = None) -> dict[str, str]:
    """Return the codes found in a message, each with its first message."""
    report = check_message(raw, "mail", helpers or Helpers())
    said: dict[str, str] = {}
    for finding in report.findings:
        said.setdefault(finding.code, finding.message)
    return said
