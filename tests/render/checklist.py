"""What mail programs need of a mail's HTML: thirty properties, each a function that yields what breaks it.

They were measured in real programs or read in their makers' documents; a mail in any theme, style and direction has all
of them. Colours and sizes are computed as a program does: inherited, and overridden by the rules for dark mode.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit

import html5lib
from lxml import html as parser

from digest.mail.encoding import quoted
from digest.render.colours import READABLE, contrast

Element = Any  # lxml's elements have no types of their own
_DECLARATION = re.compile(r"([a-z-]+)\s*:\s*([^;]+)")
_RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
_HEX = re.compile(r"#[0-9A-F]{6}\b", re.I)


class Mail:
    """A mail's HTML, whole and with its slots filled."""

    def __init__(self, html: str) -> None:
        self.html = html
        self.tree: Element = parser.document_fromstring(html)
        self.body: Element = self.tree.find("body")
        self.sheet = "\n".join(style.text or "" for style in self.tree.iter("style"))

    def block(self, query: str) -> str:
        """Return what stands inside `@media QUERY`, "" without it."""
        start = self.sheet.find(f"@media {query}{{")
        if start < 0:
            return ""
        depth, place = 0, self.sheet.index("{", start)
        for end in range(place, len(self.sheet)):
            depth += {"{": 1, "}": -1}.get(self.sheet[end], 0)
            if not depth:
                return self.sheet[place + 1 : end]
        return ""

    @cached_property
    def dark(self) -> dict[Element, dict[str, str]]:
        """What dark mode sets on each element: a rule of more weight wins, then the later one."""
        found: dict[Element, dict[str, tuple[tuple[int, int], str]]] = {}
        for selectors, body in _RULE.findall(self.block("(prefers-color-scheme:dark)")):
            for selector in selectors.split(","):
                weight = selector.count("."), len(re.findall(r"(?:^|[\s>])[a-z]", selector.strip()))
                for element in self.tree.cssselect(selector.strip()):
                    for name, value in _DECLARATION.findall(body):
                        before = found.setdefault(element, {}).get(name)
                        if "!important" in value and (before is None or before[0] <= weight):
                            found[element][name] = weight, value.replace("!important", "").strip()
        return {element: {name: value for name, (_, value) in each.items()} for element, each in found.items()}

    def computed(self, element: Element, names: tuple[str, ...], *, dark: bool = False) -> str:
        """Return the nearest value of a property, the element's own or an ancestor's; "" for none."""
        here: Element | None = element
        while here is not None:
            rules = self.dark.get(here, {}) if dark else {}
            style = dict(_DECLARATION.findall(str(here.get("style") or "")))
            for name in names:
                value = rules.get(name) or rules.get(name.removesuffix("-color") + "-color") or style.get(name)
                if value:
                    return str(value).strip()
            here = here.getparent()
        return ""

    def texts(self) -> Iterator[tuple[Element, str]]:
        """Yield each run of text a reader sees, with the element it stands in."""
        for element in self.body.iter():
            if not isinstance(element.tag, str) or element.tag in ("style", "title"):
                continue
            if any("display:none" in str(each.get("style") or "") for each in (element, *element.iterancestors())):
                continue
            tails = [child.tail for child in element]
            for text in (element.text, *tails, element.get("alt")):
                if text and text.strip():
                    yield element, " ".join(text.split())


def doctype(mail: Mail) -> Iterator[str]:
    if not mail.html.startswith("<!DOCTYPE html>"):
        yield mail.html[:40]


def size(mail: Mail) -> Iterator[str]:
    if len(quoted(mail.html)[0]) >= 102_400:
        yield f"{len(quoted(mail.html)[0])} bytes"


def language(mail: Mail) -> Iterator[str]:
    if not re.fullmatch(r"[a-z]{2}(-\w+)?", str(mail.tree.get("lang"))) or mail.tree.get("dir") not in ("ltr", "rtl"):
        yield f"lang={mail.tree.get('lang')} dir={mail.tree.get('dir')}"


def title(mail: Mail) -> Iterator[str]:
    if not (mail.tree.findtext("head/title") or "").strip():
        yield "empty"


def charset_and_viewport(mail: Mail) -> Iterator[str]:
    if "charset=utf-8" not in mail.html.lower():
        yield "charset"
    if 'name="viewport"' not in mail.html:
        yield "viewport"


