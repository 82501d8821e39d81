"""`/p/TOKEN`: what she chooses is kept, what is kept of her is shown, and she can be forgotten."""

from __future__ import annotations

import pytest

from tests.public.conftest import House

CHOICE = {
    "sections": ["trade"], "digests": ["weekly"], "weekdays_only": "yes", "format": "text", "language": "de",
    "time_zone": "Asia/Tokyo", "pause": "2026-12-24", "name": "Ada M.",
}  # fmt: skip


def test_a_choice_is_kept_and_shown(house: House) -> None:
    path = f"/p/{house.token('p')}"
    assert house.client.get(path).status_code == 200
    assert house.reader().sections is None
    answer = house.client.post(path, data=CHOICE)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{path}?saved=1")
    reader = house.reader()
    assert (reader.sections, reader.format, reader.language, reader.name) == (("trade",), "text", "de", "Ada M.")
    assert (reader.time_zone, str(reader.paused_until), reader.weekdays_only) == ("Asia/Tokyo", "2026-12-24", True)
    assert (house.gets(), house.gets(digest="weekly")) == (False, True)
    page = house.client.get(answer.headers["Location"])
    assert "Gespeichert." in page.text
    assert '<html lang="de"' in page.text
    assert 'value="trade" checked' in page.text
    assert 'value="foreign" checked' not in page.text


def test_every_section_means_all_also_those_to_come(house: House) -> None:
    house.client.post(f"/p/{house.token('p')}", data={**CHOICE, "sections": ["foreign", "trade"]})
    assert house.reader().sections is None


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"sections": []}, "Choose at least one section"),
        ({"sections": ["gone"]}, "Choose at least one section"),
        ({"digests": []}, "Choose at least one digest"),
        ({"pause": "tomorrow"}, "Write the day"),
        ({"pause": "2036-01-01"}, "a year at most"),
    ],
)
def test_what_cannot_be_kept_is_said_and_nothing_changes(house: House, wrong: dict[str, object], said: str) -> None:
    before = house.reader()
    answer = house.client.post(f"/p/{house.token('p')}", data={**CHOICE, "language": "en", **wrong})
    assert (answer.status_code, said in answer.text) == (422, True)
    assert house.reader() == before


def test_nonsense_in_a_field_is_not_kept(house: House) -> None:
    nonsense = {
        **CHOICE,
        "time_zone": "Mars/Base",
        "language": "tlh",
        "format": "exe",
        "sections": ["trade", "'; DROP"],
    }
    house.client.post(f"/p/{house.token('p')}", data=nonsense)
    reader = house.reader()
    assert (reader.time_zone, reader.language, reader.format, reader.sections) == ("", "", "html", ("trade",))
    long = house.client.post(f"/p/{house.token('p')}", data={**CHOICE, "name": "A" * 400})
    assert long.status_code == 413


def test_a_name_cannot_become_markup(house: House) -> None:
    house.client.post(f"/p/{house.token('p')}", data={**CHOICE, "name": '"><script>alert(1)</script>'})
    assert "<script>" not in house.client.get(f"/p/{house.token('p')}").text


def test_own_data_is_shown_and_downloaded(house: House) -> None:
    answer = house.client.get(f"/p/{house.token('p')}/data.json")
    document = answer.json()
    assert document["subscriber"]["email"] == "ada@example.org"
    assert set(document) == {"subscriber", "suppressions", "signups", "deliveries", "deliveries_before", "notices"}
    assert "bea@example.org" not in answer.text


def test_being_forgotten_needs_a_sure_post(house: House) -> None:
    path = f"/p/{house.token('p')}/erase"
    assert house.client.get(path).status_code == 200
    assert house.client.post(path, data={}).status_code == 422
    assert house.client.post(path, data={"sure": "yes"}, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert house.reader().email == "ada@example.org"
    assert "You are forgotten" in house.client.post(path, data={"sure": "yes"}).text
    assert house.wiring.subscribers.subscriber(email_key="ada@example.org") is None
    from digest.wiring.roster import Roster

    again = Roster(house.wiring).import_file(b"email\nada@example.org\n", "list.csv", beside=None)
    assert (again.added, again.left) == (0, 1)
    assert "You are not on the list" in house.client.get(f"/p/{house.token('p')}").text


def test_a_forwarded_copy_reaches_its_owners_subscription_only(house: House) -> None:
    house.client.post(f"/p/{house.token('p')}", data=CHOICE)
    assert house.reader("bea").sections is None
    assert house.gets("bea")


def test_another_purpose_opens_no_preferences(house: House) -> None:
    for path in (f"/p/{house.token('u')}", f"/p/{house.token('u')}/data.json", f"/p/{house.token('c')}/erase"):
        assert house.client.get(path).status_code == 404
