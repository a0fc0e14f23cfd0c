from dataclasses import dataclass
from threading import Timer

from llmaas.workers.protocol import WINDOW
from llmaas.workers.queueing import RequestQueue


@dataclass(frozen=True)
class Request:
    stream: int


def test_streams_beyond_the_bound_are_refused_until_one_closes():
    queue = RequestQueue(2)
    assert [queue.open(stream) for stream in (1, 2, 3)] == [True, True, False]
    queue.close(1)
    assert queue.open(4)


def test_a_quarter_of_all_places_is_kept_for_others_than_one_named_owner():
    queue = RequestQueue(8)
    assert [queue.open(stream, "busy") for stream in range(8)] == [True] * 6 + [False] * 2
    assert queue.open(8, "quiet")
    queue.close(0)
    assert queue.open(9, "busy")


def test_requests_are_taken_in_the_order_in_which_they_came():
    queue = RequestQueue(9)
    for stream in (3, 1, 2):
        queue.put(Request(stream))
    assert queue.take(wait=True) == [Request(3), Request(1), Request(2)]
    assert queue.take(wait=False) == []


def test_whoever_waits_is_woken_by_a_cancellation_and_by_credit():
    queue = RequestQueue(9)
    queue.open(1)
    for happens in (lambda: queue.cancel(1), lambda: queue.grant(1, 3)):
        Timer(0.01, happens).start()
        assert queue.take(wait=True) == []
    assert queue.is_cancelled(1)
    assert queue.credit(1) == WINDOW + 3


def test_what_happened_before_the_wait_is_not_waited_for():
    queue = RequestQueue(9)
    queue.open(1)
    queue.cancel(1)
    assert queue.take(wait=True) == []


def test_cancelling_or_crediting_a_stream_already_answered_changes_nothing():
    queue = RequestQueue(9)
    queue.open(1)
    queue.close(1)
    queue.cancel(1)
    queue.grant(1, 5)
    assert not queue.is_cancelled(1)
    assert queue.credit(1) == 0