def colour_scheme(mail: Mail) -> Iterator[str]:
    for wanted in ('name="color-scheme"', 'name="supported-color-schemes"', ":root{color-scheme:light dark"):
        if wanted not in mail.html:
            yield wanted


def dark_media(mail: Mail) -> Iterator[str]:
    rules = _RULE.findall(mail.block("(prefers-color-scheme:dark)"))
    if not any(".p" in selectors for selectors, _ in rules):
        yield "no ground"
    yield from (selectors for selectors, body in rules if "!important" not in body)


def dark_outlook(mail: Mail) -> Iterator[str]:
    media = {(selectors.strip(), body) for selectors, body in _RULE.findall(mail.block("(prefers-color-scheme:dark)"))}
    outlook = {
        (re.sub(r"\[data-ogs[bc]\] ", "", selectors).strip(), body)
        for selectors, body in _RULE.findall(mail.sheet)
        if "[data-ogsc]" in selectors or "[data-ogsb]" in selectors
    }
    missing = {each for each in media if each[0] != "body" and each not in _spread(outlook)}
    yield from (selectors for selectors, _ in sorted(missing))
    for mark in ("[data-ogsc]", "[data-ogsb]"):
        if mark not in mail.sheet:
            yield mark


def _spread(rules: set[tuple[str, str]]) -> set[tuple[str, str]]:
    return rules | {(",".join(part.strip() for part in selectors.split(",")), body) for selectors, body in rules}


def roles(mail: Mail) -> Iterator[str]:
    yield from (tag for tag in re.findall(r"<table\b[^>]*>", mail.html) if 'role="presentation"' not in tag)


def pictures(mail: Mail) -> Iterator[str]:
    for image in mail.tree.iter("img"):
        if image.get("alt") is None or not str(image.get("width")).isdigit() or not str(image.get("height")).isdigit():
            yield str(image.get("src"))


def height_auto(mail: Mail) -> Iterator[str]:
    yield from re.findall(r'height="auto"', mail.html)


def headings(mail: Mail) -> Iterator[str]:
    levels = [int(each.tag[1]) for each in mail.tree.iter("h1", "h2", "h3", "h4", "h5", "h6")]
    if levels.count(1) != 1 or levels[0] != 1 or any(after > before + 1 for before, after in pairwise(levels)):
        yield str(levels)


def link_colours(mail: Mail) -> Iterator[str]:
    for link in mail.tree.iter("a"):
        if not re.search(r"(?:^|;)color:#[0-9A-F]{6}", str(link.get("style")), re.I):
            yield str(link.get("href"))


def link_names(mail: Mail) -> Iterator[str]:
    targets: dict[str, str] = {}
    for link in mail.tree.iter("a"):
        alts = " ".join(str(image.get("alt")) for image in link.iter("img"))
        name = " ".join(f"{link.get('aria-label') or link.text_content()} {alts}".split())
        if not name:
            yield f"{link.get('href')} has no name"
        elif not list(link.iter("img")) and targets.setdefault(name, str(link.get("href"))) != link.get("href"):
            yield f"{name!r} leads to two addresses"


def addresses(mail: Mail) -> Iterator[str]:
    for element in mail.tree.iter("a", "img"):
        target = str(element.get("href") or element.get("src"))
        if urlsplit(target).scheme not in ("http", "https", "mailto"):
            yield target


def nothing_active(mail: Mail) -> Iterator[str]:
    yield from (each.tag for each in mail.tree.iter("script", "form", "iframe", "link", "object", "embed", "base"))
    yield from re.findall(r"@import", mail.html)
    for element in mail.tree.iter():
        yield from (str(name) for name in element.attrib if str(name).startswith("on"))


def trackers(mail: Mail) -> Iterator[str]:
    for image in mail.tree.iter("img"):
        if any(re.fullmatch("[0-7]", str(image.get(side))) for side in ("width", "height")):
            yield str(image.get("src"))


def preheader(mail: Mail) -> Iterator[str]:
    first = next((each for each in mail.body.iter("div") if each.get("class") != "p"), None)
    style = "" if first is None else str(first.get("style"))
    for wanted in ("display:none", "max-height:0", "overflow:hidden", "mso-hide:all"):
        if wanted not in style:
            yield wanted
    before = mail.html[mail.html.index("<body") : mail.html.index("display:none")]
    if re.sub(r"<[^>]*>?", "", before).strip():
        yield "something stands before it"


