"""Names of other programs as ids of this catalogue."""

import re
from datetime import date
from decimal import Decimal

_MODEL_ID = re.compile(r"[a-z0-9][a-z0-9._-]*(:[a-z0-9][a-z0-9._-]*)?")
_SIZE = re.compile(r"(?P<number>[0-9]+(\.[0-9]+)?)\s*(?P<unit>[bmk])\b", re.IGNORECASE)
_BILLIONS = {"b": Decimal(1), "m": Decimal("0.001"), "k": Decimal("0.000001")}
_SIZE_WORD = re.compile(r"[0-9]+(\.[0-9]+)?[bmk]")


def model_id_of(name: str) -> str | None:
    """The id that is closest to a name, `None` where nothing of it is left.

    `Granite 3 Guardian 2B` is `granite-3-guardian:2b`, `hf.co/owner/Some-7B-GGUF:Q4_K_M` is
    `some-7b-gguf:q4_k_m`.
    """
    plain = name.strip().casefold().rsplit("/", 1)[-1]
    if _MODEL_ID.fullmatch(plain):
        return plain
    words = re.sub(r"[^a-z0-9._:-]+", " ", plain).split()
    if len(words) > 1 and ":" not in plain and _SIZE_WORD.fullmatch(words[-1]):
        words[-2:] = [f"{words[-2]}:{words[-1]}"]
    joined = "-".join(words)
    family, colon, size = joined.partition(":")
    family, size = family.strip("._-"), size.replace(":", "-").strip("._-")
    found = f"{family}{colon}{size}" if size else family
    return found if _MODEL_ID.fullmatch(found) else None


def billions_of(text: str) -> Decimal | None:
    """The first size in a text, in billions of parameters: `278M` is 0.278."""
    found = _SIZE.search(text)
    if found is None:
        return None
    size = Decimal(found["number"]) * _BILLIONS[found["unit"].casefold()]
    return size if size > 0 else None


def one_line(value: object, otherwise: str) -> str:
    """A text as a catalogue takes it: on one line, without control characters.

    Only what is one: written out, a few lists that hold each other ten times fill the memory.
    """
    text = str(value) if value and isinstance(value, str | int | float | date) else ""
    words = "".join(each if each.isprintable() else " " for each in text).split()
    return " ".join(words) or otherwise
