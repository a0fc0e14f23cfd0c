"""Request bodies. Unknown fields are accepted; a known field with a wrong value is refused."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from llmaas.gateway.wire.messages import Message

DEFAULT_MAX_TOKENS = 1024
DEFAULT_TEMPERATURE = 0.7
INT32_MAX = 2**31 - 1
INT64_MAX = 2**63 - 1

Temperature = Annotated[float, Meta(ge=0, le=2, description="0 always takes the likeliest token.")]
Probability = Annotated[float, Meta(ge=0, le=1)]
Penalty = Annotated[float, Meta(ge=-2, le=2)]
RepeatPenalty = Annotated[float, Meta(gt=0, le=10)]
TokenCount = Annotated[int, Meta(ge=1, le=INT32_MAX)]
TokenId = Annotated[int, Meta(ge=0, le=INT32_MAX)]
Choices = Annotated[int, Meta(ge=1, le=8)]
Stop = str | Annotated[list[str], Meta(max_length=4)]
Bias = Annotated[float, Meta(ge=-100, le=100)]
ModelName = Annotated[str, Meta(min_length=1, description="Id or alias of a model.")]
Tokens = Annotated[list[TokenId], Meta(min_length=1)]


class StreamOptions(msgspec.Struct):
    """What a stream carries beside the text."""

    include_usage: bool = False


class FunctionTool(msgspec.Struct, omit_defaults=True):
    """A function the model may ask for; `parameters` is a JSON Schema."""

    name: Annotated[str, Meta(min_length=1)]
    description: str | None = None
    parameters: dict[str, Any] | None = None


class Tool(msgspec.Struct):
    """A tool shown to the model through its chat template."""

    function: FunctionTool
    type: Literal["function"] = "function"


class NamedFunction(msgspec.Struct):
    """The function a tool choice names."""

    name: str


class NamedToolChoice(msgspec.Struct):
    """The wish for one certain function."""

    function: NamedFunction
    type: Literal["function"] = "function"


class ResponseFormat(msgspec.Struct):
    """The form of the answer; only `text` is served."""

    type: Literal["text", "json_object", "json_schema"] = "text"


class GenerationRequest(msgspec.Struct, kw_only=True):
    """What every generation takes; an absent field or null takes the default."""

    model: ModelName
    stream: bool | None = False
    stream_options: StreamOptions | None = None
    max_tokens: Annotated[
        TokenCount | None,
        Meta(description="Output tokens at most, reasoning included; 1024 when absent."),
    ] = None
    temperature: Temperature | None = None
    top_p: Probability | None = None
    top_k: Annotated[int, Meta(ge=0, le=INT32_MAX)] | None = None
    min_p: Probability | None = None
    presence_penalty: Penalty | None = None
    frequency_penalty: Penalty | None = None
    repeat_penalty: RepeatPenalty | None = None
    logit_bias: dict[TokenId, Bias] | None = None
    seed: Annotated[int, Meta(ge=-INT64_MAX, le=INT64_MAX)] | None = None
    stop: Stop | None = None
    n: Choices | None = None
    user: str | None = None


class ChatRequest(GenerationRequest, kw_only=True):
    """Body of `POST /v1/chat/completions`."""

    messages: Annotated[list[Message], Meta(min_length=1)]
    max_completion_tokens: Annotated[
        TokenCount | None, Meta(description="The newer name of `max_tokens`; wins over it.")
    ] = None
    tools: list[Tool] | None = None
    tool_choice: Literal["none", "auto", "required"] | NamedToolChoice | None = None
    response_format: ResponseFormat | None = None
    logprobs: bool | None = None
    chat_template_kwargs: Annotated[
        dict[str, Any] | None, Meta(description="Further variables of the model's chat template.")
    ] = None


class CompletionRequest(GenerationRequest, kw_only=True):
    """Body of `POST /v1/completions` with a `prompt`.

    With `messages` in its place the body is that of a chat completion, and so is the answer.
    """

    prompt: Annotated[
        str | list[Any],
        Meta(description="Text, a list of texts, token ids, or a list of lists of token ids."),
    ]
    echo: bool | None = None
    suffix: str | None = None
    best_of: int | None = None
    logprobs: int | None = None


class EmbeddingRequest(msgspec.Struct, kw_only=True):
    """Body of `POST /v1/embeddings`."""

    model: ModelName
    input: Annotated[
        str | list[Any],
        Meta(description="Text, a list of texts, token ids, or a list of lists of token ids."),
    ]
    encoding_format: Literal["float", "base64"] | None = None
    dimensions: Annotated[
        Annotated[int, Meta(ge=1, le=INT32_MAX)] | None,
        Meta(description="Accepted when it is the number of dimensions the model has."),
    ] = None
    user: str | None = None
