"""The whole line through the commands: feeds over HTTP, real databases, a real SMTP server."""

from __future__ import annotations

import email
import email.policy
import json
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from digest.store.engine import Store
from tests.cli.conftest import Digest, change
from tests.conftest import StandingClock, fresh_postgres
from tests.smtpd import Gate, Script, aiosmtpd_server, scripted_server


def test_the_demo_makes_a_preview_to_open(digest: Digest, tmp_path: Path) -> None:
    outcome = digest("demo", tmp_path / "demo")
    assert outcome.code == 0
    assert outcome.err == ""
    last = outcome.out.strip().splitlines()[-1]
    assert last == f"Open {tmp_path / 'demo' / 'preview' / 'index.html'}"
    preview = tmp_path / "demo" / "preview"
    assert {path.name for path in preview.iterdir()} == {
        "index.html", "edition.html", "edition.txt", "edition.eml", "edition.json", "images",
    }  # fmt: skip
    document = json.loads((preview / "edition.json").read_text(encoding="utf-8"))
    assert len(document["sections"]) == 8
    assert all(each["items"] for each in document["sections"])
    html = (preview / "edition.html").read_text(encoding="utf-8")
    index = (preview / "index.html").read_text(encoding="utf-8")
    # The same origin, or no picture beside the file loads in the views; no scripts, whatever a feed wrote.
    assert index.count('sandbox="allow-same-origin allow-popups"') == index.count("<iframe") == 8
    images = {path.name for path in (preview / "images").iterdir()}
    assert len(images) >= 4
    assert all(f'src="images/{name}"' in html for name in images)
    message = email.message_from_bytes((preview / "edition.eml").read_bytes(), policy=email.policy.default)
    assert message["Subject"] == document["subject"]


def test_the_demo_again_is_the_same_edition(digest: Digest, tmp_path: Path) -> None:
    digest("demo", tmp_path / "demo")
    first = (tmp_path / "demo" / "preview" / "edition.html").read_bytes()
    assert digest("demo", tmp_path / "demo").code == 0
    assert (tmp_path / "demo" / "preview" / "edition.html").read_bytes() == first


def test_the_next_morning_has_other_news(digest: Digest, publication: Path, clock: StandingClock) -> None:
    def headlines() -> set[str]:
        document = json.loads((publication.parent / "preview" / "edition.json").read_text(encoding="utf-8"))
        return {item["headline"] for section in document["sections"] for item in section["items"]}

    first = headlines()
    assert digest("approve", "-c", publication).code == 0
    clock.advance(days=1)
    assert digest("demo", publication.parent).code == 0
    second = headlines()
    assert len(second) > 20
    assert not first & second


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_approve_send_and_send_again(
    digest: Digest, publication: Path, kind: str, request: pytest.FixtureRequest
) -> None:
    if kind == "postgresql":
        url = fresh_postgres(request.getfixturevalue("postgres"))
        change(publication, r'^url = "sqlite:.*', f'url = "{url}"')
        for words in (("subscribers", "import", publication.parent / "subscribers.csv"), ("fetch",), ("build",)):
            assert digest(*words, "-c", publication).code == 0
    with aiosmtpd_server() as inbox:
        via = ("--via", f"smtp://127.0.0.1:{inbox.port}", "-c", publication)
        refused = digest("send", *via)
        assert refused.code == 4
        assert "is not approved" in refused.err
        assert digest("approve", "-c", publication, "--by", "Ada").code == 0
        before = json.loads(digest("status", "--json", "-c", publication).out)
        assert (before["state"], before["approved_by"], before["counts"]["total"]) == ("approved", "Ada", 0)
        sent = digest("send", *via, "--json")
        assert sent.code == 0, sent.err
        assert sent.json["accepted_now"] == 10
        again = digest("send", *via, "--json")
        assert again.json["accepted_now"] == 0
    assert len(inbox.recipients) == len(set(inbox.recipients)) == 10
    assert "gone@example.com" not in inbox.recipients
    assert "waiting@example.com" not in inbox.recipients
    after = json.loads(digest("status", "--json", "-c", publication).out)
    assert after["state"] == "finished"
    assert after["counts"]["accepted"] == after["counts"]["total"] == 10
    page = publication.parent / "site" / "daily" / "2026" / "11" / "23" / "index.html"
    assert page.is_file()
    home = (publication.parent / "site" / "daily" / "index.html").read_text(encoding="utf-8")
    assert "/daily/2026/11/23/" in home


