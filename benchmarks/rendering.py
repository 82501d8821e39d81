"""How fast an edition is rendered, as ratios against npm's mjml and juice on the same MJML and CSS, in one run.

python -m benchmarks.rendering [--peers FOLDER]     # FOLDER has node_modules with mjml and juice

Without --peers both are installed into a temporary folder. Ours is the whole of it: Jinja2, the check of the MJML,
mjml-python, premailer and the text part, each time anew; theirs is only MJML, with its default check as ours has one,
and the inlining of the theme's CSS. Both are warm, which means for ours that what premailer made of each place of the
theme is remembered. They take turns, a few renderings each, so that what else the machine does falls on both alike;
where it does much, the fastest rendering of each and the processor's time say more than the median of a clock.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from digest.render import context, render
from digest.render.theme import THEMES, theme
from digest.templating import environment, fill
from tests.builders import PUBLICATION
from tests.render.samples import pictured

STORIES, ROUNDS, EACH, WARM = 30, 15, 5, 20
PEERS = ("mjml@5", "juice@11")
_NODE = """
const mjml = require("mjml"), juice = require("juice"), fs = require("fs"), readline = require("readline");
const [source, css] = [process.argv[2], process.argv[3]].map(each => fs.readFileSync(each, "utf8"));
const compile = mjml.default || mjml;
async function one() {
  const made = await compile(source, {fonts: {}});
  return juice.inlineContent(made.html, css, {preserveImportant: true});
}
(async () => {
  for await (const line of readline.createInterface({input: process.stdin})) {
    const times = [];
    let size = 0;
    for (let number = 0; number < Number(line); number++) {
      const began = process.hrtime.bigint(), used = process.cpuUsage();
      size = (await one()).length;
      const spent = process.cpuUsage(used);
      times.push([Number(process.hrtime.bigint() - began) / 1e6, (spent.user + spent.system) / 1e3]);
    }
    console.log(JSON.stringify({times, size}));
  }
})();
"""


def installed(folder: Path) -> str:
    """Install the peers into a folder; return what is missing, "" for nothing."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        return "node and npm are not there"
    done = subprocess.run(
        ["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(folder), *PEERS],
        capture_output=True,
        text=True,
        check=False,
    )
    return "" if done.returncode == 0 else f"npm cannot install them ({done.stderr.strip().splitlines()[-1:]})"


def ours(name: str) -> tuple[Callable[[], int], str, str]:
    """Return what renders an edition in a theme, and the MJML and CSS that it makes."""
    of, made, templates = pictured(STORIES), theme(name), environment()
    values = context(of, publication=PUBLICATION, number=1, theme=made, title="", language="en")
    values["slot"] = dict.fromkeys(
        ("unsubscribe_url", "preferences_url", "email", "name", "subject", "preheader", "stories", "minutes"), "slot"
    )
    values["cut"] = lambda condition: ""

    def once() -> int:
        return len(render(of, publication=PUBLICATION, number=1, theme=made, environment=templates).html)

    mjml = fill(templates, "mail/edition.mjml", values)
    return once, mjml, fill(templates, f"mail/{name}/theme.css", values)


Taken = tuple[float, float]  # milliseconds by the clock, and of processors


def timed(call: Callable[[], int], times: int) -> list[Taken]:
    """Return how long each of some calls took."""
    found = []
    for _ in range(times):
        began, used = time.perf_counter(), time.process_time()
        call()
        found.append(((time.perf_counter() - began) * 1000, (time.process_time() - used) * 1000))
    return found


def asked(node: subprocess.Popen[str], times: int) -> list[Taken]:
    """Return how long each of some renderings of the peers took."""
    assert node.stdin is not None
    assert node.stdout is not None
    node.stdin.write(f"{times}\n")
    node.stdin.flush()
    return [(clock, used) for clock, used in json.loads(node.stdout.readline())["times"]]


Rounds = list[tuple[list[Taken], list[Taken]]]


def compared(name: str, peers: Path, work: Path, *, rounds: int = ROUNDS) -> Rounds:
    """Return what rounds of ours and theirs took for one theme."""
    once, mjml, css = ours(name)
    for file, text in (("edition.mjml", mjml), ("theme.css", css)):
        (work / file).write_text(text, encoding="utf-8")
    script = peers / "peers.cjs"  # node looks for its modules beside the script
    script.write_text(_NODE, encoding="utf-8")
    node = subprocess.Popen(
        ["node", str(script), str(work / "edition.mjml"), str(work / "theme.css")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        timed(once, WARM)
        asked(node, WARM)
        return [(timed(once, EACH), asked(node, EACH)) for _ in range(rounds)]
    finally:
        node.kill()
        node.communicate()


def told(rounds: Rounds) -> str:
    """Return what rounds of ours and theirs say: medians, the fastest, and the processor's time, with their ratios."""
    parts = []
    for label, kind, of in (("median", 0, statistics.median), ("fastest", 0, min), ("processor", 1, statistics.median)):
        mine, theirs = (of(taken[kind] for each in rounds for taken in each[side]) for side in (0, 1))
        ratio = theirs / mine
        if of is statistics.median:
            ratio = of(of(taken[kind] for taken in b) / of(taken[kind] for taken in a) for a, b in rounds)
        parts.append(f"{label} {mine:.1f} ms against {theirs:.1f}: {ratio:.2f} times")
    return "; ".join(parts)


def main() -> int:
    """Compare every theme; return an exit code."""
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("--peers", type=Path, help="a folder whose node_modules has mjml and juice")
    given = options.parse_args().peers
    with tempfile.TemporaryDirectory() as folder:
        peers = given or Path(folder)
        missing = "" if given else installed(peers)
        if missing or not (peers / "node_modules" / "mjml").is_dir():
            print(f"The peers are missing ({missing or 'no node_modules/mjml'}); ours alone:")
            for name in THEMES:
                once = ours(name)[0]
                timed(once, WARM)
                print(f"{name:8} ours {statistics.median(clock for clock, _ in timed(once, ROUNDS * EACH)):6.1f} ms")
            return 1
        print(f"{STORIES} stories with thumbnails, {ROUNDS} rounds of {EACH}")
        for name in THEMES:
            print(f"{name:8} {told(compared(name, peers, Path(folder)))}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
