"""Every operation of the gateway: the one list that is served and documented."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Literal

from llmaas.bundle import audio
from llmaas.gateway import accounts_administration as accounts
from llmaas.gateway import contacts_administration as contacts
from llmaas.gateway import wire
from llmaas.gateway.administration import get_bundle, get_metrics
from llmaas.gateway.chat import create_chat_completion
from llmaas.gateway.completions import create_completion
from llmaas.gateway.context import Exchange
from llmaas.gateway.documentation import index, serve_docs
from llmaas.gateway.embeddings import create_embeddings
from llmaas.gateway.health import live, ready
from llmaas.gateway.models import get_model, list_models
from llmaas.gateway.transcriptions import create_transcription
from llmaas.gateway.wire import accounts as accounts_wire
from llmaas.gateway.wire import contacts as contacts_wire


async def _openapi(exchange: Exchange) -> None:
    await exchange.answer(exchange.gateway.openapi)


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One method of one path.

    A `{name}` in the path is one or more segments. `answers` and `streams` are structs, or a media
    type where the answer is no JSON of ours.
    """

    id: str
    method: Literal["GET", "POST"]
    path: str
    tag: Literal[
        "models", "generation", "embeddings", "audio", "service", "documentation", "administration"
    ]
    summary: str
    description: str
    run: Callable[[Exchange], Awaitable[None]]
    answers: type[Any] | str
    requests: tuple[type[Any], ...] = ()
    streams: type[Any] | None = None
    form: bool = False
    """Requests are forms with a `file`, not JSON."""
    texts: tuple[str, ...] = ()
    """Media types of answers that are no JSON."""
    endpoint: str | None = None
    """The endpoint of the routing table whose models answer here."""
    errors: tuple[int, ...] = ()
    public: bool = False
    """Answered without an API key."""
    admin: bool = False
    """Answered to operators only."""


