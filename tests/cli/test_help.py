"""`--help` says the same whether all commands are made for it or only those it needs; a wrong name gets a suggestion."""

from __future__ import annotations

import gc

import pytest

from digest.cli import app as application
from docs.generate.tree import commands, groups
from tests.cli.conftest import Digest


def whole(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    application.app(args=list(words), standalone_mode=False, prog_name="digest")
    return capsys.readouterr().out


def test_help_is_the_same_with_fewer_commands_made(digest: Digest, capsys: pytest.CaptureFixture[str]) -> None:
    first = {each.name.split()[1] for each in commands()}
    for words in ([], *([name] for name in sorted(first)), ["feeds", "add"], ["edit", "pin"]):
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


def test_no_line_of_a_list_of_commands_is_cut(digest: Digest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    for words in ([], *(name.split()[1:] for name in groups())):
        listed = digest(*words, "--help").out.partition("Commands:")[2]
        assert listed.strip(), words
        assert not [line for line in listed.splitlines() if line.endswith("...")], words


@pytest.mark.parametrize(("command", "seldom"), [("run", True), ("serve", False), ("desk", False), ("worker", False)])
def test_only_commands_that_end_soon_collect_seldom(
    monkeypatch: pytest.MonkeyPatch, command: str, *, seldom: bool
) -> None:
    before, found = gc.get_threshold(), []
    monkeypatch.setattr("sys.argv", ["digest", command])
    monkeypatch.setattr("digest.cli.app.atexit.register", lambda call: None)
    monkeypatch.setenv("PYDANTIC_DISABLE_PLUGINS", "__all__")
    monkeypatch.setattr("digest.cli.app.run", lambda: found.append(gc.get_threshold() != before))
    try:
        with pytest.raises(SystemExit):
            application.main()
    finally:
        gc.set_threshold(*before)
    assert found == [seldom]
