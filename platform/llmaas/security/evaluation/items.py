"""Labelled prompts and sessions, as anyone may write them: one JSON object per line."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

LANGUAGES = ("en", "fr", "es", "de", "it", "zh", "ja")
LABELS = ("attack", "benign")
_DEFAULT_TIERS = {"attack": "explicit", "benign": "core"}


def read_items(paths: Iterable[Path]) -> list[dict[str, Any]]:
    """Prompts (`text`) and sessions (`prompts`) of JSON Lines files, with defaults filled in.

    `lang`, `tier`, `kind` and `id` may be missing; other fields are left as they are. Raises
    `ValueError` with the line and what to change there.
    """
    items = [item for path in paths for item in _items(path)]
    if not items:
        raise ValueError("no prompts: every file is empty")
    return items


def _items(path: Path) -> list[dict[str, Any]]:
    # Not `splitlines`: JSON strings may hold U+2028 and other separators as they are.
    try:
        lines = path.read_text("utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: not UTF-8 ({error})") from error
    return [_item(line, path, number) for number, line in enumerate(lines, 1) if line.strip()]


def _item(line: str, path: Path, number: int) -> dict[str, Any]:
    place = f"{path}:{number}"
    try:
        found = json.loads(line)
    except ValueError as error:
        raise ValueError(f"{place}: not JSON ({error}); write one object per line") from error
    item: dict[str, Any] = found if isinstance(found, dict) else {}
    text, prompts, label = item.get("text"), item.get("prompts"), item.get("label")
    if prompts is not None:
        if not isinstance(prompts, list) or not all(isinstance(each, str) for each in prompts):
            raise ValueError(f"{place}: `prompts` must be a list of strings, in the order sent")
        item.pop("text", None)
    elif not isinstance(text, str):
        raise ValueError(f"{place}: neither `text` nor `prompts`; give one as a string or a list")
    if label not in LABELS:
        raise ValueError(f'{place}: `label` is {label!r}; write "attack" or "benign"')
    # `fr-CA` and `zh_Hant` are French and Chinese.
    language = str(item.get("lang") or "other").lower().replace("_", "-").partition("-")[0]
    return {
        **item,
        "id": str(item.get("id") or f"{path.stem}:{number}"),
        "lang": language,
        "tier": str(item.get("tier") or _DEFAULT_TIERS[label]),
        "kind": str(item.get("kind") or ""),
    }
