"""Values of a catalogue, each checked by itself, and the base of its mappings."""

import re
from datetime import date
from decimal import Decimal
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
)

EARLIEST_YEAR, LATEST_YEAR = 2000, 2099
"""Other years are slips of the finger, and would overflow when months are added."""


def _iso_date(value: Any) -> Any:
    """Accept `2025-06-13` and nothing looser; anything else is left for pydantic to refuse."""
    if not isinstance(value, str):
        return value
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        raise ValueError(f"`{value[:40]}` has another form")
    day = date.fromisoformat(value)
    if not EARLIEST_YEAR <= day.year <= LATEST_YEAR:
        raise ValueError(f"the year {day.year} is out of {EARLIEST_YEAR}-{LATEST_YEAR}")
    return day


def _decimal(value: Any) -> Any:
    """An integer is an exact decimal; a boolean is not a number."""
    return Decimal(value) if isinstance(value, int) and not isinstance(value, bool) else value


Day = Annotated[
    date,
    BeforeValidator(_iso_date),
    WithJsonSchema({"type": "string", "format": "date", "examples": ["2025-06-13"]}),
]
Number = Annotated[Decimal, BeforeValidator(_decimal), WithJsonSchema({"type": "number"})]
Eur = Annotated[
    Decimal,
    BeforeValidator(_decimal),
    Field(gt=0, decimal_places=6),
    WithJsonSchema({"type": "number", "exclusiveMinimum": 0}),
]
Score = Annotated[
    Decimal,
    BeforeValidator(_decimal),
    Field(gt=0, le=1),
    WithJsonSchema({"type": "number", "exclusiveMinimum": 0, "maximum": 1}),
]
Share = Annotated[
    Decimal,
    BeforeValidator(_decimal),
    Field(ge=0, le=100),
    WithJsonSchema({"type": "number", "minimum": 0, "maximum": 100}),
]
"""A percentage of a whole."""
Positive = Annotated[
    Decimal,
    BeforeValidator(_decimal),
    Field(gt=0),
    WithJsonSchema({"type": "number", "exclusiveMinimum": 0}),
]
Text = Annotated[
    str,
    StringConstraints(
        min_length=1, pattern=r"^[^\s\x00-\x1f\x7f]([^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f])?$"
    ),
]
"""One line: it stands in headers, table cells and titles."""
Marker = Annotated[str, StringConstraints(min_length=1)]
Key = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
"""Names a text that is translated elsewhere (`generators/llmaas/generators/messages`)."""
ModelId = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]*(:[a-z0-9][a-z0-9._-]*)?$"),
    Field(examples=["qwen3:8b"]),
]
Url = Annotated[
    str,
    StringConstraints(pattern=r"^https?://[^\s]+$"),
    Field(examples=["https://api.example.com/v1"]),
]
LanguageCode = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}$"), Field(examples=["fr"])]
CountryCode = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$"), Field(examples=["FR"])]
HubRepository = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9][A-Za-z0-9._-]*$"),
    Field(examples=["bartowski/Qwen_Qwen3-8B-GGUF"]),
]
HubFile = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*$"),
    Field(examples=["Qwen_Qwen3-8B-Q4_K_M.gguf"]),
]
"""A path that stays inside the directory it is downloaded to."""
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Count = Annotated[int, Field(gt=0)]
Months = Annotated[int, Field(gt=0, le=120)]


class Record(BaseModel):
    """Base of every mapping in the YAML: unknown keys and loose types are errors."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
