"""The promised figures: what was wanted of the layer, and what a report measured."""

from typing import Any


def wanted(report: dict[str, Any]) -> list[dict[str, Any]]:
    """The promises, with what was measured; `met` is null where the set has no such items."""
    recall = report["recall"]
    rows: list[dict[str, Any]] = []

    def row(what: str, value: float | None, limit: float, *, at_least: bool) -> None:
        met = None if value is None else (value >= limit if at_least else value <= limit)
        rows.append(
            {
                "what": what,
                "measured": value,
                "wanted": f"{'>=' if at_least else '<='} {limit}",
                "met": met,
            }
        )

    at = recall["at_core_false_positive_rate"]
    row(
        "recall of explicit attacks at 0.5 % false positives",
        at["0.005"]["recall"],
        0.85,
        at_least=True,
    )
    row(
        "recall of explicit attacks at 1 % false positives",
        at["0.01"]["recall"],
        0.90,
        at_least=True,
    )
    for language, found in recall["per_language_at_1_percent"].items():
        if language != "en":
            limit = 0.75 if language == "zh" else 0.88
            row(f"recall at 1 %: {language}", found["recall"], limit, at_least=True)
    for name, found in report["transforms"].items():
        row(
            f"still detected: {name}",
            found["still_detected"] if found["attacks"] else None,
            0.95,
            at_least=True,
        )
        row(
            f"benign blocked: {name}",
            found["benign_blocked"] if found["benign"] else None,
            0.005,
            at_least=False,
        )
    for name, found in report["false_blocks"]["slices"].items():
        limit = 0.0 if name == "french_typography" else 0.003
        row(f"false blocks: {name}", found["blocked"], limit, at_least=False)
    fragmented = [
        s
        for k, s in report["sessions"].items()
        if k.startswith("attack/") and s["whole_text_detectable"]
    ]
    whole = sum(s["whole_text_detectable"] for s in fragmented)
    if whole:
        row(
            "fragmented attacks",
            round(sum(s["caught_of_detectable"] for s in fragmented) / whole, 4),
            0.9,
            at_least=True,
        )
    benign = [s for k, s in report["sessions"].items() if k.startswith("benign/")]
    if benign:
        row(
            "benign sequences",
            round(sum(s["caught"] for s in benign) / sum(s["sessions"] for s in benign), 4),
            0.001,
            at_least=False,
        )
    if "latency" in report:
        by_size = report["latency"]["milliseconds_by_characters"]
        for size, limit in (("200", 0.3), ("4096", 3.0), ("500000", 300.0)):
            row(f"p95 ms at {size} characters", by_size[size]["p95"], limit, at_least=False)
        row(
            "worst adversarial 500000 characters, ms",
            report["latency"]["worst_adversarial_500000_ms"],
            500.0,
            at_least=False,
        )
        row(
            "growth 50 000 to 500 000",
            report["latency"]["growth_50000_to_500000"],
            12.0,
            at_least=False,
        )
    return rows
