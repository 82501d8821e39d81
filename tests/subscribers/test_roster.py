"""Lists as people and programs write them, and the promise that who left stays away."""

from __future__ import annotations

import itertools

import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import given
from hypothesis import strategies as st

from digest.errors import RosterError
from digest.model.mail import Subscriber, SubscriberStatus, Suppression
from digest.store.engine import Store
from digest.store.subscribers import Subscribers
from digest.subscribers.addresses import address_hash, is_role, key_of
from digest.subscribers.roster import Listed, Roster, export_rows, guarded, read_roster, rejected_csv
from tests.builders import NOW, person


def read(data: bytes | str) -> tuple[list[Subscriber], Roster]:
    numbers = itertools.count(1)
    raw = data.encode() if isinstance(data, str) else data
    roster = read_roster(
        raw,
        sections=["trade", "world"],
        digests=["daily", "weekly"],
        new_id=lambda: f"id{next(numbers)}",
        name="list.csv",
    )
    return list(roster.people), roster


@pytest.mark.parametrize(
    "data",
    [
        b"email,name\nada@example.org,Ada\n",
        "\ufeffE-Mail;Name\r\nada@example.org;Ada\r\n".encode(),
        "Email Address\tFull Name\nada@example.org\tAda\n".encode("utf-16"),
        b"sep=;\nEMAIL;NAME\nada@example.org;Ada\n",
        b'email,name\n"ada@example.org","Ada"',
    ],
)
def test_files_as_they_come(data: bytes) -> None:
    (ada,), roster = read(data)
    assert (ada.email, ada.name) == ("ada@example.org", "Ada")
    assert roster.rejected == []


def test_umlauts_of_an_old_windows_file() -> None:
    (only,), _ = read("email,name\na@example.org,Jürgen\n".encode("cp1252"))
    assert only.name == "Jürgen"


def test_every_column_is_understood() -> None:
    (ada,), roster = read(
        "email,name,sections,digests,format,language,time_zone,status,City\n"
        "Ada@Example.org,Ada,trade|world,weekly,text,pt_BR,Europe/Lisbon,subscribed,Velm\n"
    )
    assert ada.email == "Ada@Example.org", "mailed as written"
    assert ada.email_key == "ada@example.org", "compared normalised"
    assert ada.sections == ("trade", "world")
    assert ada.digests == ("weekly",)
    assert (ada.format, ada.language, ada.time_zone) == ("text", "pt-BR", "Europe/Lisbon")
    assert ada.status is SubscriberStatus.ACTIVE
    assert ada.attributes == {"City": "Velm"}
    assert "attributes" in roster.columns


@pytest.mark.parametrize(
    ("row", "column", "reason"),
    [
        ("nobody,,,", "email", "no address"),
        (",,,", "email", ""),
        ("a@example.org,,cooking,", "sections", "none of"),
        ("a@example.org,,,pdf", "format", "neither html nor text"),
        ("a@example.org,,,,,,,", "", "8 cells"),
        ('a@example.org,"' + "x" * 3_000 + '",,', "", "very long"),
    ],
)
def test_bad_rows_are_told_and_good_ones_used(row: str, column: str, reason: str) -> None:
    people, roster = read(f"email,name,sections,format\n{row}\nb@example.org,,,\n")
    assert [each.email for each in people] == ["b@example.org"]
    if row.strip(","):
        (bad,) = roster.rejected
        assert (bad.row, bad.column) == (2, column)
        assert reason in bad.reason
        assert "b@example.org" not in rejected_csv(roster)


def test_offices_are_warned_of() -> None:
    people, roster = read("email,name\nada@example.org,First\nADA@example.org,Second\ninfo@example.org,\n")
    assert [each.name for each in people] == ["First", "Second", ""]
    assert any("office" in line for line in roster.warnings)


