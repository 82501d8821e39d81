"""Search: what listed editions tell goes into it, words find it again, and "Have we run this?" is answered from it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import date
from functools import cache

from digest.errors import UsageError
from digest.model.archive import Listed
from digest.model.mail import EditionKey
from digest.model.news import Story
from digest.model.searching import Told, one_form, terms_of
from digest.ports import Clock, SearchIndex, SearchStore
from digest.stories.background import Background, shipped
from digest.stories.similarity import Document, similarities

RAREST = 8  # words of a story that earlier ones are looked for by
LOOKED_AT = 120  # earlier stories that are compared
ALIKE = 0.15  # cosine from which on an earlier story is worth a line; two tellings of one event have .3 and more


@dataclass(frozen=True, kw_only=True)
class Earlier:
    """An item of an earlier edition that may tell the same as a story."""

    told: Told
    score: float  # 1 = the same story, else how alike the words are, 0 to 1


@cache
def common_words() -> frozenset[str]:
    """Return the words that say nothing about any story, as questions hold them."""
    return frozenset(term for word in shipped().stop if (term := one_form(word)))


def told_of(listed: Listed) -> tuple[Told, ...]:
    """Return what an edition tells, story by story; nothing where it may stand in no list."""
    if not listed.is_open:
        return ()
    return tuple(
        Told(
            digest=listed.digest,
            day=listed.day,
            story=lead.id,
            section=filled.section.slug,
            section_title=filled.section.title,
            headline=item.headline,
            kicker=item.kicker,
            teaser=item.teaser,
            url=lead.url,
            byline=lead.byline,
            source=lead.source or lead.feed_name,
            language=lead.language,
            published=lead.published,
            stories=tuple(story.id for story in item.cluster.stories),
        )
        for filled in listed.sections
        for item in filled.items
        for lead in (item.cluster.lead,)
    )


def refresh(
    search: SearchIndex,
    load: Callable[[EditionKey], Listed],
    *,
    clock: Clock,
    tell: Callable[[int, int], None] = lambda done, of: None,
) -> int:
    """Bring search in step with the archive; return how many editions were put in or taken out. Raises StoreError.

    Called after listing, correcting, retracting, copying or restoring; with nothing to do it costs three questions.
    """
    search.mend()
    gone, due = search.gone(), search.due()
    for key in gone:
        search.put(key, (), now=clock.now())
    for number, key in enumerate(due, 1):
        search.put(key, told_of(load(key)), now=clock.now())
        tell(number, len(due))
    return len(gone) + len(due)


def earlier(
    story: Story,
    *,
    event: Collection[str] = (),
    search: SearchStore,
    before: date | None = None,
    limit: int = 10,
    background: Background | None = None,
) -> tuple[Earlier, ...]:
    """Answer "Have we run this?": items of editions before a day that tell a story or its like, most alike first.

    ``event`` are ids of further stories of the same event. ``background`` says which words are common; the shipped
    table without it.
    """
    known = background or shipped()
    ids = {story.id, *event}
    found = search.like(_rarest(story, known), sorted(ids), before=before, limit=LOOKED_AT)
    documents = [Document(title=f"{story.kicker} {story.headline}", teaser=story.teaser)]
    documents += [Document(title=f"{told.kicker} {told.headline}", teaser=told.teaser) for told in found]
    alike = similarities(documents, known).rows[0]
    made = [
        Earlier(told=told, score=1.0 if ids & {told.story, *told.stories} else alike.get(place, 0.0))
        for place, told in enumerate(found, 1)
    ]
    kept = [each for each in made if each.score >= ALIKE]
    kept.sort(key=lambda each: (-round(each.score, 6), -each.told.day.toordinal(), each.told.digest, each.told.story))
    return tuple(kept[:limit])


def _rarest(story: Story, background: Background) -> list[str]:
    words = dict.fromkeys(terms_of(f"{story.kicker} {story.headline}") + terms_of(story.teaser))
    telling = [word for word in words if word not in common_words() and not word.isdigit()]
    places = {word: place for place, word in enumerate(telling)}
    return sorted(telling, key=lambda word: (background.share(word), places[word]))[:RAREST]


def story_of_words(text: str) -> Story:
    """Return a story that only has a headline: what somebody asks about in words."""
    return replace(_NOBODY, title=text, headline=text)


_NOBODY = Story(id="", url="", title="", headline="")


def day_of(text: str, option: str, *, last: bool = False) -> date:
    """Return the first day (or the last) of a day, month or year such as 2026-11-23, 2026-11 or 2026.

    Raises UsageError.
    """
    parts = text.split("-")
    try:
        if len(parts) == 3:
            return date.fromisoformat(text)
        numbers = [int(part) for part in parts]
        year, month = numbers[0], numbers[1] if len(numbers) == 2 else (12 if last else 1)
        if len(parts) > 2 or not last:
            return date(year, month, 1)
        following = date(year + month // 12, month % 12 + 1, 1)
        return date.fromordinal(following.toordinal() - 1)
    except ValueError:
        raise UsageError(f"{text!r} is no day", where=option, fix="write it as 2026-11-23, 2026-11 or 2026") from None
