import json
from pathlib import Path

import pytest
from tests.security.texts import ATTACKS, LEGITIMATE

from llmaas.security import Engine, Policy
from llmaas.security.evaluation import compared, evaluate, is_report, read_items


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


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ('{"label": "attack"}', "neither `text` nor `prompts`"),
        ('{"text": 3, "label": "attack"}', "neither `text` nor `prompts`"),
        ('["a"]', "neither `text` nor `prompts`"),
        ('{"prompts": "a", "label": "attack"}', "must be a list"),
        ('{"text": "a"}', "`label` is None; write"),
        ('{"text": "a", "label": "malicious"}', "`label` is 'malicious'; write"),
        ("{broken", "not JSON"),
    ],
)
def test_a_line_that_is_no_item_is_refused_with_its_place(
    tmp_path: Path, line: str, problem: str
) -> None:
    path = tmp_path / "set.jsonl"
    path.write_text('{"text": "a", "label": "benign"}\n\n' + line + "\n")
    with pytest.raises(ValueError, match=rf"set.jsonl:3: .*{problem}"):
        read_items([path])


def test_an_empty_set_and_other_encodings_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "set.jsonl"
    path.write_text("\n")
    with pytest.raises(ValueError, match="empty"):
        read_items([path])
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ValueError, match=r"set.jsonl: not UTF-8"):
        read_items([path])


def test_what_a_line_leaves_out_is_filled_in_and_more_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "set.jsonl"
    path.write_bytes(
        b'\xef\xbb\xbf{"text": "a", "label": "attack", "lang": "zh_Hant", "mine": 1}\r\n'
        b'{"prompts": ["a"], "label": "benign", "tier": null, "kind": null, "lang": null}\n'
    )
    prompt, session = read_items([path])
    assert (prompt["lang"], prompt["tier"], prompt["kind"], prompt["mine"]) == (
        "zh",
        "explicit",
        "",
        1,
    )
    assert (session["lang"], session["tier"], session["id"]) == ("other", "core", "set:2")


def test_only_a_report_is_compared_with() -> None:
    assert is_report({"wanted": [], "errors": {}})
    assert not is_report([])
    assert not is_report({})