def filler(mail: Mail) -> Iterator[str]:
    if mail.html.count("\u034f\u200c\u00a0\u00ad") < 20:
        yield "short"


def ways_out(mail: Mail) -> Iterator[str]:
    for wanted in ("/u/EXAMPLE", "/p/EXAMPLE", "/2026/11/23/"):
        if not any(wanted in str(link.get("href")) for link in mail.tree.iter("a")):
            yield wanted


def inline_important(mail: Mail) -> Iterator[str]:
    yield from (str(each.get("style")) for each in mail.tree.iter() if "!important" in str(each.get("style") or ""))


def readable(mail: Mail) -> Iterator[str]:
    for dark in (False, True):
        for element, text in mail.texts():
            words = mail.computed(element, ("color",), dark=dark)
            ground = mail.computed(element, ("background-color", "background"), dark=dark)
            if not (_HEX.fullmatch(words) and _HEX.fullmatch(ground)) or contrast(words, ground) < READABLE:
                yield f"{'dark' if dark else 'light'}: {text[:30]!r} is {words or 'nothing'} on {ground or 'nothing'}"


def text_sizes(mail: Mail) -> Iterator[str]:
    for element, text in mail.texts():
        found = re.search(r"\b(\d+)px", mail.computed(element, ("font-size", "font")))
        if found is None or int(found.group(1)) < 12:
            yield f"{text[:30]!r}: {found.group() if found else 'no size'}"


def conditionals(mail: Mail) -> Iterator[str]:
    depth = 0
    for mark in re.findall(r"<!--\[if|<!--<!\[endif|<!\[endif", mail.html):
        depth += 1 if mark == "<!--[if" else -1
        if depth not in (0, 1):
            yield mark
    if depth:
        yield "left open"


def html5(mail: Mail) -> Iterator[str]:
    checker = html5lib.HTMLParser(strict=False)
    checker.parse(mail.html)
    yield from (f"{error[1]} at {error[0]}" for error in checker.errors)


def template_syntax(mail: Mail) -> Iterator[str]:
    yield from re.findall(r"\{\{|\}\}(?!\s*[<}@\[.])|\{%|%%[0-9a-f]{12}|<!--cut|<mj-|data-premailer", mail.html)


def ids(mail: Mail) -> Iterator[str]:
    found = [str(each.get("id")) for each in mail.tree.iter() if each.get("id")]
    yield from {each for each in found if found.count(each) > 1}


def layout(mail: Mail) -> Iterator[str]:
    for text in (mail.sheet, *(str(each.get("style") or "") for each in mail.body.iter())):
        yield from re.findall(r"display:\s*(?:inline-)?(?:flex|grid)|position:|var\(", text)


def six_digits(mail: Mail) -> Iterator[str]:
    yield from (each for each in re.findall(r'bgcolor="([^"]*)"', mail.html) if not _HEX.fullmatch(each))
    for each in mail.body.iter():
        yield from re.findall(r"#(?![0-9A-F]{6}\b)\w+", str(each.get("style") or ""), re.I)


def plain_lines(mail: Mail) -> Iterator[str]:
    yield from re.findall("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]", mail.html)
    yield from (str(line[:20]) for line in quoted(mail.html)[0].split(b"\r\n") if len(line) > 76)


PROPERTIES: Mapping[int, Callable[[Mail], Iterator[str]]] = dict(
    enumerate(
        (
            doctype, size, language, title, charset_and_viewport, colour_scheme, dark_media, dark_outlook, roles,
            pictures, height_auto, headings, link_colours, link_names, addresses, nothing_active, trackers, preheader,
            filler, ways_out, inline_important, readable, text_sizes, conditionals, html5, template_syntax, ids,
            layout, six_digits, plain_lines,
        ),
        start=1,
    )
)  # fmt: skip


def broken(html: str) -> list[str]:
    """Return what is broken: the number and name of each property, and where."""
    mail = Mail(html)
    return [f"{number} {check.__name__}: {fault}" for number, check in PROPERTIES.items() for fault in check(mail)]