@pytest.mark.parametrize("data", [b"", b"name\nAda\n", b"\x00\x01\x02email"])
def test_a_file_that_is_no_list(data: bytes) -> None:
    with pytest.raises(RosterError):
        read(data)


LABELS = st.text("abBK1-", min_size=1, max_size=6)
PLAINLY = st.builds(
    lambda local, labels, end: f"{local}@{'.'.join([*labels, end])}",
    st.text("aZ1._+-", min_size=1, max_size=8),
    st.lists(LABELS, max_size=3),
    st.sampled_from(["org", "com", "example", "test", "local", "onion", "arpa", "xn--p1ai", "c1", "1"]),
)


@given(PLAINLY | st.emails())
def test_the_quick_path_and_the_library_agree(text: str) -> None:
    try:
        expected = validate_email(text, check_deliverability=False, test_environment=True).normalized.lower()
    except EmailNotValidError:
        with pytest.raises(ValueError, match=r"."):
            key_of(text)
    else:
        assert key_of(text) == expected


@pytest.mark.parametrize(
    "written", ["ada@example.org", "ada@sub.example", "a.b+c@example.com", "ünï@exämple.org", "ada@example.test"]
)
def test_addresses_that_are_taken(written: str) -> None:
    assert key_of(f" {written} ")


@pytest.mark.parametrize(
    "written",
    [
        "",
        "ada",
        "ada@",
        "@example.org",
        "a b@example.org",
        "a@b@c.org",
        "a..b@example.org",
        "ada@gmail",
        "a@b.ab--cd.com",
        "ada@printer.local",
        "ada@example.org\r\nBcc: x@y.org",
    ],
)
def test_addresses_that_are_not(written: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        key_of(written)


def test_offices_and_hashes() -> None:
    assert is_role("info@example.org")
    assert not is_role("ada@example.org")
    hashed = address_hash("ada@example.org", "secret")
    assert hashed.startswith("hash:")
    assert "ada" not in hashed
    assert hashed != address_hash("ada@example.org", "other")


@given(st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=20))
def test_an_exported_name_is_no_formula_and_reads_back(name: str) -> None:
    clean = " ".join(name.split())
    assert not guarded(clean).startswith(("=", "+", "-", "@"))
    (back,), _ = read("".join(export_rows(iter([Listed(person=person("ada", name=clean))]))))
    assert back.name == clean


def test_further_columns_are_exported_and_read_back() -> None:
    made = [person("ada", attributes={"City": "=Velm", "'-": "'+1"}), person("bo", attributes={"City": "Iselin"})]
    text = "".join(export_rows((Listed(person=each) for each in made), ["'-", "City"]))
    assert not any(cell.startswith(("=", "+", "-")) for line in text.splitlines() for cell in line.split(","))
    people, roster = read(text)
    assert roster.rejected == []
    assert [each.attributes for each in people] == [each.attributes for each in made]


def test_a_cell_too_long_to_read_loses_no_other_row() -> None:
    people, roster = read(f"email,name\na@example.org,{'x' * 200_000}\nb@example.org,B\n")
    assert [each.email for each in people] == ["b@example.org"]
    (bad,) = roster.rejected
    assert bad.row == 2


def test_of_two_rows_with_one_address_the_later_counts(store: Store) -> None:
    everyone = Subscribers(store)
    rows = [person("ada", name="First"), person("bo"), person("ada", id="other", name="Second")]
    merged = everyone.merge(rows, now=NOW)
    assert (merged.added, merged.updated, merged.unchanged, merged.left) == (2, 0, 0, 0)
    assert merged.doubled == ("ada@example.org",)
    assert [each.name for each in everyone.subscribers()] == ["Second", "Bo"]
    again = everyone.merge([person("bo", name="Other"), person("bo", name="Bob")], now=NOW)
    assert (again.added, again.updated, again.unchanged) == (0, 1, 0)


