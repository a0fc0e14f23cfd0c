"""Images in requests: what is refused before a worker is asked, and real workers that see."""

import asyncio
import base64
import struct
import zlib
from collections.abc import Iterator
from io import BytesIO
from types import SimpleNamespace
from typing import Any

import msgspec
import openai
import pytest
from PIL import Image
from tests.gateway.a_bundle import CHAT, DEPRECATED, REASONING, make_bundle, make_deployment
from tests.gateway.scripted_workers import ScriptedWorkers
from tests.gateway.serving import Gateway, serving, serving_stand_ins
from tests.gateway.test_metering import entries
from tests.workers.vision_weights import data_uri, picture

from llmaas.bundle import Bundle, WeightsFile
from llmaas.bundle.images import MAX_BYTES, MAX_IMAGES
from llmaas.gateway.errors import InvalidRequest
from llmaas.gateway.image_headers import image_size
from llmaas.gateway.images import PIECE, _file
from llmaas.gateway.metering import IMAGE_TOKENS, TEMPLATE_TOKENS, expected_chat
from llmaas.workers.stand_in.projector import TOKENS

SEEING = (CHAT, REASONING)
PROJECTOR = WeightsFile(repository="a/b", file="mmproj.gguf", quantisation="F16", sha256=None)


def seeing_bundle() -> Bundle:
    """Two of its models read images."""
    bundle = make_bundle()
    replace = msgspec.structs.replace
    return replace(
        bundle,
        routing=tuple(
            replace(route, input_modalities=("text", "image")) if route.model in SEEING else route
            for route in bundle.routing
        ),
        workers=tuple(
            replace(spec, mmproj=PROJECTOR) if spec.pool in SEEING else spec
            for spec in bundle.workers
        ),
    )


@pytest.fixture
def scripted(tmp_path: Any) -> Iterator[Gateway]:
    with serving(tmp_path, bundle=seeing_bundle(), workers=ScriptedWorkers()) as running:
        yield running


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    with serving_stand_ins(tmp_path_factory.mktemp("gateway"), seeing_bundle()) as running:
        yield running


def part(url: str) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": url}}


def asking(*parts: dict[str, Any], **fields: Any) -> dict[str, Any]:
    content = [{"type": "text", "text": "What is it?"}, *parts]
    message = {"role": "user", "content": content}
    return {"model": CHAT, "messages": [message], "max_tokens": 8, "temperature": 0} | fields


def refused(gateway: Gateway, *parts: dict[str, Any], **fields: Any) -> tuple[int, dict[str, Any]]:
    answer = gateway.shared().post("/v1/chat/completions", json=asking(*parts, **fields))
    return answer.status_code, answer.json()["error"]


