"""digest.toml: what is read from it, and what is said when it is wrong."""

from __future__ import annotations

import re
from datetime import date, time, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.config import load, read
from digest.config.lines import key_lines, line_of
from digest.errors import ConfigError
from digest.model.editions import Weights

DATA = Path(__file__).parent.parent / "data" / "config"
SMALLEST = """
[publication]
name = "Harbour News"
from = "Harbour News <news@harbour.example>"
[[sections]]
slug = "top"
title = "Top"
"""


def problems_of(text: str, environment: dict[str, str] | None = None) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        read(text, Path("/morning/digest.toml"), environment or {})
    return [str(problem) for problem in caught.value.problems]


def test_the_smallest_configuration_is_safe() -> None:
    settings = read(SMALLEST, Path("/morning/digest.toml"), {})
    assert settings.delivery.via == "eml:outbox"
    assert settings.digests[0].name == "daily"
    assert settings.digests[0].approval == "required"
    assert settings.store_url == "sqlite:////morning/digest.db"
    assert settings.publication.direction == "ltr"
    assert settings.sections[0].stories == 5
    assert not settings.demo


def test_a_full_configuration_is_read() -> None:
    settings = load(DATA / "full.toml", {"DIGEST_RELAY_PASSWORD": "secret"})
    daily = settings.digest("daily")
    assert daily is not None
    assert daily.days == (0, 1, 2, 3, 4)
    assert daily.time == time(7, 0)
    assert daily.approval_after == time(6, 45)
    assert daily.skip == frozenset({date(2026, 12, 25)})
    assert settings.digest("weekly") is not None
    assert settings.digest("nightly") is None
    assert settings.feeds[1].section == "trade", "the section names the feed"
    assert settings.sections[1].match[0].words == ("harbour", "ferry")
    assert settings.sponsors[0].until == date(2026, 12, 31)
    assert settings.delivery.linger == timedelta(minutes=30)
    assert settings.delivery.password == "secret"
    assert settings.weights.sources == 2.0
    assert settings.weights.half_life_hours == Weights().half_life_hours, "what is not set keeps its default"
    assert settings.theme_values == {"accent": "#1D3F72"}
    assert settings.archive_dir == DATA / "site"


def test_secrets_are_not_part_of_what_is_printed() -> None:
    settings = load(
        DATA / "full.toml", {"DIGEST_RELAY_PASSWORD": "hunter2", "DIGEST_STORE_URL": "postgresql://u:hunter2@h/d"}
    )
    assert "hunter2" not in repr(settings)
    assert settings.store_url == "postgresql+psycopg://u:hunter2@h/d"


def test_every_problem_is_told_at_once_with_its_line() -> None:
    expected = (DATA / "wrong.expected.txt").read_text(encoding="utf-8").splitlines()
    with pytest.raises(ConfigError) as caught:
        load(DATA / "wrong.toml", {})
    assert str(caught.value).splitlines() == expected


def test_what_does_not_fit_together_is_told() -> None:
    text = (DATA / "unfitting.toml").read_text(encoding="utf-8")
    expected = (DATA / "unfitting.expected.txt").read_text(encoding="utf-8").splitlines()
    assert problems_of(text) == expected


def test_a_comma_in_the_senders_name_wants_quotes() -> None:
    unquoted = SMALLEST.replace("Harbour News <news", "Harbour, Inc. <news")
    (problem,) = problems_of(unquoted)
    assert "has a name with a comma" in problem
    assert """write '"Name, of a place" <news@example.org>'""" in problem
    quoted = read(
        unquoted.replace('"Harbour, Inc. <news@harbour.example>"', "'\"Harbour, Inc.\" <news@harbour.example>'"),
        Path("/morning/digest.toml"),
        {},
    )
    assert quoted.publication.sender == '"Harbour, Inc." <news@harbour.example>'


def test_a_relay_needs_a_way_to_unsubscribe() -> None:
    (problem,) = problems_of(SMALLEST + '[delivery]\nvia = "smtp://relay.example:25"\n')
    assert "public_url" in problem
    assert "unsubscribe" in problem


