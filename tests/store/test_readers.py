"""What readers do themselves, on both databases: leave, take back, choose, confirm, be forgotten."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from digest.model.mail import EditionKey, SignUp, SubscriberStatus, Suppression
from digest.store.engine import Store
from digest.store.persons import Persons
from digest.store.readers import Readers
from digest.store.signups import Confirmation, SignUps
from digest.store.subscribers import Subscribers
from digest.subscribers.addresses import address_hash
from tests.builders import DAY, KEY, NOW, approved, person

SECRET = "k" * 40
BOTH = ("daily", "weekly")


def signup(name: str = "ada", **changes: object) -> SignUp:
    values: dict[str, object] = {
        "id": f"s-{name}", "email": f"{name.title()}@example.org", "email_key": f"{name}@example.org",
        "digests": ("daily",), "consent": {"text": "Yes, mail me."}, "asked_at": NOW,
    }  # fmt: skip
    return SignUp(**{**values, **changes})  # type: ignore[arg-type]


def confirm(store: Store, number: str, *, now: object = NOW) -> Confirmation:
    done, _ = SignUps(store).confirm(
        number, new_id="new", hashes=[address_hash("ada@example.org", SECRET)], asked_after=NOW - timedelta(days=7),
        now=NOW,
    )  # fmt: skip
    return done


def test_leaving_one_digest_keeps_the_other_and_leaving_the_last_unsubscribes(store: Store) -> None:
    Subscribers(store).merge([person("ada", digests=BOTH)], now=NOW)
    readers = Readers(store)
    assert readers.leave("id-ada", "daily", source="one-click", now=NOW).result()
    stands = readers.standing("id-ada")
    assert stands is not None
    assert (stands.gets("daily"), stands.gets("weekly"), stands.person.status) == (False, True, "active")
    for _ in range(2):
        assert readers.leave("id-ada", "weekly", source="one-click", now=NOW).result()
    stands = readers.standing("id-ada")
    assert stands is not None
    assert (stands.person.status, stands.person.status_reason) == ("unsubscribed", "one-click")
    assert set(stands.left) == {"", "daily", "weekly"}
    assert not readers.leave("nobody", "daily", source="one-click", now=NOW).result()


def test_many_leave_at_once_and_none_is_lost(store: Store) -> None:
    Subscribers(store).merge([person(f"p{number}") for number in range(300)], now=NOW)
    readers = Readers(store)
    asked = [readers.leave(f"id-p{number}", "daily", source="one-click", now=NOW) for number in range(300)]
    assert all(each.result() for each in asked)
    assert readers.by_status() == {"unsubscribed": 300}


def test_taking_back_lifts_her_own_leaving_and_nothing_else(store: Store) -> None:
    people = Subscribers(store)
    people.merge([person("ada"), person("bea")], now=NOW)
    readers = Readers(store)
    readers.leave("id-ada", "daily", source="page", now=NOW).result()
    assert readers.stay("id-ada", "daily", now=NOW)
    stands = readers.standing("id-ada")
    assert stands is not None
    assert stands.gets("daily")
    people.suppress(Suppression(email_key="bea@example.org", reason="complained", at=NOW))
    assert not readers.stay("id-bea", "daily", now=NOW)
    stands = readers.standing("id-bea")
    assert stands is not None
    assert not stands.gets("daily")


def test_what_she_chose_wins_over_imports_and_a_digest_dropped_stays_dropped(store: Store) -> None:
    people, readers = Subscribers(store), Readers(store)
    people.merge([person("ada", digests=BOTH)], now=NOW)
    chosen = {"sections": ("trade",), "digests": ("weekly",), "weekdays_only": True, "paused_until": date(2026, 12, 1)}
    assert readers.choose("id-ada", chosen, source="preferences page", now=NOW)
    file = ("sections", "digests")
    people.merge([person("ada", digests=BOTH, sections=None)], columns=file, overwrite=True, now=NOW)
    stands = readers.standing("id-ada")
    assert stands is not None
    assert (stands.gets("daily"), stands.gets("weekly")) == (False, True)
    assert (stands.person.weekdays_only, stands.person.paused_until) == (True, date(2026, 12, 1))
    readers.choose("id-ada", {"digests": BOTH}, source="preferences page", now=NOW)
    people.merge([person("ada", digests=("daily",), sections=("foreign",))], now=NOW)
    stands = readers.standing("id-ada")
    assert stands is not None
    assert stands.gets("daily")
    assert stands.person.digests == BOTH


@pytest.mark.parametrize(("day", "planned"), [(date(2026, 11, 21), 1), (date(2026, 11, 23), 2)])
def test_nothing_on_a_weekend_for_whom_chose_weekdays(store: Store, day: date, planned: int) -> None:
    ledger = approved(store, [person("ada", weekdays_only=True), person("bea")])
    assert ledger.due_count(EditionKey("daily", day), sections=["trade"]) == planned


def test_a_sign_up_is_on_the_list_once_it_is_confirmed(store: Store) -> None:
    people = Subscribers(store)
    SignUps(store).add(signup())
    assert people.subscriber(email_key="ada@example.org") is None
    assert confirm(store, "s-ada") is Confirmation.CONFIRMED
    found = people.subscriber(email_key="ada@example.org")
    assert found is not None
    assert (found.status, found.email, found.consent["text"]) == ("active", "Ada@example.org", "Yes, mail me.")
    assert found.consent["confirmed_at"] == "2026-11-23T06:40:00Z"
    assert confirm(store, "s-ada") is Confirmation.USED
    assert confirm(store, "other") is Confirmation.UNKNOWN


def test_an_old_confirmation_never_brings_back_who_left_since(store: Store) -> None:
    SignUps(store).add(signup())
    confirm(store, "s-ada")
    Readers(store).leave("new", "daily", source="one-click", now=NOW).result()
    assert confirm(store, "s-ada") is Confirmation.USED
    found = Subscribers(store).subscriber(email_key="ada@example.org")
    assert found is not None
    assert found.status is SubscriberStatus.UNSUBSCRIBED


def test_a_confirmation_expires(store: Store) -> None:
    SignUps(store).add(signup(asked_at=NOW - timedelta(days=8)))
    assert confirm(store, "s-ada") is Confirmation.EXPIRED
    assert Subscribers(store).subscriber(email_key="ada@example.org") is None


def test_who_left_comes_back_by_her_own_word_alone(store: Store) -> None:
    people = Subscribers(store)
    people.merge([person("ada")], now=NOW)
    Readers(store).leave("id-ada", "daily", source="one-click", now=NOW).result()
    assert people.merge([person("ada")], now=NOW).left == 1
    SignUps(store).add(signup())
    assert confirm(store, "s-ada") is Confirmation.CONFIRMED
    stands = Readers(store).standing("id-ada")
    assert stands is not None
    assert stands.gets("daily")


def test_an_import_revives_with_a_reason_only_and_never_who_was_erased(store: Store) -> None:
    people = Subscribers(store)
    people.merge([person("ada"), person("bea")], now=NOW)
    Readers(store).leave("id-ada", "daily", source="one-click", now=NOW).result()
    hashed = address_hash("bea@example.org", SECRET)
    Persons(store).erase("bea@example.org", hashed=hashed, alias="nobody", now=NOW)

    def merged(revive: str) -> tuple[int, int, int]:
        done = people.merge(
            [person("ada"), person("bea")], revive=revive, hash_of=lambda key: address_hash(key, SECRET), now=NOW
        )
        return done.added, done.left, done.revived

    assert merged("") == (0, 2, 0)
    assert merged("asked by telephone on 23 November") == (0, 1, 1)
    back = people.subscriber(email_key="ada@example.org")
    assert back is not None
    assert (back.status, back.status_reason) == ("active", "resubscribed: asked by telephone on 23 November")
    assert people.subscriber(email_key="bea@example.org") is None


def test_what_is_erased_leaves_no_address_anywhere(store: Store) -> None:
    ledger = approved(store, [person("ada"), person("bea")])
    ledger.plan(KEY, sections=["trade"], now=NOW)
    SignUps(store).add(signup())
    Subscribers(store).suppress(
        Suppression(email_key="ada@example.org", digest="weekly", reason="unsubscribed", at=NOW)
    )
    persons = Persons(store)
    known = persons.known("ada@example.org", today=DAY)
    assert known["subscriber"]["status"] == "active"
    assert (len(known["deliveries"]), len(known["signups"]), len(known["suppressions"])) == (1, 1, 1)
    hashed = address_hash("ada@example.org", SECRET)
    done = persons.erase("ada@example.org", hashed=hashed, alias="nobody", now=NOW)
    assert done["subscribers erased"] == done["deliveries made nameless"] == done["sign-ups erased"] == 1
    with store.read() as connection:
        from digest.store.schema import metadata

        for table in metadata.sorted_tables:
            for row in connection.execute(table.select()):
                assert "ada" not in str(tuple(row)).lower().replace("canada", ""), table.name
    after = persons.known("ada@example.org", hashed=hashed, today=DAY)
    assert after["subscriber"] is None
    assert [each["reason"] for each in after["suppressions"]] == ["erased"]
    assert ledger.counts(KEY).suppressed == 1
    assert [each.email for each in ledger.claim(KEY, owner="o", limit=9, lease_s=9, now=NOW)] == ["bea@example.org"]


def test_readers_are_found_by_name_or_address(store: Store) -> None:
    people = [
        person("ada", name="Ada Merrow"),
        person("mara", name="Ödön_100% Vale"),
        person("zoe-ada", name="Zoe"),
        person("weekly", name="Ada Weekly", digests=("weekly",)),
        person("gone", name="Ada Gone"),
        person("left", name="Ada Left", digests=BOTH),
    ]
    Subscribers(store).merge(people, now=NOW)
    for name, digest in (("gone", ""), ("left", "daily")):
        Readers(store).leave(f"id-{name}", digest, source="one-click", now=NOW).result()

    def found(words: str, limit: int = 10) -> list[str]:
        return [each.id.removeprefix("id-") for each in Readers(store).find(words, "daily", limit=limit)]

    assert found("ADA") == ["ada", "zoe-ada"], "who gets this digest, and nobody else"
    assert found("Zoe-Ada@example.org") == ["zoe-ada"]
    assert found("ada@example.org") == ["ada", "zoe-ada"], "that very address first"
    assert found("ada", limit=1) == ["ada"]
    assert found("merrow") == ["ada"]
    assert found("ödön") == ["mara"]
    assert found("100%") == ["mara"]
    assert found("%") == ["mara"], "a sign stands for itself"
    assert found("_1") == ["mara"]
    assert found("nobody") == []
