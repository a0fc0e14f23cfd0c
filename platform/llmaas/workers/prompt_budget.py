"""How many prompt tokens a step may take, so that running answers do not stall."""

TARGET_GAP_S = 0.2
"""How long a step may take while others read their answers. Prompts get slower as they grow, so a
reader waits up to a fourth longer."""
AT_ONCE = 2
"""So many prompts share a step of that length. Where more wait, it may be as many times longer: in
small pieces they are computed more slowly, and decode later in steps that are less full."""
MOST_PATIENCE = 4.0
"""And so many times at most."""
LEAST_SHARE = 0.25
"""Of that time is a prompt's in any case, however slow a step is by itself."""
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
        """Prompt tokens of the next step: all that fit when nobody waits for a next word.

        Args:
            others_decode: whether somebody waits for a next word.
            prompts: sequences that wait for their first.
        """
        if not others_decode:
            return self._most
        if self._tokens_per_s is None:
            return min(self._most, 4 * STEP)
        target_s = self._target_s * min(MOST_PATIENCE, max(1.0, prompts / AT_ONCE))
        seconds = max(target_s - self._decode_s, LEAST_SHARE * target_s)
        fitting = int(self._tokens_per_s * seconds) // STEP * STEP
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
