"""Tool calls in the text of every family, and what is left of texts that only look like calls."""

import json
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmaas.bundle.tables import ToolCallFormat
from llmaas.workers.grammars import GrammarState, compile_grammar
from llmaas.workers.model import Model
from llmaas.workers.protocol import Grammar
from llmaas.workers.schema_keywords import SchemaError
from llmaas.workers.tool_calls import (
    begun_call_grammar,
    call_grammar,
    call_or_content_grammar,
    call_reader,
    for_template,
    without_tool_roles,
)
from llmaas.workers.tool_calls.history import short_id
from llmaas.workers.tool_calls.writing import written
from llmaas.workers.vocabulary import Vocabulary


@pytest.fixture(scope="module")
def vocabulary(tiny: Any) -> Vocabulary:
    return Vocabulary(Model(tiny.random, n_gpu_layers=0))


TOOLS: list[dict[str, Any]] = [
    {
        "type": "function",
        "function": {
            "name": "weather",
            "parameters": {
                "type": "object",
                "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
                "required": ["city"],
            },
        },
    },
    {"type": "function", "function": {"name": "now"}},
]
PARIS = ("weather", {"city": "Paris"})
NOW: tuple[str, dict[str, str]] = ("now", {})
Calls = list[tuple[str, Any]]

GOLDEN: list[tuple[ToolCallFormat, str, str | None, Calls]] = [
    (
        "hermes",
        '<tool_call>\n{"name": "weather", "arguments": {"city": "Paris"}}\n</tool_call>',
        "",
        [PARIS],
    ),
    (
        "hermes",
        (
            'Let me look.\n\n<tool_call>\n{"name": "weather", "arguments": {"city": "Paris"}}\n'
            '</tool_call>\n<tool_call>{"arguments": {}, "name": "now"}</tool_call>\n'
        ),
        "Let me look.",
        [PARIS, NOW],
    ),
    (
        "hermes",
        '<tool_call>{"name": "weather", "arguments": "{\\"city\\": \\"Paris\\"}"}</tool_call>Done.',
        "Done.",
        [PARIS],
    ),
    (
        "hermes",
        '<tool_call>{"name": "weather", "arguments": {"city": "</tool_call> \\"{é"}}</tool_call>',
        "",
        [("weather", {"city": '</tool_call> "{é'})],
    ),
    ("hermes", "No call, a < b and <tool_call is a tag.", None, []),
    ("hermes", "<tool_call>weather(Paris)</tool_call> then", None, []),
    ("hermes", '<tool_call>{"city": "Paris"}</tool_call>', None, []),
    ("hermes", 'so <tool_call>\n{"name": "wea', None, []),
    (
        "qwen3_coder",
        (
            "<tool_call>\n<function=weather>\n<parameter=city>\nParis\n</parameter>\n"
            "<parameter=days>\n3\n</parameter>\n</function>\n</tool_call>"
        ),
        "",
        [("weather", {"city": "Paris", "days": 3})],
    ),
    (
        "qwen3_coder",
        (
            "<function=weather>\n<parameter=city>\n<b>12</b>\n</parameter>\n"
            "<parameter=days>\nNaN\n</parameter>\n</function>"
        ),
        "",
        [("weather", {"city": "<b>12</b>", "days": "NaN"})],
    ),
    (
        "qwen3_coder",
        (
            "First:\n<function=weather>\n<parameter=city>\n12\n</parameter>\n</function>\n</tool_call>\n"
            "<tool_call>\n<function=now>\n</function>\n</tool_call>"
        ),
        "First:",
        [("weather", {"city": "12"}), NOW],
    ),
    ("qwen3_coder", "<tool_call> but <function= is no call", None, []),
    ("llama3_json", '{"name": "weather", "parameters": {"city": "Paris"}}', "", [PARIS]),
    (
        "llama3_json",
        (
            '<|python_tag|>{"name": "weather", "parameters": {"city": "Paris"}}; '
            '{"name": "now", "parameters": {}}<|eom_id|>'
        ),
        "",
        [PARIS, NOW],
    ),
    ("llama3_json", '{"name": "Ada", "parameters": {"age": 36}}', None, []),
    ("llama3_json", '{"answer": [1, 2]} is it', None, []),
    (
        "mistral",
        (
            '[TOOL_CALLS][{"name": "weather", "arguments": {"city": "Paris"}, "id": "a1B2c3D4e"}, '
            '{"name": "now", "arguments": {}}]'
        ),
        "",
        [PARIS, NOW],
    ),
    (
        "mistral_args",
        '[TOOL_CALLS]weather[ARGS]{"city": "Paris"}[TOOL_CALLS]now[CALL_ID]a1B2c3D4e[ARGS]{}',
        "",
        [PARIS, NOW],
    ),
    ("mistral_args", "[TOOL_CALLS] is how calls begin", None, []),
    (
        "granite",
        (
            '<|tool_call|>[{"name": "weather", "arguments": {"city": "Paris"}}, '
            '{"name": "now", "arguments": {}}]'
        ),
        "",
        [PARIS, NOW],
    ),
    (
        "granite",
        '<tool_call>[{"arguments": {"city": "Paris"}, "name": "weather"}]</tool_call>',
        "",
        [PARIS],
    ),
    (
        "deepseek",
        (
            "I look.<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>weather\n"
            '```json\n{"city": "Paris"}\n```<｜tool▁call▁end｜>\n<｜tool▁call▁begin｜>function'
            "<｜tool▁sep｜>now\n```json\n{}\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>"
        ),
        "I look.",
        [PARIS, NOW],
    ),
    (
        "deepseek",
        (
            "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>weather<｜tool▁sep｜>"
            '{"city": "Paris"}<｜tool▁call▁end｜><｜tool▁call▁begin｜>now<｜tool▁sep｜>{}'
            "<｜tool▁call▁end｜><｜tool▁calls▁end｜>"
        ),
        "",
        [PARIS, NOW],
    ),
    (
        "deepseek",
        '<｜tool▁call▁begin｜>function<｜tool▁sep｜>weather\n{"city": "Paris"}',
        "",
        [PARIS],
    ),
    ("deepseek", "<｜tool▁calls▁begin｜> begins calls, <｜tool▁call▁begin｜>one.", None, []),
    ("deepseek", "<｜tool▁call▁begin｜>function<｜tool▁sep｜>weather: no", None, []),
    (
        "generic_json",
        '```json\n{"name": "weather", "arguments": {"city": "Paris"}}\n```',
        "",
        [PARIS],
    ),
    ("generic_json", 'Look: {"name": "weather", "arguments": {}}', None, []),
]


