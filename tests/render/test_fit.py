"""The size fitter shortens, then drops the lowest, and says so."""

from __future__ import annotations

from dataclasses import replace

from digest.model.editions import Edition, Score, Term
from digest.pipeline.approving import inert_slots, proof
from digest.render.fit import BUDGET, fit, shortened
from tests.builders import PUBLICATION, edition, filled, item
from tests.render.samples import made, pictured, whole


def size(of: Edition) -> int:
    return sum(len(each.headline) + len(each.teaser) for each in of.items)


def scored(name: str, score: float, **changes: object) -> object:
    term = Term(name="sources", value=score, weight=1, contribution=score)
    return item(name, teaser="word " * 60, score=Score(terms=(term,), total=score), **changes)


def test_what_fits_is_left_alone() -> None:
    assert fit(edition(), size, budget=10_000) == (edition(), ())


def test_teasers_go_first_then_the_lowest_items_never_the_pinned() -> None:
    items = [scored("low", 0.1, pinned=True), scored("high", 3.0), scored("mid", 2.0), scored("least", 0.2)]
    of = edition(sections=(filled("foreign", items),))  # type: ignore[arg-type]  # items
    shorter, cuts = fit(of, size, budget=900)
    assert size(shorter) <= 900
    assert cuts == ("teasers shortened to 200 characters",)
    fewer, cuts = fit(of, size, budget=240)
    assert size(fewer) <= 240
    assert [each.headline for each in fewer.items] == ["Headline of low", "Headline of high"]
    assert cuts[-1] == "left out to fit: Headline of mid"


def test_words_are_not_cut() -> None:
    assert shortened("one two three four", 12) == "one two…"
    assert shortened("short", 12) == "short"
    assert len(shortened("x" * 50, 12)) == 12


def test_a_fitted_edition_is_whole_and_any_choice_of_it_a_render_of_just_those() -> None:
    publication = replace(PUBLICATION, public_url="https://tide.example")
    of = pictured(84)
    fitted = proof(
        of,
        number=412,
        publication=publication,
        render=lambda of, number, language: made(of, publication),
    )
    (version,) = fitted.versions
    assert version.size <= BUDGET
    assert version.rendered.cuts[0] == "teasers shortened to 200 characters"
    assert version.rendered.cuts[-1].startswith("left out to fit: ")
    assert 40 < len(fitted.edition.items) < 84
    html, text = whole(fitted.edition, version.rendered)
    for part in (html, text):
        assert "https://example.org/u/EXAMPLE" in part
        assert "4 Ropewalk Steps" in part
    slots = inert_slots(version.rendered, of)
    for chosen in (("foreign", "science"), ("trade",)):
        only = replace(
            fitted.edition, sections=tuple(each for each in fitted.edition.sections if each.section.slug in chosen)
        )
        assert whole(fitted.edition, version.rendered, chosen, slots) == whole(
            only, made(only, publication), None, slots
        )