_ADMIN_CALL_ERRORS = (400, 401, 404, 413, 415, 500)
_CALL_ERRORS = (400, 401, 403, 404, 410, 413, 415, 429, 500, 503)

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        id="listModels",
        method="GET",
        path="/v1/models",
        tag="models",
        summary="List models",
        description="The models that this deployment and this API key can call today.",
        run=list_models,
        answers=wire.ModelList,
        errors=(401, 500),
    ),
    Operation(
        id="getModel",
        method="GET",
        path="/v1/models/{model}",
        tag="models",
        summary="Look at a model",
        description="One model by id or alias, with its dates and its successor. "
        "A model that cannot be called answers with the error that a call would get.",
        run=get_model,
        answers=wire.ModelObject,
        errors=(401, 403, 404, 410, 500, 503),
    ),
    Operation(
        id="createChatCompletion",
        method="POST",
        path="/v1/chat/completions",
        tag="generation",
        summary="Answer a conversation",
        description="With `stream: true` the answer comes as server-sent events, ended by "
        "`data: [DONE]`; with `stream_options.include_usage` the last chunk has the usage and no "
        'choices. What fails after the first byte is an event `data: {"error": …}`. '
        "Closing the connection stops the generation. A prompt longer than the context served is "
        "refused, never cut.",
        run=create_chat_completion,
        requests=(wire.ChatRequest,),
        answers=wire.ChatCompletion,
        streams=wire.ChatChunk,
        endpoint="chat.completions",
        errors=_CALL_ERRORS,
    ),
    Operation(
        id="createCompletion",
        method="POST",
        path="/v1/completions",
        tag="generation",
        summary="Continue a prompt",
        description="Continues `prompt`. With `messages` in its place the body and the answer are "
        "those of a chat completion.",
        run=create_completion,
        requests=(wire.CompletionRequest, wire.ChatRequest),
        answers=wire.Completion | wire.ChatCompletion,  # type: ignore[arg-type]
        streams=wire.CompletionChunk | wire.ChatChunk,  # type: ignore[arg-type]
        endpoint="completions",
        errors=_CALL_ERRORS,
    ),
    Operation(
        id="createEmbeddings",
        method="POST",
        path="/v1/embeddings",
        tag="embeddings",
        summary="Embed text",
        description="One vector of length 1 for each input, in the order of the inputs.",
        run=create_embeddings,
        requests=(wire.EmbeddingRequest,),
        answers=wire.EmbeddingList,
        endpoint="embeddings",
        errors=_CALL_ERRORS,
    ),
    Operation(
        id="createTranscription",
        method="POST",
        path="/v1/audio/transcriptions",
        tag="audio",
        summary="Write down a recording",
        description=f"A form with the recording as `file`: {', '.join(audio.FORMATS)}; "
        f"{audio.MAX_FILE_MIB} MiB and {audio.MAX_MINUTES} minutes at most. "
        "Every started minute is billed; a recording that "
        "is not transcribed to its end is not. It is held in memory until it is answered, and "
        "nowhere else. Closing the connection stops the transcription.",
        run=create_transcription,
        requests=(wire.TranscriptionRequest,),
        answers=wire.Transcription | wire.VerboseTranscription,  # type: ignore[arg-type]
        form=True,
        texts=("text/plain", "text/vtt"),
        endpoint="audio.transcriptions",
        errors=_CALL_ERRORS,
    ),
    Operation(
        id="getLiveness",
        method="GET",
        path="/health/live",
        tag="service",
        summary="Is the process alive",
        description="Always 200 while the process answers.",
        run=live,
        answers=wire.Health,
        public=True,
    ),
    Operation(
        id="getReadiness",
        method="GET",
        path="/health/ready",
        tag="service",
        summary="Is the service ready",
        description="503 until the tables and every pinned model are loaded.",
        run=ready,
        answers=wire.Health,
        public=True,
    ),
    Operation(
        id="getOpenapi",
        method="GET",
        path="/openapi.json",
        tag="service",
        summary="This document",
        description="The OpenAPI 3.1 description of this gateway.",
        run=_openapi,
        answers="application/json",
        public=True,
    ),
    Operation(
        id="getBundle",
        method="GET",
        path="/admin/v1/bundle",
        tag="administration",
        summary="What is served",
        description="The catalogue and the program that answer this request, since when, what was "
        "served before, and the last bundle that was refused with the reason.",
        run=get_bundle,
        answers=wire.ServedBundle,
        errors=(401, 500),
        admin=True,
    ),
    Operation(
        id="getMetrics",
        method="GET",
        path="/metrics",
        tag="administration",
        summary="Read the metrics",
        description="What this gateway process has counted since it started, and how its workers "
        "stand, in the exposition format of Prometheus.",
        run=get_metrics,
        answers="text/plain",
        errors=(401, 500),
        admin=True,
    ),
    Operation(
        id="listTenants",
        method="GET",
        path="/admin/v1/tenants",
        tag="administration",
        summary="List tenants",
        description="Every tenant with its balance as it is now.",
        run=accounts.list_tenants,
        answers=accounts_wire.TenantList,
        errors=(401, 500),
        admin=True,
    ),
    Operation(
        id="createTenant",
        method="POST",
        path="/admin/v1/tenants",
        tag="administration",
        summary="Make a tenant",
        description="What its tier asks for up front is credited.",
        run=accounts.create_tenant,
        requests=(accounts_wire.TenantRequest,),
        answers=accounts_wire.TenantObject,
        errors=_ADMIN_CALL_ERRORS,
        admin=True,
    ),
    Operation(
        id="listContacts",
        method="GET",
        path="/admin/v1/contacts",
        tag="administration",
        summary="List contacts",
        description="Where and in which language tenants are told of models that leave.",
        run=contacts.list_contacts,
        answers=contacts_wire.ContactList,
        errors=(401, 500),
        admin=True,
    ),
    Operation(
        id="changeContact",
        method="POST",
        path="/admin/v1/contacts",
        tag="administration",
        summary="Change a contact",
        description="What is absent stays as it is, an empty text is forgotten.",
        run=contacts.change,
        requests=(contacts_wire.ContactRequest,),
        answers=contacts_wire.ContactObject,
        errors=_ADMIN_CALL_ERRORS,
        admin=True,
    ),
    Operation(
        id="creditTenant",
        method="POST",
        path="/admin/v1/credits",
        tag="administration",
        summary="Book a payment",
        description="Money that a tenant paid in; it can be used at once.",
        run=accounts.credit_tenant,
        requests=(accounts_wire.CreditRequest,),
        answers=accounts_wire.TenantObject,
        errors=_ADMIN_CALL_ERRORS,
        admin=True,
    ),
    Operation(
        id="listKeys",
        method="GET",
        path="/admin/v1/keys",
        tag="administration",
        summary="List API keys",
        description="Every key, revoked ones included, without secrets.",
        run=accounts.list_keys,
        answers=accounts_wire.KeyList,
        errors=(401, 500),
        admin=True,
    ),
    Operation(
        id="createKey",
        method="POST",
        path="/admin/v1/keys",
        tag="administration",
        summary="Make an API key",
        description="Its secret is in this answer and nowhere else.",
        run=accounts.create_key,
        requests=(accounts_wire.KeyRequest,),
        answers=accounts_wire.IssuedKey,
        errors=_ADMIN_CALL_ERRORS,
        admin=True,
    ),
    Operation(
        id="getKey",
        method="GET",
        path="/admin/v1/keys/{key}",
        tag="administration",
        summary="Look at an API key",
        description="What it may do and how long, without its secret.",
        run=accounts.get_key,
        answers=accounts_wire.KeyObject,
        errors=(401, 404, 500),
        admin=True,
    ),
    Operation(
        id="rotateKey",
        method="POST",
        path="/admin/v1/rotations",
        tag="administration",
        summary="Rotate an API key",
        description="Issues its successor; both are valid until the grace period ends.",
        run=accounts.rotate_key,
        requests=(accounts_wire.RotationRequest,),
        answers=accounts_wire.IssuedKey,
        errors=_ADMIN_CALL_ERRORS,
        admin=True,
    ),
    Operation(
        id="revokeKey",
        method="POST",
        path="/admin/v1/revocations",
        tag="administration",
        summary="Revoke an API key",
        description="Stops it for good; the next request made with it is refused.",
        run=accounts.revoke_key,
        requests=(accounts_wire.RevocationRequest,),
        answers=accounts_wire.KeyObject,
        errors=_ADMIN_CALL_ERRORS,
        admin=True,
    ),
    Operation(
        id="getIndex",
        method="GET",
        path="/",
        tag="documentation",
        summary="Where to begin",
        description="Redirects to the documentation; without it, says where to find the API.",
        run=index,
        answers=wire.ServiceIndex,
        public=True,
    ),
    Operation(
        id="getDocsIndex",
        method="GET",
        path="/docs",
        tag="documentation",
        summary="Documentation home",
        description="The documentation site in its default language.",
        run=serve_docs,
        answers="text/html",
        public=True,
    ),
    Operation(
        id="getDocsPage",
        method="GET",
        path="/docs/{page}",
        tag="documentation",
        summary="Documentation page",
        description="A page or a file of the documentation site.",
        run=serve_docs,
        answers="text/html",
        errors=(404,),
        public=True,
    ),
)
