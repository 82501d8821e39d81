"""What `check` found, each with the item it comes from where that can be told."""

from __future__ import annotations

from dataclasses import dataclass

from digest.model.editions import Finding
from digest.wiring.drafts import Draft


@dataclass(frozen=True, kw_only=True)
class Found:
    """A finding and its cause."""

    finding: Finding
    cause: str = ""  # id of the item; "" = the whole mail
    cause_words: str = ""  # "Go to place 6"


def cause_of(finding: Finding, draft: Draft) -> Found:
    """Return a finding with the item whose address or words it names."""
    said = f"{finding.where} {finding.message}"
    for number, item in enumerate(draft.edition.items, 1):
        named = [item.cluster.lead.url, item.headline, *(line.url for line in item.related)]
        if any(each and each in said for each in named):
            return Found(finding=finding, cause=item.cluster.id, cause_words=f"Go to place {number}")
    return Found(finding=finding)
