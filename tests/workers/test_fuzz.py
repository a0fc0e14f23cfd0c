"""Whatever a request holds, it is answered, and the worker answers the next one."""

import random

import pytest

from llmaas.workers.failures import GenerationFailed
from llmaas.workers.protocol import Finished, Generate, Grammar, Sampling

pytestmark = pytest.mark.timeout(120)
NUMBERS = [0, 1, -1, 0.5, 1e-9, 1e9, -1e9, float("inf"), float("nan"), 2**31 - 1, 2**31]
WHOLE = [0, 1, -1, 7, 2**31 - 1, 2**31, 2**63, -(2**63)]
TEXTS = ["", "a", "\0", "é" * 40, "<|end|>", "\ud800", "x" * 300, '"}]', "🦜" * 9]
SCHEMAS = [{}, True, False, {"type": "object"}, {"$ref": "#"}, {"enum": []}, {"type": 3}, {"a": []},
           {"properties": []}, {"anyOf": [{}, {"not": {}}]}, {"pattern": "(a+)+$"}]  # fmt: skip


def a_request(chance):
    """Every field has a value of its type, and many have one that makes no sense."""
    sampling = Sampling(
        temperature=chance.choice(NUMBERS), top_p=chance.choice(NUMBERS),
        top_k=chance.choice(WHOLE), min_p=chance.choice(NUMBERS), typical_p=chance.choice(NUMBERS),
        presence_penalty=chance.choice(NUMBERS), frequency_penalty=chance.choice(NUMBERS),
        repeat_penalty=chance.choice([1.0, *NUMBERS]), seed=chance.choice([None, *WHOLE]),
        logit_bias={chance.choice(WHOLE): chance.choice(NUMBERS)} if chance.random() < 0.2 else {},
        min_tokens=chance.choice(WHOLE), ignore_eos=chance.random() < 0.1,
    )  # fmt: skip
    if chance.random() < 0.5:
        sampling = Sampling(temperature=chance.choice([0.0, 0.7, 5.0]))
    grammar = chance.choice([
        None,
        Grammar(gbnf=chance.choice(TEXTS)),
        Grammar(gbnf='root ::= "a"*', triggers=[chance.choice(TEXTS)]),
        Grammar(json_schema=chance.choice(SCHEMAS)),
    ])  # fmt: skip
    prompt = chance.choice([
        {"prompt": chance.choice(TEXTS)},
        {"prompt_tokens": [chance.choice([0, 5, 258, 259, *WHOLE]) for _ in range(4)]},
        {"messages": [{"role": "user", "content": chance.choice(TEXTS)}]},
        {"messages": [{}]},
        {},
    ])  # fmt: skip
    return Generate(
        0, **prompt, stop=chance.sample(TEXTS, 2), sampling=sampling, grammar=grammar,
        max_tokens=chance.choice([None, *WHOLE]), top_logprobs=chance.choice([None, *WHOLE]),
        priority=chance.choice(WHOLE), tenant=chance.choice(TEXTS), owner=chance.choice(TEXTS),
        deadline_s=chance.choice([None, 0.0, -1.0, 0.5, 1e9]),
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(2))
def test_every_request_is_answered_and_none_ends_the_worker(tiny, worker, answer, run, seed):
    chance = random.Random(seed)

    async def outcome(connection, request):
        try:
            return [message async for message in connection.generate(request)][-1]
        except GenerationFailed as error:
            return error.failure

    async def story():
        async with worker(tiny.random, n_ctx=64) as connection:
            outcomes = [await outcome(connection, a_request(chance)) for _ in range(150)]
            return outcomes, await answer(connection, prompt="a", max_tokens=3)

    outcomes, last = run(story())
    codes = [o.reason if isinstance(o, Finished) else o.code for o in outcomes]
    assert set(codes) <= {
        "stop", "length", "invalid_request", "unsupported", "context_length_exceeded",
        "deadline_exceeded",
    }  # fmt: skip
    assert last.finished.usage.completion_tokens == 3
