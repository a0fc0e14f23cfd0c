"""Payloads in base64, hexadecimal, URL, HTML, backslash or Morse form, rotated or reversed.

Decoding is bounded in number, size and depth, and yields text only where the bytes are text.
"""

import base64
import binascii
import html
from collections.abc import Callable, Iterator
from urllib.parse import unquote

import re2

from llmaas.security.probes import any_of

PAYLOADS = 12
"""Payloads of one kind that are decoded: the first half and the last half of those found."""
PAYLOAD_SIZE = 6_000
"""Characters of one payload that are decoded."""

_BASE64 = re2.compile(r"[A-Za-z0-9+/_-]{16,}={0,2}")
_BASE64_WRAPPED = re2.compile(r"(?:[A-Za-z0-9+/]{40,100}\r?\n){1,}[A-Za-z0-9+/]+={0,2}")
_HEX = re2.compile(r"(?:(?:0x|\\x)?[0-9a-fA-F]{2}[\s,:;-]?){10,}")
_URL = re2.compile(r"(?:[^\s%]{0,60}(?:%[0-9a-fA-F]{2})){3,}[^\s]{0,200}")
_ENTITY = re2.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z]{2,8});")
_ESCAPE = re2.compile(r"\\(?:u\{?[0-9a-fA-F]{4,6}\}?|U[0-9a-fA-F]{8}|x[0-9a-fA-F]{2}|[0-7]{3})")
_BINARY = re2.compile(r"(?:[01]{8}[\s,]?){5,}")
_DECIMAL = re2.compile(r"(?:\b[0-9]{2,3}[\s,]+){8,}[0-9]{2,3}")
_MORSE = re2.compile(r"(?:[.\-–—·]{1,6}[ /|]+){8,}[.\-–—·]{1,6}")

_CODED = any_of(_BASE64, _HEX, _BINARY, _DECIMAL, _MORSE)

_ROT13 = str.maketrans("abcdefghijklmnopqrstuvwxyz", "nopqrstuvwxyzabcdefghijklm")
_PROBES = (
    "ignore|ignor|disregard|forget|instruction|prompt|system|reveal|previous|rules|assistant|password|"
    "pretend|unfiltered|restriction|developer|without|you are|"
    "ignorez|oublie|consigne|systeme|precedent|regles|sans |repond|affiche|desormais|"
    "olvida|instruccion|sistema|anterior|reglas|muestra|eres|sin |responde|"
    "ignorier|vergiss|anweisung|richtlinie|systemnachricht|regeln|ohne |antwort|zeige|bist|"
    "ignora|dimentica|istruzion|regole|precedenti|senza |rispondi|mostra|linee guida"
)
_COMMON_TEXT = (
    "the you that with what will your this from have would which vous que les est dans "
    "pour avec une tout cette los las para como una esta todo cuando der die und das "
    "nicht ein ich mit auf wie eine sind che sono della questo con nel alla tutto quello "
)
_COMMON = _COMMON_TEXT.split()
_REVERSED_WIDE_TEXT = (
    "指令 指示 提示 忽略 规则 无视 限制 模式 扮演 系统 你的 我们 什么 "
    "一个 可以 没有 無視 プロンプト ルール システム 忘れて 制限 出力 表示 "
    "モード として ください です ます から "
)
_REVERSED_WIDE = _REVERSED_WIDE_TEXT.split()


def _probe(turn: Callable[[str], str]) -> "tuple[re2._Regexp[str], re2._Regexp[str]]":
    """What gives a turned text away: one trigger word, or two common ones."""
    common = "|".join(word for each in _COMMON if (word := turn(each)) not in _COMMON)
    triggers = "|".join(map(turn, _PROBES.split("|")))
    return re2.compile(triggers), re2.compile(rf"\b(?:{common})\b[^\n]{{1,60}}\b(?:{common})\b")


_ROT13_PROBES = _probe(lambda word: word.translate(_ROT13))
_REVERSED_PROBES = (
    *_probe(lambda word: word[::-1]),
    re2.compile("|".join(word[::-1] for word in _REVERSED_WIDE)),
    # A full stop or comma right before a word, as a sentence read backwards has it.
    re2.compile(r"(?:^|\n| )[.?!:,;]+\pL[^.?!]{6}"),
)
_TURNED = any_of(*_ROT13_PROBES, *_REVERSED_PROBES)
_FREQUENT, _FREQUENT_ROTATED = b"eaionstr", b"rnvbafge"
_SAMPLE = 4_000


def _letters_are_rotated(folded: str) -> bool:
    """Whether the letters are as frequent as a European language's after rotation, not before."""
    letters = folded[:_SAMPLE].encode("ascii", "ignore")
    rotated = len(letters) - len(letters.translate(None, _FREQUENT_ROTATED))
    frequent = len(letters) - len(letters.translate(None, _FREQUENT))
    return rotated > 1.15 * frequent and rotated > 0.35 * len(letters)


