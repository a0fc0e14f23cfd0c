from contextlib import suppress
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmaas.workers import framing
from llmaas.workers.framing import FrameDecoder, FrameError, encode_frame
from llmaas.workers.protocol import Delta, Embedded, Pong, ToGateway

messages = st.one_of(
    st.builds(Delta, st.integers(0, 2**40), content=st.text(), reasoning=st.text()),
    st.builds(
        Embedded,
        st.integers(0, 2**40),
        vectors=st.binary(),
        dimensions=st.integers(0, 9),
        prompt_tokens=st.integers(0, 9),
    ),
    st.builds(Pong, st.none() | st.floats(0, 1e6)),
)


@given(st.lists(messages, max_size=8), st.lists(st.integers(0, 10_000)))
def test_messages_survive_however_the_stream_is_cut(sent, cuts):
    stream = b"".join(encode_frame(message) for message in sent)
    edges = [0, *sorted(cut % (len(stream) + 1) for cut in cuts), len(stream)]
    decoder = FrameDecoder(ToGateway)
    received = []
    for start, end in pairwise(edges):
        received += decoder.feed(stream[start:end])
    assert received == sent


def test_a_frame_announced_too_large_is_refused_before_it_is_read():
    with pytest.raises(FrameError, match="announced"):
        FrameDecoder(ToGateway).feed((framing.MAX_FRAME_BYTES + 1).to_bytes(4, "big"))


def test_a_message_too_large_is_not_sent(monkeypatch):
    monkeypatch.setattr(framing, "MAX_FRAME_BYTES", 100)
    with pytest.raises(FrameError, match="Delta of"):
        encode_frame(Delta(1, content="x" * 200))


@given(st.binary(min_size=1, max_size=50))
def test_bytes_that_are_no_message_are_an_error_and_nothing_else(body):
    frame = len(body).to_bytes(4, "big") + body
    with suppress(FrameError):
        FrameDecoder(ToGateway).feed(frame)
