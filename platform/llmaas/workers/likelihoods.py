"""How likely tokens were: the distribution before sampling changes it."""

import numpy as np
from numpy.typing import NDArray

from llmaas.workers.protocol import Likelihood, TokenLogprob
from llmaas.workers.vocabulary import Vocabulary


class Likelihoods:
    """One row of logits, read before it is sampled.

    Args:
        row: logits of the whole vocabulary.
        top: alternatives to keep.
    """

    def __init__(self, row: NDArray[np.float32], top: int) -> None:
        highest = row.max()
        self._normaliser = float(highest + np.log(np.exp(row - highest).sum(dtype=np.float64)))
        best = np.argpartition(row, -top)[-top:] if top else np.empty(0, np.intp)
        self._top = [(int(t), float(row[t])) for t in sorted(best, key=lambda t: -row[t])]
        self._row = row

    def of(self, token: int, vocabulary: Vocabulary, *, logit: float) -> TokenLogprob:
        """The chosen token, whose logit was `logit`, and its alternatives."""

        def likelihood(token: int, logit: float) -> Likelihood:
            return Likelihood(vocabulary.piece(token), logit - self._normaliser)

        return TokenLogprob(
            chosen=likelihood(token, logit), top=[likelihood(*pair) for pair in self._top]
        )
