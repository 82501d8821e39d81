"""What a change of weights or words costs: scores picking on labelled stories, and measures its speed.

    python benchmarks/picking.py FILE.jsonl …            events (B-cubed F1), sections by address and by text, ranking
    python benchmarks/picking.py --speed 1000 5000 10000  seconds and memory on made-up stories

A line of FILE is a story as `digest pick --stories` reads it, with up to three labels more: "event", the same for
stories of one event (without it, a story is an event of its own), "label", the slug of its true section, and "gain", a
number from 0 that says how much it matters (an event matters as its best story does). Labels are hidden from picking.
Sections by text are measured by hiding the address and hints of every second event, whole events at once.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import resource
import time
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from digest.editions.place import OTHER
from digest.model.editions import Section, Weights
from digest.pipeline.pick import pick, pick_document, pick_file
from digest.pipeline.stories_file import read_stories
from digest.stories.background import shipped

LABELS = ("event", "label", "gain")
BEST = 10  # places that count in ranking
Row = dict[str, Any]


def bcubed(truth: Mapping[str, str], found: Mapping[str, str]) -> dict[str, float]:
    """Return precision, recall and F1 of a clustering (Bagga and Baldwin 1998), macro-averaged over stories."""
    true_sizes, found_sizes = Counter(truth.values()), Counter(found.values())
    both = Counter((truth[id_], found[id_]) for id_ in truth)
    precision = sum(both[truth[id_], found[id_]] / found_sizes[found[id_]] for id_ in truth) / len(truth)
    recall = sum(both[truth[id_], found[id_]] / true_sizes[truth[id_]] for id_ in truth) / len(truth)
    return {"precision": precision, "recall": recall, "f1": 2 * precision * recall / (precision + recall)}


def hidden(rows: Iterable[Row], *, without: Sequence[str] = ()) -> list[str]:
    """Return rows as lines without their labels and what else is hidden."""
    return [json.dumps({k: v for k, v in row.items() if k not in (*LABELS, *without)}) for row in rows]


def events(rows: Sequence[Row]) -> dict[str, float]:
    """Return how well events are found."""
    document = pick_document(pick_file(hidden(rows), at=None, sections=None, weights=None))
    found = {story: cluster["id"] for cluster in document["clusters"] for story in cluster["stories"]}
    found |= {copy["story"]: found[copy["of"]] for copy in document["duplicates"]}
    return bcubed({str(row["id"]): str(row.get("event", row["id"])) for row in rows}, found)


def ranking(rows: Sequence[Row]) -> dict[str, float]:
    """Return nDCG@10 of the events found (Järvelin and Kekäläinen 2002), each gaining once, at its best place."""
    gains = {str(row["id"]): float(row["gain"]) for row in rows if row.get("gain") is not None}
    if not any(gains.values()):
        return {}
    event = {str(row["id"]): str(row.get("event", row["id"])) for row in rows}
    worth: dict[str, float] = defaultdict(float)
    for id_, gain in gains.items():
        worth[event[id_]] = max(worth[event[id_]], gain)
    document = pick_document(pick_file(hidden(rows), at=None, sections=None, weights=None))
    seen: set[str] = set()
    found: list[float] = []
    for cluster in sorted(document["clusters"], key=lambda each: each["rank"])[:BEST]:
        told = {event[story] for story in cluster["stories"]} - seen
        found.append(max((worth[each] for each in told), default=0.0))
        seen |= told
    ideal = sorted(worth.values(), reverse=True)[:BEST]
    return {"ndcg10": discounted(found) / discounted(ideal)}


def discounted(gains: Iterable[float]) -> float:
    """Return the discounted sum of gains in order."""
    return sum(gain / math.log2(place + 1) for place, gain in enumerate(gains, 1))


def sections(rows: Sequence[Row]) -> dict[str, float]:
    """Return how often the address names the right section, and how sure and how often the text does."""
    known = [row for row in rows if row.get("label")]
    if not known:
        return {}
    slugs = sorted({row["label"] for row in known})
    made = tuple(Section(slug=slug, title=slug) for slug in slugs)
    by_address = placed(hidden(known, without=("section",)), made)
    truth = {str(row["id"]): row["label"] for row in known}
    asked = [row for row in known if zlib.crc32(str(row.get("event", row["id"])).encode()) % 2]
    taught = [row for row in known if not zlib.crc32(str(row.get("event", row["id"])).encode()) % 2]
    lines = hidden(taught) + hidden(asked, without=("url", "hints", "section"))
    by_text = placed(lines, made)
    told = [str(row["id"]) for row in asked if by_text[str(row["id"])] != OTHER]
    right = sum(by_text[id_] == truth[id_] for id_ in told)
    return {
        "address_right": sum(by_address[id_] == truth[id_] for id_ in truth) / len(truth),
        "text_precision": right / len(told) if told else 0.0,
        "text_coverage": len(told) / len(asked) if asked else 0.0,
    }


def placed(lines: Iterable[str], made: Sequence[Section]) -> dict[str, str]:
    """Return the section of each story."""
    found = pick(read_stories(lines), sections=made, weights=Weights(), at=None, background=shipped())
    slugs = {story.id: each.placement.slug for each in found.ranked for story in each.cluster.stories}
    return slugs | {copy.story.id: slugs[copy.of] for copy in found.duplicates}


def made_up(count: int) -> list[str]:
    """Return stories of invented words, a third of them telling events of 2 to 12 stories."""
    draw = random.Random(count)
    letters = "aeioubdfgklmnprstvz"
    lexicon = ["".join(draw.choices(letters, k=draw.randint(3, 10))) for _ in range(40_000)]
    weights = [1 / (rank + 20) for rank in range(len(lexicon))]
    rows: list[Row] = []
    while len(rows) < count:
        core = draw.choices(lexicon, weights, k=14)
        for _ in range(draw.randint(2, 12) if draw.random() < 0.08 else 1):
            words = [*draw.sample(core, 9), *draw.choices(lexicon, weights, k=25)]
            rows.append(
                {
                    "id": len(rows),
                    "title": " ".join(words[:10]),
                    "teaser": " ".join(words[5:]),
                    "source": f"Paper {draw.randint(1, 200)}",
                }
            )
    return [json.dumps(row) for row in rows[:count]]


def speed(count: int) -> dict[str, float]:
    """Return seconds of one whole pick of so many stories, and the process's highest memory so far in MB.

    Start-up is apart: a small pick goes before. On a shared machine only the processor's own seconds can be compared.
    """
    pick_file(made_up(50), at=None, sections=None, weights=None)
    lines = made_up(count)
    start, own = time.perf_counter(), time.process_time()
    found = pick_file(lines, at=None, sections=None, weights=None)
    seconds, own = time.perf_counter() - start, time.process_time() - own
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    return {"stories": count, "clusters": len(found.ranked), "seconds": seconds, "cpu_s": own, "peak_mb": peak}


def main() -> None:
    """Print one JSON line a file or size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--speed", nargs="+", type=int, default=[], metavar="N")
    asked = parser.parse_args()
    for file in asked.files:
        rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
        figures: dict[str, dict[str, float]] = defaultdict(
            dict, events=events(rows), sections=sections(rows), ranking=ranking(rows)
        )
        print(json.dumps({"file": file.name, "stories": len(rows), **figures}))
    for count in asked.speed:
        print(json.dumps(speed(count)))


if __name__ == "__main__":
    main()
