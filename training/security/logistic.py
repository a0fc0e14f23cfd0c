"""Logistic regression over sparse rows of equal values: numpy only, deterministic."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Rows:
    """Sparse rows: row i has the columns `columns[starts[i]:starts[i + 1]]`, each equal."""

    columns: NDArray[np.int32]
    starts: NDArray[np.int64]
    width: int
    least: int
    """Entries that a row counts as having at least."""

    @property
    def scale(self) -> Floats:
        """The value of every entry of a row, so that each row has length one at most."""
        return 1.0 / np.sqrt(np.maximum(np.diff(self.starts), self.least))

    def take(self, chosen: NDArray[np.int64]) -> "Rows":
        """The chosen rows, in the order given."""
        lengths = np.diff(self.starts)[chosen]
        starts = np.concatenate(([0], np.cumsum(lengths)))
        columns = np.concatenate(
            [self.columns[self.starts[i] : self.starts[i + 1]] for i in chosen]
        )
        return Rows(columns, starts, self.width, self.least)

    def times(self, weights: NDArray[np.float32]) -> Floats:
        """One dot product per row."""
        return (
            np.add.reduceat(weights[self.columns], self.starts[:-1]).astype(np.float64) * self.scale
        )

    def transposed_times(self, values: Floats) -> NDArray[np.float32]:
        """The sum of rows, each times its value."""
        per_entry = np.repeat((values * self.scale).astype(np.float32), np.diff(self.starts))
        return np.bincount(self.columns, weights=per_entry, minlength=self.width).astype(np.float32)


def rows_of(documents: list[NDArray[np.int32]], width: int, least: int) -> Rows:
    """Rows with each document's distinct buckets (an empty one gets bucket 0)."""
    distinct = [
        np.unique(document) if len(document) else np.zeros(1, np.int32) for document in documents
    ]
    lengths = np.array([len(row) for row in distinct], dtype=np.int64)
    starts = np.concatenate(([0], np.cumsum(lengths)))
    return Rows(np.concatenate(distinct), starts, width, least)


def informativeness(rows: Rows, target: Floats) -> NDArray[np.float32]:
    """Per column, how unequally it stands in the two classes: the root of its log-count ratio.

    As a scale of the columns it spares the telling ones from the penalty (Wang and Manning, 2012);
    the root keeps a column that was seen twice from being believed too much.
    """
    attacks = np.repeat(target, np.diff(rows.starts))
    shares = []
    for each in (attacks, 1.0 - attacks):
        counts = np.bincount(rows.columns, weights=each, minlength=rows.width) + 1.0
        shares.append(counts / counts.sum())
    return np.asarray(0.1 + np.sqrt(np.abs(np.log(shares[0] / shares[1]))), dtype=np.float32)


def fit(
    rows: Rows, target: Floats, weight: Floats, *, penalty: float, steps: int = 60
) -> tuple[NDArray[np.float32], float]:
    """Weights and intercept that minimise weighted log loss plus a penalty.

    The penalty is `penalty`/2 · |w/s|², where `s` is the informativeness of the columns.
    """
    column_scale = informativeness(rows, target)

    def loss(parameters: NDArray[np.float32]) -> tuple[float, NDArray[np.float32]]:
        weights, intercept = parameters[:-1], float(parameters[-1])
        logits = rows.times(weights * column_scale) + intercept
        value = float(np.sum(weight * (np.logaddexp(0.0, logits) - target * logits)))
        residual = weight * (1.0 / (1.0 + np.exp(-np.clip(logits, -30, 30))) - target)
        gradient = np.empty_like(parameters)
        gradient[:-1] = rows.transposed_times(residual) * column_scale + penalty * weights
        gradient[-1] = residual.sum()
        return value + penalty / 2 * float(weights @ weights), gradient

    found = _minimise(loss, np.zeros(rows.width + 1, dtype=np.float32), steps)
    return found[:-1] * column_scale, float(found[-1])


def _minimise(
    loss: Callable[[NDArray[np.float32]], tuple[float, NDArray[np.float32]]],
    start: NDArray[np.float32],
    steps: int,
    memory: int = 8,
) -> NDArray[np.float32]:
    """L-BFGS with backtracking."""
    at = start
    value, gradient = loss(at)
    moves: list[tuple[NDArray[np.float32], NDArray[np.float32], float]] = []
    for step in range(steps):
        direction = -gradient
        alphas = []
        for move, change, product in reversed(moves):
            alpha = float(move @ direction) / product
            alphas.append(alpha)
            direction = direction - alpha * change
        if moves:
            move, change, product = moves[-1]
            direction = direction * (product / float(change @ change))
        for (move, change, product), alpha in zip(moves, reversed(alphas), strict=True):
            direction = direction + (alpha - float(change @ direction) / product) * move
        slope = float(gradient @ direction)
        rate = 1.0 if step else 1.0 / max(1.0, float(np.linalg.norm(gradient)))
        for _ in range(20):
            candidate = at + np.float32(rate) * direction
            new_value, new_gradient = loss(candidate)
            if new_value <= value + 1e-4 * rate * slope:
                break
            rate /= 2
        else:
            return at
        move, change = candidate - at, new_gradient - gradient
        product = float(move @ change)
        if product > 1e-12:
            moves = [*moves[-memory + 1 :], (move, change, product)]
        converged = abs(value - new_value) < 1e-6 * abs(value)
        at, value, gradient = candidate, new_value, new_gradient
        if converged:
            break
    return at
