from __future__ import annotations

import stat
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.config import edit
from digest.errors import ConfigError, UsageError
from digest.model.editions import Section
from digest.model.news import Feed

BASE = """\
# top
[publication]
name = "Tide"   # ours
from = "news@tide.example"

[[feeds]]
url = "https://a.example/f"   # first
name = "A"

[[feeds]]
url = "https://b.example/f"

# what follows
[[sections]]
slug = "world"
title = "World"
feeds = ["A", "https://b.example/f"]  # both
"""
INLINE = """\
feeds = [{ url = "https://a.example/f", name = "A" }] # one line
[publication]
name = "Tide"
from = "news@tide.example"
[[sections]]
slug = "world"
title = "World"
"""
NEW = Feed(url="https://c.example/f", name='C "and" é', section="world", weight=2.0, kicker="never")


def _comments(text: str) -> list[str]:
    return [line.partition("#")[2] for line in text.splitlines() if "#" in line]


@pytest.mark.parametrize("text", [BASE, INLINE, BASE.partition("[[feeds]]")[0]])
def test_feeds_and_sections_are_added_and_nothing_else_changes(text: str) -> None:
    changed = edit.with_feeds(text, [NEW], sections=[Section(slug="sport", title="Sport")])
    before, after = tomllib.loads(text), tomllib.loads(changed)
    assert after["feeds"][-1] == {
        "url": NEW.url, "name": NEW.name, "section": "world", "weight": 2.0, "kicker": "never",
    }  # fmt: skip
    assert after["feeds"][:-1] == before.get("feeds", [])
    assert after["sections"] == [*before.get("sections", []), {"slug": "sport", "title": "Sport"}]
    assert _comments(changed) == _comments(text)


def test_comments_stay_with_what_they_speak_of() -> None:
    assert "# what follows\n[[sections]]" in edit.with_feeds(BASE, [NEW])
    assert "# what follows\n[[sections]]" in edit.without_feed(BASE, "https://b.example/f")
    assert "# what follows\n[[sections]]" in edit.without_feed(
        edit.without_feed(BASE, "https://a.example/f"), "https://b.example/f"
    )


def test_a_feed_that_goes_leaves_the_lists_of_sections() -> None:
    after = tomllib.loads(edit.without_feed(BASE, "https://a.example/f"))
    assert [feed["url"] for feed in after["feeds"]] == ["https://b.example/f"]
    assert after["sections"][0]["feeds"] == ["https://b.example/f"]


def test_a_feed_moves_to_another_section_or_address() -> None:
    moved = tomllib.loads(edit.with_moved_feed(BASE, "https://b.example/f", new_url="https://d.example/f"))
    assert moved["feeds"][1] == {"url": "https://d.example/f"}
    assert moved["sections"][0]["feeds"] == ["A", "https://d.example/f"]
    away = tomllib.loads(edit.with_moved_feed(BASE, "https://a.example/f", section="world"))
    assert away["feeds"][0]["section"] == "world"
    assert away["sections"][0]["feeds"] == ["https://b.example/f"]
    with pytest.raises(UsageError, match="no feed has the address"):
        edit.with_moved_feed(BASE, "https://z.example/f", section="world")


# A feed named as one that a section of BASE lists takes that line along when it goes.
@given(st.lists(st.text(min_size=1, max_size=20).filter(lambda name: name != "A"), min_size=1, max_size=4, unique=True))
def test_any_name_is_read_back_as_it_was(names: list[str]) -> None:
    feeds = [Feed(url=f"https://{n}.example/f", name=name) for n, name in enumerate(names)]
    text = edit.with_feeds(BASE, feeds)
    assert [feed.get("name") for feed in tomllib.loads(text)["feeds"][2:]] == names
    for feed in feeds:
        text = edit.without_feed(text, feed.url)
    assert tomllib.loads(text) == tomllib.loads(BASE)


def test_a_change_that_would_not_be_valid_is_not_written(tmp_path: Path) -> None:
    file = tmp_path / "digest.toml"
    file.write_text(BASE, encoding="utf-8")
    file.chmod(0o640)
    with pytest.raises(ConfigError, match="there is no section 'sport'"):
        edit.rewrite(file, lambda text: edit.with_feeds(text, [Feed(url="https://c.example/f", section="sport")]), {})
    assert file.read_text(encoding="utf-8") == BASE
    settings = edit.rewrite(file, lambda text: edit.with_feeds(text, [NEW]), {})
    assert settings.feeds[-1] == NEW
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert list(tmp_path.iterdir()) == [file]
