"""Integers between two bounds, digit by digit, as the right side of a grammar's rule."""

LARGEST = 10**16 - 1
"""An open bound ends here: sixteen digits are what other integers have at most, too."""


def integer_between(low: int | None, high: int | None) -> str:
    """What a decimal integer from `low` to `high` looks like, both included."""
    low = -LARGEST if low is None else low
    high = LARGEST if high is None else high
    choices = []
    if low < 0:
        nearest, farthest = max(1, -high), -low
        choices.append(f'"-" {_group(_positive(nearest, farthest))}')
    if low <= 0 <= high:
        choices.append('"0"')
    if high > 0:
        choices += _positive(max(low, 1), high)
    return _group(choices)


def _positive(low: int, high: int) -> list[str]:
    """One choice for each range between two numbers of equally many digits."""
    choices = []
    while low <= high:
        same_length = min(high, 10 ** len(str(low)) - 1)
        choices += _same_length(str(low), str(same_length))
        low = same_length + 1
    return choices


def _same_length(low: str, high: str) -> list[str]:
    if len(low) == 1:
        return [_digit(low, high)]
    rest = len(low) - 1
    if set(low[1:]) == {"0"} and set(high[1:]) == {"9"}:
        return [f"{_digit(low[0], high[0])} [0-9]{{{rest}}}"]
    if low[0] == high[0]:
        return [f'"{low[0]}" {_group(_same_length(low[1:], high[1:]))}']
    choices = [f'"{low[0]}" {_group(_same_length(low[1:], "9" * rest))}']
    first, last = int(low[0]) + 1, int(high[0]) - 1
    if first <= last:
        choices.append(f"{_digit(str(first), str(last))} [0-9]{{{rest}}}")
    return [*choices, f'"{high[0]}" {_group(_same_length("0" * rest, high[1:]))}']


def _digit(low: str, high: str) -> str:
    return f'"{low}"' if low == high else f"[{low}-{high}]"


def _group(choices: list[str]) -> str:
    return choices[0] if len(choices) == 1 else "(" + " | ".join(choices) + ")"
