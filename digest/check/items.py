"""What rendering did to the words of stories, and what stories and sections came without: nothing is cut silently."""

from __future__ import annotations

import re
from collections.abc import Iterator

from digest.check.codes import found
from digest.check.page import shown
from digest.model.editions import Edition, Finding, Item

_MARKUP = re.compile(r"</?[a-z][^<>]{0,200}>|&(?:amp|lt|gt|quot|nbsp|#\d{1,6});", re.I)
_UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069]")
_NAMED = 3  # headlines named in a finding


def check_items(edition: Edition, *, headline: int, teaser: int) -> Iterator[Finding]:
    """Yield what the items and sections of an edition should be looked at for.

    ``headline`` and ``teaser`` are the characters after which rendering cuts them.
    """
    for filled in edition.sections:
        if not filled.items:
            what = f"{filled.section.title} has nothing today; readers who asked for it are told"
            yield found("section-empty", filled.section.slug, what)
        for item in filled.items:
            yield from _words(item, f"{filled.section.slug}: {_named(item)}", headline, teaser)
    yield from _bare(edition)


def _words(item: Item, where: str, headline: int, teaser: int) -> Iterator[Finding]:
    for name, words, longest in (("headline", item.headline, headline), ("teaser", item.teaser, teaser)):
        if len(words) > longest:
            yield found("words-cut", where, f"the {name} has {len(words):,} characters and is cut after {longest}")
        if not words.strip() and name == "headline":
            yield found("words-none", where, "an item has no headline")
        marked = _MARKUP.search(words)
        if marked is not None:
            yield found("words-markup", where, f"the {name} holds mark-up, shown as it stands: {shown(marked.group())}")
        if _UNSAFE.search(words):
            yield found("words-control", where, f"the {name} holds characters no mail may hold; they are left out")


def _bare(edition: Edition) -> Iterator[Finding]:
    """Yield one finding for all items without a teaser, a picture or a time, where their section shows one."""
    told = [(each.section.style, place, item) for each in edition.sections for place, item in enumerate(each.items)]
    pictured = any(item.picture for _, _, item in told)
    lacking = {
        "teaser": [item for style, _, item in told if style != "brief" and not item.teaser],
        "picture": [
            item
            for style, place, item in told
            if pictured and not item.picture and (style in ("cards", "video") or (style == "feature" and not place))
        ],
        "date": [item for _, _, item in told if item.cluster.lead.published is None],
    }
    for what, items in lacking.items():
        if items:
            names = ", ".join(_named(item) for item in items[:_NAMED])
            more = f" and {len(items) - _NAMED} more" if len(items) > _NAMED else ""
            some = "1 item has" if len(items) == 1 else f"{len(items)} items have"
            yield found("item-bare", "items", f"{some} no {what}: {names}{more}")


def _named(item: Item) -> str:
    return shown(_UNSAFE.sub(" ", item.headline), 40)
