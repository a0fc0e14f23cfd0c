"""From a `Load` to something that serves: model, vocabulary, template, queue and engine."""

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from llmaas.workers.calibration import calibrate
from llmaas.workers.embedding import EmbeddingEngine
from llmaas.workers.engine import MAX_WAITING, GenerationEngine
from llmaas.workers.gguf_header import read_gguf_header
from llmaas.workers.image_encoder import ImageEncoder
from llmaas.workers.image_prompts import ImagePlacer
from llmaas.workers.kv_memory import KvMemory
from llmaas.workers.kv_plan import shelf_bytes
from llmaas.workers.memory import embedding_cache_bytes, kv_bytes_per_token, kv_plan
from llmaas.workers.model import Model, ModelError, embedding_context, generation_context
from llmaas.workers.projector import Projector
from llmaas.workers.prompts import InputReader, PromptReader, RefusedError
from llmaas.workers.protocol import (
    Embed,
    Failed,
    Generate,
    Heard,
    Load,
    Ready,
    Spell,
    Spelled,
    ToGateway,
    Transcribe,
)
from llmaas.workers.queueing import RequestQueue
from llmaas.workers.shelf import Shelf
from llmaas.workers.templates import ChatTemplate, TemplateError
from llmaas.workers.tool_calls import visible_markers
from llmaas.workers.vocabulary import Vocabulary

if TYPE_CHECKING:
    from llmaas.workers.transcription.engine import Recording, TranscriptionEngine

Request: TypeAlias = Generate | Embed | Transcribe

MAX_WAITING_RECORDINGS = 7
"""Beside the one that is transcribed; each is as large as the gateway takes."""

SHARE_OF_THREADS = 0.25
"""Of the engine's, for encoding images beside it. More of them would fight for the same cores."""


@dataclass(frozen=True)
class Serving:
    """A loaded model, ready for requests."""

    ready: Ready
    engine: "GenerationEngine | EmbeddingEngine | TranscriptionEngine"
    requests: RequestQueue[Any]
    prepare: Callable[[Request], Any]
    """A request to what `requests` takes; raises `RefusedError`."""
    vocabulary: Vocabulary | None = None
    """None where no prompt is made of token ids."""
    encoder: ImageEncoder | None = None
    """Where prompts with images go first, on their way to `requests`."""

    def spell(self, request: Spell) -> Spelled | Failed:
        """The texts of lists of token ids."""
        if self.vocabulary is None:
            return Failed(request.stream, "unsupported", "this model takes no token ids")
        return Spelled(request.stream, [self.vocabulary.spelled(each) for each in request.inputs])


def load_model(load: Load, emit: Callable[[list[ToGateway]], None]) -> Serving:
    """Load the weights and build the engine.

    Raises:
        ModelError: with llama.cpp's reason.
    """
    match load.spec.kind:
        case "generation":
            return _load_generation(load, emit)
        case "embedding":
            return _load_embedding(load, emit)
        case "transcription":
            return _load_transcription(load, emit)


def _load_generation(load: Load, emit: Callable[[list[ToGateway]], None]) -> Serving:
    spec = load.spec
    path = Path(load.weights_path)
    options = spec.engine
    model = Model(path, n_gpu_layers=spec.n_gpu_layers, options=options)
    n_threads = options.n_threads or load.n_threads
    projector = None
    if load.mmproj_path is not None:
        encoding = max(1, int(n_threads * SHARE_OF_THREADS))
        projector = Projector(Path(load.mmproj_path), model, n_threads=encoding)
    header = read_gguf_header(path)
    plan = kv_plan(spec, header, weights_bytes=path.stat().st_size)
    bytes_per_token = kv_bytes_per_token(header, options.cache_type)
    context = generation_context(
        model,
        plan,
        n_ctx=spec.n_ctx,
        n_seq_max=spec.n_seq_max,
        n_threads=n_threads,
        options=options,
        at_once=0 if projector is None else projector.largest_at_once,
    )
    thoughts = () if spec.reasoning is None else (spec.reasoning.open, spec.reasoning.close)
    visible = (*thoughts, *visible_markers(spec.tool_call_format))
    vocabulary = Vocabulary(model, visible=visible)
    template = _chat_template(model, vocabulary)
    n_ctx = context.shape.n_ctx
    reader = PromptReader(
        vocabulary,
        template,
        n_ctx=n_ctx,
        reasoning=spec.reasoning,
        tool_call_format=spec.tool_call_format,
        images=(
            None
            if projector is None
            else ImagePlacer(projector, vocabulary, most_at_once=context.shape.n_ubatch)
        ),
    )

    def prepare(request: Request) -> Any:
        if isinstance(request, Generate):
            return reader.read(request)
        raise _unsupported(request, f"{spec.pool} generates text; it does nothing else")

    budget, costs = calibrate(context, measure_groups=not model.on_gpu)
    requests: RequestQueue[Any] = RequestQueue(spec.n_seq_max + MAX_WAITING)
    encoder = None
    if projector is not None and load.mmproj_path is not None:
        encoder = ImageEncoder(
            projector,
            requests,
            emit,
            most_ahead=spec.n_seq_max + 1,
            cache_bytes=embedding_cache_bytes(Path(load.mmproj_path)),
        )
    return Serving(
        ready=Ready(
            n_ctx=n_ctx,
            n_seq_max=spec.n_seq_max,
            memory_bytes=resident_bytes(),
            has_chat_template=isinstance(template, ChatTemplate),
        ),
        engine=GenerationEngine(
            context,
            KvMemory(
                context,
                Shelf(shelf_bytes(plan, bytes_per_token=bytes_per_token)),
                bytes_per_token=bytes_per_token,
                n_swa=model.n_swa,
            ),
            vocabulary,
            requests,
            emit,
            budget=budget,
            step_costs=costs,
        ),
        requests=requests,
        prepare=prepare,
        vocabulary=vocabulary,
        encoder=encoder,
    )


