"""Answers. Fields beyond the OpenAI API say so in their class or field description."""

from datetime import date, datetime
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from llmaas.bundle import Phase
from llmaas.bundle.tables import Capability, Endpoint, Modality, Stability

FinishReason = Literal["stop", "length", "tool_calls", "content_filter"]


class ErrorObject(msgspec.Struct, kw_only=True):
    """What went wrong, for programs (`type`, `code`, `param`) and for people (`message`)."""

    message: str
    type: str
    param: str | None = None
    code: str | None = None
    successor: Annotated[
        str | UnsetType, Meta(description="With `model_retired`: the model to use instead.")
    ] = UNSET


class ErrorEnvelope(msgspec.Struct):
    """Body of every answer that is an error."""

    error: ErrorObject


class Backend(msgspec.Struct, frozen=True):
    """What computed the answer; a field of this service."""

    engine_type: str
    machine_name: str


class CompletionTokensDetails(msgspec.Struct):
    """Kinds of output tokens."""

    reasoning_tokens: int


class PromptTokensDetails(msgspec.Struct):
    """Kinds of input tokens; cached ones did not have to be processed again."""

    cached_tokens: int
    image_tokens: Annotated[
        int, Meta(description="Of the images; they are part of `prompt_tokens`.")
    ]


class TokenUsage(msgspec.Struct, kw_only=True):
    """Tokens of one request. `reasoning_tokens` are part of `completion_tokens`."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    reasoning_tokens: int
    prompt_tokens_details: PromptTokensDetails
    completion_tokens_details: CompletionTokensDetails


class AnsweredFunction(msgspec.Struct, kw_only=True):
    """The function the model wants called; `arguments` is JSON in a string."""

    name: str
    arguments: str


class AnsweredToolCall(msgspec.Struct, kw_only=True):
    """A call the model asks for."""

    id: str
    type: Literal["function"] = "function"
    function: AnsweredFunction


class FunctionDelta(msgspec.Struct, kw_only=True):
    """The name of a function, in the first piece of its call, and more of its arguments."""

    name: str | UnsetType = UNSET
    arguments: str


class ToolCallPiece(msgspec.Struct, kw_only=True):
    """More of the call at `index`; `id` and `type` come with its first piece."""

    index: int
    id: str | UnsetType = UNSET
    type: Literal["function"] | UnsetType = UNSET
    function: FunctionDelta


class TopLogprob(msgspec.Struct, kw_only=True):
    """A token and the logarithm of its probability."""

    token: str
    logprob: float
    bytes: list[int]


class ContentLogprob(TopLogprob, kw_only=True):
    """A token of the answer, and the likeliest ones in its place."""

    top_logprobs: list[TopLogprob]


class ChatLogprobs(msgspec.Struct, kw_only=True):
    """Of every token of the answer, reasoning and tool calls included."""

    content: list[ContentLogprob]
    refusal: None = None


class CompletionLogprobs(msgspec.Struct, kw_only=True):
    """Of every token of a continued prompt, in lists of equal length."""

    tokens: list[str]
    token_logprobs: list[float]
    top_logprobs: list[dict[str, float]]
    text_offset: list[int]


class AssistantAnswer(msgspec.Struct, kw_only=True):
    """The message of the model; what it thought before is in `reasoning_content`."""

    role: Literal["assistant"] = "assistant"
    content: str | None
    reasoning_content: str | UnsetType = UNSET
    tool_calls: list[AnsweredToolCall] | UnsetType = UNSET


class ChatChoice(msgspec.Struct, kw_only=True):
    """One of the `n` answers."""

    index: int
    message: AssistantAnswer
    logprobs: ChatLogprobs | None = None
    finish_reason: FinishReason


class ChatCompletion(msgspec.Struct, kw_only=True):
    """Answer of `POST /v1/chat/completions`; `model` is the id that was served."""

    id: str
    object: Literal["chat.completion"] = "chat.completion"
    created: int
    model: str
    choices: list[ChatChoice]
    usage: TokenUsage
    backend: Backend


class ChatDelta(msgspec.Struct, kw_only=True):
    """What is new since the chunk before."""

    role: Literal["assistant"] | UnsetType = UNSET
    content: str | UnsetType = UNSET
    reasoning_content: str | UnsetType = UNSET
    tool_calls: list[ToolCallPiece] | UnsetType = UNSET


class ChunkChoice(msgspec.Struct, kw_only=True):
    """The part of a chunk that belongs to one of the `n` answers."""

    index: int
    delta: ChatDelta
    logprobs: ChatLogprobs | None = None
    finish_reason: FinishReason | None = None


class ChatChunk(msgspec.Struct, kw_only=True):
    """One event of a streamed chat completion."""

    id: str
    object: Literal["chat.completion.chunk"] = "chat.completion.chunk"
    created: int
    model: str
    choices: list[ChunkChoice]
    usage: TokenUsage | UnsetType | None = UNSET
    backend: Backend | UnsetType = UNSET


class CompletionChoice(msgspec.Struct, kw_only=True):
    """One continued prompt."""

    index: int
    text: str
    reasoning_content: str | UnsetType = UNSET
    logprobs: CompletionLogprobs | None = None
    finish_reason: FinishReason


class Completion(msgspec.Struct, kw_only=True):
    """Answer of `POST /v1/completions` to a `prompt`."""

    id: str
    object: Literal["text_completion"] = "text_completion"
    created: int
    model: str
    choices: list[CompletionChoice]
    usage: TokenUsage
    backend: Backend


class CompletionChunkChoice(msgspec.Struct, kw_only=True):
    """The part of a chunk that belongs to one continued prompt."""

    index: int
    text: str
    reasoning_content: str | UnsetType = UNSET
    logprobs: CompletionLogprobs | None = None
    finish_reason: FinishReason | None = None


class CompletionChunk(msgspec.Struct, kw_only=True):
    """One event of a streamed completion."""

    id: str
    object: Literal["text_completion"] = "text_completion"
    created: int
    model: str
    choices: list[CompletionChunkChoice]
    usage: TokenUsage | UnsetType | None = UNSET
    backend: Backend | UnsetType = UNSET


class Embedding(msgspec.Struct, kw_only=True):
    """The vector of one input, normalised to length 1."""

    object: Literal["embedding"] = "embedding"
    index: int
    embedding: Annotated[
        list[float] | str,
        Meta(description="Numbers, or with `base64` little-endian 32-bit floats."),
    ]


class EmbeddingUsage(msgspec.Struct):
    """Tokens of all inputs."""

    prompt_tokens: int
    total_tokens: int


class EmbeddingList(msgspec.Struct, kw_only=True):
    """Answer of `POST /v1/embeddings`, in the order of the inputs."""

    object: Literal["list"] = "list"
    data: list[Embedding]
    model: str
    usage: EmbeddingUsage
    backend: Backend


class AudioUsage(msgspec.Struct, kw_only=True):
    """What is billed: every started minute."""

    type: Literal["duration"] = "duration"
    seconds: int


class Transcription(msgspec.Struct, kw_only=True):
    """Answer of `POST /v1/audio/transcriptions`."""

    text: str
    usage: AudioUsage


class TranscriptionSegment(msgspec.Struct, kw_only=True):
    """What is said between two moments, in seconds."""

    id: int
    seek: Annotated[
        int, Meta(description="Where the 30 seconds begin that the model saw, in 10 ms.")
    ]
    start: float
    end: float
    text: str
    tokens: list[int]
    temperature: float
    avg_logprob: float
    compression_ratio: float
    no_speech_prob: Annotated[
        float | None, Meta(description="Always null: the engine does not tell it.")
    ] = None


class TranscriptionWord(msgspec.Struct, kw_only=True):
    """A word and when it is said, in seconds."""

    word: str
    start: float
    end: float


class VerboseTranscription(Transcription, kw_only=True):
    """The answer with `verbose_json`."""

    task: Literal["transcribe", "translate"]
    language: Annotated[str, Meta(description="ISO 639-1 code of what is spoken.")]
    duration: float
    segments: list[TranscriptionSegment] | UnsetType = UNSET
    words: list[TranscriptionWord] | UnsetType = UNSET
    backend: Backend


class ModelPermission(msgspec.Struct, kw_only=True):
    """A field of the first OpenAI API that older clients still read."""

    id: str
    object: Literal["model_permission"] = "model_permission"
    created: int
    allow_create_engine: bool = False
    allow_sampling: bool = True
    allow_logprobs: bool = True
    allow_search_indices: bool = False
    allow_view: bool = True
    allow_fine_tuning: bool = False
    organization: str = "*"
    group: str | None = None
    is_blocking: bool = False


class ModelObject(msgspec.Struct, kw_only=True):
    """A model that can be called, with its dates; those are fields of this service."""

    id: str
    object: Literal["model"] = "model"
    created: Annotated[int, Meta(description="Unix time of the first day of the release.")]
    owned_by: str
    root: Annotated[str, Meta(description="Upstream name of the weights.")]
    parent: str | None = None
    aliases: tuple[str, ...]
    max_model_len: Annotated[int, Meta(description="Context served here, in tokens.")]
    permission: list[ModelPermission]
    context_tokens: Annotated[int | None, Meta(description="Context the model was made for.")]
    endpoints: tuple[Endpoint, ...]
    capabilities: tuple[Capability, ...]
    input_modalities: Annotated[
        tuple[Modality, ...], Meta(description="What it reads: text, images.")
    ]
    output_modalities: tuple[Modality, ...]
    phase: Phase
    stability: Stability
    released_on: date
    support_ends_on: date | None
    deprecated_on: date | None
    removed_on: date | None
    successor: str | None
    stand_in: Annotated[
        bool,
        Meta(description="Answered by stand-in weights: everything is real but the answers."),
    ]


class ModelList(msgspec.Struct, kw_only=True):
    """Answer of `GET /v1/models`."""

    object: Literal["list"] = "list"
    data: list[ModelObject]


class Health(msgspec.Struct, kw_only=True):
    """Answer of the health checks."""

    status: Literal["ok", "starting"]
    waiting_for: Annotated[
        list[str] | UnsetType, Meta(description="Pinned models that are not loaded yet.")
    ] = UNSET


class EarlierBundle(msgspec.Struct, kw_only=True):
    """What was served before."""

    catalogue_sha256: str
    program_version: str
    serving_since: datetime


class RefusedBundle(msgspec.Struct, kw_only=True):
    """The last bundle that was not taken over; the one before it went on."""

    catalogue_sha256: str
    refused_at: datetime
    reason: str


class ServedBundle(msgspec.Struct, kw_only=True):
    """What is served. Answers carry the first digits of the hash as `x-llmaas-catalogue`."""

    object: Literal["bundle"] = "bundle"
    catalogue_sha256: str
    program_version: str
    serving_since: datetime
    previous: EarlierBundle | None
    refused: RefusedBundle | None


class ServiceIndex(msgspec.Struct, kw_only=True):
    """Answer of `/` where no documentation is served."""

    service: str
    operator: str
    models: str = "/v1/models"
    openapi: str = "/openapi.json"