def png(width: int, height: int, body: bytes = b"") -> bytes:
    """A PNG that claims to be so large, whatever follows."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        checksum = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + checksum

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = chunk(b"IDAT", body or zlib.compress(b"\0" * 1000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + pixels + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("https://example.org/cat.png", "is an address, and this service fetches nothing"),
        ("http://127.0.0.1/admin", "is an address, and this service fetches nothing"),
        ("file:///etc/passwd", "is an address, and this service fetches nothing"),
        ("cat.png", "is no data: URI"),
        ("", "is no data: URI"),
        ("data:text/plain;base64,AAAA", "declared as 'text/plain'; PNG, JPEG, WebP or GIF"),
        ("data:image/svg+xml;base64,AAAA", "declared as 'image/svg+xml'"),
        ("data:image/png,AAAA", "is not in base64"),
        ("data:image/png;base64,@@@@", "The base64 of 'messages[0].content[1]' is broken"),
        ("data:image/png;base64,AAA", "is broken"),
        ("data:image/png;base64,é", "is broken"),
        ("data:image/png;base64,", "is no PNG, JPEG, WebP or GIF file, or is cut off"),
        (data_uri(b"RIFF....WAVE"), "is no PNG, JPEG, WebP or GIF file"),
        (data_uri(picture(1)[:20]), "or is cut off"),
        (data_uri(picture(1, 8, 8, "BMP")), "is no PNG, JPEG, WebP or GIF file"),
        (data_uri(png(50_000, 50_000)), "50000 × 50000 = 2500000000 pixels; 40000000 are the"),
        (data_uri(png(2**32 - 1, 2**32 - 1)), "40000000 are the most"),
        (data_uri(png(0, 10)), "one side may be at most 100 times as long"),
        (data_uri(png(10, 1001)), "10 × 1001 pixels; one side may be at most 100 times"),
    ],
    ids=lambda value: value[:40],
)
def test_what_is_no_image_is_refused_before_a_worker_is_asked(
    scripted: Gateway, url: str, says: str
) -> None:
    status, error = refused(scripted, part(url))
    assert (status, error["type"]) == (400, "invalid_request_error")
    assert error["param"] == "messages[0].content[1]"
    assert says in error["message"]
    assert scripted.workers.generated == []


def test_an_image_of_too_many_bytes_is_413(scripted: Gateway) -> None:
    status, error = refused(scripted, part(data_uri(png(100, 100) + b"\0" * MAX_BYTES)))
    assert (status, error["code"], error["param"]) == (
        413,
        "request_too_large",
        "messages[0].content[1]",
    )
    assert str(MAX_BYTES) in error["message"]


def test_too_many_images_are_refused_with_both_numbers(scripted: Gateway) -> None:
    status, error = refused(scripted, *[part(data_uri(picture(1)))] * (MAX_IMAGES + 1))
    assert status == 400
    assert f"has {MAX_IMAGES + 1} images; {MAX_IMAGES} are the most." in error["message"]
    assert error["param"] == f"messages[0].content[{MAX_IMAGES + 1}]"


def test_a_model_that_reads_no_images_names_those_that_do(scripted: Gateway) -> None:
    status, error = refused(scripted, part(data_uri(picture(1))), model=DEPRECATED)
    assert (status, error["code"]) == (400, "unsupported_value")
    assert error["param"] == "messages[0].content[1]"
    assert error["message"].endswith(f"reads no images. These do: {CHAT}, {REASONING}.")


def test_both_forms_of_a_part_reach_the_worker_as_files(scripted: Gateway) -> None:
    one, other = picture(1), picture(2, 30, 20, "JPEG")
    broken_into_lines = base64.encodebytes(one).decode()
    body = asking(
        part(f"data:image/png;base64,{broken_into_lines}"),
        {"type": "image", "image": data_uri(other, "jpg")},
    )
    assert scripted.shared().post("/v1/chat/completions", json=body).status_code == 200
    (generate,) = scripted.workers.generated
    assert [image.data for image in generate.images] == [one, other]
    assert [image.location for image in generate.images] == [
        "messages[0].content[1]",
        "messages[0].content[2]",
    ]
    assert generate.messages[0]["content"][1:] == [
        {"type": "image", "image": 0},
        {"type": "image", "image": 1},
    ]


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
@pytest.mark.parametrize("size", [(1, 1), (96, 64), (33, 700)], ids=str)
def test_a_header_says_what_the_decoder_says(kind: str, size: tuple[int, int]) -> None:
    data = picture(1, *size, kind)
    assert image_size(data) == Image.open(BytesIO(data)).size == size
    for end in range(min(len(data), 64)):
        assert image_size(data[:end]) in {None, size}


@pytest.mark.parametrize("options", [{"lossless": True}, {"exif": b"Exif\0\0"}, {"quality": 5}])
def test_every_kind_of_webp_has_its_size_elsewhere(options: dict[str, Any]) -> None:
    file = BytesIO()
    Image.new("RGBA", (123, 45), (1, 2, 3, 4)).save(file, "WEBP", **options)
    assert image_size(file.getvalue()) == (123, 45)


def test_a_jpeg_with_much_before_its_size_is_read_on() -> None:
    file = BytesIO()
    Image.new("RGB", (123, 45)).save(
        file, "JPEG", progressive=True, exif=b"Exif\0\0" + b"x" * 60_000, comment=b"c" * 900
    )
    assert image_size(file.getvalue()) == (123, 45)


def test_the_official_client_sends_an_image_and_is_billed_for_it(gateway: Gateway) -> None:
    client = gateway.openai()
    before = len(entries(gateway))
    answer = client.chat.completions.create(**asking(part(data_uri(picture(1)))))
    text = client.chat.completions.create(**asking())
    assert answer.usage is not None
    assert text.usage is not None
    assert answer.usage.prompt_tokens == text.usage.prompt_tokens + TOKENS
    details: Any = answer.usage.prompt_tokens_details
    assert details.image_tokens == TOKENS
    assert answer.choices[0].message.content
    settled = entries(gateway)[before]
    assert settled.usage.prompt_tokens == answer.usage.prompt_tokens


def test_an_image_is_streamed_and_answered_n_times(gateway: Gateway) -> None:
    client = gateway.openai()
    body = asking(part(data_uri(picture(3))), n=2, stream=True)
    body["stream_options"] = {"include_usage": True}
    chunks = list(client.chat.completions.create(**body))
    assert {choice.index for chunk in chunks for choice in chunk.choices} == {0, 1}
    assert chunks[-1].usage.prompt_tokens_details.image_tokens == TOKENS


def test_every_stand_in_that_should_see_does(gateway: Gateway) -> None:
    client = gateway.openai()
    for model in client.models.list():
        extra: Any = model.model_extra
        assert (model.id in SEEING) is ("image" in extra["input_modalities"])
        if "image" in extra["input_modalities"]:
            answer = client.chat.completions.create(
                **asking(part(data_uri(picture(4, kind="WEBP"), "webp")), model=model.id)
            )
            assert answer.usage is not None
            assert answer.usage.prompt_tokens > TOKENS


def test_a_damaged_image_is_the_callers_error_and_is_not_billed(gateway: Gateway) -> None:
    before = len(entries(gateway))
    with pytest.raises(openai.BadRequestError, match="damaged") as failed:
        gateway.openai().chat.completions.create(
            **asking(part(data_uri(picture(1))), part(data_uri(picture(2)[:-60])))
        )
    assert failed.value.param == "messages[0].content[2]"
    assert entries(gateway)[before:] == []


def test_images_beyond_the_context_are_400_with_both_numbers(gateway: Gateway) -> None:
    question = {"type": "text", "text": "word " * 500}
    with pytest.raises(openai.BadRequestError, match="tokens") as failed:
        gateway.openai().chat.completions.create(
            **asking(*[part(data_uri(picture(1)))] * MAX_IMAGES, question)
        )
    assert failed.value.code == "context_length_exceeded"
    assert "512 tokens" in failed.value.message


def test_what_is_held_for_an_image_is_what_it_may_take_and_not_its_bytes() -> None:
    exchange: Any = SimpleNamespace(body_bytes=5_000_000)

    def held(n_ctx: int, images: int) -> int:
        target: Any = SimpleNamespace(served=SimpleNamespace(spec=SimpleNamespace(n_ctx=n_ctx)))
        return expected_chat(exchange, target, images=images, of_images=4_999_000)

    assert held(131_072, 2) == 1_000 + TEMPLATE_TOKENS + 2 * IMAGE_TOKENS
    assert held(8_192, 2) == 8_192, "no more than fits"


def test_a_screened_text_beside_an_image_is_still_screened() -> None:
    from llmaas.gateway.client_texts import chat_texts
    from llmaas.gateway.wire import ChatRequest

    request = msgspec.convert(asking(part(data_uri(picture(1)))), ChatRequest)
    assert [(text.text, text.location) for text in chat_texts(request)] == [
        ("What is it?", "messages[0].content[0]")
    ]


def test_answers_to_different_images_at_the_same_time_are_those_they_get_alone(
    gateway: Gateway,
) -> None:
    bodies = [
        asking(part(data_uri(picture(seed))), logprobs=True, top_logprobs=1) for seed in range(4)
    ]

    def likelihoods(body: dict[str, Any]) -> list[float]:
        answer = gateway.openai().chat.completions.create(**body)
        assert answer.choices[0].logprobs is not None
        return [each.logprob for each in answer.choices[0].logprobs.content or ()]

    async def together() -> list[list[float]]:
        return await asyncio.gather(*(asyncio.to_thread(likelihoods, body) for body in bodies))

    beside = asyncio.run(together())
    alone = [likelihoods(body) for body in bodies]
    for one, other in zip(beside, alone, strict=True):
        assert one == pytest.approx(other, abs=0.02)
    assert len({round(each[0], 6) for each in alone}) == len(bodies)


def test_a_deployment_without_the_projector_says_so(tmp_path: Any) -> None:
    from llmaas.workers import Failed

    workers = ScriptedWorkers()
    workers.script = [Failed(0, "unsupported", "this model is served without images")]
    with serving(
        tmp_path, bundle=seeing_bundle(), workers=workers, deployment=make_deployment()
    ) as running:
        status, error = refused(running, part(data_uri(picture(1))))
    assert (status, error["code"]) == (400, "unsupported_value")


def test_large_images_are_decoded_in_pieces_between_which_others_have_their_turn() -> None:
    data = png(3000, 3000) + bytes(range(256)) * 8192  # two megabytes
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async def story() -> bytes:
        beside = asyncio.ensure_future(others())
        try:
            return await _file(data_uri(data), "messages[0].content[0]")
        finally:
            beside.cancel()

    assert asyncio.run(story()) == data
    assert turns >= len(data) * 4 // 3 // PIECE


@pytest.mark.parametrize("place", [PIECE - 1, PIECE, PIECE + 1, 2 * PIECE - 3])
def test_a_broken_piece_is_found_wherever_it_is(place: int) -> None:
    text = base64.b64encode(png(10, 10) + b"x" * PIECE * 2).decode()
    for wrong in "=*é":
        broken = text[:place] + wrong + text[place + 1 :]
        with pytest.raises(InvalidRequest, match="is broken"):
            asyncio.run(_file(f"data:image/png;base64,{broken}", "messages[0].content[0]"))
