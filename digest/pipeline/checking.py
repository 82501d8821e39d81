"""Any mail or page, or an edition → what is wrong with it: `digest check`."""

from __future__ import annotations

from binascii import b2a_qp
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from digest.check import check_page, contents, found, in_order, inbox, online, structure
from digest.check.headers import check_headers
from digest.check.message import Letter
from digest.check.message import letter as letter_of
from digest.check.page import Page
from digest.check.pictures import Attached
from digest.check.readers import Reading
from digest.check.spam import check_spam
from digest.check.support import Score, check_support, score
from digest.errors import FileProblem, UsageError
from digest.mail.encoding import quoted
from digest.model.checked import Mail, Rule
from digest.model.editions import Finding
from digest.model.web import Request
from digest.pipeline.approving import Proof
from digest.ports import Fetcher

EXAMPLE_HOST = "example.org"  # where the links of an example reader lead
EXACT = 300_000  # characters whose encoded size is ours to the byte
LARGEST = 30_000_000  # bytes; no mail is larger
_HEADS = (b"from:", b"received:", b"return-path:", b"to:", b"delivered-to:", b"date:", b"mime-version:", b"subject:")


@dataclass(frozen=True, kw_only=True)
class Helpers:
    """What a check may ask beyond the file; without any it is the file alone."""

    spamassassin: str | None = None  # its path, "" where it is not installed; None = it is not asked
    fetcher: Fetcher | None = None  # tries links; None = they are not tried
    rules: tuple[Rule, ...] = ()  # the publication's own


ALONE = Helpers()


@dataclass(frozen=True, kw_only=True)
class CheckReport:
    """What was found."""

    findings: tuple[Finding, ...]  # errors first
    size_bytes: int  # of the HTML part as quoted-printable
    support: Score | None = None  # None where there is no HTML

    @property
    def has_errors(self) -> bool:
        """Whether anything must be mended before it is sent."""
        return any(finding.severity == "error" for finding in self.findings)

    def document(self) -> dict[str, Any]:
        """Return it as in `digest check --json`; ``score`` is a percentage, null where there is no HTML."""
        return {
            "findings": [each.document() for each in self.findings],
            "size_bytes": self.size_bytes,
            "score": self.support.score if self.support else None,
            "support": self.support.document() if self.support else None,
        }


def check_file(path: Path, helpers: Helpers = ALONE) -> CheckReport:
    """Return what is wrong with an .html or .eml file; raise FileProblem or UsageError where it is none."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise FileProblem.unread(error, path) from None
    if len(raw) > LARGEST:
        raise UsageError(f"it has {len(raw) // 1_000_000} MB", where=str(path), fix="name one mail or page")
    if path.suffix.lower() == ".eml" or raw[:400].lower().startswith(_HEADS):
        return check_message(raw, str(path), helpers)
    html = raw.decode("utf-8-sig", "replace")
    if "<" not in html:
        raise UsageError("it holds no mark-up", where=str(path), fix="name an .html or .eml file")
    reading = Reading.of(Page(html))
    size = _size(html)
    findings = [
        *check_page(reading, attached=_beside(path.parent)),
        *structure.check_size(size),
        *contents.check_leftovers({"html": contents.words_of(reading)}, html),
        *check_support(reading.page),
        *_tried(reading.page, helpers.fetcher),
        *_ruled(Mail(html=html, text="", subject=""), helpers),
    ]
    return CheckReport(findings=in_order(findings), size_bytes=size, support=score(reading.page))


def _ruled(mail: Mail, helpers: Helpers) -> Iterator[Finding]:
    """Yield what the publication's own rules find."""
    for rule in helpers.rules:
        yield from rule(mail)


def _beside(folder: Path) -> Attached:
    """Return what reads the files that a page's relative addresses name."""

    def read(source: str) -> bytes | None:
        name = unquote(source.partition("?")[0].partition("#")[0])
        try:
            return (folder / name).read_bytes() if name and not source.lower().startswith("cid:") else None
        except (OSError, ValueError):
            return None

    return read


