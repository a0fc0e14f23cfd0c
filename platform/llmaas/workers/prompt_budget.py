"""How many prompt tokens a step may take, so that running answers do not stall."""

TARGET_GAP_S = 0.2
"""How long a step may take while others read their answers. Prompts get slower as they grow, so a
reader waits up to a fourth longer."""
MOST_PATIENCE = 8
"""Where several prompts wait, a step may take as many times longer, up to this: every step between
them decodes the few rows there are, which costs nearly as much as decoding many."""
LEAST_SHARE = 0.25
"""Of that time is a prompt's in any case, however slow a step is by itself."""
LEAST_PIECE = 128
"""A smaller piece takes longer for each token; where nobody waits for a next word, none is."""
TILE = 64
"""Flash attention on a CPU takes so many tokens at once: half of them cost nearly as much."""
STEP = 16
"""Budgets are multiples of it: odd sizes cost as much as the next even one."""
_WEIGHT = 0.3  # of a new measurement


class PromptBudget:
    """Learns what a prompt token costs from the steps themselves.

    Args:
        most: prompt tokens that fit into one step.
        target_gap_s: how long a step may take.
    """

    def __init__(self, *, most: int, target_gap_s: float = TARGET_GAP_S) -> None:
        self._most = most
        self._target_s = target_gap_s
        self._tokens_per_s: float | None = None
        self._decode_s = 0.0

    @property
    def tokens_per_s(self) -> float | None:
        """Measured prompt speed; `None` before the first measurement."""
        return self._tokens_per_s

    def tokens(self, *, others_decode: bool, prompts: int) -> int:
        """Prompt tokens of the next step.

        Args:
            others_decode: whether somebody waits for a next word.
            prompts: sequences that wait for their first.
        """
        if self._tokens_per_s is None:
            return min(self._most, 4 * STEP)
        if not others_decode:
            fitting = max(LEAST_PIECE, int(self._tokens_per_s * self._target_s * MOST_PATIENCE))
            return min(self._most, fitting)
        target_s = self._target_s * min(MOST_PATIENCE, prompts)
        seconds = max(target_s - self._decode_s, LEAST_SHARE * target_s)
        fitting = int(self._tokens_per_s * seconds) // STEP * STEP
        if TILE // 2 <= fitting < TILE:
            fitting = TILE
        return max(STEP, min(self._most, fitting))

    def measured(self, *, prompt_tokens: int, decode_rows: int, seconds: float) -> None:
        """What a step cost."""
        if prompt_tokens == 0:
            self._decode_s += _WEIGHT * (seconds - self._decode_s)
        elif prompt_tokens >= STEP:
            of_prompt = max(seconds - (self._decode_s if decode_rows else 0.0), seconds / 4, 1e-6)
            speed = prompt_tokens / of_prompt
            known = self._tokens_per_s
            self._tokens_per_s = speed if known is None else known + _WEIGHT * (speed - known)
