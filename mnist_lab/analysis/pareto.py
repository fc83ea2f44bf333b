"""The Pareto front: the points that no other dominates in accuracy and cost."""

from collections.abc import Sequence


def front(points: Sequence[tuple[float, float]]) -> list[int]:
    """Return the indices of the points (cost, accuracy) on the Pareto front, cheapest first.

    A point is dominated by one that costs no more, is at least as accurate, and is better in one of the two; equal
    points are all on the front.
    """
    chosen: list[int] = []
    best = float("-inf")
    for i in sorted(range(len(points)), key=lambda i: (points[i][0], -points[i][1], i)):
        if not chosen or points[i][1] > best or points[i] == points[chosen[-1]]:
            chosen.append(i)
            best = points[i][1]
    return chosen
