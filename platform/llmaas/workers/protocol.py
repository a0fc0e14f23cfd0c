"""What the gateway and a worker say to each other.

One connection per worker carries every request: a frame is a 4-byte big-endian length and one
message in MessagePack. Requests are told apart by `stream`, a number the gateway chooses and never
reuses on a connection, so answers of many requests interleave freely and a continuous-batching
engine fits behind it.

    gateway → worker    Measure · Load (once) · Generate · Embed · Transcribe · Spell · Credit ·
                        Cancel · Ping
    worker → gateway    Measured · Ready | LoadFailed (once) · Started · Delta · Finished ·
                        Embedded · Heard · Transcribed · Spelled · Failed · Pong

A `Generate` is answered by `Started`, any number of `Delta`, and one `Finished`; an `Embed` by one
`Embedded`, a `Transcribe` by `Heard` and `Transcribed`, a `Spell` by one `Spelled`. At any point
`Failed` ends a stream instead. After `Cancel` a worker frees the sequence at its next step and
still sends `Finished` (reason `cancelled`) with the usage so far.

A stream may be `WINDOW` deltas ahead of its reader; `Credit` says how many more were read. A stream
without credit is not decoded, and the others go on.

A worker ends when its connection ends, so none survives its gateway, however that died.
"""

from typing import Any, Literal

import msgspec

from llmaas.bundle import WorkerSpec

FinishReason = Literal["stop", "length", "cancelled"]
FailureCode = Literal[
    "context_length_exceeded",  # 400: prompt longer than the served context
    "invalid_request",  # 400: the chat template or the sampler refuses it
    "unsupported",  # 400: this model cannot do what was asked
    "overloaded",  # 503: the queue is full
    "deadline_exceeded",  # 503: not answered within the request's own `deadline_s`
    "internal_error",  # 500
]


WINDOW = 256
"""Deltas of one stream that may be unread."""
MAX_TOP = 20
"""Alternatives of a token that are reported at most."""


class Message(msgspec.Struct, frozen=True, tag=True):
    """Base of every frame."""


class Measure(Message, frozen=True, kw_only=True):
    """How much memory will this model need where you are?"""

    spec: WorkerSpec


class Load(Message, frozen=True, kw_only=True):
    """Load these weights; `n_ctx` of the spec is already what the deployment serves."""

    spec: WorkerSpec
    weights_path: str
    """Empty on another machine, which has its own weights directory."""
    mmproj_path: str | None = None
    n_threads: int
    """0 on another machine: one less than it has cores."""


class Sampling(msgspec.Struct, frozen=True, kw_only=True):
    """How the next token is chosen; the neutral value switches a step off."""

    temperature: float = 0.7
    top_p: float = 1.0
    top_k: int = 0
    min_p: float = 0.0
    typical_p: float = 1.0
    presence_penalty: float = 0.0
    frequency_penalty: float = 0.0
    repeat_penalty: float = 1.0
    logit_bias: dict[int, float] = {}
    seed: int | None = None
    min_tokens: int = 0
    """No end before so many output tokens; stop strings still end the answer."""
    ignore_eos: bool = False
    """Never end by itself: for benchmarks."""


class Grammar(msgspec.Struct, frozen=True, kw_only=True):
    """What the content has to conform to; reasoning is free. Exactly one of the two sources."""

    gbnf: str | None = None
    root: str = "root"
    """The rule of `gbnf` that is the whole content."""
    json_schema: dict[str, Any] | bool | None = None
    """`{}` is any JSON value, `{"type": "object"}` any object."""
    triggers: list[str] = []
    """Regular expressions; the grammar binds only what follows the first match, from the start of
    its first group on. Without any, it binds from the first token of the content."""


class ToolChoice(msgspec.Struct, frozen=True, kw_only=True):
    """Which of the tools may, or have to, be called."""

    required: bool = False
    """The answer is a call, with arguments that fit the function's schema."""
    function: str | None = None
    """The only function that may be called."""
    parallel: bool = True
    """Several calls in one answer; without, the answer ends with its first call."""


class ImageInput(msgspec.Struct, frozen=True):
    """An image of a conversation: its file, undecoded."""

    data: bytes
    location: str
    """Where it stands in the request, for errors: `messages[0].content[1]`."""


class Generate(Message, frozen=True):
    """Continue a prompt. Exactly one of `messages`, `prompt` and `prompt_tokens` is given."""

    stream: int
    messages: list[dict[str, Any]] | None = None
    """OpenAI chat messages, rendered with the model's own chat template. A content part
    `{"type": "image", "image": n}` stands for the n-th of `images`."""
    images: list[ImageInput] = []
    tools: list[dict[str, Any]] | None = None
    tool_choice: ToolChoice = ToolChoice()
    thinking: bool | None = None
    """Whether to think, where the model can be told; `None` is as the catalogue says."""
    template_arguments: dict[str, Any] = {}
    """Extra variables of the chat template (`chat_template_kwargs`)."""
    prompt: str | None = None
    prompt_tokens: list[int] | None = None
    max_tokens: int | None = None
    """Output tokens at most; `None` is up to the end of the served context."""
    stop: list[str] = []
    sampling: Sampling = Sampling()
    grammar: Grammar | None = None
    top_logprobs: int | None = None
    """With every token its log probability and so many alternatives (0 to 20); `None` for none."""
    whole: bool = False
    """Send the text in one delta at its end: nobody reads it before."""
    tenant: str = ""
    """Whose prefixes may be reused: computed tokens are shared within one tenant only."""
    owner: str = ""
    """Whose turn it is: sequences are shared out fairly between owners (API keys)."""
    priority: int = 0
    """Lower goes first, before all fairness."""
    deadline_s: float | None = None
    """Seconds from arrival within which the answer has to be complete."""


