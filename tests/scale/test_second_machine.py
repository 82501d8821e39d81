"""What an editor approved on one machine goes out from another that has the configuration, the keys and the database."""

from __future__ import annotations

import email
import email.policy
import os
import re
import shutil
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from digest.config import load
from digest.public.app import application
from digest.store.engine import Store
from digest.store.pictures import Pictures
from digest.wiring import Wiring
from tests.cli.conftest import Digest, change, digest, made_demo, publication
from tests.conftest import StandingClock, fresh_postgres
from tests.public.conftest import Client

__all__ = ["digest", "made_demo", "publication"]
ROOT = Path(__file__).parents[2]
CALL = """\
import sys
from digest.cli.app import run
from digest.cli.session import Start
from tests.conftest import StandingClock
sys.exit(run(sys.argv[1:], start=Start(clock=StandingClock())))
"""


def another_machine(first: Path) -> Path:
    """Return a digest.toml in a folder with the same keys and nothing else; what the first machine had is gone."""
    gone = first.parent.with_name("gone")
    first.parent.rename(gone)
    other = gone.with_name("other")
    shutil.copytree(gone / "keys", other / "keys")
    shutil.copy(gone / "digest.toml", other)
    return other / "digest.toml"


def test_a_process_on_another_machine_sends_the_approved_mail_with_its_pictures(
    digest: Digest, publication: Path, postgres: str
) -> None:
    change(publication, r"^public_url = .*", 'public_url = ""')  # nothing is online: each mail carries its pictures
    url = fresh_postgres(postgres)
    assert digest("db", "copy", "--to", url, "-c", publication).code == 0
    at = {"DIGEST_STORE_URL": url}
    approved = digest("approve", "-c", publication, environment=at)
    assert approved.code == 0, approved.err
    here = another_machine(publication)
    sent = subprocess.run(
        [sys.executable, "-c", CALL, "send", "--via", f"eml:{here.parent / 'out'}", "-c", str(here)],
        cwd=ROOT, env={**os.environ, **at}, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert sent.returncode == 0, sent.stderr
    shown = 0
    with closing(Store.open(url)) as store:
        kept = Pictures(store)
        for file in (here.parent / "out").rglob("*.eml"):
            message = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
            parts = {str(part["Content-ID"]).strip("<>"): part for part in message.walk() if part["Content-ID"]}
            html = message.get_body(("html",))
            for content_id in re.findall(r'src="cid:([^"]+)"', html.get_content() if html is not None else ""):
                name = content_id.partition("@")[0]
                assert (parts[content_id].get_content(), parts[content_id].get_content_type()) == kept.content(name)
                shown += 1
    assert shown > 20


def test_another_machine_serves_the_page_and_the_pictures_that_mails_link_to(
    digest: Digest, publication: Path, clock: StandingClock
) -> None:
    at = {"DIGEST_STORE_URL": f"sqlite:///{publication.parent.with_name('shared.db')}"}
    assert digest("db", "copy", "--to", at["DIGEST_STORE_URL"], "-c", publication).code == 0
    for words in (("approve",), ("send", "--via", f"eml:{publication.parent / 'out'}")):
        assert digest(*words, "-c", publication, environment=at).code == 0
    folder = publication.parent
    day = next((folder / "site").rglob("mail.html")).parent.relative_to(folder / "site").as_posix()
    page = (folder / "site" / day / "index.html").read_bytes()
    here = another_machine(publication)
    with closing(Wiring(load(here, at), clock=clock)) as wiring:
        client, site = Client(application(wiring, deliver=False)), here.parent / "site"
        name = digest("status", "--json", "-c", here, environment=at).json["version"]
        assert client.get(f"/img/{name}").status_code == 404, "pictures alone are had so"
        mail = next(file for file in here.parent.parent.rglob("mail.html") if file.parent.name == day[-2:]).read_text()
        names = sorted(set(re.findall(r"img/([0-9a-f]+\.jpg)", mail)))
        assert len(names) > 3
        first = client.get(f"/img/{names[0]}")
        assert (first.status_code, first.headers["Content-Type"]) == (200, "image/jpeg")
        assert "immutable" in first.headers["Cache-Control"]
        assert [file.name for file in (site / "img").iterdir()] == [names[0]], "what was asked for is here now"
        assert client.get(f"/{day}").headers["Location"] == f"/{day}/"
        assert client.get(f"/{day}/").content == page
        assert client.get(f"/{day}/mail.html").text == mail
        assert [client.get(f"/img/{each}").status_code for each in names] == [200] * len(names)
        for nothing in ("/daily/2026/02/30/", "/daily/2020/01/01/", "/nobody/2026/11/22/", f"/img/{'0' * 24}.jpg"):
            assert client.get(nothing).status_code == 404, nothing
