"""Every code `digest check` can give: its severity, what it means and what to do. docs/reference/check.md shows it.

A code has one severity, so that whoever reads `--json` may choose by code. Errors block approval and make the exit
code 1; warnings are told; notes are for those who ask.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from digest.model.editions import Finding

Severity = Literal["error", "warning", "note"]


@dataclass(frozen=True, kw_only=True)
class Code:
    """One thing that can be wrong."""

    code: str
    group: str  # the heading it stands under in the reference
    severity: Severity
    meaning: str
    fix: str


_GROUPS: dict[str, tuple[tuple[str, Severity, str, str], ...]] = {
    "The mail as a whole": (
        ("size", "error", "The HTML has 102,400 bytes or more when encoded: Gmail clips it, and with it the way out.", "choose fewer stories, or shorten the teasers"),
        ("size-near", "warning", "The HTML is within 7.4 kB of where Gmail clips it.", "choose fewer stories, or shorten the teasers"),
        ("message-size", "warning", "Each message has more than 2 MB with the pictures that are embedded in it.", "set publication.public_url, and they are linked instead"),
        ("doctype", "error", "The doctype is missing or in lower case: some programs draw it by the rules of 1998.", "begin with <!DOCTYPE html>"),
        ("control", "error", "It holds a control character; Gmail clips even a small mail at one.", "remove the character"),
        ("nesting", "error", "It is so deeply nested or so long that mail programs (and this check) leave part of it out.", "take out the tables around tables"),
        ("conditional", "error", "Conditional comments for Outlook are opened and not closed, or closed and not opened.", "pair each <!--[if …]> with its <![endif]-->"),
        ("active", "error", "It holds what no mail program runs, and filters refuse: scripts, forms, frames, event handlers.", "remove it"),
        ("title", "warning", "The document has no title; browsers and screen readers say it first.", "write a title element"),
        ("charset", "warning", "The page does not say how its characters are encoded, and holds others than ASCII.", 'write <meta charset="utf-8">'),
        ("viewport", "note", "The page does not tell phones its width, so that they shrink it.", 'write <meta name="viewport" content="width=device-width">'),
        ("id-twice", "note", "Two elements have the same id, so a link to it reaches the first alone.", "give each its own"),
        ("bgcolor", "warning", "A bgcolor has another form than six digits, which Outlook reads as another colour.", "write it as #RRGGBB"),
    ),
    "Mail programs": (
        ("client-score", "warning", "By caniemail's tests, mail programs understand less than 90 % of it.", "replace what costs most by tables and styles every program knows"),
        ("client-support", "note", "It uses a feature that some programs do not know.", "see that the mail reads well without it"),
    ),
    "Links": (
        ("link-empty", "error", "A link has no address.", "give it one"),
        ("link-relative", "error", "A link's address is not whole: in a mail it leads nowhere.", "write the whole address, with https://"),
        ("link-scheme", "error", "A link's address cannot be followed from a mail (javascript:, data:, file:, nonsense).", "link to an https address"),
        ("link-anchor", "warning", "A link leads to a place in the mail that is not there.", "give the place that id, or link to the web page"),
        ("link-text", "warning", "A link has no words, and no picture with any.", "say where it leads"),
        ("link-words", "warning", "A link read alone does not say where it leads.", "say where it leads, or give it an aria-label"),
        ("link-doubled", "warning", "Links with quite different words lead to the same address: one may be pasted wrongly.", "look whether each leads where its words say"),
        ("link-mismatch", "warning", "A link's words show another host than it leads to, as phishing does; filters look for it.", "write words, or the address itself"),
        ("link-shortened", "warning", "A link hides its target behind a shortener; many filters refuse them.", "link to the target itself"),
        ("link-insecure", "note", "A link leads to http instead of https.", "see whether https works"),
        ("link-broken", "warning", "With --online: the address could not be reached, or answered with an error.", "open it in a browser; mend or remove the link"),
        ("link-moved", "note", "With --online: the address has moved for good.", "link to the new address"),
        ("link-untried", "note", "With --online: addresses were left out, as nothing is to be found there yet or there were too many.", "try them once the edition is published"),
    ),
    "Pictures and what else is loaded": (
        ("image-alt", "error", "A picture has no alt attribute; with pictures blocked nobody knows what it shows.", 'say what it shows; alt="" for an ornament'),
        ("image-missing", "error", "A picture is not there: no file beside the page, no attachment with its Content-ID.", "add the file, or mend the address"),
        ("image-unprepared", "note", "Pictures were not fetched yet for where they stand, or for this theme, so none is shown there.", "run digest build"),
        ("image-width", "warning", "A picture has no width in pixels; Outlook shows it at full size.", 'write width="…" in pixels'),
        ("image-height", "warning", 'A picture has height="auto", which Outlook takes for nothing.', "write a number, or leave it out"),
        ("image-format", "warning", "A picture is WebP, AVIF, SVG or another format that some programs do not draw.", "use JPEG or PNG"),
        ("image-large", "warning", "A picture has more than 100 kB.", "shrink it to the width it is shown at"),
        ("image-scaled", "note", "A picture has more than three times the pixels it is shown at.", "shrink it to twice its width"),
        ("image-inline", "warning", "A picture stands in the page itself (data:), which Gmail and Outlook do not show.", "link it, or attach it with a Content-ID"),
        ("image-insecure", "warning", "A picture is loaded over http; some programs refuse, all show who reads what.", "serve it over https"),
        ("tracker", "error", "A picture of one pixel follows the reader.", "remove it"),
        ("third-party", "warning", "Something is loaded from another's host, which learns who reads the mail.", "serve it from your own host"),
        ("web-font", "warning", "A font is loaded; four of five programs do not, and its host learns who reads.", "name faces every machine has"),
        ("import", "warning", "A style sheet is loaded; most programs do not.", "write the rules into a style element"),
    ),
    "Reading": (
        ("contrast", "warning", "Words have less contrast to their ground than WCAG 2.2 AA wants: 4.5, large ones 3.", "choose colours further apart"),
        ("contrast-dark", "warning", "The same where the program shows the mail in the dark.", "choose other colours for the dark"),
        ("contrast-inverted", "note", "The same in programs that turn the colours around by themselves.", "choose colours further apart"),
        ("text-small", "warning", "Words are smaller than 12 px.", "enlarge them"),
        ("hidden-text", "warning", "Words nobody sees stand in it, other than the preheader; filters take it for deceit.", "remove them"),
        ("link-colour", "note", "A link has no colour of its own; in the dark some programs choose one that cannot be read.", 'write style="color:#RRGGBB" on the link'),
        ("heading", "warning", "The headings are no outline: not one h1, a level left out, or an empty one.", "one h1, then each level inside the one above"),
        ("language", "warning", "The document does not say its language; screen readers choose a voice by it.", 'write <html lang="…">'),
        ("direction", "warning", "A language written from the right, and the document does not say so.", 'write dir="rtl" on <html>'),
    ),
    "Subject and preheader": (
        ("subject", "error", "The subject is empty.", "write one"),
        ("subject-long", "warning", "The subject has more than 78 characters; inboxes show about 60.", "shorten it"),
        ("subject-shouting", "warning", "The subject is written in capitals.", "write it as a sentence"),
        ("subject-emoji", "warning", "The subject has no word, only signs.", "say what is in the mail"),
        ("subject-marks", "warning", "The subject insists (!!, ???, $$); filters count that.", "leave the marks out"),
        ("subject-reply", "warning", "The subject pretends to be an answer (Re:, Fwd:).", "leave the prefix out"),
        ("preheader", "note", "There is no preheader, or a short one: inboxes fill the line with what comes next.", "write 40 to 100 characters"),
        ("preheader-long", "note", "The preheader has more than 130 characters; no inbox shows the rest.", "shorten it to 100"),
        ("preheader-same", "note", "The preheader repeats the subject.", "tell something more"),
        ("preheader-filler", "note", "A short preheader has no filler after it, so inboxes show the first words of the mail.", "add zero-width characters after it"),
    ),
    "Stories and sections": (
        ("words-none", "error", "An item has no headline.", "write one, or drop the item"),
        ("words-cut", "warning", "A headline or teaser is so long that it is cut.", "shorten it: digest edit rewrite"),
        ("words-markup", "warning", "A headline or teaser holds mark-up, which readers see as it stands.", "rewrite it without: digest edit rewrite"),
        ("words-control", "note", "A headline or teaser holds control characters or halves of characters, which are left out.", "see whether it still reads well"),
        ("item-bare", "note", "Items came without a teaser, a picture or a date, where their section shows one; the words take the room.", "write what is missing, or leave it so"),
        ("section-empty", "note", "A section has nothing today: it is left out, and told to those who asked for it.", "see whether its feeds are well: digest feeds check"),
    ),
    "Left over": (
        ("leftover", "error", "Marks of our own templates were not filled (%%…%%, cut marks, MJML).", "mend the template"),
        ("template-syntax", "warning", "Words look like a template's: {{ }}, {% %}, *|NAME|*.", "fill it, or leave it out"),
        ("placeholder", "warning", "A note to oneself may be left in it: TK, TODO, lorem ipsum.", "write what belongs there"),
        ("template-unused", "note", "A file among the templates replaces none of the packaged ones; it counts only where another includes it.", "look at its name"),
        ("template", "error", "A template that replaces a packaged one is broken.", "mend the line, or delete the file to use the packaged one"),
    ),
    "What is owed to the reader": (
        ("unsubscribe", "error", "There is no link to unsubscribe.", "add one to HTML and text (slot.unsubscribe_url in templates)"),
        ("postal-address", "warning", "The publication has no postal address, which most countries ask for.", "set publication.postal_address"),
        ("postal-address-unseen", "note", "No postal address was recognised; most countries ask for one.", "add one at the end"),
        ("public-url", "note", "Links to leave, preferences and the web page need an address of yours.", "set publication.public_url"),
        ("text-part", "warning", "There is no text part; text readers and filters want one.", "add one"),
        ("text-links", "note", "The text part does not lead where the HTML does.", "give both the same links"),
        ("html-links", "note", "The HTML does not lead where the text part does.", "give both the same links"),
        ("text-differs", "warning", "Most of the HTML's words are not in the text part.", "say the same in both"),
        ("text-markup", "warning", "The text part holds HTML.", "write plain text"),
        ("text-wide", "note", "Lines of the text part are wider than 78 columns.", "wrap at 72"),
        ("part-order", "warning", "The HTML stands before the text; programs show the last part they can.", "put the text part first"),
    ),
    "Header": (
        ("header-from", "error", "From is missing, names several, or holds no address.", "write 'Name <news@example.org>'"),
        ("header-date", "error", "Date is missing or cannot be read.", "write it as RFC 5322 does"),
        ("header-message-id", "error", "Message-ID is missing or not of the form <word@host>.", "write one a message"),
        ("header-to", "error", "To is missing.", "write the recipient's address"),
        ("header-twice", "error", "A field stands there more than once that may stand there once; Gmail refuses it.", "keep one"),
        ("header-8bit", "warning", "A header field holds bytes that are not ASCII.", "encode them (RFC 2047)"),
        ("mime-version", "warning", "MIME-Version is missing, so the parts may be shown as text.", "write MIME-Version: 1.0"),
        ("line-length", "error", "A line has more than 998 bytes; relays break it.", "encode the parts as quoted-printable"),
        ("list-unsubscribe", "error", "List-Unsubscribe is missing; Gmail, Yahoo and Microsoft want it of whoever mails many.", "add an https address of your own"),
        ("list-unsubscribe-https", "warning", "List-Unsubscribe has no https address, so one click does not work.", "add one beside mailto:"),
        ("one-click", "error", "List-Unsubscribe-Post is missing or wrong (RFC 8058); Gmail and Yahoo want one click.", "write List-Unsubscribe=One-Click"),
        ("list-id", "warning", "List-Id is missing or not of the form <name.example.org> (RFC 2919); readers filter by it.", "write 'Name <name.example.org>'"),
        ("precedence", "note", "Precedence is not list or bulk, so holiday replies may come.", "write Precedence: list"),
        ("auto-submitted", "note", "Auto-Submitted is missing (RFC 3834), so programs may answer.", "write Auto-Submitted: auto-generated"),
        ("message-id-domain", "note", "Message-ID has another domain than From.", "use the domain of From"),
        ("from-free", "warning", "From is an address of a free provider, whose DMARC policy refuses mail from elsewhere.", "send from a domain of your own"),
        ("dkim", "note", "The message is not signed (yet); Gmail, Yahoo and Microsoft want DKIM.", "sign on sending"),
        ("dkim-covers", "warning", "The DKIM signature does not cover the unsubscribe fields, which RFC 8058 asks for.", "name them in h="),
    ),
    "Filters": (
        ("spam-score", "warning", "SpamAssassin's local rules give 5 points or more: it would be sorted out.", "look at the rules that count most"),
        ("spam-rule", "note", "A local rule of SpamAssassin counts against it.", "see what the rule looks for"),
        ("spam-unchecked", "note", "SpamAssassin is not installed, or did not answer in time; nothing else depends on it.", "install spamassassin to know"),
    ),
}  # fmt: skip
CODES = {
    code: Code(code=code, group=group, severity=severity, meaning=meaning, fix=fix)
    for group, entries in _GROUPS.items()
    for code, severity, meaning, fix in entries
}


def found(code: str, where: str, message: str, fix: str = "") -> Finding:
    """Return a finding of a known code, with the code's severity, and its fix where none is given."""
    known = CODES[code]
    return Finding(code=code, severity=known.severity, where=where, message=message, fix=fix or known.fix)


def reference() -> str:
    """Return the tables of docs/reference/check.md: every code under its group."""
    lines = []
    for group in _GROUPS:
        lines += [f"## {group}", "", "| Code | Severity | Meaning | Fix |", "|---|---|---|---|"]
        lines += [
            f"| `{each.code}` | {each.severity} | {_cell(each.meaning)} | {_cell(each.fix)} |"
            for each in CODES.values()
            if each.group == group
        ]
        lines.append("")
    return "\n".join(lines)


def _cell(text: str) -> str:
    return text.replace("<", "&lt;").replace("|", "\\|")