def read(
    format_: ToolCallFormat, pieces: Sequence[str], *, parallel: bool = True
) -> tuple[str, list[tuple[str, str]]]:
    reader = call_reader(format_, TOOLS, parallel=parallel)
    parts = [*(reader.feed(piece) for piece in pieces), reader.finish()]
    calls: list[list[str]] = []
    for delta in (delta for part in parts for delta in part.calls):
        if delta.name is not None:
            assert delta.index == len(calls)
            calls.append([delta.name, ""])
        assert delta.index == len(calls) - 1
        calls[-1][1] += delta.arguments
    return "".join(part.content for part in parts), [(n, a) for n, a in calls]


@pytest.mark.parametrize(("format_", "text", "content", "calls"), GOLDEN)
def test_every_family_is_read_as_it_writes(
    format_: ToolCallFormat, text: str, content: str | None, calls: Calls
) -> None:
    got_content, got_calls = read(format_, [text])
    assert got_content == (text if content is None else content)
    assert [(name, json.loads(arguments)) for name, arguments in got_calls] == calls


PIECES = [
    "<tool_call>", "</tool_call>", '{"name": "weather", "arguments": {', '"city": "Paris"', "}",
    "<function=weather>", "<parameter=city>\n", "</parameter>", "</function>", "[TOOL_CALLS]",
    "[ARGS]", "weather", "{", "[", "]", ", ", '"', "\\", " ", "\n", "x", "<", "<|tool_call|>",
    "<|python_tag|>", "```json", "```", ";", '{"arguments": {}, "name": "now"}', "[CALL_ID]", "é",
    "<｜tool▁calls▁begin｜>", "<｜tool▁call▁begin｜>", "function", "<｜tool▁sep｜>",
    "<｜tool▁call▁end｜>", "<｜tool▁calls▁end｜>",
]  # fmt: skip
TEXTS = st.one_of(
    st.sampled_from([text for _, text, _, _ in GOLDEN]),
    st.lists(st.sampled_from(PIECES), max_size=12).map("".join),
)


@given(
    st.sampled_from(get_args(ToolCallFormat)),
    TEXTS,
    st.lists(st.integers(0, 120)),
    st.booleans(),
)
def test_any_split_of_a_text_gives_the_same_calls_and_content(
    format_: ToolCallFormat, text: str, cuts: list[int], parallel: bool
) -> None:
    edges = sorted({0, len(text), *(cut for cut in cuts if cut < len(text))})
    pieces = [text[start:end] for start, end in pairwise(edges)]
    whole = read(format_, [text], parallel=parallel)
    assert read(format_, pieces, parallel=parallel) == whole
    assert read(format_, list(text), parallel=parallel) == whole


