"""The same story read twice counts once: one address in two feeds, or an agency's words under several mastheads.

An equal title alone proves nothing ("Morning briefing" comes every day): the ledes must be nearly equal too.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from digest.model.news import Duplicate, Story
from digest.model.tokens import words
from digest.stories.urls import canonical_url

TITLE_ALIKE = 0.6  # share of words two titles have in common (Jaccard): copy desks trim and add a clause
LEDE_ALIKE = 0.8  # share of the shorter lede's runs of words found in the other: one feed cuts it shorter
LEDE_WORDS = 8  # shorter ledes prove nothing unless they are equal …
EQUAL_WORDS = 4  # … and then they need this many words
RUN = 3  # words in a run

# Who sells its words to others: of several copies, theirs is the original.
AGENCIES = frozenset(
    """
    aap adnkronos afp agerpres anadolu ani ansa ap apa bernama bloomberg bta cna cp dpa efe europa interfax ians jiji
    kna kyodo lusa mti npr ntb pa pap pti reuters ria ritzau sapa sid stt tanjug tass tt ukrinform upi voa xinhua yonhap
    """.split()  # noqa: SIM905 - forty names are easier to read and to keep in order without quotation marks
)
_LONG_NAMES = {
    "associated press": "ap",
    "agence france-presse": "afp",
    "press association": "pa",
    "canadian press": "cp",
    "press trust of india": "pti",
    "voice of america": "voa",
    "united press international": "upi",
    "australian associated press": "aap",
    "deutsche presse-agentur": "dpa",
}
# "LONDON (Reuters) - ", "(AP) —": who is credited at the head of a lede.
_CREDIT = re.compile(r"^[^()]{0,60}\(([^()]{2,30})\)\s*[-–—:]?\s*")
_NOWHERE = 10**6  # after every known position
_LATE = datetime.max.replace(tzinfo=UTC)


def dedupe(
    stories: Iterable[Story], *, unwanted: Callable[[Story], object] = lambda story: False
) -> tuple[tuple[Story, ...], tuple[Duplicate, ...]]:
    """Return the stories to keep and the copies left out, each in the order of ids.

    An id given twice (one address in two feeds) counts once, in the words of the weightiest feed that tells it and with
    the best position any gives it.

    Of several copies the one is kept that an agency wrote (who is credited in the text first), then the earliest, then
    that of the weightiest feed; one ``unwanted`` only where every copy is. ``Duplicate.of`` always names a story kept.
    """
    told: dict[str, list[Story]] = defaultdict(list)
    for story in stories:
        told[story.id].append(story)
    ordered = [_once(told[id_]) for id_ in sorted(told)]
    kept, copies = _fold(ordered, _same_address(ordered), lambda _: "same address", unwanted)
    kept, syndicated = _fold(kept, _same_words(kept), _words_reason, unwanted)
    last = {copy.story.id: copy.of for copy in syndicated}
    copies = [Duplicate(story=copy.story, of=last.get(copy.of, copy.of), reason=copy.reason) for copy in copies]
    return tuple(kept), tuple(sorted([*copies, *syndicated], key=lambda copy: copy.story.id))


def _once(told: Sequence[Story]) -> Story:
    if len(told) == 1:
        return told[0]
    best = min(told, key=lambda story: (-story.weight, not story.section, story.position or _NOWHERE, _words(story)))
    position = min(story.position or _NOWHERE for story in told)
    return best if position in (best.position, _NOWHERE) else replace(best, position=position)


def _words(story: Story) -> tuple[str, ...]:
    return (story.feed, story.title, story.teaser, story.source, story.url, str(story.published))


def _words_reason(kept: Story) -> str:
    name = kept.source or kept.feed_name
    return f"the same words from {name}" if name else "the same words"


def _fold(
    stories: Sequence[Story],
    groups: Iterable[Sequence[Story]],
    reason: Callable[[Story], str],
    unwanted: Callable[[Story], object],
) -> tuple[list[Story], list[Duplicate]]:
    """Keep one story of each group; the others become duplicates of it."""
    copies: dict[str, Duplicate] = {}
    for group in groups:
        credited = {agency for story in group if (agency := _credit(story))}
        kept, *others = sorted(group, key=lambda story: (bool(unwanted(story)), *_originality(story, credited)))
        for other in others:
            copies[other.id] = Duplicate(story=other, of=kept.id, reason=reason(kept))
    return [story for story in stories if story.id not in copies], list(copies.values())


def _originality(story: Story, credited: set[str]) -> tuple[object, ...]:
    agency = _agency(story.source)
    known = story.published if story.published is not None and story.date_note != "future" else _LATE
    return (agency not in credited, not agency, known, -story.weight, story.id)


def _agency(name: str) -> str:
    """Return the short name of the agency a name means, or ""."""
    plain = name.casefold().removeprefix("the ").strip()
    plain = _LONG_NAMES.get(plain, plain).removesuffix(" news").removesuffix(" news agency")
    return plain if plain in AGENCIES else ""


def _credit(story: Story) -> str:
    found = _CREDIT.match(_lede(story))
    return _agency(found.group(1)) if found else ""


def _lede(story: Story) -> str:
    return story.teaser or story.summary


def _same_address(stories: Sequence[Story]) -> list[list[Story]]:
    groups: dict[str, list[Story]] = defaultdict(list)
    for story in stories:
        if story.url:
            groups[canonical_url(story.url)].append(story)
    return [group for group in groups.values() if len(group) > 1]


def _same_words(stories: Sequence[Story]) -> list[list[Story]]:
    """Return the groups of stories with near-equal titles and ledes."""
    exact: dict[tuple[tuple[str, ...], tuple[str, ...]], list[Story]] = defaultdict(list)
    for story in stories:
        lede = words(_CREDIT.sub("", _lede(story)))
        if len(lede) >= EQUAL_WORDS:
            exact[tuple(words(story.title)), tuple(lede)].append(story)
    wordings = list(exact)
    first = list(range(len(wordings)))
    for left, right in _like_titled([frozenset(title) for title, _ in wordings]):
        if _alike(wordings[left][1], wordings[right][1]):
            first[_find(first, right)] = _find(first, left)
    groups: dict[int, list[Story]] = defaultdict(list)
    for number, wording in enumerate(wordings):
        groups[_find(first, number)].extend(exact[wording])
    return [group for group in groups.values() if len(group) > 1]


def _find(first: list[int], number: int) -> int:
    while first[number] != number:
        first[number] = first[first[number]]
        number = first[number]
    return number


def _like_titled(titles: Sequence[frozenset[str]]) -> Iterable[tuple[int, int]]:
    """Yield the pairs of titles with enough words in common, found by their rarest words (prefix filtering).

    Two sets with a Jaccard of t share one of their rarest n - ⌈t·n⌉ + 1 words (Chaudhuri et al. 2006).
    """
    counts = Counter(word for title in titles for word in title)
    index: dict[str, list[int]] = defaultdict(list)
    for number, title in enumerate(titles):
        rarest = sorted(title, key=lambda word: (counts[word], word))
        met: set[int] = set()
        for word in rarest[: len(title) - -int(-TITLE_ALIKE * len(title) // 1) + 1]:
            met.update(index[word])
            index[word].append(number)
        for other in sorted(met):
            shared = len(title & titles[other])
            if shared >= TITLE_ALIKE * (len(title) + len(titles[other]) - shared):
                yield other, number


def _alike(left: tuple[str, ...], right: tuple[str, ...]) -> bool:
    if left == right:
        return True
    if min(len(left), len(right)) < LEDE_WORDS:
        return False
    runs, others = _runs(left), _runs(right)
    return len(runs & others) >= LEDE_ALIKE * min(len(runs), len(others))


def _runs(lede: tuple[str, ...]) -> set[tuple[str, ...]]:
    return {lede[at : at + RUN] for at in range(len(lede) - RUN + 1)}
