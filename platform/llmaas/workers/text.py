"""From token bytes to text a client may see: whole characters, no stop strings, thoughts apart.

    bytes → UTF-8 (incomplete characters wait)
          → reasoning │ content → stop strings (what may become one waits) → tool calls apart

What comes out does not depend on how the bytes were cut into tokens.
"""

import codecs
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import NamedTuple

from llmaas.workers.protocol import ToolCallDelta
from llmaas.workers.tool_calls import CallReader


@dataclass(frozen=True)
class Markers:
    """The strings between which a model thinks."""

    open: str
    close: str


class Text(NamedTuple):
    """What became certain; every part may be empty."""

    content: str = ""
    reasoning: str = ""
    tool_calls: tuple[ToolCallDelta, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.content or self.reasoning or self.tool_calls)


class _State(Enum):
    BEFORE = auto()  # nothing but white space so far: the open marker may still come
    REASONING = auto()
    CONTENT = auto()
    STOPPED = auto()


class OutputText:
    """The text of one generation.

    Reasoning is recognised at the start of an answer only, so an answer *about* the markers keeps
    them. Stop strings end the content, never the reasoning: a line break as stop string would
    otherwise end every reasoning model in its first thought. Where several stop strings match, the
    one that is complete first wins, and of those the longest.
    """

    def __init__(
        self,
        *,
        stop: Sequence[str] = (),
        markers: Markers | None = None,
        starts_in_reasoning: bool = False,
        calls: CallReader | None = None,
    ) -> None:
        self._calls = calls
        self._stop = tuple(text for text in stop if text)
        self._markers = markers
        self._utf8 = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._held = ""
        self._skip_space = starts_in_reasoning
        if markers is None:
            self._state = _State.CONTENT
        else:
            self._state = _State.REASONING if starts_in_reasoning else _State.BEFORE

    @property
    def stopped(self) -> bool:
        """A stop string is complete, or the only tool call that was wanted; nothing follows."""
        return self._state is _State.STOPPED

    @property
    def thinking(self) -> bool:
        """The next token belongs to the reasoning."""
        return self._state is _State.REASONING

    def feed(self, piece: bytes) -> Text:
        """Text made certain by the bytes of one more token."""
        self._held += self._utf8.decode(piece)
        return self._advance(final=False)

    def finish(self) -> Text:
        """The rest, once no token follows. Bytes of an incomplete character are dropped."""
        return self._advance(final=True)

    def _advance(self, *, final: bool) -> Text:
        reasoning = ""
        if self._state is _State.BEFORE:
            self._recognise_open(final=final)
        if self._state is _State.REASONING:
            reasoning = self._take_reasoning(final=final)
        content = self._take_content(final=final) if self._state is _State.CONTENT else ""
        if self._calls is None:
            return Text(content, reasoning)
        parsed = self._calls.feed(content)
        if self._calls.done:
            self._state = _State.STOPPED
        elif final:
            rest = self._calls.finish()
            return Text(parsed.content + rest.content, reasoning, parsed.calls + rest.calls)
        return Text(parsed.content, reasoning, parsed.calls)

    def _recognise_open(self, *, final: bool) -> None:
        assert self._markers is not None
        text = self._held.lstrip()
        if text.startswith(self._markers.open):
            self._held = text.removeprefix(self._markers.open)
            self._state, self._skip_space = _State.REASONING, True
        elif final or not self._markers.open.startswith(text):
            self._state = _State.CONTENT

    def _take_reasoning(self, *, final: bool) -> str:
        assert self._markers is not None
        thought, close, rest = self._held.partition(self._markers.close)
        if close:
            self._held = rest
            certain = self._without_leading_space(thought)
            self._state, self._skip_space = _State.CONTENT, True
            return certain
        keep = 0 if final else _possible_prefix(self._held, (self._markers.close,))
        return self._without_leading_space(self._release(keep))

    def _take_content(self, *, final: bool) -> str:
        found = _first_complete(self._held, self._stop)
        if found is not None:
            certain, self._held = self._held[:found], ""
            self._state = _State.STOPPED
            return self._without_leading_space(certain)
        keep = 0 if final else _possible_prefix(self._held, self._stop)
        return self._without_leading_space(self._release(keep))

    def _release(self, keep: int) -> str:
        cut = len(self._held) - keep
        certain, self._held = self._held[:cut], self._held[cut:]
        return certain

    def _without_leading_space(self, text: str) -> str:
        """Templates put line breaks around markers; they belong to neither part."""
        if self._skip_space:
            text = text.lstrip()
            self._skip_space = not text
        return text


def _first_complete(text: str, stop: Sequence[str]) -> int | None:
    """Where the stop string that is complete first begins."""
    if not stop:
        return None
    ends = [(start + len(s), start) for s in stop if (start := text.find(s)) >= 0]
    return min(ends)[1] if ends else None


def _possible_prefix(text: str, strings: Sequence[str]) -> int:
    """Length of the longest end of `text` with which one of `strings` may begin."""
    if not strings:
        return 0
    longest = max((len(s) for s in strings), default=0)
    for length in range(min(longest - 1, len(text)), 0, -1):
        end = text[-length:]
        if any(s.startswith(end) for s in strings):
            return length
    return 0
