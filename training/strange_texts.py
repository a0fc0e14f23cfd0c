"""Texts that are no question in any language taught: other scripts, code, numbers, noise."""

import random

SCRIPTS = (
    (0x4E00, 0x9FFF), (0x3041, 0x30FF), (0x0410, 0x044F), (0x0391, 0x03C9), (0x05D0, 0x05EA),
    (0x0621, 0x064A), (0x0905, 0x0939), (0xAC00, 0xD7A3), (0x0E01, 0x0E3A), (0x1F300, 0x1F64F),
)  # fmt: skip
"""First and last letter of scripts that no lesson is written in, and of the pictures."""
CODE = (
    "for i in range({n}):\n    print(i)",
    "import os\nprint(os.{w})",
    "class {w}:\n    pass",
    "function {w}(a) {{ return a * {n}; }}",
    "select {w} from {v} where {w} > {n}",
    '<p class="{w}">{v}</p>',
    '{{"{w}": "{v}", "n": {n}}}',
    "[{n}, {m}, {n}]",
    "{w}: {v}\n{v}: {n}",
    "x = {n} # {w}",
    "$ {w} --{v} {n}",
    "{n}",
    "{n} {m} {n} {m}",
    "{n}, {m}",
    "{w}.{v}({n})",
    "https://{w}.example/{v}",
    "{w}",
    "?",
    "!!!",
    "...",
    "-",
)


def strange_text(rng: random.Random) -> str:
    """One of them."""
    kind = rng.random()
    if kind < 0.45:
        first, last = rng.choice(SCRIPTS)
        if rng.random() < 0.5:  # a script's common letters are close together
            first += rng.randrange(max(1, last - first - 60))
            last = min(last, first + 60)
        letters = [chr(rng.randint(first, last)) for _ in range(rng.randint(1, 16))]
        spaces = rng.random() < 0.4
        text = "".join(
            f"{letter} " if spaces and rng.random() < 0.2 else letter for letter in letters
        )
        return text.strip() + rng.choice(("", "", "?", "？", "。", "!"))
    word, other = (_noise(rng) for _ in range(2))
    if kind < 0.8:
        return rng.choice(CODE).format(
            w=word, v=other, n=rng.randrange(10 ** rng.randint(1, 4)), m=rng.randrange(100)
        )
    if kind < 0.9:
        return word[:1] * rng.randint(1, 40)
    return (f"{word} " * rng.choice((3, 10, 40, 120))).strip()


def _noise(rng: random.Random) -> str:
    letters = "abcdefghijklmnopqrstuvwxyz"
    return "".join(rng.choice(letters) for _ in range(rng.randint(2, 8)))