@pytest.mark.parametrize(
    ("text", "where", "said"),
    [
        ("[digest.daily]\nby = 'subscriber'", "digest.daily.by", "readers' own clocks need a `time`"),
        (
            "[digest.daily]\ntime = '07:00'\nnot_after = '09:00'\napproval = 'automatic-after 10:00'",
            "digest.daily.approval",
            "it approves when it is too late to mail",
        ),
        ("[[picking.embargoes]]\nuntil = 2026-12-01T06:00:00Z", "picking.embargoes[0]", "it covers nothing"),
        ("[delivery.bounces]", "delivery.bounces", "bounces need an address of their own"),
        (
            f"[delivery]\nreturn_path = '{'b' * 40}@harbour.example'\n[delivery.bounces]",
            "delivery.return_path",
            "would be longer than 64 characters",
        ),
        (
            "[delivery]\nreturn_path = 'b@harbour.example'\n[delivery.bounces]\nmailbox = 'imap://mail.example'",
            "delivery.bounces.mailbox",
            "is no file or folder",
        ),
        (
            "[delivery]\nreturn_path = 'b@harbour.example'\n[delivery.bounces]\nmailbox = 'bounces'",
            "delivery.bounces.mailbox",
            "it is the folder of `kept` too",
        ),
        (
            "[delivery.warm_up]\nfrom = 2026-11-20\nmessages = [50, 0, 200]",
            "delivery.warm_up.messages",
            "a day with no message",
        ),
        (
            "[delivery.dkim]\nselector = 'a'\nkey_file = 'k'\ndomain = 'elsewhere.example'",
            "delivery.dkim.domain",
            "elsewhere.example is not the domain of publication.from",
        ),
        (
            "[delivery.dkim]\nselector = 'a'\nkey_file = 'k'\ned25519_selector = 'b'",
            "delivery.dkim.ed25519_key_file",
            "it is missing",
        ),
        (
            "[delivery.dkim]\nselector = 'a'\nkey_file = 'k'\ned25519_key_file = 'e'",
            "delivery.dkim.ed25519_selector",
            "it is missing",
        ),
        (
            "[delivery.dkim]\nselector = 'a'\nkey_file = 'k'\ned25519_selector = 'a'\ned25519_key_file = 'e'",
            "delivery.dkim.ed25519_selector",
            "it is the selector of the first key",
        ),
    ],
)
def test_keys_that_do_not_go_together_are_told_with_their_line_and_what_to_do(text: str, where: str, said: str) -> None:
    (problem,) = problems_of(f"{SMALLEST}{text}\n")
    assert re.match(rf"digest\.toml:\d+ {re.escape(where)}: ", problem), problem
    assert said in problem
    assert "; " in problem, "what to do"


def test_a_missing_file_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="digest init"):
        load(tmp_path / "digest.toml", {})


def test_malformed_toml_names_the_line() -> None:
    (problem,) = problems_of("[publication\nname = 1")
    assert "line 1" in problem


def test_a_password_file_that_cannot_be_read_is_a_problem() -> None:
    (problem,) = problems_of(SMALLEST + '[delivery]\npassword_file = "nowhere"\n')
    assert problem.startswith("digest.toml:9 delivery.password_file")


def test_direction_follows_the_language() -> None:
    settings = read(SMALLEST.replace("[[sections]]", 'language = "ar"\n[[sections]]'), Path("/m/digest.toml"), {})
    assert settings.publication.direction == "rtl"


def test_lines_of_keys_survive_long_strings_and_dotted_keys() -> None:
    text = 'a.b = """\n[not]\nc = 1\n"""\n[[t]]\n"q d" = 1\n[[t]]\n  [[t.u]]\n  v = 1\n'
    lines = key_lines(text)
    assert lines["a", "b"] == 1
    assert ("not",) not in lines
    assert lines["t", 0, "q d"] == 6
    assert lines["t", 1, "u", 0, "v"] == 9
    assert line_of(("t", 1, "u", 0, "v", "w"), lines) == 9
    assert line_of(("z",), lines) == 0


@given(st.text(max_size=200))
def test_any_text_is_either_settings_or_a_config_error(text: str) -> None:
    assert problems_of(text), "no random text is a whole configuration"
