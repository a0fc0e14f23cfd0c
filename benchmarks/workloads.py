"""What clients ask of an engine: prompts that share nothing, a system prompt, chats, an intruder.

Every workload is a closed loop: so many clients, each asks again when it was answered.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from benchmarks.synthetic import words


@dataclass(frozen=True)
class Client:
    """One after the other: what it asks."""

    prefix: str
    """Every prompt begins with it."""
    questions: Sequence[str]
    output: int
    chats: bool = False
    """Each prompt repeats the last one and its answer."""
    delay_s: float = 0.0


@dataclass(frozen=True)
class Workload:
    """Clients, and what is wanted of the answers."""

    name: str
    streams: int
    n_ctx: int
    prefix: int = 0
    """Words that all clients share."""
    question: int = 32
    output: int = 64
    rounds: int = 1
    chats: bool = False
    sequences: int = 0
    """At most so many requests run at once; 0 is as many as there are clients."""
    temperature: float = 0.0
    intruder: int = 0
    """Words of one more prompt, which arrives when the others are being answered."""
    aims: dict[str, float] = field(default_factory=dict)
    """What the issue of speed wants, by name of the figure."""

    def clients(self, chance: random.Random) -> list[Client]:
        """The same for the same state of `chance`."""
        known = words()

        def text(length: int) -> str:
            return "".join(chance.choices(known, k=length))

        prefix = text(self.prefix)
        clients = [
            Client(
                prefix, [text(self.question) for _ in range(self.rounds)], self.output, self.chats
            )
            for _ in range(self.streams)
        ]
        if self.intruder:
            clients.append(Client("", [text(self.intruder)], 8, delay_s=1.0))
        return clients


def _unrelated(streams: int, prompt: int, output: int, *, rounds: int, **other: float) -> Workload:
    temperature = other.get("temperature", 0.0)
    aims = {"against llama-server": 1.15 if streams >= 16 else 1.0}
    if temperature:
        aims = {"against greedy": 0.85}
    elif prompt == 32 and output == 64:
        aims["of the raw limit"] = 0.9
        if streams == 16:
            aims["against llama_cpp.server"] = 2.5
    return Workload(
        f"(a) {streams} × {prompt} → {output}" + (", temperature 0.8" if temperature else ""),
        streams,
        n_ctx=prompt + output + 16,
        question=prompt,
        output=output,
        rounds=rounds,
        temperature=temperature,
        aims=aims,
    )


def _shared(streams: int, *, prefix: int, question: int, output: int, rounds: int) -> Workload:
    return Workload(
        f"(b) {streams} × {prefix} shared + {question} → {output}",
        streams,
        n_ctx=prefix + question + output + 16,
        prefix=prefix,
        question=question,
        output=output,
        rounds=rounds,
        aims={"against llama-server": 1.5, "first token against llama-server": 0.25},
    )


def _chats(streams: int, *, turns: int, question: int, output: int, sequences: int = 0) -> Workload:
    places = f" on {sequences} sequences" if sequences else ""
    return Workload(
        f"(c) {streams} chats of {turns} turns{places}, {question} → {output}",
        streams,
        n_ctx=turns * (question + output) + 16,
        question=question,
        output=output,
        rounds=turns,
        chats=True,
        sequences=sequences,
        aims={"against llama-server": 1.5, "first token against llama-server": 0.25},
    )


def _intruder(streams: int, prompt: int, output: int) -> Workload:
    return Workload(
        f"(d) {prompt} tokens into {streams} running",
        streams,
        n_ctx=prompt + 64,
        output=output,
        intruder=prompt,
        aims={"worst gap": 0.25},
    )


WORKLOADS = [
    *(_unrelated(n, 32, 64, rounds=3) for n in (1, 4, 8, 16, 32)),
    _unrelated(8, 32, 256, rounds=1),
    *(_unrelated(n, 512, 64, rounds=2) for n in (1, 8, 16)),
    _unrelated(4, 4096, 64, rounds=1),
    *(_unrelated(n, 32, 64, rounds=3, temperature=0.8) for n in (8, 16)),
    *(_shared(n, prefix=1500, question=50, output=64, rounds=2) for n in (8, 16)),
    _chats(8, turns=8, question=60, output=48),
    _chats(32, turns=4, question=60, output=48, sequences=16),
    _intruder(4, 2048, 256),
]
QUICK = [
    _unrelated(8, 32, 32, rounds=1),
    _unrelated(8, 32, 32, rounds=1, temperature=0.8),
    _shared(8, prefix=600, question=30, output=16, rounds=1),
    _chats(4, turns=4, question=40, output=16),
    _intruder(4, 1024, 64),
]
