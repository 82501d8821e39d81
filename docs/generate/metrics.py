"""The page of metrics: those of the textfile that `run` writes, and those of `serve`."""

from __future__ import annotations

from digest.pipeline.metrics import TYPES
from digest.public.metrics import TYPES as SERVED


def page() -> str:
    """Return docs/reference/metrics.md."""
    lines = [
        "# Metrics",
        "",
        "Figures for Prometheus, text format 0.0.4. No address and no name of a reader is among them.",
        "",
        "## In the textfile of `run`",
        "",
        "Written by `digest run` to `[monitoring] textfile`, for the node exporter's textfile collector.",
        "",
        *_table(TYPES),
        "## At `/metrics` of `serve`",
        "",
        "Answered to the networks of `[serve] metrics_from` alone: all of the above, and these.",
        "",
        *_table(SERVED),
    ]
    return "\n".join(lines).rstrip() + "\n"


def _table(types: dict[str, tuple[str, str]]) -> list[str]:
    return [
        "| Metric | Kind | Meaning |",
        "|---|---|---|",
        *(f"| `{name}` | {kind} | {said} |" for name, (kind, said) in types.items()),
        "",
    ]
