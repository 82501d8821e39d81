"""Where nothing is online a mail carries its pictures; a sponsor's picture is prepared like every other."""

from __future__ import annotations

import email
import email.policy
import hashlib
import io
import json
import re
from datetime import date, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
from PIL import Image

from digest.mail.parts import encode
from digest.model.pieces import split
from digest.pipeline.approving import HEAVY, proof
from tests.builders import PUBLICATION
from tests.cli.conftest import Digest, change
from tests.render.samples import made, rich


def sent(digest: Digest, publication: Path) -> dict[str, EmailMessage]:
    """Build, approve and send; return the messages by address."""
    for words in (("build",), ("approve",), ("send",)):
        outcome = digest(*words, "-c", publication)
        assert outcome.code in (0, 75), outcome.err
    found = {}
    for path in (publication.parent / "outbox").glob("*.eml"):
        message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        found[path.stem] = message
    return found


def body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content())


def embedded(message: EmailMessage) -> dict[str, EmailMessage]:
    found = {}
    for part in message.walk():
        assert not part.defects
        if part.get_content_maintype() == "image":
            assert isinstance(part, EmailMessage)
            found[str(part["Content-ID"]).strip("<>")] = part
    return found


@pytest.fixture
def offline(publication: Path) -> Path:
    """The demo's publication with nothing online, and a logo."""
    change(publication, r"^public_url = .*$", 'public_url = ""')
    Image.new("RGBA", (960, 120), (10, 120, 90, 128)).save(publication.parent / "logo.png")
    change(publication, r'^name = "classic"$', 'name = "classic"\nlogo = "logo.png"')
    return publication


def test_a_mail_of_a_publication_without_address_carries_its_pictures(digest: Digest, offline: Path) -> None:
    message = sent(digest, offline)["reader@example.org"]
    assert [each.get_content_type() for each in message.iter_parts()] == ["text/plain", "multipart/related"]
    related = list(message.iter_parts())[1]
    assert related.get_param("type") == "text/html"
    kinds = [each.get_content_type() for each in related.iter_parts()]
    assert kinds[0] == "text/html"
    assert set(kinds[1:]) == {"image/jpeg", "image/png"}
    html, pictures = body(message, "html"), embedded(message)
    assert set(re.findall(r'src="cid:([^"]+)"', html)) == set(pictures)
    assert len(pictures) > 10
    assert not re.search(r'src="(?!cid:)', html), "nothing is loaded from anywhere"
    for address, part in pictures.items():
        data = part.get_payload(decode=True)
        assert isinstance(data, bytes)
        assert address.split("@") == [part.get_filename(), "halyard.example"]
        assert hashlib.sha256(data).hexdigest().startswith(address.split(".")[0])
        assert part.get_content_disposition() == "inline"
        with Image.open(io.BytesIO(data)) as opened:
            opened.load()
    raw = (offline.parent / "outbox" / "reader@example.org.eml").read_bytes()
    assert max(len(line) for line in raw.split(b"\r\n")) < 998
    assert raw.replace(b"\r\n", b"").count(b"\n") == 0


def test_a_choice_of_sections_carries_no_picture_of_the_others(digest: Digest, offline: Path) -> None:
    messages = sent(digest, offline)
    whole = embedded(messages["reader@example.org"])
    for address in ("scholar@example.net", "watcher@example.net", "pilot@example.com"):
        few = embedded(messages[address])
        assert set(re.findall(r'src="cid:([^"]+)"', body(messages[address], "html"))) == set(few)
        assert set(few) < set(whole)
    assert messages["terminal@example.net"].get_content_type() == "text/plain"


def test_what_each_message_weighs_is_told(digest: Digest, offline: Path) -> None:
    assert digest("build", "-c", offline).code == 0
    out = offline.parent / "out"
    told = digest("preview", "-c", offline, "--out", out).out
    size = (out / "edition.eml").stat().st_size
    assert size > 100_000
    assert f"message {size / 1000:.1f} kB on the wire" in told
    html = (out / "edition.html").read_text(encoding="utf-8")
    names = re.findall(r'src="images/([^"]+)"', html)
    assert len(names) > 10
    assert "cid:" not in html
    assert all((out / "images" / name).is_file() for name in names)
    approved = re.search(r"about (\d+) kB", digest("approve", "-c", offline).out)
    assert approved is not None
    assert abs(int(approved.group(1)) * 1000 - size) < 6_000