def check_message(raw: bytes, name: str, helpers: Helpers = ALONE) -> CheckReport:
    """Return what is wrong with one message's bytes; raise UsageError where it holds no body."""
    letter = _letter(raw, name)
    findings = [*_of_message(letter, helpers), *inbox.check_subject(letter.subject)]
    findings += _ruled(Mail(html=letter.html, text=letter.text, subject=letter.subject), helpers)
    if not letter.html:
        findings.extend(contents.check_leftovers({"text": letter.text, "subject": letter.subject}, ""))
        return CheckReport(findings=in_order(findings), size_bytes=0)
    reading = Reading.of(Page(letter.html))
    parts = {"html": contents.words_of(reading), "text": letter.text, "subject": letter.subject}
    size = _size(letter.html)
    findings += [
        *check_page(reading, own=letter.own, attached=letter.attached.get),
        *structure.check_size(size),
        *inbox.check_preheader(inbox.preheader_of(reading), letter.subject),
        *inbox.check_filler(reading),
        *contents.check_leftovers(parts, letter.html),
        *contents.check_parity(reading, letter.text),
        *contents.check_way_out(reading.page, letter.text),
        *check_support(reading.page),
        *_tried(reading.page, helpers.fetcher),
    ]
    return CheckReport(findings=in_order(findings), size_bytes=size, support=score(reading.page))


def check_edition(
    proof: Proof,
    raw: bytes,
    *,
    helpers: Helpers = ALONE,
    absent: Iterable[str] = (),
    templates: Iterable[Finding] = (),
) -> CheckReport:
    """Return what is wrong with an edition as it would go out; ``raw`` is one reader's message of it.

    Hosts that are ``absent`` are not tried: what the publication's own serves is there only once the edition is sent.
    """
    letter = _letter(raw, "the edition")
    page = Page(letter.html)
    findings = [
        *proof.findings,
        *templates,
        *_of_message(letter, helpers),
        *check_support(page),
        *_tried(page, helpers.fetcher, besides={*absent, EXAMPLE_HOST} - {""}),
    ]
    return CheckReport(findings=in_order(findings), size_bytes=proof.size, support=score(page))


def _letter(raw: bytes, name: str) -> Letter:
    fix = "name an .html or .eml file"
    try:
        made = letter_of(raw)
    except ValueError as error:
        raise UsageError(str(error), where=name, fix=fix) from None
    if not made.html.strip() and not made.text.strip():
        raise UsageError("it holds neither an HTML nor a text part", where=name, fix=fix)
    return made


def _of_message(letter: Letter, helpers: Helpers) -> Iterator[Finding]:
    """Yield what is wrong with a message apart from its HTML: header, order and form of its parts, filters."""
    yield from check_headers(letter)
    yield from contents.check_text(letter.text)
    if letter.order[:2] == ("html", "plain"):
        yield found("part-order", "mail", "the HTML stands before the text")
    if helpers.spamassassin is not None:
        yield from check_spam(letter.raw, helpers.spamassassin)


def _tried(page: Page, fetcher: Fetcher | None, besides: Iterable[str] = ()) -> Iterator[Finding]:
    """Try a page's addresses: HEAD, then GET of those that did not answer it well."""
    if fetcher is None:
        return
    places, left = online.addresses(page, besides=frozenset(besides))
    yield from online.untried(left)
    answers = {
        request.url: answer
        for request, answer in fetcher.fetch([Request(url=url, method="HEAD", accept="*/*") for url in places])
    }
    again = [url for url in places if not online.is_well(answers[url])]
    answers.update(
        (request.url, answer)
        for request, answer in fetcher.fetch([Request(url=url, accept="*/*", limit=online.BODY) for url in again])
    )
    for url, where in places.items():
        yield from online.judged(url, where, answers[url])


def _size(html: str) -> int:
    """Return the bytes of HTML as quoted-printable; of what no program shows whole, as the standard library counts."""
    if len(html) > EXACT:
        return len(b2a_qp(html.encode("utf-8", "replace")))
    return len(quoted(html)[0])