def test_the_list_is_ordered_the_same_on_both_databases(store: Store) -> None:
    everyone = Subscribers(store)
    names = ["ab", "a-c", "a.b", "a_a", "a+d", "b", "é", "z"]
    everyone.merge([person(name) for name in names], now=NOW)
    keys = [each.email_key for each in everyone.subscribers()]
    assert keys == sorted(keys)


def test_the_names_of_further_columns_are_known(store: Store) -> None:
    everyone = Subscribers(store)
    everyone.merge([person("ada", attributes={"City": "Velm", "Age": "7"}), person("bo")], now=NOW)
    assert everyone.attribute_names() == ("Age", "City")


def test_import_adds_updates_and_never_revives(store: Store) -> None:
    everyone = Subscribers(store)
    first = everyone.merge([person("ada"), person("bo"), person("cy")], now=NOW)
    assert (first.added, first.updated, first.unchanged, first.left) == (3, 0, 0, 0)
    everyone.suppress(Suppression(email_key="cy@example.org", reason="unsubscribed", at=NOW, source="one-click"))
    again = [person("ada", id="new"), person("bo", id="new2", name="Bob"), person("cy", id="new3"), person("di")]
    second = everyone.merge(again, columns={"name"}, now=NOW)
    assert (second.added, second.updated, second.unchanged, second.left) == (1, 1, 1, 1)
    people = {each.email: each for each in everyone.subscribers()}
    assert people["ada@example.org"].id == "id-ada", "an id never changes"
    assert people["bo@example.org"].name == "Bob"
    assert people["cy@example.org"].status is SubscriberStatus.UNSUBSCRIBED
    assert [each.email for each in everyone.subscribers(status="active")] == [
        "ada@example.org", "bo@example.org", "di@example.org",
    ]  # fmt: skip


def test_a_suppressed_stranger_is_not_let_in(store: Store) -> None:
    everyone = Subscribers(store)
    everyone.suppress(Suppression(email_key="ada@example.org", reason="complained", at=NOW))
    assert everyone.merge([person("ada")], now=NOW).left == 1
    assert list(everyone.subscribers()) == []
    assert [each.reason for each in everyone.suppressions()] == ["complained"]


def test_a_row_that_says_unsubscribed_is_a_promise(store: Store) -> None:
    everyone = Subscribers(store)
    everyone.merge([person("ada"), person("bo", status=SubscriberStatus.UNSUBSCRIBED)], now=NOW)
    everyone.merge([person("ada", status=SubscriberStatus.UNSUBSCRIBED)], now=NOW)
    everyone.merge([person("ada"), person("bo")], now=NOW)
    assert {each.status for each in everyone.subscribers()} == {SubscriberStatus.UNSUBSCRIBED}


def test_a_dry_run_changes_nothing(store: Store) -> None:
    everyone = Subscribers(store)
    assert everyone.merge([person("ada")], dry_run=True, now=NOW).added == 1
    assert list(everyone.subscribers()) == []


def test_columns_a_file_does_not_have_are_left_alone(store: Store) -> None:
    everyone = Subscribers(store)
    everyone.merge([person("ada", sections=("trade",), language="de")], now=NOW)
    everyone.merge([person("ada")], columns=frozenset({"name"}), now=NOW)
    ada = everyone.subscriber(email_key="ada@example.org")
    assert ada is not None
    assert (ada.sections, ada.language) == (("trade",), "de")


def test_what_a_reader_set_herself_wins(store: Store) -> None:
    everyone = Subscribers(store)
    everyone.merge([person("ada", sections=("trade",))], now=NOW)
    with store.write() as connection:
        connection.exec_driver_sql("UPDATE subscribers SET own = 'sections'")
    other = [person("ada", sections=("world",), format="text")]
    everyone.merge(other, now=NOW)
    kept = everyone.subscriber(subscriber_id="id-ada")
    assert kept is not None
    assert (kept.sections, kept.format) == (("trade",), "text")
    everyone.merge(other, overwrite=True, now=NOW)
    changed = everyone.subscriber(subscriber_id="id-ada")
    assert changed is not None
    assert changed.sections == ("world",)


