"""`POST /v1/embeddings`."""

import asyncio
import base64
import sys
from array import array

from llmaas.accounts import Usage
from llmaas.gateway.client_texts import input_texts
from llmaas.gateway.context import Exchange
from llmaas.gateway.decoding import decode
from llmaas.gateway.errors import InvalidRequest, UnsupportedValue
from llmaas.gateway.generation import Leased, api_error
from llmaas.gateway.inputs import MAX_EMBEDDING_INPUTS, Input, read_inputs
from llmaas.gateway.limits import announce_limits
from llmaas.gateway.metering import (
    admit,
    complete,
    expected_prompts,
    prompt_counted,
    settling,
)
from llmaas.gateway.resolution import Target, caller, resolve
from llmaas.gateway.screening import screen
from llmaas.gateway.wire import (
    Backend,
    Embedding,
    EmbeddingList,
    EmbeddingRequest,
    EmbeddingUsage,
)
from llmaas.workers import GenerationFailed
from llmaas.workers.protocol import Embed, Embedded

FLOAT_BYTES = 4


async def create_embeddings(exchange: Exchange) -> None:
    """One normalised vector for each input."""
    key = caller(exchange)
    body = await exchange.body()
    request = decode(body, exchange.header(b"content-type"), EmbeddingRequest)
    target = resolve(exchange, key, request.model, "embeddings")
    inputs = read_inputs(request.input, param="input", most=MAX_EMBEDDING_INPUTS)
    check(request, inputs, target)
    # Documents to be indexed quote attacks, as tool results do.
    texts = await input_texts(exchange.gateway, target, inputs, "tool", "input")
    await screen(exchange, texts, model=target.model.route.model)
    await exchange.unless_gone(_answer(exchange, request, target, inputs))


def check(request: EmbeddingRequest, inputs: list[Input], target: Target) -> None:
    """Refuse what has no vector, or not one of the wanted size.

    Raises:
        InvalidRequest: an input is empty.
        UnsupportedValue: another number of dimensions than the model has. A shorter vector would
            not be one that the model was trained to give.
    """
    for position, each in enumerate(inputs):
        if not each:
            param = "input" if isinstance(request.input, str) else f"input[{position}]"
            raise InvalidRequest(f"The value of '{param}' must not be empty.", param=param)
    own = target.served.spec.embedding_dimensions
    if request.dimensions is not None and request.dimensions != own:
        raise UnsupportedValue(
            f"The model '{target.model.route.model}' gives vectors of {own} dimensions; "
            "they cannot be shortened.",
            param="dimensions",
        )


async def _answer(
    exchange: Exchange, request: EmbeddingRequest, target: Target, inputs: list[Input]
) -> None:
    route = target.model.route
    metered = await admit(
        exchange,
        target,
        prompt_tokens=expected_prompts(inputs, target),
        output_tokens=0,
        streams=False,
    )
    with settling(exchange, metered):
        async with Leased(exchange.gateway, route.pool) as lease:
            try:
                embedded = await lease.embed(Embed(stream=0, inputs=inputs))
            except GenerationFailed as error:
                raise api_error(error.failure, "input") from error
            backend = Backend(engine_type=lease.engine_type, machine_name=lease.machine_name)
        await prompt_counted(exchange, metered, embedded.prompt_tokens)
        written = complete(exchange, metered, Usage(prompt_tokens=embedded.prompt_tokens))
        await announce_limits(exchange)
        await asyncio.shield(written)
    vectors = split(embedded)
    encode = _base64 if request.encoding_format == "base64" else _floats
    await exchange.answer_json(
        EmbeddingList(
            data=[
                Embedding(index=index, embedding=encode(vector))
                for index, vector in enumerate(vectors)
            ],
            model=route.model,
            usage=EmbeddingUsage(
                prompt_tokens=embedded.prompt_tokens, total_tokens=embedded.prompt_tokens
            ),
            backend=backend,
        )
    )


def split(embedded: Embedded) -> list[bytes]:
    """The vectors one by one, still as little-endian 32-bit floats."""
    size = embedded.dimensions * FLOAT_BYTES
    return [
        embedded.vectors[start : start + size] for start in range(0, len(embedded.vectors), size)
    ]


def _base64(vector: bytes) -> str:
    return base64.b64encode(vector).decode()


def _floats(vector: bytes) -> list[float]:
    values = array("f", vector)
    if sys.byteorder == "big":
        values.byteswap()
    return values.tolist()
