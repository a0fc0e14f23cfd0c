"""The family that writes calls between markers of its own, with the arguments in a JSON block.

    <｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>name
    ```json
    {…}
    ```<｜tool▁call▁end｜><｜tool▁calls▁end｜>

Newer models leave `function` and the block away: `name<｜tool▁sep｜>{…}`.
"""

import re

from llmaas.workers.tool_calls.extent import JsonExtent
from llmaas.workers.tool_calls.reading import CallReader, Output

CALLS, CALLS_END = "<｜tool▁calls▁begin｜>", "<｜tool▁calls▁end｜>"
CALL, CALL_END = "<｜tool▁call▁begin｜>", "<｜tool▁call▁end｜>"
SEPARATOR = "<｜tool▁sep｜>"
RESULTS, RESULTS_END = "<｜tool▁outputs▁begin｜>", "<｜tool▁outputs▁end｜>"
RESULT, RESULT_END = "<｜tool▁output▁begin｜>", "<｜tool▁output▁end｜>"

_KIND = re.compile(r"\s*([\w.\-]{1,128})\s*" + SEPARATOR)
_MAY_BE_KIND = re.compile(r"\s*[\w.\-]{0,128}\s*")
_NAME = re.compile(r"\s*([\w.\-]{1,128})\s*(?:```(?:json)?\s*)?(?=\{)")
_MAY_BE_NAME = re.compile(r"\s*[\w.\-]{0,128}\s*(?:`{0,3}|```(?:j|js|jso|json)\s*)")


class DeepSeekCalls(CallReader):
    """Reads calls between DeepSeek's markers.

    Args:
        parallel: whether more than one call is read.
    """

    def __init__(self, *, parallel: bool) -> None:
        # The outer marker is at times forgotten, by the smaller models above all.
        super().__init__((CALLS, CALL), bare=False, parallel=parallel)
        self._in_call = False
        self._kind = ""
        self._extent = JsonExtent()

    def _head(self, out: Output, final: bool) -> bool:
        self._in_call = self._raw.endswith(CALL)
        if self._in_call:
            self._step = self._function
            return True
        text = self._held.lstrip()
        if text.startswith(CALL):
            self._take(len(self._held) - len(text) + len(CALL))
            self._step = self._function
            return True
        if not final and CALL.startswith(text):
            return False
        return self._no_call(out)

    def _function(self, out: Output, final: bool) -> bool:
        """What kind of call it is; in newer models this is the name already."""
        begun = _KIND.match(self._held)
        if begun is not None:
            self._kind = begun[1]
            self._take(begun.end())
            self._step = self._name
            return True
        if not final and _may_begin(self._held, _MAY_BE_KIND, SEPARATOR):
            return False
        return self._no_call(out)

    def _name(self, out: Output, final: bool) -> bool:
        text = self._held.lstrip()
        if text.startswith("{"):
            return self._begin(out, self._kind, len(self._held) - len(text))
        begun = _NAME.match(self._held)
        if begun is not None:
            return self._begin(out, begun[1], begun.end())
        if not final and _MAY_BE_NAME.fullmatch(self._held):
            return False
        return self._no_call(out)

    def _begin(self, out: Output, name: str, end: int) -> bool:
        self._announce(out, name)
        self._held, self._extent = self._held[end:], JsonExtent()
        self._step = self._arguments
        return True

    def _arguments(self, out: Output, final: bool) -> bool:
        del final
        end = self._extent.feed(self._held)
        self._argue(out, self._held[:end])
        self._held = "" if end is None else self._held[end:]
        if end is None:
            return False
        self._step = self._after
        return True

    def _after(self, out: Output, final: bool) -> bool:
        """Behind the arguments: what closes the call, another one, what closes them all."""
        del out
        if not self._parallel:
            return self._over()
        for closing in ("```", CALL_END, CALLS_END, CALL):
            text = self._held.lstrip()
            if text.startswith(closing):
                self._held = text.removeprefix(closing)
                if closing == CALL:
                    self._raw, self._step = CALL, self._head
                    return True
                if closing == CALLS_END:
                    return self._over()
            elif not final and closing.startswith(text):
                return False
        return self._over()

    def _take(self, count: int) -> None:
        self._raw, self._held = self._raw + self._held[:count], self._held[count:]


def _may_begin(text: str, head: re.Pattern[str], marker: str) -> bool:
    """Whether `text` is what `head` allows, and perhaps some of `marker`."""
    at = text.find(marker[0])
    if at < 0:
        return head.fullmatch(text) is not None
    return head.fullmatch(text[:at]) is not None and marker.startswith(text[at:])
