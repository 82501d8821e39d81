"""Foreign words as the web's pages show them: the same care as in the mail."""

from __future__ import annotations

from collections.abc import Sequence

from digest.model.editions import Edition, FilledSection, Item, Publication, Section
from digest.render.context import (
    LONGEST_NAME,
    ItemView,
    SectionView,
    SponsorView,
    in_language,
    item_view,
    paragraphs,
    section_view,
    sponsors_at,
)
from digest.render.foreign import safe


class WebViews:
    """Satisfies `archive.house.Views`."""

    def __init__(self, publication: Publication) -> None:
        self.publication, self.language = publication, publication.language

    def item(self, item: Item, edition: Edition) -> ItemView:
        """Return an item as a template sees it."""
        return item_view(item, edition=edition, publication=self.publication, language=self.language)

    def section(self, filled: FilledSection, edition: Edition) -> SectionView:
        """Return a section's title, notes and sponsors as a template sees them; its items are seen one by one."""
        bare = FilledSection(section=filled.section)
        return section_view(bare, edition=edition, publication=self.publication, language=self.language)

    def sponsors(self, edition: Edition, place: str) -> Sequence[SponsorView]:
        """Return the sponsors of a place."""
        return sponsors_at(edition, place, self.publication)

    def name(self, section: Section) -> str:
        """Return a section's title in the page's language."""
        return safe(in_language(section.titles, self.language, section.title), LONGEST_NAME)

    def line(self, text: str, longest: int) -> str:
        """Return foreign text as one clean line."""
        return safe(text, longest)

    def paragraphs(self, text: str, longest: int) -> str:
        """Return what an editor wrote in clean lines, an empty one between paragraphs."""
        return paragraphs(text, longest)
