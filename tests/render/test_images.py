"""Pictures of our own making: the right size, small, without metadata, the same every time."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from digest.errors import FileProblem
from digest.render.images import MOST_BYTES, prepare


def picture(size: tuple[int, int], kind: str = "PNG", mode: str = "RGB") -> bytes:
    buffer = io.BytesIO()
    noise = Image.effect_noise((size[0], size[1]), 90).convert(mode)
    noise.save(buffer, kind)
    return buffer.getvalue()


@pytest.mark.parametrize(("style", "size"), [("feature", (552, 311)), ("cards", (108, 81)), ("video", (266, 150))])
@pytest.mark.parametrize("source", [(2000, 900), (300, 800), (120, 90)])
def test_each_use_has_its_size(style: str, size: tuple[int, int], source: tuple[int, int]) -> None:
    made, body, media_type = prepare(picture(source), style=style, alt="A hill", credit="Desk", badge="2:14")
    assert (made.width, made.height) == size
    assert (made.alt, made.credit, media_type) == ("A hill", "Desk", "image/jpeg")
    assert len(body) <= MOST_BYTES
    with Image.open(io.BytesIO(body)) as opened:
        assert opened.format == "JPEG"
        assert abs(opened.width / opened.height - size[0] / size[1]) < 0.02
        assert opened.getexif() == {}


def test_the_same_bytes_have_the_same_name() -> None:
    body = picture((400, 300))
    assert prepare(body, style="cards")[0].name == prepare(body, style="cards")[0].name
    assert prepare(body, style="cards")[0].name != prepare(body, style="video")[0].name


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_other_kinds_become_jpeg(kind: str) -> None:
    mode = "P" if kind == "GIF" else "RGBA"
    source = Image.new("RGBA", (200, 150), (0, 0, 0, 0)).convert(mode)
    buffer = io.BytesIO()
    source.save(buffer, kind)
    with Image.open(io.BytesIO(prepare(buffer.getvalue(), style="cards")[1])) as opened:
        assert opened.mode == "RGB"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "no picture"),
        (b"<html>not here</html>", "no picture"),
        (picture((1, 1)), "too few"),
        (picture((400, 300), "JPEG")[:2_000], "broken"),
    ],
)
def test_what_is_no_picture_is_said(body: bytes, said: str) -> None:
    with pytest.raises(FileProblem, match=said):
        prepare(body, style="cards")


def test_a_bomb_is_refused() -> None:
    buffer = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(buffer, "PNG")
    with pytest.raises(FileProblem, match=r"too many|pixels"):
        prepare(buffer.getvalue(), style="cards")


def test_what_a_camera_says_of_a_picture_goes_but_it_stands_upright() -> None:
    taken = Image.new("RGB", (800, 600), (250, 250, 250))
    taken.paste((200, 20, 20), (0, 0, 400, 600))  # the left half, which is above once it is turned
    said = Image.Exif()
    said[0x0112], said[0x010F], said[0x8825] = 6, "A camera", {1: "N", 2: (53.0, 30.0, 0.0)}
    buffer = io.BytesIO()
    taken.save(buffer, "JPEG", exif=said.tobytes(), comment=b"my garden", quality=95)
    _, body, _ = prepare(buffer.getvalue(), style="cards")
    assert b"A camera" in buffer.getvalue()
    assert b"my garden" in buffer.getvalue()
    assert b"A camera" not in body
    assert b"my garden" not in body
    with Image.open(io.BytesIO(body)) as opened:
        assert opened.getexif() == {}
        assert not {"exif", "comment", "icc_profile"} & opened.info.keys()
        shown = opened.convert("RGB")
        red, white = (shown.getpixel((shown.width // 2, shown.height * part // 10)) for part in (1, 9))
    assert isinstance(red, tuple)
    assert isinstance(white, tuple)
    assert red[1] < 100 < 200 < white[1], "above is what the camera held left"


def test_a_film_has_a_play_sign_in_its_middle_and_its_length_in_a_corner() -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (800, 450), (250, 250, 250)).save(buffer, "PNG")

    def darkest(style: str, badge: str, box: tuple[float, float, float, float]) -> int:
        with Image.open(io.BytesIO(prepare(buffer.getvalue(), style=style, badge=badge)[1])) as opened:
            wide, high = opened.size
            part = opened.convert("L").crop((int(box[0] * wide), int(box[1] * high), int(box[2] * wide), int(box[3] * high)))  # fmt: skip
            return min(part.tobytes())

    middle, corner = (0.4, 0.35, 0.6, 0.65), (0.7, 0.75, 1.0, 1.0)
    assert darkest("video", "2:14", middle) < 120
    assert darkest("video", "2:14", corner) < 120
    assert darkest("video", "", middle) < 120
    assert darkest("video", "", corner) > 200
    assert darkest("cards", "", middle) > 200
