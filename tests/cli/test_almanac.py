"""`digest calendar`, `pause`, `log` and `status` in words: what will happen, what must not, what happened and why not."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Digest, change
from tests.conftest import StandingClock

WEEKLY = '\n[digest.weekly]\ndays = ["fri"]\ntime = "17:00"\napproval = "required"\n'


def test_what_will_happen_what_must_not_and_what_did(digest: Digest, publication: Path, clock: StandingClock) -> None:
    policy = 'approval = "automatic-after 07:15"\ntime = "07:00"\nnot_after = "12:00"\nskip = [2026-11-25]'
    change(publication, '^approval = "required"', policy)
    with publication.open("a", encoding="utf-8") as file:
        file.write(WEEKLY)
    shown = digest("calendar", "--days", "3", "-c", publication)
    assert shown.out.splitlines()[:4] == [
        "Mon 2026-11-23  daily      approves itself and is sent from 07:15 WET, unless held",
        "Tue 2026-11-24  daily      approves itself and is sent from 07:15 WET, unless held",
        "Wed 2026-11-25  daily      no edition: a holiday",
        "Fri 2026-11-27  weekly     drafted, and waits for approval; without it, skipped at the day's end",
    ]
    assert digest("run", "-c", publication).code == 0
    assert digest("withdraw", "-c", publication).code == 0
    assert "held by an editor; without approval, skipped at 12:00 WET" in digest("calendar", "-c", publication).out
    clock.advance(hours=6)
    late = digest("run", "-c", publication)
    assert (late.code, "nobody approved it in time" in late.err) == (5, True)

    paused = digest("pause", "2d", "--digest", "daily", "-c", publication)
    assert paused.out == "daily: no edition before Wednesday 25 November 2026. End it with `digest pause --off`.\n"
    assert digest("pause", "-c", publication).code == 2
    assert digest("pause", "2026-11-01", "-c", publication).code == 2, "it is over already"
    assert "paused until 2026-11-25" in digest("calendar", "-c", publication).out
    clock.advance(days=1)
    assert digest("run", "--digest", "daily", "-c", publication).code == 0
    assert digest("pause", "--off", "--digest", "daily", "-c", publication).out == (
        "daily: the pause until 2026-11-25 is over.\n"
    )

    status = digest("status", "-c", publication).out
    assert "No edition on 2026-11-23: too late" in status
    assert "No edition on 2026-11-24: paused until 2026-11-25" in status
    assert "Next edition: 2026-11-26T07:00:00Z" in status
    none = digest("preview", "--edition", "2026-11-24", "-c", publication)
    assert (none.code, "of 'daily': skipped, paused until 2026-11-25; see `digest log`" in none.err) == (2, True)
    log = digest("log", "--digest", "daily", "-c", publication).out.splitlines()
    assert log[0].split() == ["2026-11-24", "skipped:", "paused", "until", "2026-11-25"]
    assert log[1].startswith("2026-11-23")
    assert "skipped: too late" in log[1]
    runs = [line.split() for line in log[log.index("Runs:") + 1 :]]
    assert [(run[1], run[2], run[-1] if run[-2] == "exit" else run[-2:]) for run in runs] == [
        ("run", "2026-11-24", "0"), ("run", "2026-11-23", ["5", "late"]), ("run", "2026-11-23", "0"),
    ]  # fmt: skip
    nothing = digest("log", "--edition", "2020-01-01", "--digest", "daily", "-c", publication)
    assert (nothing.code, nothing.out) == (0, "Nothing is on record of 2020-01-01.\n")
    one = digest("log", "--edition", "2026-11-23", "--digest", "daily", "-c", publication).out
    assert "it was too late to mail one (nobody approved it in time)" in one, "the lines of its runs"
