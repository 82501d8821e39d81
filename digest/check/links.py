"""Where links lead, and whether their words say so."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from digest.check.codes import found
from digest.check.hosts import domain_of, host_of
from digest.check.page import Node, Page, address, and_more, folded, shown
from digest.model.editions import Finding

_SCHEMES = frozenset({"http", "https", "mailto", "tel", "sms"})
_SAYS_NOTHING = frozenset(
    {"click here", "here", "read more", "more", "link", "this", "this link", "hier", "mehr", "weiterlesen", "weiter",
     "lesen", "ici", "lire la suite", "aquí", "leer más", "المزيد", "هنا"}
)  # fmt: skip
_SHORTENERS = frozenset(
    {"bit.ly", "t.co", "goo.gl", "tinyurl.com", "ow.ly", "is.gd", "buff.ly", "lnkd.in", "rb.gy", "cutt.ly", "tiny.cc"}
)
_SHOWN_HOST = re.compile(r"(?:https?://)?((?:[\w-]+\.)+[a-z]{2,})(?:[/?#:]\S*)?\Z", re.I)
_FILE_ENDINGS = frozenset({"html", "htm", "pdf", "txt", "jpg", "png", "md", "py", "js"})
_FEWEST_WORDS = 3  # fewer words than this name a place, not a story


def check_links(page: Page) -> Iterator[Finding]:
    """Check each link by itself, then all together."""
    ids = {node.attributes.get("id") or node.attributes.get("name", "") for node in page.nodes}
    for node in page.of("a"):
        if "href" not in node.attributes and node.words and not ({"name", "id"} & node.attributes.keys()):
            yield found("link-empty", node.where, f"the link {shown(node.words)} has no address")
    for node, target, words in page.links:
        yield from _target(node, target, words, ids)
        yield from _words(node, target, words)
    yield from _insecure(page)
    yield from _doubled(page)


def _target(node: Node, target: str, words: str, ids: set[str]) -> Iterator[Finding]:
    parts = address(target)
    if not target or target == "#":
        yield found("link-empty", node.where, f"the link {shown(words)} has no address")
    elif target.startswith("#"):
        if target[1:] not in ids:
            yield found(
                "link-anchor", node.where, f"the link {shown(words)} leads to {target[:60]!r}, which is not there"
            )
    elif parts is None:
        yield found("link-scheme", node.where, f"{target[:80]!r} is no address")
    elif not parts.scheme:
        yield found("link-relative", node.where, f"{target[:80]!r} leads nowhere from a mail")
    elif parts.scheme.lower() not in _SCHEMES:
        said = f"{parts.scheme.lower()[:20]}: cannot be followed from a mail ({shown(words)})"
        yield found("link-scheme", node.where, said)
    elif parts.scheme in ("http", "https") and not parts.hostname:
        yield found("link-scheme", node.where, f"{target[:80]!r} names no host")
    if host_of(target).removeprefix("www.") in _SHORTENERS:
        yield found("link-shortened", node.where, f"{target[:80]} hides where it leads")


def _words(node: Node, target: str, words: str) -> Iterator[Finding]:
    label = folded(node.attributes.get("aria-label", "")) or folded(node.attributes.get("title", ""))
    if not words and not label:
        if target:
            yield found("link-text", node.where, f"a link has no words ({target[:80]})")
        return
    said = words.strip(" .…›»>→←").casefold()
    if said in _SAYS_NOTHING and not label:
        yield found("link-words", node.where, f"a link says only {shown(words)}")
    host, match = host_of(target), _SHOWN_HOST.match(words)
    if match and host and match[1].rpartition(".")[2].lower() not in _FILE_ENDINGS:
        shown_domain = domain_of(match[1].lower())
        if shown_domain != domain_of(host):
            yield found("link-mismatch", node.where, f"its words show {match[1]}, and it leads to {host}")


def _insecure(page: Page) -> Iterator[Finding]:
    plain = [(node, target) for node, target, _ in page.links if target[:7].lower() == "http://"]
    if plain:
        node, target = plain[0]
        yield found("link-insecure", node.where, f"a link is not encrypted: {target[:80]}{and_more(len(plain))}")


def _doubled(page: Page) -> Iterator[Finding]:
    said: defaultdict[str, dict[str, Node]] = defaultdict(dict)
    for node, target, _ in page.links:
        words = node.text  # those of a picture tell something else
        if host_of(target) and len(words.split()) >= _FEWEST_WORDS and not node.attributes.get("aria-label"):
            said[target].setdefault(words.casefold(), node)
    for target, words_of in said.items():
        first, *others = words_of
        for other in others:
            if not _significant(first) & _significant(other):
                one, two = words_of[first], words_of[other]
                said_so = f"{shown(one.text)} and {shown(two.text)} both lead to {target[:80]}"
                yield found("link-doubled", two.where, said_so)
                break


def _significant(words: str) -> set[str]:
    return {word for word in re.findall(r"\w+", words) if len(word) > 3 or not word.isascii()} or {words}
