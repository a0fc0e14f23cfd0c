"""Content with tool calls in it, taken apart while it grows.

    TEXT ─ opening ─► HEAD ─ the call has a name ─► ARGUMENTS ─► … ─► TEXT
      ▲                │
      └─ no call ──────┘   (all of it is content then)

A call is announced as soon as it has a name and its arguments begin; from then on what the model
writes there are its arguments, valid or not, as the OpenAI API has it. Before that, whatever turns
out not to be a call is content, to the last character. What comes out does not depend on how the
text was cut.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field

from llmaas.workers.protocol import ToolCallDelta


@dataclass(frozen=True)
class Parsed:
    """What became certain."""

    content: str = ""
    calls: tuple[ToolCallDelta, ...] = ()


@dataclass
class Output:
    """`Parsed` while it is being filled."""

    content: list[str] = field(default_factory=list)
    calls: list[ToolCallDelta] = field(default_factory=list)

    def parsed(self) -> Parsed:
        """All of it."""
        return Parsed("".join(self.content), tuple(self.calls))


Step = Callable[[Output, bool], bool]
"""Goes on from one state; `False` when it needs more text. The flag: none follows."""


class CallReader(ABC):
    """The part that all families share: text around calls.

    Args:
        openings: what begins a call, wherever it stands.
        bare: a `{` at the very start of the content may be a call as well.
        parallel: whether more than one call is read.
    """

    def __init__(self, openings: tuple[str, ...], *, bare: bool, parallel: bool) -> None:
        self._openings = openings
        self._bare = bare
        self._parallel = parallel
        self._held = ""
        self._raw = ""
        """What was taken from the text since it was last certain that it is no call."""
        self._said = False
        self._skip_space = False
        self._calls = 0
        self._step: Step = self._text

    @property
    def done(self) -> bool:
        """Everything that was asked for is there; nothing more is read."""
        return self._step == self._end

    @property
    def called(self) -> bool:
        """A call was announced."""
        return self._calls > 0

    def feed(self, text: str) -> Parsed:
        """What more text makes certain."""
        self._held += text
        return self._advance(final=False)

    def finish(self) -> Parsed:
        """The rest, once nothing follows."""
        return self._advance(final=True)

    def _advance(self, *, final: bool) -> Parsed:
        out = Output()
        while self._step(out, final):
            pass
        return out.parsed()

    # States

    def _text(self, out: Output, final: bool) -> bool:
        if self._skip_space:
            self._held = self._held.lstrip()
            self._skip_space = not self._held
        text = self._held.lstrip()
        if self._bare and not self._said and not self._calls and text.startswith("{"):
            self._raw = self._held[: len(self._held) - len(text)]
            self._held, self._step = text, self._head
            return True
        found = self._first_opening()
        if found is not None:
            start, opening = found
            before = self._held[:start].rstrip()
            self._say(out, before)
            self._raw = self._held[len(before) : start] + opening
            self._held = self._held[start + len(opening) :]
            self._step = self._head
            return True
        cut = len(self._held)
        if not final:
            cut = len(self._held[: cut - _possible_prefix(self._held, self._openings)].rstrip())
        self._say(out, self._held[:cut])
        self._held = self._held[cut:]
        return False

    @abstractmethod
    def _head(self, out: Output, final: bool) -> bool:
        """Between an opening and the arguments."""

    def _end(self, out: Output, final: bool) -> bool:
        del out, final
        self._held = ""
        return False

    # Transitions

    def _no_call(self, out: Output) -> bool:
        """What was read since the opening is content; what follows may still be a call."""
        self._say(out, self._raw)
        self._raw = ""
        self._said = True
        self._skip_space = False
        self._step = self._text
        return True

    def _announce(self, out: Output, name: str) -> None:
        out.calls.append(ToolCallDelta(self._calls, name=name))
        self._calls += 1
        self._raw = ""

    def _argue(self, out: Output, arguments: str) -> None:
        if arguments:
            out.calls.append(ToolCallDelta(self._calls - 1, arguments=arguments))

    def _over(self) -> bool:
        """A call is complete, and what closes it was read."""
        self._skip_space = True
        self._step = self._text if self._parallel else self._end
        return True

    def _say(self, out: Output, content: str) -> None:
        if content:
            out.content.append(content)
            self._said = self._said or not content.isspace()

    def _first_opening(self) -> tuple[int, str] | None:
        found = [(at, o) for o in self._openings if (at := self._held.find(o)) >= 0]
        return min(found) if found else None


def _possible_prefix(text: str, strings: tuple[str, ...]) -> int:
    longest = max((len(s) for s in strings), default=0)
    for length in range(min(longest - 1, len(text)), 0, -1):
        if any(s.startswith(text[-length:]) for s in strings):
            return length
    return 0