def _load_embedding(load: Load, emit: Callable[[list[ToGateway]], None]) -> Serving:
    spec = load.spec
    model = Model(Path(load.weights_path), n_gpu_layers=spec.n_gpu_layers)
    if spec.embedding_dimensions not in {None, model.n_embd}:
        raise ModelError(
            f"{model.path.name} gives vectors of {model.n_embd} dimensions, "
            f"the catalogue says {spec.embedding_dimensions}"
        )
    context = embedding_context(
        model,
        n_ctx=spec.n_ctx,
        n_seq_max=spec.n_seq_max,
        n_threads=load.n_threads,
        pooling=spec.pooling,
    )
    vocabulary = Vocabulary(model)
    reader = InputReader(vocabulary, n_ctx=context.shape.n_ctx)

    def prepare(request: Request) -> Any:
        if isinstance(request, Embed):
            return reader.read(request)
        raise _unsupported(request, f"{spec.pool} is an embedding model; it does nothing else")

    requests: RequestQueue[Any] = RequestQueue(spec.n_seq_max + MAX_WAITING)
    return Serving(
        ready=Ready(
            n_ctx=context.shape.n_ctx,
            n_seq_max=spec.n_seq_max,
            memory_bytes=resident_bytes(),
            has_chat_template=False,
            embedding_dimensions=model.n_embd,
        ),
        engine=EmbeddingEngine(context, dimensions=model.n_embd, requests=requests, emit=emit),
        requests=requests,
        prepare=prepare,
        vocabulary=vocabulary,
    )


def _load_transcription(load: Load, emit: Callable[[list[ToGateway]], None]) -> Serving:
    # whisper.cpp and FFmpeg are loaded into the processes that need them, and no others.
    from llmaas.workers.transcription.audio import (  # noqa: PLC0415
        CancelledError,
        UnreadableError,
        duration,
    )
    from llmaas.workers.transcription.engine import (  # noqa: PLC0415
        Recording,
        TranscriptionEngine,
    )
    from llmaas.workers.transcription.model import Task, Whisper  # noqa: PLC0415

    spec = load.spec
    n_threads = spec.engine.n_threads or load.n_threads
    model = Whisper(Path(load.weights_path), n_threads=n_threads, use_gpu=spec.n_gpu_layers != 0)
    requests: RequestQueue[Recording] = RequestQueue(1 + MAX_WAITING_RECORDINGS)

    def prepare(request: Request) -> "Recording":
        """Find out at once what cannot be transcribed, and how long the rest is."""
        stream = request.stream
        if not isinstance(request, Transcribe):
            raise _unsupported(request, f"{spec.pool} writes down recordings, nothing else")
        if request.language is not None and not model.knows(request.language):
            message = f"{spec.pool} does not know the language '{request.language}'"
            raise RefusedError(Failed(stream, "unsupported", message, field="language"))
        try:
            seconds = duration(request.audio, lambda: requests.is_cancelled(stream))
        except UnreadableError as error:
            raise RefusedError(Failed(stream, "invalid_request", str(error))) from error
        except CancelledError:
            seconds = 0.0  # the engine will find it out, too
        emit([Heard(stream, seconds)])
        task = Task(
            request.language,
            request.prompt,
            request.temperature,
            translate=request.translate,
            words=request.words,
        )
        return Recording(stream, request.audio, task)

    return Serving(
        ready=Ready(
            n_ctx=min(spec.n_ctx, model.n_text_ctx),
            n_seq_max=1,
            memory_bytes=resident_bytes(),
            has_chat_template=False,
        ),
        engine=TranscriptionEngine(model, requests, emit),
        requests=requests,
        prepare=prepare,
    )


def _chat_template(model: Model, vocabulary: Vocabulary) -> ChatTemplate | str:
    """The model's template, or the reason why there is none."""
    source = model.chat_template
    if source is None:
        return "this model has no chat template: use a prompt, not messages"
    try:
        return ChatTemplate(
            source,
            bos_token=vocabulary.text_of(vocabulary.bos),
            eos_token=vocabulary.text_of(vocabulary.eos),
        )
    except TemplateError as error:
        sys.stderr.write(f"{model.path.name}: {error}\n")
        return str(error)


def _unsupported(request: Request, message: str) -> RefusedError:
    return RefusedError(Failed(request.stream, "unsupported", message))


def resident_bytes() -> int:
    """Resident memory of this process; 0 where the system does not tell."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except OSError:
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")
