"""What comes back: whose copy it was is proved by a signature, and each message counts once."""

from __future__ import annotations

import io
import mailbox
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.config import load
from digest.errors import ConfigError, FileProblem
from digest.mail.bounces import is_permanent, understood
from digest.mail.mailboxes import Letter, letters
from digest.mail.messages import Writer
from digest.model.mail import Outcome, OutcomeKind, Planned, Subscriber
from digest.model.return_path import LONGEST_LOCAL, ReturnPath
from digest.model.returned import ReturnKind
from digest.pipeline.returning import BounceRule, ReturnReader, ReturnsReport
from digest.store.engine import Store
from digest.store.readers import Readers
from digest.store.returns import Returns
from digest.store.subscribers import Subscribers
from digest.subscribers.addresses import key_of
from tests.builders import DAY, KEY, NOW, PUBLICATION, approved, parts, person
from tests.conftest import StandingClock

DATA = Path(__file__).parent.parent / "data" / "bounces"
PATH = ReturnPath("bounces@halyard.example", ("a key of the house, long enough to be one",))
STRANGER = ReturnPath("bounces@halyard.example", ("a key of somebody else, as long as ours is",))


def message(name: str, subscriber: str = "id-ada", *, day: date = DAY, by: ReturnPath = PATH, more: str = "") -> bytes:
    text = (DATA / f"{name}.eml").read_text(encoding="utf-8")
    text = text.replace("@PATH@", by.of(KEY._replace(day=day), subscriber))
    text = text.replace("@REQUEST@", by.request("daily", subscriber))
    return (f"X-Trial: {more or day.isoformat()}\n" + text).encode()


class Desk:
    """A list of three, and whoever reads what comes back."""

    def __init__(self, store: Store, clock: StandingClock, kept: Path) -> None:
        self.store, self.clock, self.kept = store, clock, kept
        self.people, readers = Subscribers(store), Readers(store)
        self.ledger = approved(store, [person(name) for name in ("ada", "bo", "cy")])
        self.reader = ReturnReader(
            path=PATH,
            rule=BounceRule(transient=3, over=timedelta(days=4)),
            people=self.people,
            returns=Returns(store),
            leave=lambda subscriber, digest: readers.leave(subscriber, digest, source="mail", now=clock.now()).result(),
            keep=self._keep,
            key_of=key_of,
            clock=clock,
            zone_day=lambda: DAY,
        )

    def _keep(self, raw: bytes, name: str) -> None:
        self.kept.mkdir(exist_ok=True)
        (self.kept / name).write_bytes(raw)

    def read(self, *raws: bytes) -> ReturnsReport:
        self.reader.report = ReturnsReport()
        return self.reader.read(Letter(raw, "a trial") for raw in raws)

    def reader_of(self, name: str) -> Subscriber:
        found = self.people.subscriber(subscriber_id=f"id-{name}")
        assert found is not None
        return found

    def status(self, name: str = "ada") -> str:
        return self.reader_of(name).status.value


@pytest.fixture
def desk(store: Store, clock: StandingClock, tmp_path: Path) -> Desk:
    return Desk(store, clock, tmp_path / "kept")


@pytest.mark.parametrize("name", ["dsn_gone", "own_words"])
def test_a_permanent_bounce_finds_its_reader_and_counts_once(desk: Desk, name: str) -> None:
    raw = message(name)
    report = desk.read(raw, raw)
    assert (report.read, report.permanent, report.known) == (2, 1, 1)
    assert "ada@example.org is suppressed: permanent bounce 5.1.1" in report.lines[0]
    assert desk.status() == "bounced"
    assert "5.1.1" in desk.reader_of("ada").status_reason
    assert (desk.status("bo"), desk.status("cy")) == ("active", "active")
    assert desk.read(raw).summary == "1 message read: 1 read before"


def test_a_forged_bounce_is_refused_and_kept(desk: Desk) -> None:
    raw = message("dsn_gone", by=STRANGER)
    report = desk.read(raw)
    assert (report.permanent, report.forged, report.kept) == (0, 1, 1)
    assert desk.status() == "active"
    (kept,) = desk.kept.iterdir()
    assert kept.read_bytes() == raw
    # An address of ours, but for another reader or another day.
    real = PATH.of(KEY, "id-ada")
    for wrong in (real.replace("id-ada", "id-bo"), real.replace("+daily", "+weekly"), real.replace("@", "x@")):
        assert PATH.read(real) is not None
        assert PATH.read(wrong) is None


def test_a_bounce_without_a_signed_address_is_believed_only_where_none_are_signed(desk: Desk) -> None:
    raw = message("dsn_gone").replace(PATH.of(KEY, "id-ada").encode(), b"bounces@halyard.example")
    assert desk.read(raw).kept == 1
    assert desk.status() == "active"
    desk.reader.path = ReturnPath(PATH.address, PATH.keys, signed=False)
    assert desk.read(raw.replace(b"X-Trial: ", b"X-Trial: again ")).permanent == 1
    assert desk.status() == "bounced"


