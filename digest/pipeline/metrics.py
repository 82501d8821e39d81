"""Figures for Prometheus, in its text format: for the textfile collector and for /metrics."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

TYPES = {
    "digest_last_run_timestamp_seconds": ("gauge", "When the last run of a digest ended."),
    "digest_last_run_exit_code": ("gauge", "How the last run of a digest ended: its exit code."),
    "digest_last_run_duration_seconds": ("gauge", "How long the last run of a digest took."),
    "digest_trouble": ("gauge", "1 for each kind of trouble the last run had."),
    "digest_edition_state": ("gauge", "1 for the state the newest edition of a digest is in."),
    "digest_edition_timestamp_seconds": ("gauge", "The midnight, in UTC, of the day of the newest edition."),
    "digest_deliveries": ("gauge", "Deliveries of the newest edition by state."),
    "digest_feeds": ("gauge", "Feeds configured."),
    "digest_feeds_failing": ("gauge", "Feeds whose last reading failed."),
    "digest_next_run_timestamp_seconds": ("gauge", "When the next edition is due."),
    "digest_notices_waiting": ("gauge", "Notices in the outbox."),
}


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One figure; its name is one of `TYPES`."""

    name: str
    value: float
    labels: Mapping[str, str] = field(default_factory=dict)


def exposition(samples: Iterable[Sample]) -> str:
    """Return samples in the text exposition format 0.0.4, grouped by name."""
    by_name: dict[str, list[Sample]] = {name: [] for name in TYPES}
    for sample in samples:
        by_name[sample.name].append(sample)
    lines: list[str] = []
    for name, found in by_name.items():
        if found:
            kind, said = TYPES[name]
            lines += [f"# HELP {name} {said}", f"# TYPE {name} {kind}"]
            lines += [f"{name}{_labels(sample.labels)} {sample.value:g}" if abs(sample.value) < 1e6
                      else f"{name}{_labels(sample.labels)} {sample.value:.0f}" for sample in found]  # fmt: skip
    return "\n".join(lines) + "\n" if lines else ""


def _labels(labels: Mapping[str, str]) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items()) + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
