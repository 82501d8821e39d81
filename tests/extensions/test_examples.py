"""The packages of examples/, installed as anybody would install them, take part in a morning of the sample publication."""

from __future__ import annotations

import importlib
import json
import mailbox
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Digest, change
from tests.cli.conftest import digest as digest  # the fixtures
from tests.cli.conftest import made_demo as made_demo
from tests.cli.conftest import publication as publication

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the examples into a folder of their own; return it."""
    copies, target = tmp_path_factory.mktemp("examples"), tmp_path_factory.mktemp("installed")
    packages = [
        shutil.copytree(each, copies / each.name)
        for each in sorted(EXAMPLES.iterdir())
        if (each / "pyproject.toml").is_file()
    ]
    assert len(packages) == 5
    call = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run(
        [*call, "--disable-pip-version-check", "--target", str(target), *map(str, packages)],
        check=True,
        capture_output=True,
    )
    return target


@pytest.fixture
def extended(installed: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.syspath_prepend(str(installed))
    importlib.invalidate_caches()
    return installed


def test_the_five_examples_take_part_in_a_morning(
    digest: Digest, publication: Path, extended: Path, tmp_path: Path
) -> None:
    notes = tmp_path / "notes"
    notes.mkdir()
    (notes / "2026-11-23-quay.txt").write_text(
        "Click here: the quay lamps are lit again\n\nThe harbour board had them mended.\nhttps://board.example/lamps\n",
        encoding="utf-8",
    )
    (notes / "2026-11-25-later.txt").write_text("Not to be told before Wednesday\n", encoding="utf-8")
    change(publication, r'^via = ".*$', 'via = "mbox:out/box.mbox"')
    change(publication, r'^slug = "science"\n', 'slug = "science"\nstyle = "numbered"\n')
    text = publication.read_text(encoding="utf-8")
    head, _, tail = text.partition('style = "numbered"\n')
    tail = tail[: tail.index("[[sections]]")].replace('style = "', '# "') + tail[tail.index("[[sections]]") :]
    publication.write_text(
        f'{head}style = "numbered"\n{tail}\n[[feeds]]\nurl = "notes:{notes}"\nname = "Our notes"\nsection = "science"\n'
        '\n[weights.terms]\npictured = 0.5\n\n[check]\nrules = ["house-style"]\n',
        encoding="utf-8",
    )
    assert digest("config", "check", "-c", publication).code == 0
    fetched = digest("fetch", "-c", publication)
    assert fetched.code == 0, fetched.err
    assert digest("build", "-c", publication).code == 0

    # The score's own term, in explanations and in the machine's format.
    picked = digest("pick", "--json", "-c", publication).json
    values = {round(each["terms"]["pictured"], 3) for each in picked["clusters"]}
    assert 0.0 in values
    assert max(values) > 0.4
    assert "Click here: the quay lamps" in json.dumps(picked)
    assert "before Wednesday" not in json.dumps(picked)

    # The style's own look, and the text that goes with it.
    assert digest("edit", "promote", "quay lamps", "-c", publication).code == 0
    out = tmp_path / "out"
    assert digest("preview", "--out", out, "-c", publication).code == 0
    html = (out / "edition.html").read_text(encoding="utf-8")
    assert ">1</td>" in html
    assert "700 28px/30px" in html

    # The rule's own findings: a warning is told, an error keeps the edition from being approved.
    report = digest("check", "--json", "-c", publication).json
    assert "house-style-words" in {each["code"] for each in report["findings"]}
    assert digest("edit", "subject", "BREAKING: lamps", "-c", publication).code == 0
    refused = digest("approve", "-c", publication)
    assert refused.code == 4
    assert "it shouts for attention" in refused.err
    assert digest("edit", "subject", "Lamps and other news", "-c", publication).code == 0
    assert digest("approve", "-c", publication).code == 0

    # The transport, and the ledger that knows nothing of what it is.
    assert digest("send", "-c", publication).code == 0
    box = mailbox.mbox(publication.parent / "out" / "box.mbox")
    assert len(box) == 10
    assert {str(message["Subject"]) for message in box} >= {"Lamps and other news"}
    box.close()
    assert digest("send", "-c", publication).code == 0
    assert digest("status", "--json", "-c", publication).json["counts"]["accepted"] == 10