def test_transient_bounces_in_a_row_wear_a_reader_out_and_success_begins_anew(desk: Desk) -> None:
    days = [DAY + timedelta(days=number) for number in (0, 1, 2, 5)]
    for day in days[:3]:
        assert desk.read(message("dsn_full", day=day)).transient == 1
    assert desk.status() == "active", "three in a row, but within two days"
    last = desk.read(message("dsn_full", day=days[3]))
    assert (last.transient, last.worn_out) == (1, 1)
    assert desk.status() == "bounced"
    # Bo's copy of the third day arrives in between: it begins anew.
    for day in days[:2]:
        desk.read(message("dsn_full", "id-bo", day=day))
    accepted_on(desk, "bo", days[2])
    assert desk.read(message("dsn_full", "id-bo", day=days[3])).worn_out == 0
    assert desk.status("bo") == "active"


def accepted_on(desk: Desk, name: str, day: date) -> None:
    """Have the relay accept a person's copy of another day."""
    approved(desk.store, [person(name)], day=day)
    key = KEY._replace(day=day)
    assert desk.ledger.plan(key, sections=("foreign", "trade"), now=NOW) == 2
    (row,) = (each for each in desk.ledger.claim(key, owner="test", limit=9, lease_s=60, now=NOW) if name in each.email)
    assert desk.ledger.turn(key, owner="test", done=None, following=row.subscriber, lease_s=60, now=NOW)
    done = Outcome(subscriber=row.subscriber, kind=OutcomeKind.ACCEPTED, at=NOW, code=250)
    desk.ledger.turn(key, owner="test", done=done, following=None, lease_s=60, now=NOW)


def test_a_complaint_suppresses_at_once(desk: Desk) -> None:
    report = desk.read(message("complaint"))
    assert report.complaints == 1
    assert desk.status() == "complained"
    harmless = message("complaint", "id-bo").replace(b"Feedback-Type: abuse", b"Feedback-Type: not-spam")
    assert desk.read(harmless).automatic == 1
    assert desk.status("bo") == "active"
    assert desk.read(message("complaint", "id-cy", by=STRANGER)).kept == 1
    assert desk.status("cy") == "active"


def test_a_mail_to_leave_is_honoured_for_its_own_reader_alone(desk: Desk) -> None:
    assert desk.read(message("leave")).left == 1
    assert desk.status() == "unsubscribed"
    forged = desk.read(message("leave", "id-bo", by=STRANGER))
    assert (forged.left, forged.forged, forged.kept) == (0, 1, 1)
    assert desk.status("bo") == "active"


def test_absence_delay_and_chatter_change_nothing(desk: Desk) -> None:
    report = desk.read(message("absent"), message("dsn_delayed"), message("chatter"))
    assert (report.automatic, report.kept) == (2, 1)
    assert "1 not understood and kept" in report.summary
    assert desk.status() == "active"


@pytest.mark.parametrize(
    ("status", "reply", "permanent"),
    [
        ("5.1.1", "", True),
        ("5.1.10", "", True),
        ("5.1.8", "bad sender", False),
        ("5.2.1", "disabled", True),
        ("5.2.2", "full", False),
        ("5.7.1", "message looks like spam", False),
        ("5.7.1", "550 user unknown", True),
        ("5.4.1", "Recipient address rejected: Access denied", False),
        ("4.2.2", "full", False),
        ("", "550 no such user", True),
        ("", "554 refused by policy", False),
    ],
)
def test_what_is_permanent(status: str, reply: str, permanent: bool) -> None:
    assert is_permanent(status, reply) is permanent


def test_a_real_message_carries_its_readers_own_path_and_request() -> None:
    write = Writer(
        parts=parts(), publication=PUBLICATION, title="The Morning Halyard", return_path=PATH.address, date=NOW,
        links_of=lambda subscriber: (f"https://halyard.example/u/{subscriber}", ""),
        subject_of=lambda headlines: "x", preheader_of=lambda headlines: "y",
        sender_of=lambda subscriber: PATH.of(KEY, subscriber),
        request_of=lambda subscriber: PATH.request("daily", subscriber),
    )  # fmt: skip
    for name in ("ada", "bo"):
        made = write(
            Planned(
                subscriber=f"id-{name}",
                email=f"{name}@example.org",
                name="",
                sections=None,
                format="html",
                language="",
                attempts=0,
            )
        )
        origin = PATH.read(made.envelope.sender)
        assert origin is not None
        assert (origin.subscriber, origin.edition) == (f"id-{name}", KEY)
        # A server that returns our message as it was: the request in its headers tells whose it is.
        back = b"From: a@fbl.example\nContent-Type: message/rfc822\n\n" + made.data.replace(b"\r\n", b"\n")
        (request,) = understood(back).requests
        found = PATH.read_request(request)
        assert found is not None
        assert (found.subscriber, found.digest) == (f"id-{name}", "daily")


