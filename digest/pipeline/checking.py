"""Any mail or page → what is wrong with its content: `digest check`."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Iterable
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from digest.check import contents, in_order, structure
from digest.check.headers import check_headers
from digest.check.readers import check_language, check_parity, check_way_out, check_words_of_links, preheader_of
from digest.errors import FileProblem, UsageError
from digest.mail.encoding import quoted
from digest.model.editions import Finding

LARGEST = 30_000_000  # bytes; no mail is larger


@dataclass(frozen=True, kw_only=True)
class CheckReport:
    """What was found."""

    findings: tuple[Finding, ...]  # errors first
    size_bytes: int  # of the HTML part as quoted-printable

    @property
    def has_errors(self) -> bool:
        """Whether anything must be mended before it is sent."""
        return any(finding.severity == "error" for finding in self.findings)

    def document(self) -> dict[str, Any]:
        """Return it as in `digest check --json`; ``score`` is null until client support is scored."""
        return {
            "findings": [
                {
                    "code": each.code,
                    "severity": each.severity,
                    "where": each.where,
                    "message": each.message,
                    "fix": each.fix,
                }
                for each in self.findings
            ],
            "size_bytes": self.size_bytes,
            "score": None,
        }


def check_file(path: Path) -> CheckReport:
    """Return what is wrong with an .html or .eml file; raise FileProblem or UsageError where it is none."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise FileProblem(f"it cannot be read ({error.strerror or error})", where=str(path)) from None
    if len(raw) > LARGEST:
        raise UsageError(f"it has {len(raw) // 1_000_000} MB", where=str(path), fix="name one mail or page")
    if path.suffix.lower() == ".eml" or raw[:400].lower().startswith((b"from:", b"received:", b"return-path:", b"to:")):
        return check_message(raw, str(path))
    html = raw.decode("utf-8", "replace")
    if "<" not in html:
        raise UsageError("it holds no mark-up", where=str(path), fix="name an .html or .eml file")
    return CheckReport(findings=in_order(_of_html(html)), size_bytes=_size(html))


def check_message(raw: bytes, name: str) -> CheckReport:
    """Return what is wrong with one message's bytes; raise UsageError where it holds no body."""
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    bodies = {kind: _content(message, kind) for kind in ("html", "plain")}
    html, text = bodies["html"], bodies["plain"]
    if not html and not text:
        raise UsageError("it holds neither an HTML nor a text part", where=name, fix="name an .html or .eml file")
    subject = str(message.get("Subject", ""))
    found: list[Finding] = [*check_headers(message, raw), *contents.check_leftovers(html, text, subject, "")]
    found.extend(contents.check_lines(subject, preheader_of(html) if html else "—" * 40))
    if html:
        found.extend(_of_html(html))
        found.extend(check_parity(html, text))
        found.extend(check_way_out(html, text))
    return CheckReport(findings=in_order(found), size_bytes=_size(html))


def _of_html(html: str) -> Iterable[Finding]:
    yield from structure.check_html(html)
    yield from structure.check_size(_size(html))
    yield from check_language(html)
    yield from check_words_of_links(html)


def _size(html: str) -> int:
    return len(quoted(html)[0])


def _content(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    if part is None:
        return ""
    try:
        return str(part.get_content())
    except (LookupError, UnicodeError, KeyError):
        payload = part.get_payload(decode=True)
        return payload.decode("utf-8", "replace") if isinstance(payload, bytes) else ""
