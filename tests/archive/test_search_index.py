"""The index of the static archive: made by Pagefind in parts, again only where stories changed, the old one kept."""

from __future__ import annotations

import itertools
import json
import stat
from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import lxml.html
import pytest

from digest.archive.search_records import Part, parts_of, record
from digest.errors import FileProblem
from digest.model.searching import Told
from digest.pipeline import search_files
from digest.pipeline.search_files import PARTS, IndexReport, build_index, facets_of, pagefind
from tests.builders import DAY
from tests.store.test_search import STORIES, told


def line(text: str, longest: int) -> str:
    return text[:longest]


def made_of(each: Told) -> bytes:
    return record(each, line, date.isoformat)


def build(folder: Path, stories: Iterable[Told], program: Path | None) -> IndexReport:
    held = list(stories)
    days = [("daily", day, sum(each.day == day for each in held), 1) for day in sorted({each.day for each in held})]
    return build_index(
        folder,
        days,
        lambda first, last: (each for each in held if first <= each.day <= last),
        language="en",
        common={"the"},
        made_of=made_of,
        program=program,
    )


def test_parts_are_quarters_newest_first_and_change_with_their_stories() -> None:
    days = [("daily", date(2026, month, 1), 30, 1) for month in (1, 3, 4, 12)] + [("daily", date(2025, 12, 31), 30, 1)]
    parts = parts_of(days, "en")
    assert [(part.year, part.quarter) for part in parts] == [(2026, 4), (2026, 2), (2026, 1), (2025, 4)]
    assert [part.span for part in parts[:3:2]] == [
        (date(2026, 10, 1), date(2026, 12, 31)),
        (date(2026, 1, 1), date(2026, 3, 31)),
    ]
    again = parts_of([*days, ("daily", date(2026, 12, 2), 30, 1)], "en")
    assert [part == old for part, old in zip(again, parts, strict=True)] == [False, True, True, True]
    corrected = parts_of([*days[:-1], ("daily", date(2025, 12, 31), 30, 2)], "en")
    assert corrected[:3] == parts[:3]
    assert corrected[3] != parts[3]
    assert not set(parts_of(days, "ar")) & set(parts)
    assert Part(year=2024, quarter=1, stamp="").span[1] == date(2024, 3, 31)


@pytest.mark.parametrize(("stories", "quarters"), [(8, [1]), (16, [1, 3]), (30, [1, 2, 3, 4])])
def test_older_years_are_put_together_while_their_stories_are_few(stories: int, quarters: list[int]) -> None:
    days = [("daily", date(2024, 1, 1) + timedelta(days=number), stories, 1) for number in range(366 + 365 + 1)]
    parts = parts_of(days, "en")
    assert [(part.year, part.quarter) for part in parts[:5]] == [(2026, 1), (2025, 4), (2025, 3), (2025, 2), (2025, 1)]
    old = parts[5:]
    assert [part.quarter for part in reversed(old)] == quarters
    assert (old[-1].span[0], old[0].span[1]) == (date(2024, 1, 1), date(2024, 12, 31))
    ends = [part.span for part in reversed(old)]
    assert all(after[0] - before[1] == timedelta(days=1) for before, after in itertools.pairwise(ends))


def test_a_record_holds_folded_terms_and_the_story_as_shown() -> None:
    wild = told("x", headline="Größere </i><script>Fähren</script>", teaser='A "quote" & more', source="<b>Wire")
    page: Any = lxml.html.fromstring(made_of(wild).decode())
    assert page.xpath("//script") == []
    assert page.xpath("//p/text()")[0].split()[0] == "grossere"
    shown = json.loads(page.xpath("//*[@data-pagefind-meta='told']/text()")[0])
    assert shown == {
        "u": "daily/2026/11/23/#_x", "d": "2026-11-23", "w": "2026-11-23", "h": wild.headline, "t": wild.teaser,
        "s": wild.source, "n": "Foreign Affairs",
    }  # fmt: skip


def test_only_the_parts_that_changed_are_made_anew(tmp_path: Path) -> None:
    program, folder = pagefind(), tmp_path / "search"
    assert program is not None
    assert build(folder, [], program) == IndexReport()
    old = told("old", day=DAY - timedelta(days=200), section="sport", section_title="Sport", source="Tarn Radio")
    assert (build(folder, [old, *STORIES], program).made, build(folder, [old, *STORIES], program).made) == (2, 0)
    named = [part["path"] for part in json.loads((folder / PARTS).read_bytes())["parts"]]
    assert all((folder / name / "pagefind.js").is_file() for name in named)
    assert not list(folder.rglob("pagefind-ui*"))
    report = build(folder, [old, *STORIES, told("new")], program)
    assert (report.parts, report.made, report.stories) == (2, 1, len(STORIES) + 2)
    assert report.facets.years == (2026,)
    assert report.facets.sections["sport"] == "Sport"
    assert "Tarn Radio" in report.facets.sources
    assert facets_of(folder) == report.facets
    # A reader in the midst of a search keeps the part she began with, until the next time.
    assert (folder / named[0]).is_dir()
    build(folder, [old, *STORIES, told("new"), told("newer")], program)
    assert not (folder / named[0]).exists()
    assert not (folder / search_files.MAKING).exists()


def test_without_pagefind_there_is_no_index_and_it_is_said(tmp_path: Path) -> None:
    build(tmp_path, STORIES, pagefind())
    report = build(tmp_path, STORIES, None)
    assert report.missing
    assert "digest serve" in report.line
    assert list(tmp_path.iterdir()) == []
    assert facets_of(tmp_path) is None


@pytest.mark.parametrize("script", ["#!/bin/sh\necho no space left >&2\nexit 1\n", "#!/bin/sh\nexit 0\n"])
def test_where_pagefind_fails_the_old_index_stands(tmp_path: Path, script: str) -> None:
    build(tmp_path, STORIES, pagefind())
    before = (tmp_path / PARTS).read_bytes()
    failing = tmp_path.parent / "failing"
    failing.write_text(script, encoding="utf-8")
    failing.chmod(failing.stat().st_mode | stat.S_IXUSR)
    with pytest.raises(FileProblem, match="Pagefind failed"):
        build(tmp_path, [*STORIES, told("new")], failing)
    assert (tmp_path / PARTS).read_bytes() == before
    assert (tmp_path / json.loads(before)["parts"][0]["path"] / "pagefind.js").is_file()
    assert not (tmp_path / search_files.MAKING).exists()