def test_old_keys_still_verify_and_long_names_fall_back() -> None:
    renewed = ReturnPath(PATH.address, ("a new key of the house, long enough too", *PATH.keys))
    origin = renewed.read(PATH.of(KEY, "id-ada").upper())
    assert origin is not None
    assert origin.subscriber == "id-ada"
    assert renewed.of(KEY, "id-ada") != PATH.of(KEY, "id-ada")
    assert PATH.of(KEY._replace(digest="a-digest-of-a-very-long-name"), "0123456789abcdef0123") == PATH.address
    assert len(PATH.of(KEY, "0123456789abcdef0123").partition("@")[0]) <= LONGEST_LOCAL
    assert PATH.of(KEY, "odd/id") == PATH.address


@given(st.binary(max_size=400) | st.text(max_size=400).map(str.encode))
def test_whatever_comes_is_understood_or_unknown(raw: bytes) -> None:
    assert isinstance(understood(raw).kind, ReturnKind)


@given(st.sampled_from(sorted(path.stem for path in DATA.glob("*.eml"))), st.integers(0, 2000), st.binary(max_size=30))
def test_a_damaged_report_raises_nothing(name: str, at: int, rubbish: bytes) -> None:
    raw = message(name)
    assert isinstance(understood(raw[:at] + rubbish + raw[at + len(rubbish) // 2 :]).kind, ReturnKind)


@given(st.text(max_size=80))
def test_no_address_is_proved_by_chance(address: str) -> None:
    assert PATH.read(address) is None
    assert PATH.read(f"bounces+{address}@halyard.example") is None
    assert PATH.read_request(address) is None


def test_every_kind_of_mailbox_is_read(tmp_path: Path) -> None:
    first, second = message("dsn_gone"), message("chatter")
    box = mailbox.mbox(tmp_path / "box")
    for raw in (first, second):
        box.add(raw)
    box.close()
    maildir = mailbox.Maildir(tmp_path / "dir", create=True)
    for raw in (first, second):
        maildir.add(raw)
    (tmp_path / "one.eml").write_bytes(first)
    nothing = io.BytesIO()
    for name, count in (("box", 2), ("dir", 2), ("one.eml", 1)):
        found = list(letters(tmp_path / name, nothing))
        assert len(found) == count
        assert {understood(each.raw).kind for each in found} >= {ReturnKind.BOUNCE}
        for each in found:
            each.done()
    assert list(letters(tmp_path / "dir", nothing)) == [], "what was done is marked as seen"
    assert len(list((tmp_path / "dir" / "cur").iterdir())) == 2
    (piped,) = letters(Path("-"), io.BytesIO(first))
    assert piped.raw == first
    (tmp_path / "empty").mkdir()
    for wrong, said in (("none", "no such mailbox"), ("empty", "no maildir")):
        with pytest.raises(FileProblem, match=said):
            list(letters(tmp_path / wrong, nothing))


def test_a_message_that_cannot_be_read_or_marked_holds_up_no_other(store: Store, tmp_path: Path) -> None:
    desk, place = Desk(store, StandingClock(), tmp_path / "kept"), tmp_path / "dir"
    mailbox.Maildir(place, create=True)
    for name in ("a", "b", "c", "d"):
        (place / "new" / name).write_bytes(message("dsn_gone", more=name))
    (place / "new" / "b").unlink()
    (place / "new" / "b").symlink_to("/proc/self/mem")  # opens, and cannot be read, be it by root
    (place / "cur" / "c:2,S").mkdir()
    found = letters(place)
    assert next(found).name == "new/a"
    (place / "new" / "d").unlink()  # another reader was quicker
    assert next(found).name == "new/c"
    with pytest.raises(FileProblem, match="new/b: it cannot be read"):
        next(found)
    (place / "new" / "b").unlink()
    (place / "new" / "e").write_bytes(message("dsn_gone", "id-bo", more="e"))
    with pytest.raises(FileProblem, match="it cannot be marked as seen"):
        desk.reader.read(letters(place))
    assert (desk.reader.report.read, desk.reader.report.permanent) == (3, 2)
    assert [each.name for each in letters(place)] == ["new/c"]


def test_a_return_path_that_would_be_too_long_or_is_missing_is_told(tmp_path: Path) -> None:
    file = tmp_path / "digest.toml"
    head = (
        '[publication]\nname = "H"\nfrom = "a@halyard.example"\npublic_url = "https://halyard.example"\n'
        'postal_address = "x"\n[[sections]]\nslug = "a"\ntitle = "A"\n[[feeds]]\nurl = "https://a.example/"\n'
    )
    own = '[delivery]\nreturn_path = "b@halyard.example"\n[delivery.bounces]\n'
    for more, said in (
        ("[delivery.bounces]\n", "bounces need an address of their own"),
        (
            f'[delivery]\nreturn_path = "{"b" * 30}@halyard.example"\n[delivery.bounces]\n',
            "longer than 64 characters",
        ),
        (f"{own}transient = 1\n", "transient"),
        (f'{own}mailbox = "-"\n', r"bounces\.mailbox: '-' is no file or folder; name a maildir or an mbox"),
        (f'{own}mailbox = "imap://mail.halyard.example"\n', "is no file or folder"),
        (f'{own}mailbox = "bounces"\n', "it is the folder of `kept` too"),
    ):
        file.write_text(head + more, encoding="utf-8")
        with pytest.raises(ConfigError, match=said):
            load(file, {})
