"""Links that cannot be forged, that work for years, and that hold no address."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.errors import FileProblem
from digest.subscribers.tokens import TokenError, Tokens, make_keys, read_keys

OLD, NEW = "o" * 40, "n" * 40


def test_a_token_reads_back() -> None:
    token = Tokens([NEW]).sign("u", "abc", "daily")
    assert Tokens([NEW]).read(token, "u") == ("abc", "daily")
    assert all(character.isalnum() or character in "-_." for character in token)


def test_a_rotated_key_still_opens_old_links() -> None:
    token = Tokens([OLD]).sign("u", "abc", "daily")
    assert Tokens([NEW, OLD]).read(token, "u") == ("abc", "daily")
    assert Tokens([NEW, OLD]).sign("u", "abc", "daily") == Tokens([NEW]).sign("u", "abc", "daily"), "the first signs"
    with pytest.raises(TokenError):
        Tokens([NEW]).read(token, "u")


def test_a_token_is_for_its_purpose() -> None:
    with pytest.raises(TokenError):
        Tokens([NEW]).read(Tokens([NEW]).sign("p", "abc", "daily"), "u")


@given(st.text(max_size=80))
def test_no_invented_token_is_taken(text: str) -> None:
    with pytest.raises(TokenError):
        Tokens([NEW]).read(text, "u")


@given(st.integers(0, 60))
def test_a_cut_off_token_is_not_taken(length: int) -> None:
    token = Tokens([NEW]).sign("u", "abcdefgh", "daily")
    if length < len(token):
        with pytest.raises(TokenError):
            Tokens([NEW]).read(token[:length], "u")


def test_key_files(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "tokens"
    make_keys(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert len(read_keys(path)[0]) >= 40
    with pytest.raises(FileProblem, match="cannot be written"):
        make_keys(path)
    with pytest.raises(FileProblem, match="cannot be read"):
        read_keys(tmp_path / "nowhere")
    path.write_text("short\n")
    with pytest.raises(FileProblem, match="32 characters"):
        read_keys(path)
