"""An edition as the JSON document of design §10."""

from __future__ import annotations

from digest.dates import iso
from digest.model.editions import Edition, Item


def document(edition: Edition, *, number: int | None = None) -> dict[str, object]:
    """Return edition.json: sections with their items, scores and reasons; times in UTC or null."""
    return {
        "digest": edition.digest,
        "day": edition.day.isoformat(),
        "number": number,
        "subject": edition.subject,
        "preheader": edition.preheader,
        "intro": edition.intro or None,
        "since": iso(edition.since),
        "built_at": iso(edition.built_at),
        "sections": [
            {
                "section": {
                    "slug": filled.section.slug,
                    "title": filled.section.title,
                    "style": filled.section.style,
                },
                "items": [_item(item) for item in filled.items],
            }
            for filled in edition.sections
        ],
        "sponsors": [{"label": each.label, "name": each.name, "url": each.url or None} for each in edition.sponsors],
        "health": {
            "feeds": edition.health.feeds,
            "feeds_failed": list(edition.health.feeds_failed),
            "feeds_silent": list(edition.health.feeds_silent),
            "stories": edition.health.stories,
            "clusters": edition.health.clusters,
            "duplicates": edition.health.duplicates,
            "short_sections": list(edition.health.short_sections),
        },
    }


def _item(item: Item) -> dict[str, object]:
    story = item.cluster.lead
    return {
        "story": story.id,
        "headline": item.headline,
        "kicker": item.kicker or None,
        "teaser": item.teaser or None,
        "url": story.url,
        "byline": story.byline or None,
        "source": story.source or story.feed_name or None,
        "feed": story.feed_name or None,
        "published": iso(story.published),
        "picture": item.picture.name if item.picture else None,
        "related": [
            {"headline": each.headline, "url": each.url, "source": each.source or None} for each in item.related
        ],
        "update_of": item.update_of or None,
        "score": item.score.total,
        "terms": {term.name: term.contribution for term in item.score.terms},
        "reason": item.reason,
    }