@given(st.sampled_from(get_args(ToolCallFormat)), TEXTS)
def test_a_text_in_which_no_call_is_found_is_content_to_the_last_character(
    format_: ToolCallFormat, text: str
) -> None:
    content, calls = read(format_, list(text))
    if not calls:
        assert content == text


def test_arguments_come_before_the_call_is_complete() -> None:
    reader = call_reader("hermes", TOOLS, parallel=True)
    begun = reader.feed('<tool_call>{"name": "weather", "arguments": {"ci')
    assert [(each.name, each.arguments) for each in begun.calls] == [
        ("weather", ""),
        (None, '{"ci'),
    ]
    assert [each.arguments for each in reader.feed('ty": 1').calls] == ['ty": 1']


def test_without_parallel_calls_the_first_one_ends_the_answer() -> None:
    call = '<tool_call>{"name": "now", "arguments": {}}</tool_call>'
    reader = call_reader("hermes", TOOLS, parallel=False)
    assert len(reader.feed(call * 2).calls) == 2  # its name and its arguments
    assert reader.done


FORCED: dict[ToolCallFormat, str] = {
    "hermes": '<tool_call>\n{"name": "weather", "arguments": {"city": "Paris"}}\n</tool_call>',
    "qwen3_coder": (
        "<tool_call>\n<function=weather>\n<parameter=city>\nParis\n</parameter>\n</function>\n"
        "</tool_call>"
    ),
    "llama3_json": '{"name": "weather", "parameters": {"city": "Paris"}}',
    "mistral": '[TOOL_CALLS][{"name": "weather", "arguments": {"city": "Paris"}}]',
    "mistral_args": '[TOOL_CALLS]weather[ARGS]{"city": "Paris"}',
    "granite": '<|tool_call|>[{"name": "weather", "arguments": {"city": "Paris"}}]',
    "deepseek": (
        "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>weather\n"
        '```json\n{"city": "Paris"}\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>'
    ),
    "generic_json": '{"name": "weather", "arguments": {"city": "Paris"}}',
}


@pytest.mark.parametrize("format_", get_args(ToolCallFormat))
@pytest.mark.parametrize("count", [1, 2])
def test_a_forced_call_is_one_that_the_family_writes_and_that_is_read(
    format_: ToolCallFormat, count: int, vocabulary: Vocabulary
) -> None:
    functions = [tool["function"] for tool in TOOLS[:count]]
    assert bound(vocabulary, call_grammar(format_, functions), FORCED[format_])
    assert read(format_, [FORCED[format_]]) == ("", [("weather", '{"city": "Paris"}')])


def follows(vocabulary: Vocabulary, grammar: Grammar, text: str) -> tuple[str, bool]:
    """What of a text a grammar allows, and whether it may end there."""
    state = GrammarState(compile_grammar(grammar, vocabulary.handle), vocabulary.handle)
    allowed = b""
    for character in text:
        for token in vocabulary.input_tokens(character):
            piece = vocabulary.piece(token)
            if not state.allows(token):
                state.close()
                return allowed.decode(), False
            state.accept(token, piece)
            allowed += piece
    ends = state.allows(vocabulary.eos)
    state.close()
    return allowed.decode(), ends


def bound(vocabulary: Vocabulary, grammar: Grammar, text: str) -> bool:
    """Whether a text is a whole answer by a grammar."""
    return follows(vocabulary, grammar, text) == (text, True)


STRICT: dict[str, Any] = {
    "name": "weather",
    "strict": True,
    "parameters": {
        "type": "object",
        "properties": {
            "city": {"enum": ["Paris", "Lyon"]},
            "days": {"type": "integer", "minimum": 1, "maximum": 7},
        },
        "required": ["city", "days"],
        "additionalProperties": False,
    },
}
FITS = {"city": "Paris", "days": 3}


@pytest.mark.parametrize("format_", get_args(ToolCallFormat))
@pytest.mark.parametrize(
    "wrong", [{"city": "Rome", "days": 3}, {"city": "Paris", "days": 8}, {"city": "Paris"}]
)
def test_a_forced_call_fits_the_schema_in_every_family(
    format_: ToolCallFormat, wrong: Any, vocabulary: Vocabulary
) -> None:
    functions = [STRICT, {"name": "now"}]
    grammar = call_grammar(format_, functions)
    assert bound(vocabulary, grammar, written([("weather", FITS)], format_))
    assert not bound(vocabulary, grammar, written([("weather", wrong)], format_))
    assert bound(vocabulary, grammar, written([("now", {})], format_))
    assert not bound(vocabulary, grammar, written([("other", {})], format_))


