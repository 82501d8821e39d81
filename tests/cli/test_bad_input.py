"""Everything a user can get wrong gives one clear sentence and the exit code of the design."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from digest.cli.session import EXIT_MEANINGS
from tests.cli.conftest import Digest, change

ROOT = Path(__file__).parents[2]


def test_no_configuration(digest: Digest, tmp_path: Path) -> None:
    outcome = digest("build", "-c", tmp_path / "digest.toml")
    assert outcome.code == 2
    assert "digest init" in outcome.err


def test_a_wrong_configuration_is_told_whole(digest: Digest) -> None:
    outcome = digest("config", "check", "-c", ROOT / "tests" / "data" / "config" / "wrong.toml")
    assert outcome.code == 2
    assert len(outcome.err.strip().splitlines()) == 14


def test_an_unknown_command_and_option(digest: Digest) -> None:
    assert digest("sned").code == 2
    assert digest("send", "--vai", "x").code == 2


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("status", "--edition", "yesterday"), "write it as 2026-11-23"),
        (("status", "--digest", "nightly"), "choose one of daily"),
        (("pick", "--at", "noon"), "write it as 2026-11-23T06:40:00Z"),
        (("pick", "--stories", "/nowhere.jsonl"), "cannot be read"),
        (("preview", "--edition", "2020-01-01"), "digest build"),
        (("approve", "--edition", "2020-01-01"), "digest build"),
        (("send", "--edition", "2020-01-01"), "digest build"),
        (("send", "--via", "carrier-pigeon:coop"), "smtp://"),
        (("send", "--test", "nobody"), "'nobody' is no address"),
        (("run", "--via", "smtp://user:secret@host"), "DIGEST_RELAY_PASSWORD"),
        (("subscribers", "import", "/nowhere.csv"), "cannot be read"),
        (("edit", "rewrite", "story", "--headline", "bytes \udced\udca0 of no alphabet"), "is not in UTF-8"),
    ],
)
def test_wrong_usage(digest: Digest, publication: Path, words: tuple[str, ...], said: str) -> None:
    outcome = digest(*words, "-c", publication)
    assert outcome.code == 2
    assert said in outcome.err
    assert "secret" not in outcome.err


def test_a_csv_with_bad_rows(digest: Digest, publication: Path, tmp_path: Path) -> None:
    roster = tmp_path / "list.csv"
    roster.write_text(
        "email,name,sections\n"
        "good@example.org,Good,trade\n"
        "no address,Bad,\n"
        "other@example.org,Other,cooking\n"
        "third@example.org,Third,trade|cooking\n"
        "fourth@example.org,Four,th,trade\n",
        encoding="utf-8",
    )
    outcome = digest("subscribers", "import", roster, "-c", publication)
    assert outcome.code == 5
    assert "2 added" in outcome.out
    assert "3 rejected" in outcome.out
    assert "row 6: it has 4 cells, the header has 3" in outcome.err
    assert "row 3, email: 'no address' is no address" in outcome.err
    assert "row 4, sections: none of 'cooking' is a section" in outcome.err
    assert "there is no section 'cooking'" in outcome.err
    rejected = (tmp_path / "list.rejected.csv").read_text(encoding="utf-8-sig")
    corrected = rejected.replace("no address", "now@example.org").replace("cooking", "trade")
    corrected = corrected.replace("fourth@example.org,Four,th,trade", "fourth@example.org,Fourth,trade")
    (tmp_path / "again.csv").write_text(corrected, encoding="utf-8")
    again = digest("subscribers", "import", tmp_path / "again.csv", "-c", publication)
    assert (again.code, again.err) == (0, "")
    assert "3 added" in again.out
    shown = digest("subscribers", "show", "fourth@example.org", "--json", "-c", publication).json["subscriber"]
    assert (shown["name"], shown["sections"], shown["attributes"]) == ("Fourth", ["trade"], {}), "no reason is kept"
    (tmp_path / "twice.csv").write_text(rejected, encoding="utf-8")
    assert digest("subscribers", "import", tmp_path / "twice.csv", "-c", publication).code == 5
    # Rejected once more nothing is lost or doubled; the column of reasons counts as the file has it.
    twice = (tmp_path / "twice.rejected.csv").read_text(encoding="utf-8-sig")
    assert twice.replace("5 cells, the header has 4", "4 cells, the header has 3") == rejected


def test_the_example_file_has_nothing_wrong_with_it(digest: Digest, publication: Path) -> None:
    outcome = digest("subscribers", "import", ROOT / "subscribers.example.csv", "-c", publication)
    assert outcome.code == 0
    assert outcome.err == ""
    assert "rejected" not in outcome.out


def test_who_left_stays_away_whatever_is_imported(digest: Digest, publication: Path) -> None:
    assert digest("subscribers", "remove", "Reader@Example.org", "-c", publication).code == 0
    outcome = digest("subscribers", "import", publication.parent / "subscribers.csv", "-c", publication)
    assert "left earlier and stay away" in outcome.out
    listed = digest("subscribers", "list", "--json", "-c", publication).json
    assert {each["email"]: each["status"] for each in listed}["reader@example.org"] == "unsubscribed"
    digest("approve", "-c", publication)
    digest("send", "-c", publication)
    assert not (publication.parent / "outbox" / "reader@example.org.eml").exists()


def test_an_export_imports_again_unchanged(digest: Digest, publication: Path, tmp_path: Path) -> None:
    exported = digest("subscribers", "export", "-c", publication).out
    (tmp_path / "export.csv").write_bytes(exported.encode())
    outcome = digest("subscribers", "import", tmp_path / "export.csv", "-c", publication)
    assert outcome.code == 0
    assert " 0 added, 0 updated" in outcome.out
    assert digest("subscribers", "export", "-c", publication).out == exported


def test_a_folder_that_cannot_be_written(digest: Digest, publication: Path, tmp_path: Path) -> None:
    blocked = tmp_path / "a-file"
    blocked.write_text("not a folder")
    for words in (("preview", "--out", blocked / "preview"), ("init", blocked / "publication")):
        outcome = digest(*words, "-c", publication)
        assert outcome.code == 1
        assert "cannot be written" in outcome.err
    digest("approve", "-c", publication)
    outcome = digest("send", "--via", f"eml:{blocked}/outbox", "-c", publication)
    assert outcome.code == 1
    assert "cannot be made" in outcome.err


def test_a_broken_template_names_its_line(digest: Digest, publication: Path) -> None:
    templates = publication.parent / "templates" / "mail"
    templates.mkdir(parents=True)
    original = (ROOT / "templates" / "mail" / "edition.mjml").read_text(encoding="utf-8")
    for broken, said in (
        (original.replace("</mj-head>", "{{ nonsense }}</mj-head>"), "nonsense"),
        (original.replace("</mj-head>", "{% if %}</mj-head>"), "edition.mjml:"),
        (original.replace("</mj-head>", "</mj-haed>"), "is closed by </mj-haed>"),
        (original.replace("</mj-head>", "</mj-head><mj-carousel></mj-carousel>"), "mj-carousel"),
    ):
        (templates / "edition.mjml").write_text(broken, encoding="utf-8")
        outcome = digest("preview", "-c", publication)
        assert outcome.code == 1, said
        assert said in outcome.err


def test_keys_that_others_can_read_are_refused(digest: Digest, publication: Path) -> None:
    (publication.parent / "keys" / "tokens").chmod(0o644)
    digest("approve", "-c", publication)
    outcome = digest("send", "-c", publication)
    assert outcome.code == 1
    assert "chmod 600" in outcome.err


def test_a_database_that_is_none(digest: Digest, publication: Path) -> None:
    (publication.parent / "digest.db").unlink()
    for name in ("digest.db-wal", "digest.db-shm"):
        (publication.parent / name).unlink(missing_ok=True)
    (publication.parent / "digest.db").write_text("no database " * 100)
    outcome = digest("build", "-c", publication)
    assert outcome.code == 1
    assert "this file is no database" in outcome.err


def test_secrets_are_hidden_in_what_is_shown(digest: Digest, publication: Path) -> None:
    change(publication, r'^url = "sqlite:.*', 'url = "postgresql+psycopg://user:hunter2@db/digest"')
    outcome = digest("config", "show", "-c", publication, environment={"DIGEST_RELAY_PASSWORD": "hunter3"})
    assert outcome.code == 0
    assert "hunter" not in outcome.out
    assert outcome.json["publication"]["name"] == "The Morning Halyard"


def test_the_database_is_checked_and_upgraded(digest: Digest, publication: Path) -> None:
    assert digest("db", "check", "-c", publication).code == 0
    assert digest("db", "upgrade", "-c", publication).code == 0


def test_init_is_safe_and_never_overwrites(digest: Digest, tmp_path: Path) -> None:
    (tmp_path / "subscribers.csv").write_text("email\nmine@example.org\n")
    assert digest("init", tmp_path).code == 0
    assert digest("config", "check", "-c", tmp_path / "digest.toml").code == 0
    assert "mine@example.org" in (tmp_path / "subscribers.csv").read_text()
    assert (tmp_path / "keys" / "tokens").stat().st_mode & 0o077 == 0
    before = (tmp_path / "keys" / "tokens").read_bytes()
    assert "Everything is in" in digest("init", tmp_path).out
    copied = digest("init", tmp_path, "--templates")
    assert copied.code == 0
    assert "add your feeds" not in copied.out
    assert "digest preview --watch" in copied.out
    assert (tmp_path / "keys" / "tokens").read_bytes() == before
    assert (tmp_path / "templates" / "mail" / "edition.mjml").is_file()
    empty = digest("run", "-c", tmp_path / "digest.toml")
    assert empty.code in (0, 5)
    assert not (tmp_path / "outbox").exists()


def test_units_for_cron_and_systemd_are_printed(digest: Digest, tmp_path: Path) -> None:
    assert f"cd {tmp_path}" in digest("init", tmp_path, "--cron").out
    assert "Persistent=true" in digest("init", tmp_path, "--systemd").out
    assert not (tmp_path / "digest.toml").exists()


def commands() -> list[tuple[str, ...]]:
    """Every command there is, walked from the application itself."""
    import typer.main
    from typer.core import TyperGroup

    from digest.cli.app import app

    found: list[tuple[str, ...]] = []

    def walk(command: object, path: tuple[str, ...]) -> None:
        if isinstance(command, TyperGroup):
            for name, child in command.commands.items():
                walk(child, (*path, name))
        else:
            found.append(path)

    walk(typer.main.get_command(app), ())
    return found


def test_every_help_has_an_example_and_the_exit_codes(digest: Digest) -> None:
    assert len(commands()) >= 20
    for path in commands():
        shown = digest(*path, "--help").out
        assert "Example:" in shown, path
        assert "Exit codes:" in shown, path
        assert "DIGEST_CONFIG" in shown, path


def test_the_readme_tells_the_exit_codes() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for code in EXIT_MEANINGS:
        assert f"| {code} |" in readme


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys\nfrom digest.cli.app import run\nrun(['--help'])\n"
        "heavy = {'sqlalchemy', 'aiohttp', 'pydantic', 'jinja2', 'lxml', 'PIL', 'feedparser'} & set(sys.modules)\n"
        "sys.exit(f'loaded: {heavy}' if heavy else 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={**os.environ, "NO_COLOR": "1"},
    )
    assert done.returncode == 0, done.stderr
    assert "Commands:" in done.stdout


def test_an_unexpected_failure_is_one_sentence_without_debug(
    digest: Digest, publication: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*words: object, **options: object) -> None:
        raise ZeroDivisionError("the moon")

    monkeypatch.setattr("digest.wiring.publisher.Publisher.status", broken)
    outcome = digest("status", "-c", publication)
    assert outcome.code == 1
    assert "ZeroDivisionError" in outcome.err
    assert "--debug" in outcome.err
    with pytest.raises(ZeroDivisionError):
        digest("status", "-c", publication, "--debug")
