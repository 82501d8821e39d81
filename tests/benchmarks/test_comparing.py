"""What `make bench` tells: ratios the right way round, peers that did not run, pages refreshed between their marks."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import pytest

from benchmarks.comparing import Absent, Comparison, document, refreshed, table
from benchmarks.growth import svg

TIME = Comparison(what="reading", unit="ms", peer="slow 1.0", ours=(10.0, 20.0, 10.0), theirs=(30.0, 40.0, 50.0))
RATE = Comparison(what="sending", unit="messages/s", peer="fast 2.0", ours=(100.0,), theirs=(200.0,), faster="more")
GONE = Absent(what="sending", peer="nobody", why="npm is not there")


def test_a_ratio_says_how_many_times_faster_ours_was() -> None:
    assert list(TIME.ratios) == [3, 2, 5]
    assert list(RATE.ratios) == [0.5]
    assert "| 10 ms | slow 1.0 | 40 ms | 3.00 | 2.00–5.00 |" in TIME.row()


def test_a_peer_that_did_not_run_is_said() -> None:
    lines = table([TIME, RATE, GONE]).splitlines()
    assert len(lines) == 5
    assert {line.count("|") for line in lines} == {8}
    assert "did not run: npm is not there" in lines[-1]


def test_all_figures_are_in_the_document() -> None:
    made = json.loads(json.dumps(document([TIME, GONE], {"feeds": [(1, 0.5)]}, day="2026-11-25", quick=True)))
    assert made["comparisons"][0]["ratios"] == [3, 2, 5]
    assert made["comparisons"][1]["why"] == "npm is not there"
    assert made["quick"] is True
    assert made["machine"]["cores"] > 0


def test_a_page_is_refreshed_between_its_marks_alone() -> None:
    page = "before\n<!-- bench:a -->\nold\n<!-- /bench:a -->\nafter\n"
    assert refreshed(page, "a", r"new \1") == "before\n<!-- bench:a -->\nnew \\1\n<!-- /bench:a -->\nafter\n"
    with pytest.raises(ValueError, match="bench:b"):
        refreshed(page, "b", "new")


def test_curves_are_a_picture_that_browsers_read() -> None:
    root = ElementTree.fromstring(
        svg({"feeds": [(2, 0.9), (20, 1.2), (200, 6.0)], "<stories>": [(1, 0.01), (10, 0.1)]})
    )
    assert root.tag.endswith("svg")
    names = [each.text for each in root.iter() if each.tag.endswith("text")]
    assert "<stories>" in names
    assert "200" in names
