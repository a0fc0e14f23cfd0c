import json
from pathlib import Path

import pytest
from tests.security.texts import ATTACKS, LEGITIMATE

from llmaas.security import Engine, Policy
from llmaas.security.evaluation import compared, evaluate, read_items


@pytest.fixture
def items(tmp_path: Path) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = [
        {"text": text, "label": "attack", "lang": code, "tier": "explicit", "kind": "override"}
        for code, text in ATTACKS.items()
    ]
    rows += [
        {
            "text": f"{text}\u2028end",
            "label": "benign",
            "lang": "en",
            "tier": "core",
            "kind": "unicode",
        }
        for text in LEGITIMATE.values()
    ]
    attack = ATTACKS["fr"]
    rows.append(
        {"prompts": ["Bonjour", attack[:40], attack[40:]], "label": "attack", "kind": "fragmented"}
    )
    rows.append({"prompts": ["a", "b"], "label": "benign", "kind": "ordinary"})
    path = tmp_path / "set.jsonl"
    path.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), "utf-8")
    return read_items([path])


def test_the_report_has_every_promised_figure(
    engine: Engine, items: list[dict[str, object]]
) -> None:
    report = evaluate(items, engine, Policy(), with_latency=False)
    assert report["recall"]["at_policy"]["blocked"] == 1.0
    assert report["recall"]["at_policy"]["core_blocked"] == 0.0
    assert report["sessions"]["attack/fragmented"]["caught_of_detectable"] == 1
    assert report["sessions"]["benign/ordinary"]["caught"] == 0
    assert len(report["transforms"]) >= 22
    assert {row["what"].split(":")[0] for row in report["wanted"]} >= {
        "recall of explicit attacks at 0.5 % false positives",
        "recall at 1 %",
        "still detected",
        "benign blocked",
        "false blocks",
        "fragmented attacks",
        "benign sequences",
    }
    json.dumps(report)


def test_a_report_names_what_changed(engine: Engine, items: list[dict[str, object]]) -> None:
    before = evaluate(items, engine, Policy(), with_latency=False, with_transforms=False)
    lenient = Policy(flag=0.9999999, block=0.99999999)
    after = evaluate(items, engine, lenient, with_latency=False, with_transforms=False)
    change = compared(after, before)
    assert change["newly_missed_attacks"]
    assert change["newly_blocked_benign"] == []


def test_a_line_without_text_is_refused_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "set.jsonl"
    path.write_text('{"text": "a"}\n{"label": "attack"}\n')
    with pytest.raises(ValueError, match=r"set.jsonl:2"):
        read_items([path])
