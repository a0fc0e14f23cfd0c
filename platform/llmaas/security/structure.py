"""check_structure: what is suspicious in the form of a prompt, before any word is read.

Normal forms are never a verdict, malformed JSON is information, and the word "system" alone is
nothing.
"""

import json
from collections.abc import Iterator
from typing import Any

import re2

from llmaas.bundle import BuiltInRule
from llmaas.security.findings import Finding
from llmaas.security.skeleton import disguised_words
from llmaas.security.smuggling import has_bidi_override, smuggled

JSON_LIMIT = 256_000
JSON_DEPTH = 64
JSON_NODES = 5_000
SHORTEST_STRING = 12
"""Characters up to which a string in JSON is a role, a type or a name, not a text."""
_ROLES = frozenset({"system", "developer"})
_SWITCHES = (
    "bypass",
    "override",
    "jailbreak",
    "unrestricted",
    "disable_safety",
    "ignore_rules",
    "god_mode",
)
_HIDDEN_TEXT = 8
"""Letters from which a hidden run can carry an instruction."""
_INVISIBLE_SHARE = 0.08
_INVISIBLE_COUNT = 4
_INVISIBLE = "\u200b\u200c\u200d\u2060\u2061\u2062\u2063\u2064\ufeff\u00ad\u180e"
_SPLIT_WORD = re2.compile(rf"[A-Za-z][{_INVISIBLE}]+[A-Za-z]")


def check_structure(raw: str, folded: str) -> tuple[Finding, ...]:
    """Findings about JSON shapes and about characters that hide or disguise text."""
    return (*_json(raw), *_unicode(raw, folded))


def texts_in_json(raw: str) -> str | None:
    """All strings of a JSON prompt, unescaped, one per line; `None` where it is none."""
    document = _parsed(raw)
    if document is None:
        return None
    return "\n".join(value for value in _strings(document) if len(value) > SHORTEST_STRING) or None


def _finding(rule: BuiltInRule, family: str, weight: float, *, flags: bool = False) -> Finding:
    return Finding("check_structure", rule, family, weight, flags=flags)


def _unicode(raw: str, folded: str) -> Iterator[Finding]:
    if raw.isascii():
        return
    for each in smuggled(raw):
        hides = sum(c.isalpha() for c in each.text) >= _HIDDEN_TEXT
        yield _finding(each.carrier, "smuggling", 0.5 if hides else 0.2, flags=True)
    if has_bidi_override(raw):
        yield _finding("bidi_override", "smuggling", 0.3, flags=True)
    if disguised_words(folded):
        yield _finding("mixed_script", "disguise", 0.4, flags=True)
    if _SPLIT_WORD.search(raw):
        invisible = sum(map(raw.count, _INVISIBLE))
        if invisible >= _INVISIBLE_COUNT and invisible >= _INVISIBLE_SHARE * len(raw):
            yield _finding("invisible_characters", "disguise", 0.2)


def _json(raw: str) -> Iterator[Finding]:
    if raw.lstrip()[:1] != "{" and not raw.lstrip()[:2].replace(" ", "").startswith("[{"):
        return
    document = _parsed(raw)
    if document is None:
        yield _finding("json_unparsed", "json", 0.0)
        return
    for node in _nodes(document):
        if not isinstance(node, dict):
            continue
        for key, value in node.items():
            name = str(key).lower()
            if value in (True, 1, "true", "on", "yes") and any(word in name for word in _SWITCHES):
                yield _finding("json_switch", "json", 0.8)
                return
        if str(node.get("role", "")).lower() in _ROLES and isinstance(node.get("content"), str):
            yield _finding("json_role", "json", 0.2)
            return


def _parsed(raw: str) -> Any | None:
    """The document, or `None` when it is not JSON, too large or nested too deep for a parser."""
    body = raw.strip()
    if not body or body[0] not in "{[" or len(body) > JSON_LIMIT or _depth(body) > JSON_DEPTH:
        return None
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _depth(body: str) -> int:
    """Brackets open at once, at most: an upper bound, because brackets in strings count as well."""
    depth = deepest = 0
    for character in body:
        if character in "{[":
            depth += 1
            deepest = max(deepest, depth)
            if deepest > JSON_DEPTH:
                return deepest
        elif character in "}]":
            depth -= 1
    return deepest


def _nodes(document: Any) -> Iterator[Any]:
    waiting = [document]
    for _ in range(JSON_NODES):
        if not waiting:
            return
        node = waiting.pop()
        yield node
        if isinstance(node, dict):
            waiting.extend(node.values())
        elif isinstance(node, list):
            waiting.extend(node)


def _strings(document: Any) -> Iterator[str]:
    return (node for node in _nodes(document) if isinstance(node, str))
