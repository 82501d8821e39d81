"""Stories → draft: what is news, what is picked, and the pictures it needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import TypedDict

from digest.dates import Window
from digest.editions.bars import embargo_of, longest_embargo
from digest.editions.compose import compose
from digest.editions.rank import OwnTerm
from digest.editions.rearrange import texts
from digest.editions.revise import standing
from digest.model.editions import (
    Bars,
    Edit,
    Edition,
    EditionRecord,
    EditionState,
    Health,
    Note,
    Section,
    Sponsor,
    Weights,
)
from digest.model.mail import EditionKey
from digest.model.news import BEFORE_US, Feed, FeedState, Story
from digest.pipeline.pick import Picked, pick
from digest.pipeline.pictures import with_pictures
from digest.pipeline.story_pages import completed, read_pages, wanting
from digest.ports import ApprovalStore, Clock, EditionStore, Fetcher, PageStore, PictureStore, StoryStore
from digest.stories.background import background_of

# The first edition has none before it: a day and a half catches yesterday's evening in every time zone.
FIRST_WINDOW = timedelta(hours=36)
# Longest window after a pause: older news is history.
LONGEST_WINDOW = timedelta(days=8)
# A feed may list a story hours after the time it gives it; what was seen for the first time is still news then.
LATE = timedelta(hours=12)
# Past stories that say which words are common in this publication.
BACKGROUND = timedelta(days=14)
BACKGROUND_STORIES = 5_000

# States in which an edition counts as told: its stories are not news any more.
TOLD = frozenset({EditionState.APPROVED, EditionState.SENDING, EditionState.FINISHED, EditionState.STOPPED})


@dataclass(frozen=True, kw_only=True)
class BuildReport:
    """What a build made."""

    edition: Edition
    pages: int  # stories' pages read for what their feeds left out
    pictures: int  # prepared and in place
    picture_problems: tuple[str, ...]  # "https://…: not a picture"


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What a publication says of its editions: the configuration a build needs, as values."""

    digest: str
    sections: tuple[Section, ...]
    weights: Weights
    terms: tuple[OwnTerm, ...]  # further ones of scores
    feeds: tuple[Feed, ...]
    sponsors: tuple[Sponsor, ...]
    suppress: timedelta  # what was told this long ago or less is not news
    bars: Bars  # what must not appear, or not yet
    pages: int  # most pages read for chosen stories without a teaser or picture
    picture_sizes: Mapping[str, str]  # style → size of the theme, where it is another (digest.render.theme)


def news_window(editions: EditionStore, digest: str, day: date, now: datetime) -> Window:
    """Return the window of news of an edition: it begins at the cut-off of the one told before it."""
    before = told_before(editions, digest, day)
    if before is None:
        return Window(start=now - FIRST_WINDOW, end=now)
    return Window(start=min(max(before, now - LONGEST_WINDOW), now), end=now)


def told_before(editions: EditionStore, digest: str, day: date) -> datetime | None:
    """Return the cut-off of the edition told before a day, None for the first."""
    for record in editions.recent(digest, before=day):
        if record.state in TOLD and record.base is not None:
            return record.base.built_at
    return None


def candidates(stories: StoryStore, pages: PageStore, window: Window, recipe: Recipe) -> tuple[Story, ...]:
    """Return the stories that are news: told in the window, or seen first in it and told not long before.

    A story whose embargo ended in the window is news then, however old. What digest.toml says of their feeds now
    counts, not what it said when they were read; what is missing is taken from their pages, where those were read.
    """
    known = {feed.url: feed for feed in recipe.feeds}
    back = LATE + longest_embargo(recipe.bars)
    if any(embargo.until in window for embargo in recipe.bars.embargoes):
        back = max(back, LONGEST_WINDOW)
    found = stories.stories_between(window.start - back, window.end)
    # A story without an address cannot be read on: it counts for nothing.
    listed = [_as_configured(story, known[story.feed]) for story in found if story.url and story.feed in known]
    return tuple(story for story in completed(listed, pages) if _is_news(story, window, recipe.bars))


def _as_configured(story: Story, feed: Feed) -> Story:
    name = feed.name or story.feed_name
    if (story.section, story.weight, story.feed_name) == (feed.section, feed.weight, name):
        return story
    return replace(story, section=feed.section, weight=feed.weight, feed_name=name)


def _is_news(story: Story, window: Window, bars: Bars) -> bool:
    # What was seen later than the window ends was not there then: an edition composed again holds no other news.
    if story.seen is None or story.seen == BEFORE_US or story.seen > window.end:
        return False
    free_since = embargo_of(story, bars)
    if free_since is not None and free_since in window:
        return True
    known = story.published is not None and story.date_note != "future"
    moment = story.published if known else story.seen
    if moment is not None and moment in window:
        return True
    listed_late = moment is not None and moment > window.start - LATE
    return known and listed_late and story.seen in window


