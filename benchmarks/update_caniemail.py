"""Make digest/check/caniemail.json, what mail programs support, from caniemail's data: the newest version of each.

Usage: `npm pack caniemail`, unpack it, then `python benchmarks/update_caniemail.py package/data/caniemail.json "npm
caniemail 2.0.2"`; or the file at https://www.caniemail.com/api/data.json. The data are under the MIT licence, whose
text stands in digest/check/caniemail.LICENSE. Afterwards `pytest tests/check` says whether a feature it finds has gone.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

TARGET = Path(__file__).parent.parent / "digest" / "check" / "caniemail.json"
NOTE = "MIT licence, © 2019 HTeuMeuLeu and contributors; see caniemail.LICENSE"
SITE = "https://www.caniemail.com/"
UNTESTED = "-"


def reduced(data: dict[str, Any], source: str) -> dict[str, Any]:
    """Return caniemail's data with one letter a client and feature: y full, a partial, n none, u unknown, - untested.

    A client is a family on a platform; of its versions the last listed counts, as caniemail lists the newest last.
    """
    names, features = data["nicenames"], data["data"]
    clients = sorted(
        {(family, platform) for each in features for family, tested in each["stats"].items() for platform in tested}
    )
    return {
        "source": source,
        "site": SITE,
        "updated": data["last_update_date"][:10],
        "licence": NOTE,
        "families": {family: names["family"][family] for family in sorted({family for family, _ in clients})},
        "clients": [
            [family, f"{names['family'][family]} {names['platform'][platform]}"] for family, platform in clients
        ],
        "features": {
            each["slug"]: [each["title"], "".join(_newest(each["stats"], *client) for client in clients)]
            for each in sorted(features, key=lambda each: str(each["slug"]))
        },
    }


def _newest(stats: dict[str, dict[str, dict[str, str]]], family: str, platform: str) -> str:
    versions = list(stats.get(family, {}).get(platform, {}).values())
    letter = versions[-1][:1] if versions else UNTESTED
    if not re.fullmatch("[yanu-]", letter):
        raise SystemExit(f"{family} {platform}: {letter!r} is no letter we know")
    return letter


def written(document: dict[str, Any]) -> str:
    """Return the document as JSON, a feature a line, so that an update can be read as a diff."""

    def lines(values: dict[str, Any]) -> str:
        return ",\n".join(
            f"  {json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}" for key, value in values.items()
        )

    head = {key: value for key, value in document.items() if key not in ("families", "clients", "features")}
    clients = ",\n".join(f"  {json.dumps(each, ensure_ascii=False)}" for each in document["clients"])
    return (
        f"{{\n{lines(head)},\n"
        f'  "families": {{\n{lines(document["families"])}\n  }},\n'
        f'  "clients": [\n{clients}\n  ],\n'
        f'  "features": {{\n{lines(document["features"])}\n  }}\n}}\n'
    )


def main() -> None:
    """Read the named file and write ours."""
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    data = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    TARGET.write_text(written(reduced(data, sys.argv[2])), encoding="utf-8")
    sys.stdout.write(f"{TARGET.name}: {TARGET.stat().st_size / 1000:.0f} kB, {len(data['data'])} features\n")


if __name__ == "__main__":
    main()
