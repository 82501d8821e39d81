from __future__ import annotations

import pytest

from digest.stories.lede import lede

TEXT = (
    "The last ferry of the season left Port Iselin at noon with forty people and nine goats on board. "
    "It will be back in March, when the ice of the strait has gone and the crossing is safe again."
)


def test_the_lede_of_a_page_without_metadata_is_its_first_sentences() -> None:
    body = (
        f"<html><body><nav>Home News Sport</nav><article><h1>Last ferry leaves for the winter today</h1><p>{TEXT}</p>"
    )
    body += f"<p>{TEXT.replace('ferry', 'boat')}</p></article><footer>All rights reserved</footer></body></html>"
    found = lede(body.encode(), url="https://a.example/ferry", title="Last ferry leaves for the winter today")
    assert found == TEXT


@pytest.mark.parametrize("body", [b"", b"\x00\xff", b"<html></html>", b"<p>Short.</p>", b"<a>" * 20_000])
def test_whatever_is_no_page_has_no_lede(body: bytes) -> None:
    assert lede(body) == ""