def test_a_reader_of_one_section_gets_that_section(digest: Digest, publication: Path) -> None:
    digest("approve", "-c", publication)
    assert digest("send", "-c", publication).code == 0
    trader = email.message_from_bytes(
        (publication.parent / "outbox" / "trader@example.com.eml").read_bytes(), policy=email.policy.default
    )
    html, text = trader.get_body(("html",)), trader.get_body(("plain",))
    assert html is not None
    assert text is not None
    assert "Trade</h2>" in html.get_content()
    assert "Defence" not in html.get_content()
    assert "Defence" not in text.get_content()
    document = json.loads((publication.parent / "preview" / "edition.json").read_text(encoding="utf-8"))
    (trade,) = (each for each in document["sections"] if each["section"]["slug"] == "trade")
    assert trader["Subject"].rstrip("…").rstrip() in trade["items"][0]["headline"]
    plain = email.message_from_bytes(
        (publication.parent / "outbox" / "terminal@example.net.eml").read_bytes(), policy=email.policy.default
    )
    assert plain.get_content_type() == "text/plain"


@pytest.mark.parametrize("tell", [False, True])
def test_who_chose_only_a_section_without_a_story_is_told_or_gets_nothing(
    digest: Digest, publication: Path, tell: bool
) -> None:
    text = publication.read_text(encoding="utf-8")
    quiet = '[[sections]]\nslug = "chess"\ntitle = "Chess"\n\n[[sections]]\nslug = "foreign"'
    text = text.replace('[[sections]]\nslug = "foreign"', quiet, 1)
    text = text.replace("[digest.daily]\n", f'[digest.daily]\nnothing_new = "{"tell" if tell else "skip"}"\n', 1)
    publication.write_text(text, encoding="utf-8")
    assert digest("subscribers", "add", "pawn@read.example", "--sections", "chess", "-c", publication).code == 0
    digest("build", "-c", publication)
    digest("approve", "-c", publication)
    sent = digest("send", "-c", publication)
    assert sent.code == 0, sent.err
    assert "1 reader chose only sections without a story today; they get " in sent.out
    mail = publication.parent / "outbox" / "pawn@read.example.eml"
    assert mail.exists() is tell
    if tell:
        message = email.message_from_bytes(mail.read_bytes(), policy=email.policy.default)
        assert message["Subject"] == "The Morning Halyard"
        plain, html = message.get_body(("plain",)), message.get_body(("html",))
        assert plain is not None
        assert html is not None
        assert "Nothing new in Chess." in plain.get_content()
        assert "Nothing new in Chess." in html.get_content()
        assert "Foreign Affairs" not in plain.get_content()


def test_no_token_of_one_reader_is_in_anothers_mail(digest: Digest, publication: Path) -> None:
    digest("approve", "-c", publication)
    digest("send", "-c", publication)
    links: dict[str, str] = {}
    for path in (publication.parent / "outbox").iterdir():
        message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        links[path.name] = message["List-Unsubscribe"].partition(">")[0].lstrip("<")
    assert len(set(links.values())) == len(links) == 10
    for path in (publication.parent / "outbox").iterdir():
        message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        words = "".join(part.get_content() for part in message.walk() if part.get_content_maintype() == "text")
        assert links[path.name] in words
        assert not any(link in words for name, link in links.items() if name != path.name)


def test_run_waits_for_approval_and_tells_the_editors_once(digest: Digest, publication: Path) -> None:
    first = digest("run", "-c", publication)
    assert first.code == 4
    assert "waits for approval" in first.err
    assert digest("run", "-c", publication).code == 4
    store = Store.open(f"sqlite:///{publication.parent / 'digest.db'}")
    with store.read() as connection:
        rows = connection.exec_driver_sql("SELECT recipient, kind FROM notices").all()
    store.close()
    assert [tuple(row) for row in rows] == [("ada@halyard.example", "approval")]


def test_run_sends_by_policy_once_a_day(digest: Digest, publication: Path, clock: StandingClock) -> None:
    change(publication, '^approval = "required"', 'approval = "automatic"')
    with aiosmtpd_server() as inbox:
        via = ("--via", f"smtp://127.0.0.1:{inbox.port}", "-c", publication)
        assert digest("run", *via).code == 0
        assert len(inbox.recipients) == 10
        second = digest("run", *via)
        assert second.code == 0
        assert "nothing to do" in second.out
        assert len(inbox.recipients) == 10
        clock.advance(days=1)
        assert digest("run", *via).code == 0
        assert len(inbox.recipients) == 20
    assert json.loads(digest("status", "--json", "-c", publication).out)["number"] == 2


