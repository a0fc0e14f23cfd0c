"""Request bodies. Unknown fields are accepted; a known field with a wrong value is refused."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from llmaas.gateway.wire.messages import Message

DEFAULT_MAX_TOKENS = 1024
DEFAULT_TEMPERATURE = 0.7
INT32_MAX = 2**31 - 1
INT64_MAX = 2**63 - 1

TokenCount = Annotated[int, Meta(ge=1, le=INT32_MAX)]
TokenId = Annotated[int, Meta(ge=0, le=INT32_MAX)]
Bias = Annotated[float, Meta(ge=-100, le=100)]
Penalty = Annotated[float, Meta(ge=-2, le=2)]
Probability = Annotated[float, Meta(ge=0, le=1)]
ModelName = Annotated[str, Meta(min_length=1, description="Id or alias of a model.")]
INPUTS = "Text, a list of texts, token ids, or a list of lists of token ids."


class StreamOptions(msgspec.Struct):
    """What a stream carries beside the text."""

    include_usage: Annotated[
        bool | None, Meta(description="End with a chunk that has the usage and no choices.")
    ] = False


class FunctionTool(msgspec.Struct, omit_defaults=True):
    """A function the model may ask for; `parameters` is a JSON Schema."""

    name: Annotated[str, Meta(min_length=1)]
    description: str | None = None
    parameters: dict[str, Any] | None = None
    strict: Annotated[
        bool | None,
        Meta(description="Arguments of a call fit `parameters`, also where the model chose it."),
    ] = None


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


class TextFormat(msgspec.Struct, tag_field="type", tag="text"):
    """Free text."""


class JsonObjectFormat(msgspec.Struct, tag_field="type", tag="json_object"):
    """Any JSON object."""


class JsonSchema(msgspec.Struct, omit_defaults=True):
    """A JSON Schema the answer conforms to, `strict` or not."""

    name: str = ""
    description: str | None = None
    schema: dict[str, Any] | None = None
    strict: bool | None = None


class JsonSchemaFormat(msgspec.Struct, tag_field="type", tag="json_schema"):
    """JSON that conforms to a schema."""

    json_schema: JsonSchema


ResponseFormat = TextFormat | JsonObjectFormat | JsonSchemaFormat


class GenerationRequest(msgspec.Struct, kw_only=True):
    """What every generation takes; an absent field or null takes the default."""

    model: ModelName
    stream: Annotated[
        bool | None, Meta(description="Send the answer as server-sent events while it grows.")
    ] = False
    stream_options: StreamOptions | None = None
    max_tokens: Annotated[
        TokenCount | None, Meta(description="Output tokens at most, reasoning included.")
    ] = DEFAULT_MAX_TOKENS
    temperature: Annotated[
        Annotated[float, Meta(ge=0, le=2)] | None,
        Meta(description="Higher is more varied; 0 always takes the likeliest token."),
    ] = DEFAULT_TEMPERATURE
    top_p: Annotated[
        Probability | None,
        Meta(description="Choose among the likeliest tokens that together have this probability."),
    ] = 1.0
    top_k: Annotated[
        Annotated[int, Meta(ge=0, le=INT32_MAX)] | None,
        Meta(description="Choose among this many of the likeliest tokens; 0 is all of them."),
    ] = 0
    min_p: Annotated[
        Probability | None,
        Meta(description="Leave out tokens less likely than this share of the likeliest."),
    ] = 0.0
    presence_penalty: Annotated[
        Penalty | None, Meta(description="Makes tokens less likely that are in the text already.")
    ] = 0.0
    frequency_penalty: Annotated[
        Penalty | None,
        Meta(description="Makes tokens less likely the more often they are in the text."),
    ] = 0.0
    typical_p: Annotated[
        Probability | None,
        Meta(description="Choose among the most typical tokens that together have this share."),
    ] = 1.0
    repeat_penalty: Annotated[
        Annotated[float, Meta(gt=0, le=10)] | None,
        Meta(description="Divides the likelihood of recent tokens; 1 changes nothing."),
    ] = 1.0
    repetition_penalty: Annotated[
        Annotated[float, Meta(gt=0, le=10)] | None,
        Meta(description="Another name of `repeat_penalty`; wins over it."),
    ] = None
    min_tokens: Annotated[
        Annotated[int, Meta(ge=0, le=INT32_MAX)] | None,
        Meta(description="The model does not end its answer before so many output tokens."),
    ] = 0
    ignore_eos: Annotated[
        bool | None, Meta(description="Go on up to `max_tokens`, for measurements.")
    ] = False
    grammar: Annotated[
        Annotated[str, Meta(min_length=1)] | None,
        Meta(description="Rules in GBNF that the answer follows."),
    ] = None
    logit_bias: Annotated[
        dict[TokenId, Bias] | None,
        Meta(description="Added to the logits of tokens, by token id; -100 forbids one."),
    ] = None
    seed: Annotated[
        Annotated[int, Meta(ge=-INT64_MAX, le=INT64_MAX)] | None,
        Meta(description="The same seed and request give the same answer as far as possible."),
    ] = None
    stop: Annotated[
        str | Annotated[list[str], Meta(max_length=4)] | None,
        Meta(description="Up to four texts at which the answer ends; they are not part of it."),
    ] = None
    n: Annotated[
        Annotated[int, Meta(ge=1, le=8)] | None,
        Meta(description="Answers to generate; the prompt counts once."),
    ] = 1
    user: Annotated[
        str | None,
        Meta(
            description="Your name for your user. It keeps the prompts of your users apart where "
            "attacks in pieces and repetitions are looked for; give no personal data."
        ),
    ] = None


class ChatRequest(GenerationRequest, kw_only=True):
    """Body of `POST /v1/chat/completions`."""

    messages: Annotated[
        list[Message], Meta(min_length=1, description="The conversation, oldest message first.")
    ]
    max_completion_tokens: Annotated[
        TokenCount | None, Meta(description="The newer name of `max_tokens`; wins over it.")
    ] = None
    tools: Annotated[list[Tool] | None, Meta(description="Functions the model may ask for.")] = None
    tool_choice: Annotated[
        Literal["none", "auto", "required"] | NamedToolChoice | None,
        Meta(
            description="`none` hides the tools, `required` forces a call, a name forces one of "
            "that function; the arguments of a forced call fit the function's schema."
        ),
    ] = None
    parallel_tool_calls: Annotated[
        bool | None, Meta(description="Several calls in one answer; a forced call is one.")
    ] = True
    response_format: ResponseFormat | None = None
    logprobs: Annotated[
        bool | None, Meta(description="With every token the logarithm of its probability.")
    ] = None
    top_logprobs: Annotated[
        Annotated[int, Meta(ge=0, le=20)] | None,
        Meta(description="Alternatives that are reported with every token; needs `logprobs`."),
    ] = None
    reasoning_effort: Annotated[
        Literal["none", "minimal", "low", "medium", "high", "xhigh"] | None,
        Meta(
            description="Up to `low` a model that can be told so does not think, from `medium` on "
            "it does; absent, the model's own default holds."
        ),
    ] = None
    chat_template_kwargs: Annotated[
        dict[str, Any] | None, Meta(description="Further variables of the model's chat template.")
    ] = None


class CompletionRequest(GenerationRequest, kw_only=True):
    """Body of `POST /v1/completions` with a `prompt`.

    With `messages` in its place the body is that of a chat completion, and so is the answer.
    """

    prompt: Annotated[str | list[Any], Meta(description=INPUTS)]
    echo: Annotated[bool | None, Meta(description="Not offered; `true` is refused.")] = None
    suffix: Annotated[str | None, Meta(description="Not offered; text is refused.")] = None
    best_of: Annotated[
        Annotated[int, Meta(ge=1)] | None,
        Meta(description="Not offered; more than `n` is refused."),
    ] = None
    logprobs: Annotated[
        Annotated[int, Meta(ge=0, le=20)] | None,
        Meta(description="Log probabilities of the tokens, with so many alternatives."),
    ] = None


class EmbeddingRequest(msgspec.Struct, kw_only=True):
    """Body of `POST /v1/embeddings`."""

    model: ModelName
    input: Annotated[str | list[Any], Meta(description=INPUTS)]
    encoding_format: Annotated[
        Literal["float", "base64"] | None,
        Meta(description="`base64` is little-endian 32-bit floats."),
    ] = "float"
    dimensions: Annotated[
        Annotated[int, Meta(ge=1, le=INT32_MAX)] | None,
        Meta(description="Accepted when it is the number of dimensions the model has."),
    ] = None
    user: Annotated[
        str | None, Meta(description="Your name for your user; embeddings do not use it.")
    ] = None


class TranscriptionRequest(msgspec.Struct, kw_only=True):
    """Fields of the form of `POST /v1/audio/transcriptions`, beside its `file`."""

    model: ModelName
    language: Annotated[
        str | None,
        Meta(description="ISO 639-1 code of what is spoken; absent, the model finds it out."),
    ] = None
    prompt: Annotated[
        str | None,
        Meta(description="Text that goes before the recording: names, spelling, style."),
    ] = None
    initial_prompt: Annotated[str | None, Meta(description="Another name for `prompt`.")] = None
    response_format: Annotated[
        Literal["json", "text", "srt", "verbose_json", "vtt"],
        Meta(description="`json` is the text alone, `verbose_json` has segments with their times."),
    ] = "json"
    temperature: Annotated[
        Annotated[float, Meta(ge=0, le=1)],
        Meta(
            description="0 takes the likeliest token, and rises by itself where that goes nowhere."
        ),
    ] = 0.0
    timestamp_granularities: Annotated[
        list[Literal["word", "segment"]],
        Meta(description="What `verbose_json` has times of; `segment` where nothing is said."),
    ] = msgspec.field(default_factory=list, name="timestamp_granularities[]")
    task: Annotated[
        Literal["transcribe", "translate"],
        Meta(description="`translate` is into English, as well as the model can do that."),
    ] = "transcribe"
    stream: Annotated[bool, Meta(description="Not offered; `true` is refused.")] = False
