"""Stories → draft: what is news, what is picked, and the pictures it needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from digest.dates import Window
from digest.editions.compose import compose
from digest.errors import FetchError, FileProblem
from digest.model.editions import (
    Edit,
    Edition,
    EditionRecord,
    EditionState,
    FilledSection,
    Health,
    Item,
    Picture,
    Section,
    Sponsor,
    Weights,
)
from digest.model.mail import EditionKey
from digest.model.news import Feed, FeedState, Story
from digest.model.web import Request, Response
from digest.pipeline.pick import Picked, pick
from digest.ports import ApprovalStore, Clock, EditionStore, Fetcher, PictureStore, StoryStore
from digest.render.images import prepare
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
PICTURE_BYTES = 8_000_000

# States in which an edition counts as told: its stories are not news any more.
TOLD = frozenset({EditionState.APPROVED, EditionState.SENDING, EditionState.FINISHED, EditionState.STOPPED})


@dataclass(frozen=True, kw_only=True)
class BuildReport:
    """What a build made."""

    edition: Edition
    pictures: int  # prepared and in place
    picture_problems: tuple[str, ...]  # "https://…: not a picture"


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What a publication says of its editions: the configuration a build needs, as values."""

    digest: str
    sections: tuple[Section, ...]
    weights: Weights
    feeds: tuple[Feed, ...]
    sponsors: tuple[Sponsor, ...]
    suppress: timedelta  # what was told this long ago or less is not news


def news_window(editions: EditionStore, digest: str, day: date, now: datetime) -> Window:
    """Return the window of news of an edition: it begins at the cut-off of the one told before it."""
    for record in editions.recent(digest, before=day):
        if record.state in TOLD and record.base is not None:
            start = max(record.base.built_at, now - LONGEST_WINDOW)
            return Window(start=min(start, now), end=now)
    return Window(start=now - FIRST_WINDOW, end=now)


def candidates(stories: StoryStore, window: Window) -> tuple[Story, ...]:
    """Return the stories that are news: told in the window, or seen first in it and told not long before."""
    found = stories.stories_between(window.start - LATE, window.end)
    # A story without an address cannot be read on: it counts for nothing.
    return tuple(story for story in found if story.url and _is_news(story, window))


def _is_news(story: Story, window: Window) -> bool:
    known = story.published is not None and story.date_note != "future"
    moment = story.published if known else story.seen
    if moment is not None and moment in window:
        return True
    return story.seen is not None and story.seen in window and known


def choose(
    recipe: Recipe,
    *,
    stories: StoryStore,
    approvals: ApprovalStore,
    window: Window,
    day: date,
    edits: Sequence[Edit] = (),
) -> tuple[Picked, int]:
    """Return what would be in an edition with this window, and how many stories were considered."""
    found = candidates(stories, window)
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
        wanted=frozenset(edit.target for edit in edits),
    )
    return picked, len(found)


def build(
    recipe: Recipe,
    *,
    day: date,
    stories: StoryStore,
    editions: EditionStore,
    approvals: ApprovalStore,
    pictures: PictureStore,
    fetcher: Fetcher,
    clock: Clock,
) -> BuildReport:
    """Make or refresh the base of a draft and save it; edits stay. Raises StoreConflict when it is approved."""
    now = clock.now()
    window = news_window(editions, recipe.digest, day, now)
    record = editions.edition(EditionKey(recipe.digest, day))
    picked, considered = choose(
        recipe,
        stories=stories,
        approvals=approvals,
        window=window,
        day=day,
        edits=record.edits if record else (),
    )
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
    edition, problems = with_pictures(edition, pictures=pictures, fetcher=fetcher, clock=clock)
    editions.save_base(edition, now=now)
    placed = sum(item.picture is not None for item in edition.items)
    return BuildReport(edition=edition, pictures=placed, picture_problems=problems)


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


def picture_style(section: Section, place: int) -> str:
    """Return what a picture is prepared for at a place (0 = top item) of a section: "" = none is shown."""
    if section.style == "feature":
        return "feature" if place == 0 else "cards"
    return section.style if section.style in ("cards", "video") else ""


def _badge(story: Story, style: str) -> str:
    if style != "video" or story.duration_s is None:
        return ""
    minutes, seconds = divmod(story.duration_s, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def with_pictures(
    edition: Edition, *, pictures: PictureStore, fetcher: Fetcher, clock: Clock
) -> tuple[Edition, tuple[str, ...]]:
    """Return the edition with its pictures prepared and stored, and one line a picture that could not be used.

    Each address is fetched once for each use of it, ever; a broken one leaves a designed gap.
    """
    wanted: dict[tuple[str, str], Item] = {}
    for filled in edition.sections:
        for place, item in enumerate(filled.items):
            key = _picture_key(filled.section, place, item)
            if key is not None:
                wanted.setdefault(key, item)
    known = dict(pictures.pictures(wanted))
    missing = sorted({url for url, style in wanted if (url, style) not in known})
    for request, answer in fetcher.fetch([Request(url=url, limit=PICTURE_BYTES, accept="image/*") for url in missing]):
        for (url, style), item in wanted.items():
            if url == request.url and (url, style) not in known:
                known[url, style] = _prepared(answer, url, style, item, pictures, clock)
    problems = sorted(
        {f"{url}: {known[url, style]}" for url, style in wanted if isinstance(known.get((url, style)), str)}
    )
    sections = tuple(_placed(filled, known) for filled in edition.sections)
    return replace(edition, sections=sections), tuple(problems)


def _picture_key(section: Section, place: int, item: Item) -> tuple[str, str] | None:
    style, image = picture_style(section, place), item.cluster.lead.image
    if not style or image is None:
        return None
    badge = _badge(item.cluster.lead, style)
    return image.url, f"{style}:{badge}" if badge else style


def _prepared(
    answer: Response | FetchError, url: str, style: str, item: Item, pictures: PictureStore, clock: Clock
) -> Picture | str:
    """Return the picture made of an answer, or the reason why there is none.

    Either is remembered, but not a failure of the network, which may pass.
    """
    if isinstance(answer, FetchError):
        return answer.what
    if answer.status != 200:
        return f"the server answered {answer.status}"
    image, (kind, _, badge) = item.cluster.lead.image, style.partition(":")
    alt, credit = (image.alt, image.credit) if image else ("", "")
    try:
        picture, body, media_type = prepare(answer.body, style=kind, alt=alt, credit=credit, badge=badge)
    except FileProblem as problem:
        pictures.save_picture(url, style, problem.what, b"", "", now=clock.now())
        return problem.what
    pictures.save_picture(url, style, picture, body, media_type, now=clock.now())
    return picture


def _placed(filled: FilledSection, known: Mapping[tuple[str, str], Picture | str]) -> FilledSection:
    items = []
    for place, item in enumerate(filled.items):
        key = _picture_key(filled.section, place, item)
        found = known.get(key) if key is not None else None
        image = item.cluster.lead.image
        if isinstance(found, Picture) and image is not None:
            # One file may serve two stories: what it shows is said by each.
            found = replace(found, alt=image.alt or found.alt, credit=image.credit or found.credit)
        items.append(replace(item, picture=found if isinstance(found, Picture) else None))
    return replace(filled, items=tuple(items))


def needs_build(record: EditionRecord | None) -> bool:
    """Tell whether `run` may make or refresh this edition: it is missing or a draft."""
    return record is None or record.state is EditionState.DRAFT


def key_of(edition: Edition) -> EditionKey:
    """Return the ledger's key of an edition."""
    return EditionKey(edition.digest, edition.day)
