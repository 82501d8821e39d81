"""Chosen stories whose feed left out teaser, picture or date → what their own pages say of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from digest.errors import FetchError
from digest.feeds.feed_dates import understand
from digest.model.editions import FilledSection
from digest.model.news import PageMetadata, Story
from digest.model.web import Request
from digest.pipeline.pictures import picture_style
from digest.ports import Clock, Fetcher, PageStore
from digest.stories.lede import lede
from digest.stories.page import metadata
from digest.stories.teaser import is_thin

PAGE_BYTES = 3_000_000  # pages are large; what we look for stands at their top
# Answers that will be the same tomorrow: the page is not asked again.
_FOR_GOOD = frozenset({200, 401, 402, 403, 404, 410, 451})


def wanting(sections: Sequence[FilledSection]) -> Iterator[Story]:
    """Yield the leads of chosen items that lack a teaser, a picture their place would show, or a date; best first."""
    for filled in sections:
        for place, item in enumerate(filled.items):
            lead = item.cluster.lead
            pictured = bool(picture_style(filled.section, place, {}))
            if is_thin(lead.teaser) or (pictured and lead.image is None) or lead.published is None:
                yield lead


def read_pages(wanted: Iterator[Story], *, most: int, fetcher: Fetcher, pages: PageStore, clock: Clock) -> int:
    """Read at most ``most`` pages not read before, keep what they say, and return how many said something.

    A page that cannot be reached now is tried again by the next build; nothing is raised for it.
    """
    if most <= 0:
        return 0
    urls = dict.fromkeys(story.url for story in wanted)
    known = pages.pages(urls)
    asked = [url for url in urls if url not in known][:most]
    said: dict[str, PageMetadata] = {}
    accept = "text/html, application/xhtml+xml;q=0.9"
    for request, answer in fetcher.fetch([Request(url=url, limit=PAGE_BYTES, accept=accept) for url in asked]):
        if isinstance(answer, FetchError) or answer.status not in _FOR_GOOD:
            continue
        found = metadata(answer.body, url=answer.final_url) if answer.status == 200 else PageMetadata()
        if answer.status == 200 and is_thin(found.teaser):
            found = replace(found, teaser=lede(answer.body, url=answer.final_url, title=found.title) or found.teaser)
        said[request.url] = found
    if said:
        pages.save_pages(said, now=clock.now())
    return sum(page != PageMetadata() for page in said.values())


def completed(stories: Sequence[Story], pages: PageStore) -> list[Story]:
    """Return the stories, what they lack taken from their pages where those were read."""
    lacking = {story.url for story in stories if _lacks(story)}
    known = pages.pages(lacking) if lacking else {}
    # What several pages of a site say is said of the site.
    common = Counter((page.site, page.teaser) for page in known.values() if page.teaser)
    return [
        _completed(story, known[story.url], common[known[story.url].site, known[story.url].teaser] > 1)
        if story.url in known and _lacks(story)
        else story
        for story in stories
    ]


def _lacks(story: Story) -> bool:
    return is_thin(story.teaser) or story.image is None or story.published is None


def _completed(story: Story, page: PageMetadata, is_common: bool) -> Story:
    teaser = page.teaser
    if is_common or len(teaser) <= len(story.teaser) or teaser.casefold().startswith(story.headline.casefold()):
        teaser = story.teaser
    changed = replace(
        story,
        teaser=teaser if is_thin(story.teaser) else story.teaser,
        image=story.image or page.image,
        byline=story.byline or page.byline,
    )
    if story.published is None and page.published:
        instant, _ = understand(page.published)
        if instant is not None and story.seen is not None and instant <= story.seen:
            changed = replace(changed, published=instant, date_note="page")
    return changed
