"""The stream of an edition: what it tells, when it ends."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request

from digest.desk import live as live_module
from digest.model.desk import Role, Visitor
from digest.model.editions import Edit
from tests.desk.test_access import house_of


async def told(stream: Any) -> dict[str, Any]:
    """Return the next event: its name, and what it says."""
    async with asyncio.timeout(20):
        async for chunk in stream:
            name, _, data = str(chunk).partition("\n")
            if name.startswith("event: "):
                return {"event": name[7:], **json.loads(data.removeprefix("data: ").strip())}
    return {"event": "end"}


def test_a_stream_tells_of_edits_people_and_its_end(publication: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with house_of(publication) as house:
        wiring, key = house.wiring, house.app.live.deciding.publisher.key()
        still_in = True
        house.app.live.still_in = lambda request: still_in
        ada, bo = (Visitor(name=name, role=Role.EDITOR, csrf="") for name in ("Ada", "Bo"))
        request = Request({"type": "http", "method": "GET", "path": "/", "headers": []})

        async def go() -> None:
            nonlocal still_in
            live = house.app.live
            mine = live.answer(request, key, ada)
            assert mine.media_type == "text/event-stream"
            first = await told(mine.body_iterator)
            assert (first["event"], first["state"], first["edits"], first["people"]) == ("pulse", "draft", 0, ["Ada"])
            theirs: Any = live.answer(request, key, bo).body_iterator
            assert (await told(theirs))["people"] == ["Ada", "Bo"]
            assert (await told(mine.body_iterator))["people"] == ["Ada", "Bo"]
            made = Edit(kind="subject", value={"text": "Hoisted"}, by="the command line", at=wiring.clock.now())
            await asyncio.to_thread(wiring.editions.append_edit, key, made, expected=0)
            changed = await told(mine.body_iterator)
            assert (changed["edits"], changed["draft"], changed["by"]) == (1, 2, "the command line")
            await theirs.aclose()
            assert (await told(mine.body_iterator))["people"] == ["Ada"]
            monkeypatch.setattr(live_module, "STILL_IN_S", 0.0)
            still_in = False
            assert (await told(mine.body_iterator))["event"] == "out"
            still_in = True
            last = live.answer(request, key, ada).body_iterator
            await told(last)
            live.close()
            assert await told(last) == {"event": "end"}

        asyncio.run(go())
