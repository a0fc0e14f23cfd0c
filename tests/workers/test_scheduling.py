"""The pure decisions of the engine: who is next, how much of a prompt, in which groups."""

from dataclasses import dataclass

import pytest

from llmaas.workers.grouping import best_groups
from llmaas.workers.kv_plan import KvPlan, plan_kv
from llmaas.workers.prompt_budget import PromptBudget
from llmaas.workers.waiting import WaitingLine


@dataclass(frozen=True)
class Request:
    name: str
    owner: str = ""
    priority: int = 0


def order(*requests, running=()):
    line, running = WaitingLine(), list(running)
    for request in requests:
        line.add(request)
    joined = []
    while (request := line.next(running)) is not None:
        line.remove(request)
        running.append(request)
        joined.append(request.name)
    return joined


def test_whoever_came_first_is_next():
    assert order(Request("a"), Request("b"), Request("c")) == ["a", "b", "c"]


def test_a_burst_of_one_owner_does_not_hold_up_another():
    burst = [Request(f"burst {i}", "busy") for i in range(4)]
    assert order(*burst, Request("one", "quiet")) == [
        "burst 0", "one", "burst 1", "burst 2", "burst 3"
    ]  # fmt: skip


def test_priority_goes_before_fairness():
    urgent = [Request(f"urgent {i}", "busy", priority=-1) for i in range(2)]
    assert order(Request("fair", "quiet"), *urgent) == ["urgent 0", "urgent 1", "fair"]


def test_one_that_had_to_make_room_is_first_again():
    line = WaitingLine()
    line.add(Request("new"))
    line.add(Request("ran before"), first=True)
    assert line.next([]).name == "ran before"


def test_a_prompt_takes_a_long_step_when_nobody_waits_for_words():
    budget = PromptBudget(most=2048, target_gap_s=0.1)
    assert budget.tokens(others_decode=False, prompts=1) == 64  # its speed is not known yet
    budget.measured(prompt_tokens=100, decode_rows=0, seconds=0.1)
    assert budget.tokens(others_decode=False, prompts=1) == 800


def test_no_prompt_is_cut_smaller_than_is_fast_when_nobody_waits_for_words():
    budget = PromptBudget(most=2048, target_gap_s=0.1)
    budget.measured(prompt_tokens=100, decode_rows=0, seconds=10)
    assert budget.tokens(others_decode=False, prompts=1) == 128


def test_beside_running_answers_a_prompt_takes_what_fits_into_the_gap():
    budget = PromptBudget(most=512, target_gap_s=0.25)
    budget.measured(prompt_tokens=100, decode_rows=0, seconds=0.1)
    assert budget.tokens_per_s == pytest.approx(1000)
    assert budget.tokens(others_decode=True, prompts=1) == 240
    for _ in range(50):
        budget.measured(prompt_tokens=0, decode_rows=4, seconds=0.15)
    assert 90 <= budget.tokens(others_decode=True, prompts=1) <= 100


def test_a_step_takes_longer_where_many_prompts_wait():
    budget = PromptBudget(most=512, target_gap_s=0.1)
    budget.measured(prompt_tokens=100, decode_rows=0, seconds=0.1)
    waiting = {n: budget.tokens(others_decode=True, prompts=n) for n in (1, 2, 4, 8, 40)}
    assert waiting == {1: 96, 2: 192, 4: 400, 8: 512, 40: 512}


def test_a_prompt_advances_however_slow_the_steps_are():
    budget = PromptBudget(most=512, target_gap_s=0.25)
    budget.measured(prompt_tokens=64, decode_rows=0, seconds=64 / 20)
    for _ in range(50):
        budget.measured(prompt_tokens=0, decode_rows=4, seconds=3.0)
    assert budget.tokens(others_decode=True, prompts=1) == 16


def test_a_piece_is_a_whole_tile_where_half_of_one_would_cost_as_much():
    budget = PromptBudget(most=512, target_gap_s=0.2)
    budget.measured(prompt_tokens=64, decode_rows=0, seconds=64 / 200)
    assert budget.tokens(others_decode=True, prompts=1) == 64
    assert budget.tokens(others_decode=True, prompts=2) == 80


def test_rows_are_decoded_apart_where_that_is_clearly_cheaper():
    groups = best_groups([0, 3.4, 12.0, 12.1, 12.3])
    assert groups == [(), (1,), (1, 1), (1, 1, 1), (4,)]


def test_noise_divides_nothing():
    assert best_groups([0, 1.0, 2.01, 2.95]) == [(), (1,), (2,), (3,)]


def test_a_small_memory_is_split_and_a_large_one_is_shared():
    small = plan_kv(n_ctx=8192, n_seq_max=4, bytes_per_token=1024, weights_bytes=10**7)
    assert small == KvPlan(unified=False, cells=4 * 8192, n_ids=4)
    large = plan_kv(n_ctx=131_072, n_seq_max=8, bytes_per_token=131_072, weights_bytes=5 * 10**9)
    assert large.unified
    assert large.cells == 131_072  # one request can have all it was promised; 16 GiB, not 128


def test_a_shared_memory_is_as_large_as_is_cheap():
    plan = plan_kv(n_ctx=4096, n_seq_max=64, bytes_per_token=114_688, weights_bytes=6 * 10**9)
    assert plan.unified
    assert 4096 < plan.cells < 64 * 4096
    assert plan.cells * 114_688 <= 3 * 10**9 + 256 * 114_688


def test_the_catalogue_may_decide():
    plan = plan_kv(
        n_ctx=1000, n_seq_max=2, bytes_per_token=1, weights_bytes=1, unified=True, cells=1500
    )
    assert plan == KvPlan(unified=True, cells=1536, n_ids=18)
