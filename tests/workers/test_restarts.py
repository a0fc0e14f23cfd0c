from llmaas.workers.restarts import after_failure, restart_delay_s


def fail(previous, *, now, ran_s=0.0):
    return after_failure(previous, reason="SIGKILL", now=now, ran_s=ran_s, stable_after_s=60)


def test_the_first_failure_restarts_at_once_and_further_ones_ever_later():
    assert [restart_delay_s(n) for n in range(1, 10)] == [0, 1, 2, 4, 8, 16, 32, 60, 60]


def test_failures_in_a_row_are_counted():
    second = fail(fail(None, now=100.0), now=101.0)
    assert (second.count, second.retry_at) == (2, 102.0)


def test_a_stable_run_clears_the_record():
    third = fail(fail(fail(None, now=0.0), now=1.0), now=100.0, ran_s=90)
    assert (third.count, third.retry_at) == (1, 100.0)


def test_a_short_run_does_not():
    assert fail(fail(None, now=0.0), now=10.0, ran_s=10).count == 2