def test_run_before_its_time_builds_and_hands_nothing_over(
    digest: Digest, publication: Path, clock: StandingClock
) -> None:
    change(publication, '^approval = "required"', 'approval = "automatic"\ntime = "07:00"\nnot_after = "12:00"')
    early = digest("run", "-c", publication)  # 06:40 in Lisbon
    assert early.code == 0
    assert "07:00" in early.out
    assert not (publication.parent / "outbox").exists()
    clock.advance(hours=1)
    assert digest("run", "-c", publication).code == 0
    assert len(list((publication.parent / "outbox").iterdir())) == 10


def test_run_too_late_mails_nothing_and_says_so(digest: Digest, publication: Path, clock: StandingClock) -> None:
    change(publication, '^approval = "required"', 'approval = "automatic"\ntime = "07:00"\nnot_after = "12:00"')
    clock.advance(hours=8)
    late = digest("run", "-c", publication)
    assert late.code == 5
    assert "too late" in late.err
    status = json.loads(digest("status", "--json", "-c", publication).out)
    assert (status["state"], status["reason"]) == ("skipped", "too late")


def test_a_relay_that_is_not_there_is_a_temporary_failure(digest: Digest, publication: Path) -> None:
    digest("approve", "-c", publication)
    down = digest("send", "--via", "smtp://127.0.0.1:1", "-c", publication)
    assert down.code == 75
    assert "cannot be reached" in down.err
    assert digest("send", "-c", publication).code == 0, "the next call goes on"


def test_a_refused_reader_needs_a_person(digest: Digest, publication: Path) -> None:
    digest("approve", "-c", publication)
    script = Script(on_rcpt=lambda recipient: "550 5.1.1 unknown" if recipient.startswith("trader") else "250 ok")
    with scripted_server(script) as inbox:
        outcome = digest("send", "--via", f"smtp://127.0.0.1:{inbox.port}", "-c", publication)
    assert outcome.code == 5
    assert "refused: trader@example.com: 550 5.1.1 unknown" in outcome.err
    assert "Refused: trader@example.com" in digest("status", "-c", publication).out


def test_a_relay_that_refuses_everybody_is_one_sentence_and_the_next_run_goes_on(
    digest: Digest, publication: Path, clock: StandingClock
) -> None:
    change(publication, '^approval = "required"', 'approval = "automatic"')
    with scripted_server(Script(on_rcpt=lambda recipient: "554 5.7.1 relay access denied")) as inbox:
        denied = digest("run", "--quiet", "--via", f"smtp://127.0.0.1:{inbox.port}", "-c", publication)
    assert denied.code == 1
    assert denied.err == (
        f"digest: 127.0.0.1:{inbox.port}: the relay refuses one reader after the other (554 5.7.1 relay access denied);"
        " ask its operator whether we may send by it; nobody is given up, the next run goes on\n"
    )
    status = digest("status", "-c", publication).out
    assert ": sending" in status
    assert "(554 5.7.1 relay access denied)" in status, "the relay's words are where an operator looks"
    clock.advance(minutes=15)
    with aiosmtpd_server() as inbox:
        assert digest("run", "--via", f"smtp://127.0.0.1:{inbox.port}", "-c", publication).code == 0
    assert len({each for each in inbox.recipients if not each.startswith("operator")}) == 10


def test_whom_the_relay_puts_off_until_the_end_is_told(digest: Digest, publication: Path, clock: StandingClock) -> None:
    change(publication, '^approval = "required"', 'approval = "automatic"')
    script = Script(on_rcpt=lambda to: "450 4.2.0 greylisted" if to.startswith("trader") else "250 ok")
    with scripted_server(script) as inbox:
        words = ("run", "--quiet", "--via", f"smtp://127.0.0.1:{inbox.port}", "-c", publication)
        assert digest(*words).code == 75
        day = digest("status", "--json", "-c", publication).json["edition"]
        assert "Deferred: trader@example.com (450 4.2.0 greylisted)" in digest("status", "-c", publication).out
        clock.advance(hours=25)
        told = digest(*words)
    assert "given up: 1, put off by the relay until [delivery] give_up_after" in told.err
    status = digest("status", "--edition", day, "-c", publication).out
    assert "Given up: trader@example.com (gave up: 450 4.2.0 greylisted)" in status


def test_many_refused_readers_are_a_short_mail(digest: Digest, publication: Path, tmp_path: Path) -> None:
    rows = "".join(f"p{number:02}@example.org\n" for number in range(60))
    (tmp_path / "many.csv").write_text(f"email\n{rows}", encoding="utf-8")
    assert digest("subscribers", "import", tmp_path / "many.csv", "-c", publication).code == 0
    digest("approve", "-c", publication)
    with scripted_server(Script(on_rcpt=lambda recipient: "550 5.1.1 unknown")) as inbox:
        sent = digest("send", "--via", f"smtp://127.0.0.1:{inbox.port}", "-c", publication)
    assert sent.code == 5
    lines = sent.err.splitlines()
    assert len(lines) == 11
    assert lines[-1] == "refused: 60 more; see `digest status`"
    status = digest("status", "-c", publication).out
    assert status.count("Refused: ") == 51
    assert "Refused: 20 more" in status


