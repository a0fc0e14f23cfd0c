"""Example bodies of the OpenAPI document, built from the structs that are served."""

from datetime import date
from typing import Any

import msgspec

from llmaas.gateway import wire
from llmaas.gateway.errors import (
    ApiError,
    BodyTooLarge,
    InvalidRequest,
    ModelNotFound,
    ModelNotPermitted,
    ModelRetired,
    NotAuthenticated,
    RateLimitExceeded,
    ServerError,
    Unavailable,
    UnsupportedMediaType,
)

CREATED = 1764000000
BACKEND = wire.Backend(engine_type="llama.cpp", machine_name="ma01")
USAGE = wire.TokenUsage(
    prompt_tokens=14,
    completion_tokens=9,
    total_tokens=23,
    reasoning_tokens=0,
    prompt_tokens_details=wire.PromptTokensDetails(cached_tokens=0, image_tokens=0),
    completion_tokens_details=wire.CompletionTokensDetails(reasoning_tokens=0),
)


def error_examples(model: str) -> dict[int, ApiError]:
    """One error for each status a call can have."""
    return {
        400: InvalidRequest(
            "The value of 'temperature' is wrong: expected `float` <= 2.0.", param="temperature"
        ),
        401: NotAuthenticated("The API key is not valid: it is misspelt, unknown, or revoked."),
        403: ModelNotPermitted(f"This API key may not call the model '{model}'.", param="model"),
        404: ModelNotFound(
            f"The model 'unknown' does not exist. Did you mean '{model}'?", param="model"
        ),
        410: ModelRetired(model="retired-model", removed_on=date(2025, 11, 24), successor=model),
        413: BodyTooLarge(20 * 2**20),
        415: UnsupportedMediaType("The body is declared as 'text/plain'. Send JSON."),
        429: RateLimitExceeded(
            "The request may use 4000 output tokens (max_tokens); of the 150000 per hour of this "
            "account, 1200 are left. Try again in 340 s, or send a lower max_tokens.",
            340,
        ),
        500: ServerError("Something went wrong on our side. Try again."),
        503: Unavailable("The model is loading. Try again in a moment."),
    }


def request_example(request: type[Any], model: str) -> dict[str, Any] | None:
    """A small body that is answered."""
    question = [{"role": "user", "content": "Why is the sky blue? One sentence."}]
    bodies: dict[type[Any], dict[str, Any]] = {
        wire.ChatRequest: {"model": model, "messages": question, "max_tokens": 100},
        wire.CompletionRequest: {"model": model, "prompt": "The sky is", "max_tokens": 20},
        wire.TranscriptionRequest: {"file": "recording.mp3", "model": model},
        wire.EmbeddingRequest: {"model": model, "input": ["The sky is blue."]},
    }
    return bodies.get(request)


def answer_example(answer: Any, model: str) -> Any:
    """The answer to the body above; `None` where the struct says enough."""
    if answer is wire.ChatCompletion:
        return msgspec.to_builtins(
            wire.ChatCompletion(
                id="chatcmpl-4b1c7a52f0d84b0f9d6a3f0c8e6f2a11",
                created=CREATED,
                model=model,
                choices=[
                    wire.ChatChoice(
                        index=0,
                        message=wire.AssistantAnswer(content="Air scatters blue light most."),
                        finish_reason="stop",
                    )
                ],
                usage=USAGE,
                backend=BACKEND,
            )
        )
    if answer == wire.Transcription | wire.VerboseTranscription:
        return msgspec.to_builtins(
            wire.Transcription(
                text="Air scatters blue light most.", usage=wire.AudioUsage(seconds=3)
            )
        )
    if answer is wire.EmbeddingList:
        return msgspec.to_builtins(
            wire.EmbeddingList(
                data=[wire.Embedding(index=0, embedding=[0.0123, -0.0456, 0.0789])],
                model=model,
                usage=wire.EmbeddingUsage(prompt_tokens=6, total_tokens=6),
                backend=BACKEND,
            )
        )
    return None
