"""The Pareto front: what nothing else beats in both value and cost."""

from collections.abc import Sequence


def front(points: Sequence[tuple[float, float]]) -> list[int]:
    """The Pareto front of (cost, accuracy): the points that none beats in both, by index, cheapest first.

    A point is beaten by one that costs no more and is at least as accurate, and better in one of the two; equal points
    stand beside each other.
    """
    chosen: list[int] = []
    best = float("-inf")
    for i in sorted(range(len(points)), key=lambda i: (points[i][0], -points[i][1], i)):
        if not chosen or points[i][1] > best or points[i] == points[chosen[-1]]:
            chosen.append(i)
            best = points[i][1]
    return chosen