def test_whom_a_killed_sender_had_in_hand_is_named_before_the_next_run(digest: Digest, publication: Path) -> None:
    digest("approve", "-c", publication)
    day, gate = digest("status", "--json", "-c", publication).json["edition"], Gate()
    with scripted_server(gate.script) as inbox:
        words = ["send", "--edition", day, "--via", f"smtp://127.0.0.1:{inbox.port}", "-c", str(publication)]
        sender = subprocess.Popen([sys.executable, "-m", "digest", *words])
        try:
            until = time.monotonic() + 120
            while not inbox.taken and not digest("status", "--json", "-c", publication).json["counts"]["handed"]:
                assert time.monotonic() < until
                time.sleep(0.1)
        finally:
            sender.kill()
            sender.wait()
        status = digest("status", "--json", "-c", publication).json
        gate.open()
    in_hand = [each["email"] for each in status["handed"]]
    assert len(in_hand) == status["counts"]["handed"] >= 1
    lines = digest("status", "-c", publication).out.splitlines()
    assert [line for line in lines if line.startswith("Handed over, no answer yet: ")] == [
        f"Handed over, no answer yet: {email}" for email in in_hand
    ]


def test_rows_that_are_rejected_are_told_by_file_and_in_a_short_mail(digest: Digest, publication: Path) -> None:
    rows = "".join(f"nobody {number}\n" for number in range(30))
    (publication.parent / "subscribers.csv").write_text(f"email\nada@example.org\n{rows}", encoding="utf-8")
    told = digest("run", "--quiet", "-c", publication).err.splitlines()
    assert told[0].startswith("subscribers.csv: row 3, email: 'nobody 0' is no address")
    assert told[10] == "subscribers.csv: 20 more rows rejected"
    assert told[11].startswith(f"correct them in {publication.parent / 'subscribers.rejected.csv'}, then")
    (publication.parent / "subscribers.csv").write_bytes(b"\0" * 20)
    assert digest("run", "--quiet", "-c", publication).err.startswith("digest: subscribers.csv: it holds NUL bytes")


def test_two_runs_at_once_the_second_is_told_who_runs(digest: Digest, publication: Path) -> None:
    change(publication, '^approval = "required"', 'approval = "automatic"')
    store = Store.open(f"sqlite:///{publication.parent / 'digest.db'}")
    from digest.store.locks import Locks

    release = threading.Event()
    with Locks(store, StandingClock().now).hold("daily", wait_s=0):
        outcome = digest("run", "-c", publication)
    release.set()
    store.close()
    assert outcome.code == 3
    assert "pid" in outcome.err
    assert digest("run", "-c", publication).code == 0, "the lock is free again"


def test_a_test_copy_touches_no_ledger(digest: Digest, publication: Path) -> None:
    with aiosmtpd_server() as inbox:
        outcome = digest(
            "send", "--test", "ada@example.org", "--via", f"smtp://127.0.0.1:{inbox.port}", "-c", publication
        )
    assert outcome.code == 0
    assert inbox.recipients == ["ada@example.org"]
    assert json.loads(digest("status", "--json", "-c", publication).out)["counts"]["total"] == 0


def test_a_dry_run_counts_and_sends_nothing(digest: Digest, publication: Path) -> None:
    digest("approve", "-c", publication)
    first = publication.parent / "first.eml"
    told = digest("send", "--dry-run", "--out", first, "-c", publication)
    assert "10 would be handed over by eml:outbox" in told.out
    assert "every section" in told.out
    assert sum(int(line.split()[0]) for line in told.out.splitlines() if line.startswith("   ")) == 10
    message = email.message_from_bytes(first.read_bytes(), policy=email.policy.default)
    assert message["Subject"]
    assert b"/u/EXAMPLE" in first.read_bytes()
    assert not (publication.parent / "outbox").exists()
    status = digest("status", "--json", "-c", publication).json
    assert (status["state"], status["counts"]["total"]) == ("approved", 0)
    assert digest("send", "--dry-run", "--out", publication, "-c", publication / "x").code == 2


