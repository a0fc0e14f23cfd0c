"""Random catalogues in which `llmaas check` finds no error, from a few names so that two of them
share models, aliases, tiers and days."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from llmaas.bundle import add_months

IDS = ("old:7b", "new:8b", "vectors:1b", "tiny", "large:70b")
NAMES = ("fast", "smart", "cheap", "best:1", "default")
TAGS = ("fast", "agent", "vision", "moe")
FIRST = date(2024, 1, 1)

days = st.integers(0, 1000).map(lambda number: FIRST + timedelta(days=number))
amounts = st.decimals("0.01", "99.99", places=2).map(lambda amount: +amount)
words = st.sampled_from(["Alpha", "Beta: two", "yes", "12", "a # b", "é «x»", "it's", 'so "so"'])


def some(values: tuple[str, ...], *, least: int = 0) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(values), unique=True, min_size=least).map(tuple)


@st.composite
def models(draw: st.DrawFn, model_id: str, aliases: tuple[str, ...]) -> dict[str, Any]:
    released = draw(days)
    embeds = draw(st.booleans())
    facts: dict[str, Any] = {
        "id": model_id,
        "aliases": aliases,
        "display_name": draw(words),
        "publisher": draw(words),
        "family": "Family",
        "upstream": draw(st.sampled_from(["owner/one", "owner/two"])),
        "parameters": draw(st.none() | st.just({"total_b": 7}) | st.just({"total_b": 30})),
        "input_modalities": ("text",),
        "output_modalities": ("embedding",) if embeds else ("text",),
        "capabilities": ("embedding",) if embeds else draw(some(("tools", "reasoning"))),
        "endpoints": ("embeddings",)
        if embeds
        else draw(some(("chat.completions", "completions"), least=1)),
        "context_tokens": draw(st.none() | st.sampled_from([32768, 65536])),
        "licence": {"id": "MIT", "name": "MIT License", "commercial_use": "yes"},
        "stability": draw(st.sampled_from(["stable", "experimental"])),
        "released_on": str(released),
        **draw(ends(released)),
        "tags": draw(some(TAGS)),
        "serving": {
            "kind": "embedding" if embeds else "generation",
            "n_ctx": draw(st.sampled_from([4096, 32768])),
            "weights": draw(st.none() | weights()),
            **({"pooling": "cls", "embedding_dimensions": 768} if embeds else {}),
        },
    }
    return _without_none(facts)


@st.composite
def ends(draw: st.DrawFn, released: date) -> dict[str, str]:
    """Dates that keep the promises: 6 months of support, 3 of notice."""
    facts: dict[str, date | str] = {}
    supported = add_months(released, 6)
    if draw(st.booleans()):
        supported += timedelta(days=draw(st.integers(0, 500)))
        facts["support_ends_on"] = supported
    if draw(st.booleans()):
        deprecated = released + timedelta(days=draw(st.integers(0, 500)))
        facts["deprecated_on"] = deprecated
        facts["successor"] = "anchor"
        if draw(st.booleans()):
            earliest = max(add_months(deprecated, 3), supported)
            facts["removed_on"] = earliest + timedelta(days=draw(st.integers(0, 100)))
    return {key: str(value) for key, value in facts.items()}


def weights() -> st.SearchStrategy[dict[str, Any]]:
    return st.sampled_from(["a.gguf", "b.gguf"]).map(
        lambda file: {
            "repository": "owner/some-GGUF",
            "file": file,
            "quantisation": "Q4_K_M",
            "verified": True,
        }
    )


@st.composite
def tiers(draw: st.DrawFn, tier_id: str) -> dict[str, Any]:
    if draw(st.booleans()):
        return {"id": tier_id, "kind": "contract", "audience": "everybody"}
    return {
        "id": tier_id,
        "kind": "prepaid",
        "audience": draw(st.sampled_from(["beginners", "everybody"])),
        "upfront_credit_eur": draw(amounts),
        "monthly_cap_eur": draw(amounts),
        "output_tokens_per_hour": draw(st.integers(1, 1000)),
        "output_tokens_per_day": draw(st.integers(1, 10000)),
    }


@st.composite
def prices(draw: st.DrawFn, unit: str) -> dict[str, Any]:
    on = draw(
        st.lists(
            st.sampled_from([FIRST, date(2025, 1, 1), date(2026, 7, 1)]), min_size=1, unique=True
        )
    )
    steps = tuple({"effective_on": str(day), "eur": draw(amounts)} for day in sorted(on))
    return {"unit": unit, "rounding": draw(st.sampled_from(["exact", "up"])), "steps": steps}


@st.composite
def catalogues(draw: st.DrawFn) -> dict[str, Any]:
    """The plain values of a catalogue, as the loader reads them."""
    ids = draw(st.lists(st.sampled_from(IDS), unique=True, max_size=4))
    owners = {name: draw(st.none() | st.sampled_from(ids)) if ids else None for name in NAMES}
    listed = [
        draw(models(each, tuple(name for name, owner in owners.items() if owner == each)))
        for each in ids
    ]
    anchor = draw(models("anchor", ()))
    for key in ("support_ends_on", "deprecated_on", "removed_on", "successor"):
        anchor.pop(key, None)
    anchor["released_on"] = str(FIRST)
    listed.insert(draw(st.integers(0, len(listed))), anchor)
    flag = draw(st.sampled_from([Decimal("0.3"), Decimal("0.5")]))
    return {
        "schema_version": 1,
        "service": {
            "name": draw(words),
            "operator": {"name": draw(words), "country": "FR"},
            "base_url": draw(
                st.sampled_from(["https://a.example.com/v1", "https://b.example.com/v1"])
            ),
            "time_zone": "Europe/Paris",
            "owned_by": "example",
            "regions": tuple(
                {"id": each, "country": draw(st.sampled_from(["FR", "DE"]))}
                for each in draw(some(("north", "south"), least=1))
            ),
            "languages": draw(some(("fr", "en", "de"), least=1)),
            "sla": {"availability_percent": draw(st.sampled_from([98, 99]))},
            "support": {"languages": ("fr",), "channel": "portal", "first_reply": "working_day"},
        },
        "compliance": tuple(
            {
                "id": each,
                "name": each.upper(),
                "kind": "certification",
                "scope": "service",
                "status": draw(st.sampled_from(["valid", "expired"])),
            }
            for each in draw(some(("hds", "c5")))
        ),
        "endpoints": tuple(
            {"id": each, "status": draw(st.sampled_from(["served", "planned"]))}
            for each in ("chat.completions", "completions", "embeddings")
        ),
        "prices": {
            "input": draw(prices("million_tokens")),
            "output": draw(prices("million_tokens")),
            "reasoning_output": draw(prices("million_tokens")),
            "audio": draw(prices("started_minute")),
        },
        "tiers": tuple(draw(tiers(each)) for each in draw(some(("one", "two"), least=1))),
        "lifecycle": {
            "stable_months": draw(st.integers(1, 6)),
            "removal_notice_months": draw(st.integers(1, 3)),
            "review": "quarterly",
            "extended_support": draw(st.sampled_from(["none", "on_request"])),
        },
        "security": {
            "enabled": draw(st.booleans()),
            "checks": tuple(
                {"id": each, "enabled": draw(st.booleans())}
                for each in draw(some(("check_structure", "check_patterns"), least=1))
            ),
            "thresholds": {"flag": flag, "block": Decimal("0.8")},
            "repetition": {
                "limit": draw(st.integers(1, 40)),
                "window_s": 600,
                "action": draw(st.sampled_from(["allow", "flag", "block"])),
            },
        },
        "fleet": {"machines": ({"id": "ma01", "gpus": 2, "memory_gib_per_gpu": 80},)},
        "models": tuple(listed),
    }


def _without_none(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_none(each) for key, each in value.items() if each is not None}
    return value
