from dataclasses import dataclass

from llmaas.workers.queueing import RequestQueue


@dataclass(frozen=True)
class Request:
    stream: int


def test_streams_beyond_the_bound_are_refused_until_one_closes():
    queue = RequestQueue(2)
    assert [queue.open(stream) for stream in (1, 2, 3)] == [True, True, False]
    queue.close(1)
    assert queue.open(4)


def test_requests_are_taken_in_the_order_in_which_they_came():
    queue = RequestQueue(9)
    for stream in (3, 1, 2):
        queue.put(Request(stream))
    assert queue.take(2, wait=True) == [Request(3), Request(1)]
    assert queue.take(2, wait=False) == [Request(2)]


def test_a_request_cancelled_before_it_was_taken_is_withdrawn():
    queue = RequestQueue(9)
    for stream in (1, 2, 3):
        queue.open(stream)
        queue.put(Request(stream))
    queue.cancel(2)
    assert queue.withdraw_cancelled() == [Request(2)]
    assert queue.take(9, wait=False) == [Request(1), Request(3)]


def test_cancelling_a_stream_already_answered_changes_nothing():
    queue = RequestQueue(9)
    queue.open(1)
    queue.close(1)
    queue.cancel(1)
    assert not queue.is_cancelled(1)
