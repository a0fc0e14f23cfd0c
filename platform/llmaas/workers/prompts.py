"""From a request to tokens: everything that can refuse it before the engine sees it."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from llmaas.bundle import ReasoningFormat
from llmaas.bundle.tables import ReasoningMode, ToolCallFormat
from llmaas.workers.grammars import CompiledGrammar, GrammarError, compile_grammar
from llmaas.workers.image_prompts import (
    ImagePlacer,
    Laid,
    PromptImage,
    UnreadableImageError,
)
from llmaas.workers.image_prompts import Markers as ImageMarkers
from llmaas.workers.layout import TEXT_ONLY, Layout
from llmaas.workers.protocol import (
    MAX_TOP,
    Embed,
    Failed,
    FailureCode,
    Generate,
    Grammar,
    Sampling,
)
from llmaas.workers.sampling import SamplerError, check_sampling
from llmaas.workers.schema_keywords import SchemaError
from llmaas.workers.templates import ChatTemplate, TemplateError, UnsupportedContentError
from llmaas.workers.text import Markers
from llmaas.workers.tool_calls import (
    CallReader,
    begun_call_grammar,
    call_grammar,
    call_or_content_grammar,
    call_reader,
)
from llmaas.workers.vocabulary import Vocabulary


class RefusedError(Exception):
    """A request that gets `failure` for an answer."""

    def __init__(self, failure: Failed) -> None:
        super().__init__(failure.message)
        self.failure = failure


@dataclass(frozen=True)
class Prompt:
    """A generation, ready to join the engine."""

    stream: int
    tokens: NDArray[np.int32]
    max_tokens: int
    """Never beyond the context."""
    stop: tuple[str, ...]
    sampling: Sampling
    markers: Markers | None
    starts_in_reasoning: bool
    grammar: CompiledGrammar | None = None
    tool_call_format: ToolCallFormat | None = None
    tools: tuple[Mapping[str, Any], ...] = ()
    parallel_tool_calls: bool = True
    top_logprobs: int | None = None
    whole: bool = False
    tenant: str = ""
    owner: str = ""
    priority: int = 0
    deadline_s: float | None = None
    read_at: float = field(default_factory=time.monotonic)
    """On the clock of this process."""
    layout: Layout = TEXT_ONLY
    """Which of the tokens stand for images."""
    images: tuple[PromptImage, ...] = ()
    """To be encoded."""
    embeddings: tuple[NDArray[np.float32], ...] = ()
    """Of each span of the layout."""

    @property
    def image_tokens(self) -> int:
        """Of all images."""
        return sum(span.length for span in self.layout.spans)

    def call_reader(self) -> CallReader | None:
        """What finds calls in the answer; `None` where no tools were offered."""
        if self.tool_call_format is None or not self.tools:
            return None
        return call_reader(self.tool_call_format, self.tools, parallel=self.parallel_tool_calls)


@dataclass(frozen=True)
class Inputs:
    """An embedding request, ready to join the engine."""

    stream: int
    tokens: tuple[NDArray[np.int32], ...]

    @property
    def prompt_tokens(self) -> int:
        """Of all inputs together."""
        return sum(len(tokens) for tokens in self.tokens)


class PromptReader:
    """Renders, tokenises and checks generations for one model."""

    def __init__(
        self,
        vocabulary: Vocabulary,
        template: ChatTemplate | str,
        *,
        n_ctx: int,
        reasoning: ReasoningFormat | None,
        tool_call_format: ToolCallFormat | None = None,
        images: ImagePlacer | None = None,
    ) -> None:
        """`template` as a text is the reason why there is none; without `images`, none are read."""
        self._images = images
        self._vocabulary = vocabulary
        self._template = template
        self._n_ctx = n_ctx
        self._mode: ReasoningMode | None = None if reasoning is None else reasoning.mode
        self._tool_call_format = tool_call_format
        self._markers = None if reasoning is None else Markers(reasoning.open, reasoning.close)

    def read(self, request: Generate) -> Prompt:
        """Raises `RefusedError`."""
        read_at = time.monotonic()
        rendered, laid = self._laid(request)
        tokens = laid.tokens
        room = self._n_ctx - len(tokens)
        if room < 1:
            raise _too_long(request.stream, "the prompt", len(tokens), self._n_ctx)
        if request.max_tokens is not None and request.max_tokens < 1:
            message = "max_tokens: must be at least 1"
            raise _refused(request.stream, "invalid_request", message, field="max_tokens")
        try:
            check_sampling(request.sampling, n_vocab=self._vocabulary.n_vocab)
        except SamplerError as error:
            raise _refused(
                request.stream, "invalid_request", str(error), field=error.field
            ) from error
        # Only a template opens a thought for the model; a raw prompt is the caller's own text.
        opened = self._markers is not None and rendered.rstrip().endswith(self._markers.open)
        return Prompt(
            stream=request.stream,
            tokens=tokens,
            max_tokens=min(room, request.max_tokens or room),
            stop=tuple(request.stop),
            sampling=request.sampling,
            markers=self._markers,
            starts_in_reasoning=opened,
            grammar=self._grammar(request),
            tool_call_format=self._tool_call_format,
            tools=tuple(request.tools or ()) if request.messages is not None else (),
            parallel_tool_calls=request.tool_choice.parallel,
            top_logprobs=None if request.top_logprobs is None else _top(request.top_logprobs),
            whole=request.whole,
            tenant=request.tenant,
            owner=request.owner,
            priority=request.priority,
            deadline_s=request.deadline_s,
            read_at=read_at,
            layout=laid.layout,
            images=laid.images,
        )

    def _grammar(self, request: Generate) -> CompiledGrammar | None:
        """What binds the answer; an error says whether its form or its tools are wrong."""
        form, field = request.grammar, "tools"
        own: CompiledGrammar | None = None
        try:
            if form is not None:
                field = "grammar" if form.json_schema is None else "json_schema"
                own = compile_grammar(form, self._vocabulary.handle)
                field = "tools"
            bound = self._bound(request)
            if bound is None or bound is form:
                return own
            return compile_grammar(bound, self._vocabulary.handle)
        except (GrammarError, SchemaError) as error:
            raise _refused(request.stream, "invalid_request", str(error), field=field) from error

    def _bound(self, request: Generate) -> Grammar | None:
        """The form that the answer is to have, and the calls that it may or must have."""
        tools = request.tools if request.messages is not None else None
        if not tools:
            return request.grammar
        choice, format_ = request.tool_choice, self._tool_call_format
        if format_ is None:
            if choice.required:
                message = "this model is not served with tools"
                raise _refused(request.stream, "unsupported", message, field="tools")
            return request.grammar
        functions = [tool["function"] for tool in tools]
        if choice.function is not None:
            functions = [each for each in functions if each["name"] == choice.function]
        if not functions:
            message = f"tool_choice: no tool is called {choice.function}"
            raise _refused(request.stream, "invalid_request", message, field="tool_choice")
        try:
            if choice.required:
                return call_grammar(format_, functions)
            if request.grammar is None:
                return begun_call_grammar(format_, functions, parallel=choice.parallel)
            return call_or_content_grammar(
                format_, functions, request.grammar, parallel=choice.parallel
            )
        except RecursionError as error:
            raise SchemaError("tools: parameters are nested too deep") from error

    def _laid(self, request: Generate) -> tuple[str, Laid]:
        if request.images:
            return self._with_images(request)
        rendered = ""
        if request.prompt_tokens is not None:
            tokens = request.prompt_tokens
        elif request.prompt is not None:
            tokens = self._vocabulary.prompt_tokens(request.prompt)
        else:
            rendered = self._render(request, request.messages or [])
            tokens = self._vocabulary.prompt_tokens(rendered)
        _check_tokens(request.stream, tokens, self._vocabulary.n_vocab, what="prompt")
        return rendered, Laid(np.array(tokens, np.int32))

    def _with_images(self, request: Generate) -> tuple[str, Laid]:
        if self._images is None:
            raise _refused(request.stream, "unsupported", "this model is served without images")
        markers = ImageMarkers(len(request.images))
        rendered = self._render(request, markers.placed(request.messages or []))
        try:
            return rendered, self._images.lay(rendered, markers, request.images)
        except UnreadableImageError as error:
            failure = Failed(request.stream, "invalid_request", str(error), field=error.location)
            raise RefusedError(failure) from error

    def _render(self, request: Generate, messages: list[dict[str, Any]]) -> str:
        if isinstance(self._template, str):
            raise _refused(request.stream, "unsupported", self._template)
        try:
            return self._template.render(
                messages,
                tools=request.tools,
                arguments=request.template_arguments,
                thinking=_thinking(self._mode, request.thinking),
                tool_call_format=self._tool_call_format,
            )
        except TemplateError as error:
            raise _refused(request.stream, "invalid_request", str(error)) from error
        except UnsupportedContentError as error:
            raise _refused(request.stream, "unsupported", str(error)) from error


class InputReader:
    """Tokenises and checks inputs to embed for one model."""

    def __init__(self, vocabulary: Vocabulary, *, n_ctx: int) -> None:
        self._vocabulary = vocabulary
        self._n_ctx = n_ctx

    def read(self, request: Embed) -> Inputs:
        """Raises `RefusedError`."""
        tokens = tuple(self._tokens(request, index) for index in range(len(request.inputs)))
        if not tokens:
            raise _refused(request.stream, "invalid_request", "input: nothing to embed")
        return Inputs(stream=request.stream, tokens=tokens)

    def _tokens(self, request: Embed, index: int) -> NDArray[np.int32]:
        given = request.inputs[index]
        tokens = self._vocabulary.input_tokens(given) if isinstance(given, str) else given
        what = f"input {index}"
        field = f"input[{index}]" if len(request.inputs) > 1 else None
        _check_tokens(request.stream, tokens, self._vocabulary.n_vocab, what=what, field=field)
        if len(tokens) > self._n_ctx:
            raise _too_long(request.stream, what, len(tokens), self._n_ctx, field=field)
        return np.array(tokens, np.int32)


def _thinking(mode: ReasoningMode | None, wanted: bool | None) -> bool | None:
    """What a template is told; nothing where there is no choice."""
    if mode is None or mode == "always":
        return None
    return mode == "on_by_default" if wanted is None else wanted


def _top(wanted: int) -> int:
    return max(0, min(wanted, MAX_TOP))


def _check_tokens(
    stream: int, tokens: list[int], n_vocab: int, *, what: str, field: str | None = None
) -> None:
    if not tokens:
        raise _refused(stream, "invalid_request", f"{what}: is empty", field=field)
    wrong = next((token for token in tokens if not 0 <= token < n_vocab), None)
    if wrong is not None:
        raise _refused(
            stream,
            "invalid_request",
            f"{what}: token {wrong} is not in the vocabulary of {n_vocab} tokens",
            field=field,
        )


def _too_long(
    stream: int, what: str, prompt_tokens: int, n_ctx: int, *, field: str | None = None
) -> RefusedError:
    return RefusedError(
        Failed(
            stream,
            "context_length_exceeded",
            f"{what} has {prompt_tokens} tokens; this model is served with a context of "
            f"{n_ctx} tokens, prompt and answer together",
            field=field,
            prompt_tokens=prompt_tokens,
            n_ctx=n_ctx,
        )
    )


def _refused(
    stream: int, code: FailureCode, message: str, *, field: str | None = None
) -> RefusedError:
    return RefusedError(Failed(stream, code, message, field=field))