def test_pictures_that_make_messages_heavy_are_a_finding() -> None:
    from dataclasses import replace

    from digest.model.editions import Edition, Rendered

    nowhere = replace(PUBLICATION, public_url="")

    def render(of: Edition, number: int, language: str) -> Rendered:
        return made(of, nowhere)

    def found(size: int) -> list[str]:
        checked = proof(
            rich(), number=1, publication=nowhere, render=render, contents=lambda name: (b"x" * size, "image/jpeg")
        )
        return [f"{each.severity} {each.code}" for each in checked.findings if each.code == "message-size"]

    assert found(1_000) == []
    assert found(HEAVY // 3) == ["warning message-size"]


def test_online_pictures_are_linked_and_named_but_not_held() -> None:
    of = rich()
    rendered = made(of)
    parts = encode(rendered, of, number=1, language="en", contents=lambda name: (b"bytes", "image/jpeg"))
    assert {each.name for each in parts.pictures} == {"big.jpg", "thumb.jpg", "film.jpg"}
    assert {each.name: each.piece for each in parts.pictures}["thumb.jpg"] == "any:foreign,defence"
    assert not any(each.data or each.content_id for each in parts.pictures)
    assert split(rendered.html, rendered.nonce)


def sponsored(publication: Path, image: str) -> None:
    change(publication, r"^image = .*$", f'image = "{image}"')


@pytest.mark.parametrize("image", ["http://feeds.halyard.example/pictures/tidewell-charts.png", "emblem.png"])
def test_a_sponsors_picture_is_shown_fetched_or_from_a_file(digest: Digest, publication: Path, image: str) -> None:
    Image.new("RGBA", (1200, 300), (0, 90, 160, 0)).save(publication.parent / "emblem.png")
    sponsored(publication, image)
    messages = sent(digest, publication)
    html = body(messages["trader@example.com"], "html")
    found = re.search(
        r'<img src="(https://halyard.example/img/([0-9a-f]{24}\.png))" width="(\d+)" height="(\d+)" alt="Tidewell Charts"',
        html,
    )
    assert found is not None
    assert (int(found.group(3)) <= 180, int(found.group(4)) <= 60) == (True, True)
    with Image.open(publication.parent / "site" / "img" / found.group(2)) as picture:
        assert picture.mode == "RGB", "opaque, or it is lost at night"
        assert picture.getpixel((0, 0)) == (0xF7, 0xF7, 0xF5), "on the theme's paper"
    assert found.group(1) not in body(messages["scholar@example.net"], "html")


@pytest.mark.parametrize(
    ("image", "said"),
    [
        ("missing.png", "missing.png: it cannot be read (No such file or directory)"),
        ("words.png", "words.png: it is no picture we can read"),
        ("http://feeds.halyard.example/nowhere.png", "nowhere.png: the server answered 404"),
    ],
)
def test_a_sponsors_picture_that_is_none_leaves_the_mail_whole(
    digest: Digest, publication: Path, image: str, said: str
) -> None:
    (publication.parent / "words.png").write_text("no picture", encoding="utf-8")
    sponsored(publication, image)
    outcome = digest("build", "-c", publication)
    assert said in outcome.err
    html = body(sent(digest, publication)["trader@example.com"], "html")
    assert "Sea charts on paper" in html
    assert 'alt="Tidewell Charts"' not in html


def test_an_editors_words_keep_the_sponsors_picture_and_open_no_file(digest: Digest, publication: Path) -> None:
    assert digest("build", "-c", publication).code == 0
    charts = digest(
        "edit", "sponsor", "Tidewell Charts", "--text", "Charts that float.", "--placement", "trade", "-c", publication
    )
    assert charts.code == 0
    html = body(sent(digest, publication)["trader@example.com"], "html")
    assert "Charts that float." in html
    assert 'alt="Tidewell Charts"' in html


def test_a_slot_is_shown_on_its_days_alone_and_says_whose_it_is(digest: Digest, publication: Path) -> None:
    day = date.fromisoformat(json.loads(digest("status", "-c", publication, "--json").out)["edition"])
    before, after = day - timedelta(days=1), day + timedelta(days=1)
    slots = (
        ("Ended", f'until = "{before}"'),
        ("Not Yet", f'from = "{after}"'),
        ("Last Day", f'until = "{day}"'),
        ("First Day", f'from = "{day}"\nlabel = "From our own house"\nplacement = "top"'),
    )
    tables = "".join(f'[[sponsors]]\nname = "{name}"\ntext = "Salt and rope."\n{dates}\n\n' for name, dates in slots)
    change(publication, r"^\[\[sponsors\]\]$", f"{tables}[[sponsors]]")
    assert digest("build", "-c", publication).code == 0
    message = sent(digest, publication)["trader@example.com"]
    for kind in ("html", "plain"):
        words = " ".join(body(message, kind).split())
        assert ("Ended" in words, "Not Yet" in words, "Last Day" in words) == (False, False, True)
        assert "From our own house" in words
        assert words.index("First Day") < words.index("Last Day"), "one at the top, one in the imprint"


def test_a_relay_named_on_the_command_line_gets_nothing_that_nobody_could_leave(digest: Digest, offline: Path) -> None:
    assert digest("approve", "-c", offline).code == 0
    for words in (("send",), ("send", "--test", "me@halyard.example"), ("run",)):
        refused = digest(*words, "--via", "smtp://127.0.0.1:1", "-c", offline)
        assert (refused.code, refused.err.count("\n")) == (2, 1), refused.err
        assert "--via smtp: nobody could unsubscribe: [publication] public_url is missing; set it" in refused.err
    assert digest("status", "--json", "-c", offline).json["counts"]["total"] == 0, "nobody was planned"
    assert "is no way to deliver" in digest("send", "--via", "post:box", "-c", offline).err
