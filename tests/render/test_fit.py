"""The size fitter shortens, then drops the lowest, and says so."""

from __future__ import annotations

from digest.model.editions import Edition, Score, Term
from digest.render.fit import fit, shortened
from tests.builders import edition, filled, item


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
