"""Templates of the publisher's own: copied by `init`, and told in one sentence where they are wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from digest.errors import TemplateError
from digest.templating import packaged_folder
from tests.cli.conftest import Digest
from tests.render.samples import made, rich
from tests.render.test_template_errors import PIECES, changed, rendered


def test_init_copies_every_template_and_overwrites_none(digest: Digest, tmp_path: Path) -> None:
    own = tmp_path / "templates" / "mail" / "words.mjml"
    own.parent.mkdir(parents=True)
    own.write_text("mine", encoding="utf-8")
    assert digest("init", tmp_path, "--templates").code == 0
    packaged = {
        path.relative_to(packaged_folder()).as_posix()
        for kind in ("mail", "pages")
        for path in (packaged_folder() / kind).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    copied = {
        path.relative_to(tmp_path / "templates").as_posix()
        for path in (tmp_path / "templates").rglob("*")
        if path.is_file()
    }
    # Beside the copies stands what they were made from, so that an upgrade can tell which changed since.
    assert copied - {".origins.json"} == packaged
    assert own.read_text(encoding="utf-8") == "mine"
    with pytest.raises(TemplateError):
        rendered(tmp_path / "templates")
    own.unlink()
    assert digest("init", tmp_path, "--templates").code == 0
    assert rendered(tmp_path / "templates") == made(rich()).html


def test_a_broken_template_is_one_sentence_on_the_command_line(digest: Digest, publication: Path) -> None:
    line = changed(
        publication.parent / "templates", PIECES, '<mj-table padding="44px', '<mj-table colour="x" padding="44px'
    )
    for words in (("preview",), ("approve",), ("check",)):
        outcome = digest(*words, "-c", publication)
        assert outcome.code == 1
        (said,) = [each for each in (outcome.out + outcome.err).splitlines() if PIECES in each]
        assert f"templates/{PIECES}:{line}: MJML: <mj-table> has no attribute 'colour'" in said