def test_a_merge_that_fails_changes_nothing(store: Store) -> None:
    def people() -> object:
        yield person("ada")
        raise ZeroDivisionError

    everyone = Subscribers(store)
    with pytest.raises(ZeroDivisionError):
        everyone.merge(people(), now=NOW)  # type: ignore[arg-type]  # a generator of subscribers
    assert list(everyone.subscribers()) == []
    assert everyone.merge([person("ada")], now=NOW).added == 1


EXPORTS = [
    (
        "listmonk",
        "uuid,email,name,attributes,status,created_at,updated_at\n"
        "u1,ada@example.org,Ada,{},enabled,2026-01-01,2026-01-02\nu2,bo@example.org,Bo,{},blocklisted,2026-01-01,x\n",
    ),
    (
        "Ghost",
        "id,email,name,note,subscribed_to_emails,complimentary_plan,stripe_customer_id,created_at,deleted_at,labels\n"
        "1,ada@example.org,Ada,,true,false,,2026-01-01,,\n2,bo@example.org,Bo,,false,false,,2026-01-01,,\n",
    ),
    (
        "Mailchimp",
        '"Email Address","First Name","Last Name","MEMBER_RATING","OPTIN_TIME","UNSUB_TIME"\n'
        '"ada@example.org","Ada","",2,"2026-01-01 10:00:00",""\n"bo@example.org","Bo","",2,"","2026-02-01 10:00:00"\n',
    ),
    (
        "Substack",
        "email,name,active_subscription,expiry,email_disabled,created_at\n"
        "ada@example.org,Ada,false,,false,2026-01-01\nbo@example.org,Bo,false,,true,2026-01-01\n",
    ),
    (
        "Buttondown",
        "email,name,notes,metadata,tags,creation_date,subscriber_type\n"
        "ada@example.org,Ada,,{},,2026-01-01,regular\nbo@example.org,Bo,,{},,2026-01-01,removed\n",
    ),
]


@pytest.mark.parametrize(("system", "text"), EXPORTS)
def test_exports_of_other_systems_are_recognised_and_who_left_there_has_left(system: str, text: str) -> None:
    people, roster = read(text)
    assert (roster.system, roster.rejected) == (system, [])
    assert [(each.email, each.name, each.status.value) for each in people] == [
        ("ada@example.org", "Ada", "active"),
        ("bo@example.org", "Bo", "unsubscribed"),
    ]


def test_who_was_cleaned_by_mailchimp_bounced_and_first_and_last_names_are_one() -> None:
    (ada,), _ = read(
        "Email Address,First Name,Last Name,MEMBER_RATING,OPTIN_TIME,CLEAN_TIME\na@example.org,Ada,Vey,1,x,y\n"
    )
    assert (ada.name, ada.status) == ("Ada Vey", SubscriberStatus.BOUNCED)


def test_dates_reasons_and_preferences_are_exported_and_read_back(store: Store) -> None:
    everyone = Subscribers(store)
    made = [person("ada", weekdays_only=True, paused_until=NOW.date(), language="de"), person("bo")]
    everyone.merge(made, now=NOW)
    everyone.suppress(Suppression(email_key="bo@example.org", reason="complained", at=NOW, source="=a feedback loop"))
    rows = (Listed(person=each, status_since=since, created=created) for each, since, created in everyone.dated())
    text = "".join(export_rows(rows))
    assert "2026-11-23T06:40:00Z" in text
    assert "complained,'=a feedback loop," in text
    people, roster = read(text)
    assert roster.rejected == []
    assert [(each.weekdays_only, each.paused_until) for each in people] == [(True, NOW.date()), (False, None)]
    again = everyone.merge(people, columns=roster.columns, now=NOW)
    assert (again.added, again.updated, again.unchanged, again.left) == (0, 0, 1, 1)