def test_a_stopped_edition_is_never_handed_over(digest: Digest, publication: Path) -> None:
    assert digest("send", "--stop", "-c", publication).code == 1, "a draft is not being sent"
    digest("approve", "-c", publication)
    assert digest("send", "--limit", "3", "-c", publication).code == 75
    stopped = digest("send", "--stop", "-c", publication)
    assert stopped.code == 0
    assert "3 of 10 in all; 7 expired" in stopped.out
    status = digest("status", "--json", "-c", publication).json
    assert status["state"] == "stopped"
    assert status["reason"].startswith("stopped by ")
    assert digest("send", "-c", publication).code == 2, "stopping is final"
    assert digest("send", "--stop", "-c", publication).code == 2
    assert "nothing to do" in digest("run", "-c", publication).out
    assert len(list((publication.parent / "outbox").iterdir())) == 3


def test_a_relay_that_would_refuse_the_edition_is_told_before_anybody_is_planned(
    digest: Digest, publication: Path
) -> None:
    digest("approve", "-c", publication)
    refusals = [
        (Script(on_mail=lambda sender: "550 5.7.1 not from you"), "takes no mail from", 1),
        (Script(extensions=("PIPELINING", "SIZE 2000")), "the relay takes 2 kB", 1),
        (Script(greeting="421 4.3.2 later"), "asks us to come back later", 75),
    ]
    for script, words, code in refusals:
        with scripted_server(script) as inbox:
            outcome = digest("send", "--via", f"smtp://127.0.0.1:{inbox.port}", "-c", publication)
        assert outcome.code == code
        assert words in outcome.err
        assert outcome.err.count("\n") == 1
        assert inbox.taken == []
        counts = digest("status", "--json", "-c", publication).json
        assert (counts["state"], counts["counts"]["total"]) == ("approved", 0)


def test_a_dead_feed_is_named_and_never_ends_the_edition(digest: Digest, publication: Path) -> None:
    change(publication, "calder-wire.rss", "nowhere.rss")
    change(publication, "veldmark-review.rdf", "pictures/veldmark.jpg")
    fetched = digest("fetch", "-c", publication)
    assert fetched.code == 5
    assert "Calder Wire: " in fetched.err
    assert "404" in fetched.err
    assert "Veldmark Review: " in fetched.err
    assert digest("build", "-c", publication).code == 5
    health = json.loads(digest("feeds", "check", "--json", "-c", publication).out)
    assert {row["name"]: row["health"] for row in health}["Calder Wire"] == "failing"
    assert {row["name"]: row["health"] for row in health}["Tarn Radio"] == "ok"


def test_pick_explains_and_saves_nothing(digest: Digest, publication: Path) -> None:
    before = (publication.parent / "digest.db").read_bytes()
    explained = digest("pick", "--explain", "-c", publication)
    assert explained.code == 0
    assert "passed: " in explained.out
    document = digest("pick", "--json", "-c", publication).json
    assert {section["slug"] for section in document["sections"]} >= {"foreign", "trade"}
    assert (publication.parent / "digest.db").read_bytes() == before


def test_the_log_of_a_run_is_a_line_of_json_an_event_without_an_address(digest: Digest, publication: Path) -> None:
    change(publication, '^approval = "required"', 'approval = "automatic"')
    script = Script(on_rcpt=lambda recipient: "550 5.1.1 unknown" if recipient.startswith("trader") else "250 ok")
    with scripted_server(script) as inbox:
        words = ("run", "--log-format", "json", "--verbose", "-c", publication)
        outcome = digest(*words, "--via", f"smtp://127.0.0.1:{inbox.port}")
    assert outcome.code == 5
    lines = [json.loads(line) for line in (outcome.out + outcome.err).splitlines()]
    assert len({line["run"] for line in lines}) == 1
    assert {(line["digest"], line["edition"]) for line in lines} == {("daily", "2026-11-23")}
    steps = {line["step"] for line in lines}
    assert steps >= {"merge", "fetch", "build", "approve", "publish", "plan", "send", "list", "notices", "house"}
    assert {line["step"] for line in lines if "duration_s" in line and "feed" not in line} >= {"fetch", "build", "send"}
    read = [line for line in lines if "feed" in line]
    assert len(read) == 14
    assert all(line["duration_s"] >= 0 for line in read)
    (refused,) = [line for line in lines if line.get("trouble") == "refused"]
    assert (refused["level"], refused["message"]) == ("warning", "1 refused; see `digest status`")
    assert "@" not in outcome.out + outcome.err, "no address of a reader"
    assert "refused: trader@example.com" not in outcome.err
    quiet = digest("run", "--quiet", "-c", publication)
    assert (quiet.code, quiet.out, quiet.err) == (0, "", ""), "cron mails nothing while all is well"
    assert digest("run", "--log-format", "xml", "-c", publication).code == 2
