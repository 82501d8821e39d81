"""Average-link clustering on sparse similarities, by chains of nearest neighbours.

A chain walks to ever nearer neighbours until two are each other's nearest, and merges them; average link is reducible,
so the tree is the one that always merging the globally nearest pair would give (Murtagh 1983), in about O(pairs).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from digest.stories.similarity import Row


@dataclass(frozen=True, slots=True)
class Merge:
    """Two nodes become one. Leaves are numbered first, then the merges in order."""

    left: int
    right: int
    height: float  # average similarity between their members


class _Forest:
    """The nodes still to be merged, with the sums of similarities between them."""

    def __init__(self, sizes: Sequence[int], sums: Sequence[Row]) -> None:
        self.sizes = list(sizes)
        self.sums: list[Row] = [dict(row) for row in sums]
        self.open = [True] * len(self.sizes)  # neither merged nor finished

    def nearest(self, node: int) -> tuple[int, float]:
        """Return a node's neighbour of highest average, the lowest number among equals, or (-1, 0)."""
        best, found, sizes = -1.0, -1, self.sizes
        for other, total in self.sums[node].items():
            average = total / sizes[other]
            if average > best or (average == best and other < found):
                best, found = average, other
        return found, best / sizes[node] if found >= 0 else 0.0

    def average(self, node: int, other: int) -> float:
        """Return the average similarity between two nodes, 0 where none is known."""
        return self.sums[node].get(other, 0.0) / self.sizes[other] / self.sizes[node]

    def merge(self, left: int, right: int) -> int:
        """Make one node of two and return its number; the larger row takes in the smaller."""
        kept, other = self.sums[left], self.sums[right]
        if len(kept) < len(other):
            kept, other = other, kept
        for node, total in other.items():
            kept[node] = kept.get(node, 0.0) + total
        kept.pop(left, None)
        kept.pop(right, None)
        made = len(self.sizes)
        for node, total in kept.items():
            row = self.sums[node]
            row.pop(left, None)
            row.pop(right, None)
            row[made] = total
        self.sums[left], self.sums[right] = {}, {}
        self.sums.append(kept)
        self.sizes.append(self.sizes[left] + self.sizes[right])
        self.open[left] = self.open[right] = False
        self.open.append(True)
        return made


def average_link(sizes: Sequence[int], sums: Sequence[Row], *, stop: float) -> list[Merge]:
    """Return the merges whose average similarity is at least ``stop``.

    ``sums[a][b]`` is the sum of the similarities between the members of leaves a and b, ``sizes`` counts members.
    """
    forest = _Forest(sizes, sums)
    merges: list[Merge] = []
    start = 0
    while start < len(forest.sizes):  # merged nodes are starts too: they may have been left behind by their chain
        chain = [start]
        while chain:
            node = chain[-1]
            if not forest.open[node]:
                chain.pop()
                continue
            near, average = forest.nearest(node)
            if near < 0 or average < stop:
                # Final: no later merge of others can raise an average with this one.
                forest.open[node] = False
                chain.pop()
                continue
            before = chain[-2] if len(chain) > 1 else -1
            if before >= 0 and forest.average(node, before) >= average:
                # What is left of the chain looks for its nearest anew; the merged node waits for its turn.
                del chain[-2:]
                forest.merge(node, before)
                merges.append(Merge(node, before, average))
            else:
                chain.append(near)
        start += 1
    return merges


def groups(leaves: int, merges: Sequence[Merge]) -> list[list[int]]:
    """Return the leaves below each node at the top, sorted, in the order of their first leaves."""
    nodes: list[list[int]] = [[leaf] for leaf in range(leaves)]
    top = [True] * leaves
    for merge in merges:
        nodes.append(nodes[merge.left] + nodes[merge.right])
        top[merge.left] = top[merge.right] = False
        top.append(True)
    return sorted(sorted(members) for members, stands in zip(nodes, top, strict=True) if stands)
