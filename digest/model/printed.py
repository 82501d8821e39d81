"""What of an edition a reader can see: two bases that print the same are the same draft."""

from __future__ import annotations

from digest.model.editions import Edition, Item

Print = tuple[object, ...]


def printed(edition: Edition) -> Print:
    """Return what readers are shown of an edition; scores, reasons, health and what was passed over are left out."""
    sections = tuple(
        (filled.section.slug, filled.section.title, filled.section.style, tuple(_item(each) for each in filled.items))
        for filled in edition.sections
    )
    words = (edition.subject, edition.preheader, edition.intro, edition.intro_by, edition.notes)
    return (sections, words, tuple((each.name, each.text, each.url, each.placement) for each in edition.sponsors))


def _item(item: Item) -> Print:
    lead = item.cluster.lead
    return (
        lead.id, lead.url, lead.source, lead.byline, item.headline, item.kicker, item.teaser, item.related,
        item.update_of, item.picture, item.note,
    )  # fmt: skip