def decoded(raw: str) -> Iterator[tuple[str, str]]:
    """(encoding, text) of every payload that decodes to text."""
    coded = _CODED.search(raw) is not None
    if coded:
        base64 = (*_found(_BASE64, raw), *_found(_BASE64_WRAPPED, raw))
        yield from _each("base64", base64, _from_base64)
        yield from _each("hex", _found(_HEX, raw), _from_hex)
    if "%" in raw:
        yield from _each("url", _found(_URL, raw), _from_url)
    if "&" in raw and _ENTITY.search(raw):
        yield "html_entities", html.unescape(_middle_out(raw))
    if "\\" in raw and _ESCAPE.search(raw):
        yield "escapes", _ESCAPE.sub(_unescaped, _middle_out(raw))
    if coded and "0" in raw:
        yield from _each("binary", _found(_BINARY, raw), _from_binary)
        yield from _each("decimal", _found(_DECIMAL, raw), _from_decimal)
    if coded:
        yield from _each("morse", _found(_MORSE, raw), _from_morse)


def turned(folded: str) -> Iterator[tuple[str, str]]:
    """(turn, text) where the text holds words that only make sense rotated or read backwards."""
    probed = _TURNED.search(folded) is not None
    if _letters_are_rotated(folded) or (
        probed and any(probe.search(folded) for probe in _ROT13_PROBES)
    ):
        yield "rot13", _middle_out(folded).translate(_ROT13)
    if probed and any(probe.search(folded) for probe in _REVERSED_PROBES):
        yield "reversed", _middle_out(folded)[::-1]


def _middle_out(text: str) -> str:
    """Long texts: the beginning and the end."""
    limit = 4 * PAYLOAD_SIZE
    return text if len(text) <= 2 * limit else text[:limit] + "\n" + text[-limit:]


def _found(expression: "re2._Regexp[str]", raw: str) -> list[str]:
    found = [match.group() for match in expression.finditer(raw)]
    if len(found) > PAYLOADS:
        longest = sorted(found, key=len, reverse=True)[: PAYLOADS // 3]
        found = [*found[: PAYLOADS // 3], *longest, *found[-PAYLOADS // 3 :]]
    return found


def _each(
    name: str, payloads: "tuple[str, ...] | list[str]", decode: Callable[[str], bytes]
) -> Iterator[tuple[str, str]]:
    for payload in dict.fromkeys(payloads):
        for part in (
            (payload[:PAYLOAD_SIZE], payload[-PAYLOAD_SIZE:])
            if len(payload) > PAYLOAD_SIZE
            else (payload,)
        ):
            try:
                text = decode(part).decode("utf-8", "ignore")
            except (ValueError, binascii.Error):
                continue
            if _is_text(text):
                yield name, text


def _is_text(text: str) -> bool:
    """At least eight characters, nearly all printable."""
    return len(text) >= 6 and sum(c.isprintable() or c.isspace() for c in text) >= 0.9 * len(text)


def _from_base64(payload: str) -> bytes:
    body = "".join(payload.split()).rstrip("=").replace("-", "+").replace("_", "/")
    data = base64.b64decode(body[: len(body) // 4 * 4] + _padded(body), validate=True)
    # A long word or a path is base64 by its alphabet alone; its bytes are no UTF-8.
    if len(data.decode("utf-8", "ignore").encode()) < len(data) - 3:
        raise ValueError("not text")
    return data


def _padded(body: str) -> str:
    rest = body[len(body) // 4 * 4 :]
    return rest + "=" * (4 - len(rest)) if len(rest) > 1 else ""


def _from_hex(payload: str) -> bytes:
    digits = payload.replace("0x", "").replace("\\x", "")
    digits = "".join(c for c in digits if c in "0123456789abcdefABCDEF")
    return bytes.fromhex(digits[: len(digits) // 2 * 2])


def _from_url(payload: str) -> bytes:
    return unquote(payload.replace("+", " ")).encode()


def _from_binary(payload: str) -> bytes:
    digits = "".join(c for c in payload if c in "01")
    return bytes(int(digits[i : i + 8], 2) for i in range(0, len(digits) - 7, 8))


def _from_decimal(payload: str) -> bytes:
    return bytes(int(number) for number in payload.replace(",", " ").split())


_MORSE_CODES_TEXT = (
    ".- -... -.-. -.. . ..-. --. .... .. .--- -.- .-.. -- -. --- .--. --.- .-. ... - "
    "..- ...- .-- -..- -.-- --.. "
)
_MORSE_CODES = _MORSE_CODES_TEXT.split()
_MORSE_LETTERS = dict(
    zip(
        _MORSE_CODES,
        "abcdefghijklmnopqrstuvwxyz",
        strict=True,
    )
)


def _from_morse(payload: str) -> bytes:
    plain = payload.replace("·", ".").replace("–", "-").replace("—", "-").replace("|", "/")
    words = plain.replace("  ", "/").split("/")
    return " ".join(
        "".join(_MORSE_LETTERS.get(letter, "") for letter in word.split()) for word in words
    ).encode()


def _unescaped(match: "re2._Match[str]") -> str:
    body = match.group()[1:]
    code = int(body[1:].strip("{}"), 16) if body[0] in "uUx" else int(body, 8)
    return chr(code) if code < 0x110000 and not 0xD800 <= code < 0xE000 else "\ufffd"