@pytest.mark.parametrize("format_", get_args(ToolCallFormat))
def test_a_call_the_model_has_begun_is_bound_to_the_offered_functions(
    format_: ToolCallFormat, vocabulary: Vocabulary
) -> None:
    grammar = begun_call_grammar(format_, [STRICT, {"name": "now"}], parallel=True)
    one: Calls = [("weather", FITS)]
    for calls in (one, [("now", {"any": [1]}), *one]):
        text = written(calls, format_)
        assert bound(vocabulary, grammar, text)
        content, got = read(format_, [text])
        assert content == ""
        assert [(name, json.loads(arguments)) for name, arguments in got] == calls
    text = written([("weather", {"city": "Rome", "days": 3})], format_)
    allowed, ends = follows(vocabulary, grammar, text)
    assert "Ro" not in allowed
    assert not ends


@pytest.mark.parametrize("format_", get_args(ToolCallFormat))
def test_text_that_is_no_call_is_free(format_: ToolCallFormat, vocabulary: Vocabulary) -> None:
    grammar = begun_call_grammar(format_, [STRICT], parallel=True)
    text = 'In Paris <tool_call> and [TOOL_CALLS] are words; {"so": "it is"} `</`.'
    assert bound(vocabulary, grammar, text)


def test_arguments_of_a_function_that_is_not_strict_are_any_object(vocabulary: Vocabulary) -> None:
    grammar = begun_call_grammar("hermes", [{**STRICT, "strict": False}], parallel=False)
    text = '<tool_call>\n{"name": "weather", "arguments": {"planet": ["Mars"]}}\n</tool_call>'
    assert bound(vocabulary, grammar, text)
    allowed, _ = follows(vocabulary, grammar, text.replace('"Mars"', "Mars"))
    assert allowed.endswith('"planet": [')


def test_a_call_may_begin_with_its_arguments(vocabulary: Vocabulary) -> None:
    grammar = begun_call_grammar("granite", [STRICT], parallel=False)
    text = '<tool_call>[{"arguments": {"city": "Lyon", "days": 1}, "name": "weather"}]</tool_call>'
    assert bound(vocabulary, grammar, text)


CONTENT = Grammar(json_schema={"type": "object", "properties": {"ok": {"type": "boolean"}}})


@pytest.mark.parametrize("format_", get_args(ToolCallFormat))
@pytest.mark.parametrize(
    ("content", "text"),
    [(CONTENT, '{"ok": true}'), (Grammar(gbnf='root ::= call "!"\ncall ::= "call"'), "call!")],
)
def test_an_answer_is_a_call_or_has_the_form_that_was_asked_for(
    format_: ToolCallFormat, content: Grammar, text: str, vocabulary: Vocabulary
) -> None:
    grammar = call_or_content_grammar(format_, [STRICT], content, parallel=True)
    assert bound(vocabulary, grammar, text)
    assert bound(vocabulary, grammar, written([("weather", FITS)], format_))
    assert not bound(vocabulary, grammar, "Well: " + text)


TAGGED: dict[str, Any] = {
    "name": "edit",
    "parameters": {
        "type": "object",
        "properties": {
            "text": {"type": "string"},
            "short": {"type": "string", "maxLength": 3},
            "day": {"type": "string", "format": "date"},
            "to": {"$ref": "#/$defs/place"},
            "maybe": {"type": ["integer", "null"]},
            "any": {},
        },
        "$defs": {"place": {"type": "array", "items": {"type": "integer"}}},
    },
}


@pytest.mark.parametrize(
    ("key", "value", "allowed"),
    [
        ("text", "<a>b</a>\n</par> 1", True),
        ("short", "abc", True),
        ("short", "abcd", False),
        ("day", "2026-01-31", True),
        ("day", "soon", False),
        ("to", "[1, 2]", True),
        ("to", "nowhere", False),
        ("maybe", "null", True),
        ("maybe", "12", True),
        ("maybe", "twelve", False),
        ("any", "twelve", True),
    ],
)
def test_a_parameter_between_tags_is_bound_by_its_schema(
    key: str, value: str, allowed: bool, vocabulary: Vocabulary
) -> None:
    grammar = call_grammar("qwen3_coder", [TAGGED])
    text = (
        f"<tool_call>\n<function=edit>\n<parameter={key}>\n{value}\n</parameter>\n"
        "</function>\n</tool_call>"
    )
    assert bound(vocabulary, grammar, text) is allowed


