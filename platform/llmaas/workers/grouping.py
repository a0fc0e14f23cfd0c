"""Rows that are cheaper decoded apart: on a CPU the cost of a step does not grow evenly.

With some quantisations two rows in one step cost more than two steps of one row, and seven more
than eight. So the cost of every size is measured once, and a step is cut where that pays.
"""

from collections.abc import Sequence

WORTH = 0.93
"""A division has to save so much to be believed: measurements have noise."""


def best_groups(costs: Sequence[float]) -> list[tuple[int, ...]]:
    """How to decode n rows, for every n from 0 on: sizes of the steps, largest first.

    Args:
        costs: seconds of one step of n rows, for n = 0, 1, 2 …
    """
    best: list[tuple[int, ...]] = [()]
    total = [0.0]
    for rows in range(1, len(costs)):
        groups: tuple[int, ...] = (rows,)
        cost = costs[rows]
        for last in range(1, rows):
            divided = total[rows - last] + costs[last]
            if divided < min(cost, WORTH * costs[rows]):
                groups, cost = (*best[rows - last], last), divided
        best.append(tuple(sorted(groups, reverse=True)))
        total.append(cost)
    return best
