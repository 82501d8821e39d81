"""The list on the command line: add, show, export, erase, resubscribe; who left stays away."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path

from tests.cli.conftest import Digest

ADA = "ada.vey@read.example"


def test_a_person_is_added_shown_changed_and_leaves(digest: Digest, publication: Path) -> None:
    config = ("-c", publication)
    assert "is added" in digest("subscribers", "add", ADA, "--name", "Ada Vey", "--format", "text", *config).out
    assert "was on the list: as before" in digest("subscribers", "add", ADA, "--name", "Ada Vey", *config).out
    assert "changed" in digest("subscribers", "add", ADA, "--language", "de", *config).out
    shown = digest("subscribers", "show", ADA, *config).out
    assert "Ada Vey" in shown
    assert "status       active since 2026-11-2" in shown
    assert "text, de" in shown
    for wrong, said in (("no address", "is no address"), (ADA, "neither html nor text")):
        refused = digest("subscribers", "add", wrong, "--format", "loud", *config)
        assert refused.code == 2
        assert said in refused.err
    assert digest("subscribers", "remove", ADA.upper(), *config).code == 0
    stays = digest("subscribers", "add", ADA, *config)
    assert stays.code == 2
    assert "stays away" in stays.err
    assert "--resubscribe" in stays.err
    back = digest("subscribers", "add", ADA, "--resubscribe", "asked by letter", *config)
    assert "brought back" in back.out
    known = digest("subscribers", "show", ADA, "--json", *config).json
    assert known["subscriber"]["status_reason"] == "resubscribed: asked by letter"
    assert digest("subscribers", "show", "stranger@read.example", *config).out == (
        "stranger@read.example is not on the list.\n"
    )


def test_all_that_is_known_of_a_person_is_a_line_each(digest: Digest, publication: Path) -> None:
    config = ("-c", publication)
    file = publication.parent / "more.csv"
    file.write_text(
        "email,name,sections,digests,format,time_zone,weekdays_only,Berth\n"
        f"{ADA},Ada Vey,trade|science,daily,text,Asia/Tokyo,yes,Pier 4\n",
        encoding="utf-8",
    )
    imported = digest("subscribers", "import", file, *config)
    assert imported.code == 0, imported.err
    for words in (("approve",), ("send",)):
        assert digest(*words, *config).code == 0
    lines = [line.split("  ") for line in digest("subscribers", "show", ADA, *config).out.splitlines()]
    said = {words[1].strip(): words[-1].strip() for words in lines[1:] if len(words) > 2}
    assert lines[0] == [ADA, "Ada Vey"]
    assert said["sections"] == "trade, science"
    assert said["gets"].startswith("daily: text, ")
    assert said["gets"].endswith("Asia/Tokyo, weekdays only")
    assert said["Berth"] == "Pier 4"
    assert said["on the list"].startswith("since 2026-11-2")
    assert any("daily: accepted" in words[-1] for words in lines), "what became of her edition"
    assert digest("subscribers", "remove", ADA, *config).code == 0
    left = digest("subscribers", "show", ADA, *config).out
    assert "status       unsubscribed" in left
    assert "suppressed   every digest: " in left


def test_who_is_erased_leaves_a_hash_and_never_comes_back(digest: Digest, publication: Path) -> None:
    config = ("-c", publication)
    digest("subscribers", "add", ADA, "--name", "Ada Vey", *config)
    for words in (("approve",), ("send",)):
        assert digest(*words, *config).code == 0
    before = json.loads(digest("subscribers", "export", "--person", ADA, *config).out)
    assert before["subscriber"]["name"] == "Ada Vey"
    assert [each["state"] for each in before["deliveries"]] == ["accepted"]
    unsure = digest("subscribers", "erase", ADA, *config)
    assert (unsure.code, "say --yes" in unsure.err) == (2, True)
    proof = digest("subscribers", "erase", ADA, "--yes", "--json", *config).json
    assert proof["done"]["subscribers_erased"] == 1
    assert proof["done"]["deliveries_made_nameless"] == 1
    assert proof["left"] == {
        "subscriber": None, "signups": 0, "deliveries": 0, "notices": 0, "suppressions": ["erased"],
    }  # fmt: skip
    for file in publication.parent.glob("digest.db*"):
        assert b"Ada Vey" not in file.read_bytes() or file.suffix != ".db"
    for more in ((), ("--resubscribe", "she asked")):
        again = digest("subscribers", "add", ADA, *more, *config)
        assert again.code == 2, again.out
    counts = digest("status", "--json", *config).json["counts"]
    assert counts["accepted"] == counts["total"], "history stays, nameless"


def test_an_export_imports_again_unchanged(digest: Digest, publication: Path, tmp_path: Path) -> None:
    config = ("-c", publication)
    digest("subscribers", "add", ADA, "--name", "=cmd|' /C calc'!A0", *config)
    digest("subscribers", "remove", ADA, *config)
    text = digest("subscribers", "export", *config).out
    assert ",'=cmd" in text
    file = tmp_path / "list.csv"
    file.write_text(text, encoding="utf-8", newline="")
    done = digest("subscribers", "import", file, *config)
    assert done.code == 0, done.err
    assert "0 added, 0 updated" in done.out
    assert digest("subscribers", "export", *config).out == text


def test_a_file_that_lost_its_rows_removes_nobody_and_is_told_of(digest: Digest, publication: Path) -> None:
    config = ("-c", publication)
    file = publication.parent / "subscribers.csv"
    rows = "\n".join(f"r{number}@read.example" for number in range(100))
    file.write_text(f"email\n{rows}\n", encoding="utf-8")
    first = digest("run", *config)
    assert first.code in (0, 4), first.err
    file.write_text("email\nr1@read.example\n", encoding="utf-8")
    second = digest("run", *config)
    assert "it had 100 when it was merged last; nobody was removed" in second.out + second.err
    assert digest("subscribers", "list", "--json", *config).json[0]["status"] == "active"
    assert len(digest("subscribers", "list", "--json", *config).json) >= 100


def test_two_imports_at_once_and_one_killed_leave_whole_lists(
    digest: Digest, publication: Path, tmp_path: Path
) -> None:
    """Processes of their own: both lists are there in the end, and of the killed one all rows or none."""
    lists = []
    for name in ("a", "b", "k"):
        lists.append(tmp_path / f"{name}.csv")
        rows = "\n".join(f"{name}{number}@read.example" for number in range(20_000 if name == "k" else 3_000))
        lists[-1].write_text(f"email\n{rows}\n", encoding="utf-8")

    def start(file: Path) -> subprocess.Popen[bytes]:
        words = [sys.executable, "-m", "digest", "subscribers", "import", str(file), "-c", str(publication), "--quiet"]
        return subprocess.Popen(words)

    both = [start(file) for file in lists[:2]]
    assert [each.wait(300) for each in both] == [0, 0]
    killed = start(lists[2])
    timer = threading.Timer(1.4, killed.kill)
    timer.start()
    killed.wait(300)
    timer.cancel()
    people = digest("subscribers", "list", "--json", "-c", publication).json
    names = [each["email"][0] for each in people if each["email"].endswith("@read.example")]
    assert (names.count("a"), names.count("b")) == (3_000, 3_000)
    assert names.count("k") in (0, 20_000)
    assert digest("subscribers", "import", lists[2], "-c", publication).code == 0
