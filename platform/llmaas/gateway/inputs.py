"""Prompts and embedding inputs: text, texts, token ids, or lists of token ids, told apart."""

from typing import Any

from llmaas.gateway.errors import InvalidRequest
from llmaas.gateway.wire.requests import INT32_MAX

MAX_PROMPTS = 64
MAX_EMBEDDING_INPUTS = 2048

Input = str | list[int]


def read_inputs(value: str | list[Any], *, param: str, most: int) -> list[Input]:
    """The inputs in order.

    Raises:
        InvalidRequest: the list is empty, too long, mixed, or holds something else.
    """
    if isinstance(value, str):
        return [value]
    if not value:
        raise _wrong(param, "must not be empty")
    if _is_token(value[0]):
        return [_tokens(value, param)]
    if len(value) > most:
        raise _wrong(param, f"has {len(value)} entries; {most} is the most")
    if isinstance(value[0], str):
        return [_text(each, f"{param}[{position}]") for position, each in enumerate(value)]
    return [_token_list(each, f"{param}[{position}]") for position, each in enumerate(value)]


def _text(value: Any, param: str) -> str:
    if not isinstance(value, str):
        raise _wrong(param, "must be text, like the entries before it")
    return value


def _token_list(value: Any, param: str) -> list[int]:
    if not isinstance(value, list) or not value:
        raise _wrong(param, "must be text, a token id, or a list of token ids")
    return _tokens(value, param)


def _tokens(values: list[Any], param: str) -> list[int]:
    for position, value in enumerate(values):
        if not _is_token(value):
            raise _wrong(f"{param}[{position}]", "must be a token id, an integer from 0")
    return values


def _is_token(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= INT32_MAX


def _wrong(param: str, what: str) -> InvalidRequest:
    return InvalidRequest(f"The value of '{param}' {what}.", param=param)
