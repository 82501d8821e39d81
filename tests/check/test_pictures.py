"""Pictures: there or not, in which format, how large; what is loaded from whom."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image

from digest.pipeline.checking import check_file
from tests.check.mails import eml, found, styled, with_body


def picture(width: int, kind: str = "PNG") -> bytes:
    target = io.BytesIO()
    Image.new("RGB", (width, 4), (10, 90, 160)).save(target, kind)
    return target.getvalue()


def test_files_beside_a_page_are_looked_at(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "a quay.png").write_bytes(picture(100))
    page = tmp_path / "edition.html"
    page.write_text(with_body('<img src="images/a%20quay.png" alt="A quay" width="50">'), encoding="utf-8")
    assert "image-missing" not in {finding.code for finding in check_file(page).findings}
    (tmp_path / "images" / "a quay.png").unlink()
    (missing,) = (finding for finding in check_file(page).findings if finding.code == "image-missing")
    assert "a%20quay.png" in missing.message
    assert missing.where == "html:2"


def test_what_is_attached_is_there_and_fits() -> None:
    html = with_body('<img src="cid:quay" alt="A quay" width="50">')
    codes = found(eml(html=html, attached={"quay": picture(100)})).keys()
    assert not {each for each in codes if each.startswith("image")}
    assert "image-scaled" in found(eml(html=html, attached={"quay": picture(151)}))
    assert {"image-scaled"} == {
        each for each in found(eml(html=html, attached={"quay": picture(400)})) if "image" in each
    }


@pytest.mark.parametrize("ending", ["webp", "avif", "svg", "tiff", "bmp", "WEBP?w=100"])
def test_formats_that_some_programs_do_not_draw_are_named_by_their_address(ending: str) -> None:
    html = with_body(f'<img src="https://tide.example/quay.{ending}" alt="A quay" width="50">')
    assert "image-format" in found(eml(html=html))


@pytest.mark.parametrize("ending", ["jpg", "jpeg", "png", "gif", "php?id=7"])
def test_formats_every_program_draws_are_not(ending: str) -> None:
    html = with_body(f'<img src="https://tide.example/quay.{ending}" alt="A quay" width="50">')
    assert "image-format" not in found(eml(html=html))


def test_own_hosts_are_those_the_message_names() -> None:
    for host in ("tide.example", "img.tide.example"):
        assert "third-party" not in found(eml(html=with_body(f'<img src="https://{host}/i.png" alt="" width="9">')))
    said = found(eml(html=styled("td{background:url('https://cdn.other.example/b.png')}", "<p>Sail</p>")))
    assert said["third-party"].endswith("loaded from cdn.other.example")
    twice = with_body('<img src="https://cdn.other.example/i.png" alt="" width="9">' * 3)
    assert "3 pictures, styles or fonts are loaded" in found(eml(html=twice))["third-party"]
