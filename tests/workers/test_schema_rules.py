"""Schemas as grammars, judged by llama.cpp's own reading of them."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmaas.workers.grammars import GrammarState, compile_grammar
from llmaas.workers.integer_rules import integer_between
from llmaas.workers.protocol import Grammar
from llmaas.workers.schema_keywords import SchemaError
from llmaas.workers.schema_rules import schema_rules


@pytest.fixture(scope="module")
def vocabulary(tiny):
    from llmaas.workers.model import Model
    from llmaas.workers.vocabulary import Vocabulary

    return Vocabulary(Model(tiny.random, n_gpu_layers=0))


@pytest.fixture
def accepts(vocabulary):
    def accepts(schema, text):
        compiled = compile_grammar(Grammar(json_schema=schema), vocabulary.handle)
        state = GrammarState(compiled, vocabulary.handle)
        try:
            for token in vocabulary.prompt_tokens(text):
                if not state.allows(token):
                    return False
                state.accept(token, b"")
            return state.allows(vocabulary.eos)
        finally:
            state.close()

    return accepts


PERSON = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "age": {"type": "integer"}, "x": {"type": "null"}},
    "required": ["age"],
}
TREE = {
    "$defs": {"node": {"type": "object", "properties": {"next": {"$ref": "#/$defs/node"}}}},
    "$ref": "#/$defs/node",
}


@pytest.mark.parametrize(
    ("schema", "good", "bad"),
    [
        ({}, ["1", "[]", '{"a": [null, true]}', '"é\\n\\u00e9"', "-1.5e+3"], ["", "tru", "01"]),
        ({"type": "string"}, ['"a\\"b"'], ['"a', '"\n"', '"\\x"', '"\x1f"']),
        ({"type": "string", "minLength": 2, "maxLength": 3}, ['"ab"', '"\\n\\n\\n"'], ['"a"']),
        ({"type": "string", "format": "date"}, ['"2026-11-21"'], ['"2026-13-21"']),
        ({"type": "string", "format": "date-time"}, ['"2026-11-21T09:00:00Z"'], ['"now"']),
        ({"type": "string", "pattern": "^[a-c]{2}(x|y)?$"}, ['"ab"', '"ccx"'], ['"abz"', '"a"']),
        ({"type": "string", "pattern": "\\d+"}, ['"a1b"', '"22"'], ['"ab"']),
        ({"pattern": '^"\\\\$', "type": "string"}, ['"\\"\\\\"'], ['"a"']),
        ({"type": "integer", "minimum": 3, "exclusiveMaximum": 120}, ["3", "99", "119"], ["2"]),
        ({"type": ["integer", "null"]}, ["7", "null"], ['"7"']),
        ({"enum": ["a", 1, None, {"k": []}]}, ['"a"', "1", "null", '{"k":[]}'], ["2"]),
        ({"const": 'say "hi"\n'}, [json.dumps('say "hi"\n')], ['"say"']),
        ({"anyOf": [{"type": "boolean"}, {"type": "number"}]}, ["true", "1.5"], ["null"]),
        (
            PERSON,
            ['{"age":1}', '{"name": "a", "age": 1}', '{"age":1,"x":null}'],
            ["{}", '{"name":"a"}', '{"age":1,"other":2}', '{"age":1,}', '{"age":1,"name":"a"}'],
        ),
        (
            PERSON | {"required": [], "additionalProperties": {"type": "boolean"}},
            ["{}", '{"other":true}', '{"age":1,"y":true,"z":false}', '{"x":null}'],
            ['{"other":1}', '{"x":1}'],
        ),
        ({"type": "object"}, ["{}", '{"a":{"b":1}}'], ["[]"]),
        ({"type": "array", "items": {"const": 1}, "minItems": 1, "maxItems": 2}, ["[1]", "[1,1]"],
         ["[]", "[1,1,1]", "[2]"]),
        ({"prefixItems": [{"const": 1}, {"type": "string"}]}, ['[1, "a"]'], ["[1]"]),
        (TREE, ["{}", '{"next":{"next":{}}}'], ['{"next":1}']),
        (
            {"allOf": [{"properties": {"a": {"const": 1}}, "required": ["a"]},
                       {"properties": {"b": {"const": 2}}}]},
            ['{"a":1}', '{"a":1,"b":2}'],
            ['{"b":2}'],
        ),
    ],
)  # fmt: skip
def test_a_schema_accepts_what_is_valid_and_nothing_else(accepts, schema, good, bad):
    assert [text for text in good if not accepts(schema, text)] == []
    assert [text for text in bad if accepts(schema, text)] == []


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        (False, "#: is no schema"),
        ({"not": {}}, "#: `not` is not supported"),
        ({"type": "number", "minimum": 1}, "#: bounds of a `number`"),
        ({"type": "integer", "minimum": 5, "maximum": 4}, "#: no integer is at least 5"),
        ({"properties": {"a": {"items": {"uniqueItems": True, "type": "array"}}}},
         "#/properties/a/items: `uniqueItems`"),
        ({"required": ["a"], "additionalProperties": False, "type": "object"}, "#: 'a'"),
        ({"type": "string", "pattern": "(?=a)"}, "#: `pattern`: assert is not supported"),
        ({"type": "string", "pattern": "a{5000}"}, "#: `pattern`: repeats more than"),
        ({"type": "array", "maxItems": 10**9}, "#: `maxItems` is a number"),
        ({"allOf": [{"$ref": "#/allOf/0"}]}, "#/allOf/0: `$ref`"),
        ({"allOf": [{"type": "string"}, {"minLength": 1}]}, "#/allOf/1: only objects"),
        ({"enum": []}, "#: `enum` is a list"),
    ],
)  # fmt: skip
def test_what_rules_cannot_say_is_an_error_with_its_place(schema, message):
    with pytest.raises(SchemaError) as caught:
        schema_rules(schema)
    assert str(caught.value).startswith(message)


BOUND = st.none() | st.integers(-3000, 3000)


@given(BOUND, BOUND, st.integers(-4000, 4000))
def test_integers_between_two_bounds_are_those(low, high, number):
    if low is not None and high is not None and low > high:
        low, high = high, low
    rule = re.sub(r'"([^"]*)"', r"\1", integer_between(low, high)).replace(" ", "")
    within = (low is None or number >= low) and (high is None or number <= high)
    assert bool(re.fullmatch(rule, str(number))) is within