def choose(
    recipe: Recipe,
    *,
    stories: StoryStore,
    pages: PageStore,
    approvals: ApprovalStore,
    window: Window,
    day: date,
    edits: Sequence[Edit] = (),
) -> tuple[Picked, int]:
    """Return what would be in an edition with this window, and how many stories were considered."""
    found = candidates(stories, pages, window, recipe)
    past = stories.stories_between(window.start - BACKGROUND, window.start, limit=BACKGROUND_STORIES)
    picked = pick(
        found,
        sections=recipe.sections,
        weights=recipe.weights,
        at=window.end,
        since=window.start,
        past=[event for event in approvals.sent_events(recipe.digest, since=day - recipe.suppress) if event.day < day],
        background=background_of(past),
        # What an editor touched stays in sight, however low it ranks in the new base.
        wanted=frozenset(
            {edit.target for edit in edits} | {id_ for edit in edits for id_ in texts(edit.value, "with")}
        ),
        bars=recipe.bars,
        own=recipe.terms,
        **_wishes(edits),
    )
    return picked, len(found)


class _Wishes(TypedDict):
    must_link: list[tuple[str, str]]
    cannot_link: list[tuple[str, str]]
    dropped: dict[str, str]


def _wishes(edits: Sequence[Edit]) -> _Wishes:
    """Return what the edits that stand ask of a new base: so that a drop, a merge or a split makes room for others."""
    found = _Wishes(must_link=[], cannot_link=[], dropped={})
    for edit in standing(edits):
        others = texts(edit.value, "with")
        if edit.kind == "merge":
            found["must_link"].extend((edit.target, other) for other in others)
        elif edit.kind == "split":
            apart = {edit.target, *others}
            found["must_link"].extend((edit.target, other) for other in others)
            found["cannot_link"].extend(
                (one, other) for one in sorted(apart) for other in texts(edit.value, "from") if other not in apart
            )
        elif edit.kind == "drop":
            found["dropped"][edit.target] = f"dropped by {edit.by}"
        elif edit.kind == "pin":
            found["dropped"].pop(edit.target, None)
    return found


def build(
    recipe: Recipe,
    *,
    day: date,
    stories: StoryStore,
    editions: EditionStore,
    approvals: ApprovalStore,
    pages: PageStore,
    pictures: PictureStore,
    fetcher: Fetcher,
    page_fetcher: Fetcher,
    clock: Clock,
    notes: Callable[[datetime, datetime], tuple[Note, ...]] = lambda since, until: (),
    at: datetime | None = None,
) -> BuildReport:
    """Make or refresh the base of a draft and save it; edits stay. Raises StoreConflict when it is approved.

    With ``at`` it is composed again as of that moment: the same news, and what edits have changed since. ``notes`` are
    told of what happened to earlier editions in since < t <= until.
    """
    now = at or clock.now()
    window = news_window(editions, recipe.digest, day, now)
    record = editions.edition(EditionKey(recipe.digest, day))

    def chosen() -> tuple[Picked, int]:
        edits = record.edits if record else ()
        return choose(recipe, stories=stories, pages=pages, approvals=approvals, window=window, day=day, edits=edits)

    picked, considered = chosen()
    read = read_pages(wanting(picked.sections), most=recipe.pages, fetcher=page_fetcher, pages=pages, clock=clock)
    if read:
        # A picture, a teaser or an honest date may change what leads, and what is news at all.
        picked, considered = chosen()
    health = _health(recipe.feeds, stories.feed_states(), picked, considered, window)
    sponsors = tuple(each for each in recipe.sponsors if _runs(each, day))
    edition = compose(
        digest=recipe.digest,
        day=day,
        picked=picked,
        sponsors=sponsors,
        health=health,
        since=window.start,
        built_at=now,
    )
    since = told_before(editions, recipe.digest, day)
    if since is not None:
        edition = replace(edition, notes=(*edition.notes, *notes(since, now)))
    if record is not None and record.base is not None:
        edition = replace(edition, first_built_at=record.base.first_built_at or record.base.built_at)
    edition, problems = with_pictures(
        edition, pictures=pictures, fetcher=fetcher, clock=clock, sizes=recipe.picture_sizes
    )
    editions.save_base(edition, now=clock.now())
    placed = sum(item.picture is not None for item in edition.items)
    return BuildReport(edition=edition, pages=read, pictures=placed, picture_problems=problems)


def _runs(sponsor: Sponsor, day: date) -> bool:
    return (sponsor.start is None or sponsor.start <= day) and (sponsor.until is None or day <= sponsor.until)


def _health(
    feeds: Sequence[Feed], states: Mapping[str, FeedState], picked: Picked, considered: int, window: Window
) -> Health:
    failed, silent = [], []
    for feed in feeds:
        state, name = states.get(feed.url), feed.name or feed.url
        if state is None:
            continue
        if state.gone or state.last_error:
            failed.append(f"{name}: {state.last_error or 'gone for good (410)'}")
        elif state.last_story is None or state.last_story <= window.start:
            silent.append(name)
    return replace(
        picked.health,
        feeds=len(feeds),
        feeds_failed=tuple(sorted(failed)),
        feeds_silent=tuple(sorted(silent)),
        stories=considered,
    )


def needs_build(record: EditionRecord | None) -> bool:
    """Tell whether `run` may make or refresh this edition: it is missing or a draft."""
    return record is None or record.state is EditionState.DRAFT


def key_of(edition: Edition) -> EditionKey:
    """Return the ledger's key of an edition."""
    return EditionKey(edition.digest, edition.day)