class Embed(Message, frozen=True):
    """Embed every input. An input is text or token ids."""

    stream: int
    inputs: list[str | list[int]]


class Transcribe(Message, frozen=True, kw_only=True):
    """Write down what is said in a recording."""

    stream: int
    audio: bytes
    """The file as it was sent."""
    language: str | None = None
    """ISO 639-1; `None` is to be found out."""
    prompt: str = ""
    """Text that goes before: names, spelling, style."""
    temperature: float = 0.0
    """0 takes the likeliest token, and raises the temperature only where that goes nowhere."""
    translate: bool = False
    """Into English."""
    words: bool = False
    """With the times of every word."""
    owner: str = ""


class Spell(Message, frozen=True):
    """Say which text lists of token ids stand for."""

    stream: int
    inputs: list[list[int]]


class Credit(Message, frozen=True):
    """So many more deltas of a stream were read."""

    stream: int
    deltas: int


class Cancel(Message, frozen=True):
    """The client went away."""

    stream: int


class Ping(Message, frozen=True):
    """Are you there? Answered at once, also while loading and during an engine step."""


class Measured(Message, frozen=True):
    """The answer to `Measure`."""

    memory_bytes: int | None
    """Unknown where the weights are not there, or are none."""
    reason: str = ""


class Ready(Message, frozen=True):
    """The model is loaded."""

    n_ctx: int
    """Context one sequence really has, in tokens."""
    n_seq_max: int
    memory_bytes: int
    """Resident memory of the process after loading."""
    has_chat_template: bool
    embedding_dimensions: int | None = None


class LoadFailed(Message, frozen=True):
    """The model cannot be loaded; the worker exits."""

    message: str


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """Token counts of one generation.

    `reasoning_tokens` are part of `completion_tokens`; `cached_tokens` are the part of
    `prompt_tokens` that was not computed again, `image_tokens` the part that stands for images.
    """

    prompt_tokens: int
    completion_tokens: int
    reasoning_tokens: int = 0
    cached_tokens: int = 0
    image_tokens: int = 0


class Started(Message, frozen=True):
    """The prompt fits and is being processed: from here on an answer follows."""

    stream: int
    prompt_tokens: int


class Likelihood(msgspec.Struct, frozen=True):
    """A token and how likely it was, before sampling changed anything."""

    token: bytes
    """Its text; not always whole characters."""
    logprob: float


class TokenLogprob(msgspec.Struct, frozen=True):
    """One sampled token and the most likely ones in its place, best first."""

    chosen: Likelihood
    top: list[Likelihood]


class ToolCallDelta(msgspec.Struct, frozen=True):
    """More of one tool call: its name first, then pieces of its arguments."""

    index: int
    name: str | None = None
    arguments: str = ""


class Delta(Message, frozen=True):
    """New text, complete in UTF-8 and never part of a stop string.

    `logprobs` are of the tokens sampled since the last delta, whose text may come with a later one.
    """

    stream: int
    content: str = ""
    reasoning: str = ""
    completion_tokens: int = 0
    """Sampled so far in this generation, for whoever settles an answer that was given up."""
    logprobs: list[TokenLogprob] = []
    tool_calls: list[ToolCallDelta] = []


class Finished(Message, frozen=True):
    """The last answer of a generation."""

    stream: int
    reason: FinishReason
    usage: Usage


class Embedded(Message, frozen=True):
    """One normalised vector per input, in the order of the inputs."""

    stream: int
    vectors: bytes
    """float32, little-endian, row-major: inputs × dimensions."""
    dimensions: int
    prompt_tokens: int


class Heard(Message, frozen=True):
    """The recording can be read and is this long: from here on a transcript follows."""

    stream: int
    duration_s: float


class TranscriptSegment(msgspec.Struct, frozen=True, kw_only=True):
    """What is said between two moments, in seconds from the beginning."""

    start_s: float
    end_s: float
    text: str
    tokens: list[int]
    avg_logprob: float
    window_s: float
    """Where the 30 seconds begin that the model looked at."""


class TranscriptWord(msgspec.Struct, frozen=True):
    """A word and when it is said."""

    text: str
    start_s: float
    end_s: float


class Transcribed(Message, frozen=True, kw_only=True):
    """The transcript."""

    stream: int
    language: str
    """ISO 639-1: the one that was given or found."""
    segments: list[TranscriptSegment]
    words: list[TranscriptWord] = []
    """None unless they were asked for."""


class Spelled(Message, frozen=True):
    """The texts, control tokens written out; an id that is not in the vocabulary has none."""

    stream: int
    texts: list[str]


class Failed(Message, frozen=True):
    """The last answer of a stream that came to nothing."""

    stream: int
    code: FailureCode
    message: str
    field: str | None = None
    """What of the request is wrong, where it is not its one prompt: `json_schema`, `input[3]`, an
    image's `location` …"""
    prompt_tokens: int | None = None
    """With `context_length_exceeded`: what the prompt has …"""
    n_ctx: int | None = None
    """… and what is served."""
    retry_after_s: int | None = None
    """With `overloaded`: when a place is likely to be free."""
    usage: Usage | None = None
    """What was computed before it failed."""


class Pong(Message, frozen=True):
    """The process lives; whether its engine does, `step_age_s` tells."""

    step_age_s: float | None = None
    """Time since the running engine step began; `None` while there is nothing to do."""


ToWorker = Measure | Load | Generate | Embed | Transcribe | Spell | Credit | Cancel | Ping
ToGateway = (
    Measured
    | Ready
    | LoadFailed
    | Started
    | Delta
    | Finished
    | Embedded
    | Heard
    | Transcribed
    | Spelled
    | Failed
    | Pong
)
