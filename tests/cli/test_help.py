"""`--help` says the same whether all commands are made for it or only those it needs; a wrong name gets a suggestion."""

from __future__ import annotations

import pytest

from digest.cli import app as application
from docs.generate.tree import commands
from tests.cli.conftest import Digest


def whole(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    application.app(args=list(words), standalone_mode=False, prog_name="digest")
    return capsys.readouterr().out


def test_help_is_the_same_with_fewer_commands_made(digest: Digest, capsys: pytest.CaptureFixture[str]) -> None:
    groups = {each.name.split()[1] for each in commands()}
    for words in ([], *([name] for name in sorted(groups)), ["feeds", "add"], ["edit", "pin"]):
        said = digest(*words, "--help")
        assert said.code == 0
        assert said.out == whole(capsys, *words, "--help"), words


def test_only_what_is_needed_is_made() -> None:
    made = application.needed(["send", "--limit", "3"])
    assert [each.name for each in made.registered_commands] == ["send"]
    assert not made.registered_groups
    assert application.needed(["--version"]) is application.app
    assert len(application.app.registered_commands) > 15


def test_a_wrong_name_gets_a_suggestion(digest: Digest) -> None:
    outcome = digest("subscriber", "list")
    assert outcome.code == 2
    assert "subscribers" in outcome.err
