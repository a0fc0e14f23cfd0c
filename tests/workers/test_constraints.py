"""Grammars, log probabilities, bounds of an answer's length: of one generation on a real worker."""

import asyncio
import json
import math

import pytest

from llmaas.workers.failures import GenerationFailed
from llmaas.workers.protocol import Generate, Grammar, Sampling

pytestmark = pytest.mark.timeout(60)
SCHEMA = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "maxLength": 8},
        "age": {"type": "integer", "minimum": 0, "maximum": 150},
        "tags": {"type": "array", "items": {"enum": ["a", "b"]}, "maxItems": 3},
    },
    "required": ["name", "age", "tags"],
    "additionalProperties": False,
}


@pytest.fixture
def said(tiny, worker, answer, run):
    def said(**request):
        async def story():
            async with worker(request.pop("weights", tiny.random), n_ctx=512) as connection:
                return await answer(connection, **request)

        return run(story())

    return said


@pytest.fixture
def refused(tiny, worker, run):
    def refused(**request):
        async def story():
            async with worker(tiny.random) as connection:
                with pytest.raises(GenerationFailed) as caught:
                    async for _ in connection.generate(Generate(0, **request)):
                        pass
                return caught.value.failure

        return run(story())

    return refused


@pytest.mark.parametrize("temperature", [0, 1.5])
def test_random_weights_follow_a_json_schema(said, temperature):
    got = said(
        prompt="x",
        grammar=Grammar(json_schema=SCHEMA),
        sampling=Sampling(temperature=temperature, seed=3),
    )
    value = json.loads(got.content)
    assert got.finished.reason == "stop"
    assert set(value) == {"name", "age", "tags"}
    assert 0 <= value["age"] <= 150


def test_rules_in_gbnf_bind(said):
    got = said(prompt="x", grammar=Grammar(gbnf='root ::= ("ab" | "cd"){3} "."'))
    assert len(got.content) == 7
    assert set(got.content) <= set("abcd.")


def test_a_model_that_follows_its_grammar_is_left_alone(tiny, said):
    got = said(weights=tiny.recital("abcdef"), prompt="a", grammar=Grammar(gbnf='root ::= "bcdef"'))
    assert (got.content, got.finished.reason) == ("bcdef", "stop")


def test_a_lazy_grammar_binds_after_its_trigger_only(tiny, said):
    rules = Grammar(gbnf='root ::= "de!"', triggers=["c(d)"])
    got = said(weights=tiny.recital("abcdef"), prompt="a", grammar=rules)
    assert got.content == "bcde!"


def test_text_that_contradicts_a_lazy_grammar_already_stays_as_it_is(tiny, said):
    rules = Grammar(gbnf='root ::= "xyz"', triggers=["cd"])
    got = said(weights=tiny.recital("abcdef"), prompt="a", grammar=rules)
    assert got.content == "bcdef"


def test_a_grammar_whose_text_is_complete_ends_the_answer(tiny, said):
    got = said(weights=tiny.recital("abcdef"), prompt="a", grammar=Grammar(gbnf='root ::= "bc"'))
    assert (got.content, got.finished.reason) == ("bc", "stop")


@pytest.mark.parametrize(
    ("grammar", "message"),
    [
        (Grammar(), "grammar: give either"),
        (Grammar(gbnf="root ::= ", json_schema={}), "grammar: give either"),
        (Grammar(gbnf="no rules at all"), "grammar: not valid GBNF"),
        (Grammar(gbnf="root ::= root"), "grammar: not valid GBNF"),
        (Grammar(gbnf="x" * 70_000), "grammar: 70000 characters"),
        (Grammar(gbnf="root ::= " + "(" * 5000), "grammar: nested deeper"),
        (Grammar(gbnf='root ::= "a"', triggers=["("]), "grammar: a trigger is no regular"),
        (Grammar(json_schema={"$ref": "https://example.org/schema"}), "json_schema: #: `$ref`"),
        (Grammar(json_schema={"$ref": "#/nowhere"}), "json_schema: #: `$ref`"),
        (Grammar(json_schema={"type": "no such type"}), "json_schema: #: no type"),
        (Grammar(json_schema={"pattern": "(", "type": "string"}), "json_schema: #: `pattern`"),
        (Grammar(json_schema={"$ref": "#"}), "grammar: not valid GBNF"),
    ],
)
def test_a_grammar_nobody_can_follow_is_refused(refused, grammar, message):
    failure = refused(prompt="a", grammar=grammar)
    assert failure.code == "invalid_request"
    assert failure.message.startswith(message)
    assert failure.field == ("grammar" if grammar.json_schema is None else "json_schema")


def test_a_grammar_that_becomes_endless_fails_its_own_answer_only(tiny, worker, answer, run):
    slow = Grammar(gbnf='root ::= ("a"?){1000} "b"')

    async def story():
        async with worker(tiny.recital("xyz")) as connection:
            others = asyncio.create_task(answer(connection, prompt="x"))
            with pytest.raises(GenerationFailed, match="too ambiguous") as caught:
                await answer(connection, prompt="x", grammar=slow)
            again = await answer(connection, prompt="x")
            return caught.value.failure.code, (await others).content, again.content

    assert run(story()) == ("invalid_request", "yz", "yz")


def test_log_probabilities_are_those_of_the_distribution(said):
    got = said(prompt="x", max_tokens=5, top_logprobs=20)
    assert len(got.logprobs) == 5
    for logprob in got.logprobs:
        assert logprob.chosen == logprob.top[0]  # greedy
        assert len(logprob.top) == 20
        assert sum(math.exp(top.logprob) for top in logprob.top) <= 1
        assert [t.logprob for t in logprob.top] == sorted(
            (t.logprob for t in logprob.top), reverse=True
        )


def test_log_probabilities_come_without_alternatives_too(said):
    got = said(prompt="x", max_tokens=3, top_logprobs=0)
    assert [logprob.top for logprob in got.logprobs] == [[], [], []]
    assert b"".join(logprob.chosen.token for logprob in got.logprobs)


def test_the_end_has_no_log_probability(tiny, said):
    got = said(weights=tiny.recital("abc"), prompt="a", top_logprobs=1)
    assert [logprob.chosen.token for logprob in got.logprobs] == [b"b", b"c"]


def test_an_answer_does_not_end_before_its_least_length(tiny, said):
    sampling = Sampling(temperature=0, min_tokens=6)
    got = said(weights=tiny.recital("abc"), prompt="a", sampling=sampling, max_tokens=20)
    assert got.content.startswith("bc")
    assert got.finished.usage.completion_tokens >= 6


def test_the_end_is_ignored_for_benchmarks(tiny, said):
    sampling = Sampling(temperature=0, ignore_eos=True)
    got = said(weights=tiny.recital("abc"), prompt="a", sampling=sampling, max_tokens=20)
    assert (got.finished.reason, got.finished.usage.completion_tokens) == ("length", 20)


def test_typical_sampling_is_reproducible_with_a_seed(said):
    sampling = Sampling(temperature=1.5, typical_p=0.5, seed=11)
    one, other = (said(prompt="x", max_tokens=12, sampling=sampling) for _ in range(2))
    assert one.content == other.content


@pytest.mark.parametrize(
    ("sampling", "message"),
    [
        (Sampling(temperature=float("nan")), "temperature: must be a finite number"),
        (Sampling(repeat_penalty=0.0), "repeat_penalty: must be above 0"),
    ],
)
def test_numbers_that_mean_nothing_are_refused(refused, sampling, message):
    assert refused(prompt="a", sampling=sampling).message == message