def test_a_parameter_that_is_text_stays_text_whatever_it_looks_like() -> None:
    reader = call_reader("qwen3_coder", [{"function": TAGGED}], parallel=True)
    text = "<function=edit>\n<parameter=text>\n12\n</parameter>\n<parameter=maybe>\n12\n"
    deltas = reader.feed(f"{text}</parameter>\n</function>").calls
    assert json.loads("".join(delta.arguments for delta in deltas)) == {"text": "12", "maybe": 12}


def test_references_inside_parameters_are_followed() -> None:
    chain = {
        "type": "object",
        "properties": {"next": {"$ref": "#/$defs/link"}},
        "$defs": {"link": {"type": "object", "properties": {"next": {"$ref": "#/$defs/link"}}}},
    }
    functions: list[dict[str, Any]] = [{"name": "first"}, {"name": "chain", "parameters": chain}]
    grammar = call_grammar("hermes", functions)
    assert grammar.gbnf is not None
    assert '"chain' in grammar.gbnf.replace("\\", "")


def test_parameters_that_rules_cannot_express_name_the_function() -> None:
    odd = {"type": "object", "properties": {"x": {"not": {}}}}
    with pytest.raises(SchemaError, match="parameters of odd"):
        call_grammar("hermes", [{"name": "odd", "parameters": odd}])


HISTORY: list[dict[str, Any]] = [
    {"role": "user", "content": "Weather?"},
    {
        "role": "assistant",
        "content": "",
        "tool_calls": [
            {
                "id": "call_1",
                "type": "function",
                "function": {"name": "weather", "arguments": '{"city": "Paris"}'},
            }
        ],
    },
    {"role": "tool", "tool_call_id": "call_1", "content": "sunny"},
]


def test_templates_get_arguments_as_an_object_or_as_text() -> None:
    as_object = for_template(HISTORY, "hermes")[1]["tool_calls"][0]["function"]["arguments"]
    assert as_object == {"city": "Paris"}
    as_text = for_template(HISTORY, "hermes", arguments_as_text=True)
    assert as_text == HISTORY


def test_arguments_that_are_no_json_stay_as_they_were_written() -> None:
    call = {"id": "1", "function": {"name": "now", "arguments": "{oops"}}
    message = {"role": "assistant", "content": "", "tool_calls": [call]}
    written = for_template([message], "hermes")[0]["tool_calls"][0]
    assert written["function"]["arguments"] == "{oops"


def test_mistral_templates_get_ids_of_nine_letters_and_digits() -> None:
    written = for_template(HISTORY, "mistral")
    id_ = written[1]["tool_calls"][0]["id"]
    assert len(id_) == 9
    assert id_.isalnum()
    assert written[2]["tool_call_id"] == id_
    assert short_id(id_) == id_


def test_a_template_that_knows_no_tools_is_told_in_words() -> None:
    told = without_tool_roles(HISTORY, TOOLS, "generic_json")
    assert [message["role"] for message in told] == ["user", "assistant", "user"]
    assert '"name": "weather"' in told[0]["content"]
    assert told[1]["content"] == '{"name": "weather", "arguments": {"city": "Paris"}}'
    assert told[2]["content"] == "Result of weather:\nsunny"


@pytest.mark.parametrize("format_", set(get_args(ToolCallFormat)) - {"deepseek"})
def test_what_a_model_is_told_to_write_is_what_is_read(format_: ToolCallFormat) -> None:
    told = without_tool_roles(HISTORY, TOOLS, format_)
    call = '{"city": "Paris"}' if format_ != "qwen3_coder" else "<parameter=city>\nParis"
    assert call in told[1]["content"]
    assert read(format_, [told[1]["content"]])[1] == [("weather", '{"city": "Paris"}')]
    assert written([("<name>", {"<argument>": "<value>"})], format_) in told[0]["content"]


def test_a_history_of_deepseek_is_text_with_its_markers() -> None:
    told = without_tool_roles(
        [*HISTORY, {"role": "tool", "tool_call_id": "2", "content": "dry"}], None, "deepseek"
    )
    assert [message["role"] for message in told] == ["user", "assistant"]
    assert told[1]["content"] == (
        "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>weather\n"
        '```json\n{"city": "Paris"}\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>'
        "<｜end▁of▁sentence｜><｜tool▁outputs▁begin｜><｜tool▁output▁begin｜>sunny"
        "<｜tool▁output▁end｜>\n<｜tool▁output▁begin｜>dry<｜tool▁output▁end｜><｜tool▁outputs▁end｜>"
    )
