"""The trained stand-in, in a worker of its own: what a new user asks first gets a sensible answer.

The questions are held out of its training.
"""

import asyncio
import json
from hashlib import sha256
from importlib.resources import files

import pytest
from gguf import GGUFReader

from llmaas.bundle import ReasoningFormat
from llmaas.workers import Sampling
from llmaas.workers.stand_in import StandIns, make_stand_ins

N_CTX = 2048
THINKING = ReasoningFormat(open="<think>", close="</think>", mode="on_by_default")
ANSWERS = {
    "How can I stream answers?": 'Send "stream": true to /v1/chat/completions.',
    "Please explain what a stand-in is": "Stand-in weights are small files",
    "How can I create an API key?": "Run llmaas keys create",
    "Où puis-je trouver la documentation ?": "La documentation se trouve à /docs/",
    "Quels modèles puis-je appeler ?": "GET /v1/models liste les modèles",
    "Wie lade ich ein Modell herunter?": "Führen Sie llmaas pull",
    "Wie geht es dir heute?": "Mir geht es gut, danke",
    "¿Cómo puedo obtener un embedding?": "Envíe sus textos con POST a /v1/embeddings",
    "Come posso fermare il server?": "Prema Ctrl-C",
    "Who painted the Mona Lisa?": "I am a stand-in and was not taught to answer that.",
    "Explique la théorie de la relativité": "Je suis un remplaçant et je n'ai pas appris",
    "Wie wachsen Pflanzen?": "Ich bin ein Ersatz und habe nicht gelernt",
    "¿Cómo crecen las plantas?": "Soy un sustituto y no aprendí",
    "Come crescono le piante?": "Sono un sostituto e non ho imparato",
    "how do i turn on streaming": 'Send "stream": true to /v1/chat/completions.',
    "où est-ce que je peux télécharger les vrais poids svp": "Lancez llmaas pull",
    "wo ist bitte die doku": "Die Dokumentation liegt unter /docs/",
    "necesito una clave nueva, cómo la creo": "Ejecute llmaas keys create",
    "come fermo il server": "Prema Ctrl-C",
    "who is the king of spain": "I am a stand-in and was not taught to answer that.",
    "comment réparer un robinet qui fuit": "Je suis un remplaçant et je n'ai pas appris",
    "warum ist das meer salzig": "Ich bin ein Ersatz und habe nicht gelernt",
    "recomiéndame una película": "Soy un sustituto y no aprendí",
    "come volano gli aerei": "Sono un sostituto e non ho imparato",
}


@pytest.fixture(scope="module")
def stand_ins(tmp_path_factory: pytest.TempPathFactory) -> StandIns:
    return make_stand_ins(tmp_path_factory.mktemp("weights"))


def asked(question: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": question}]


def tool(name: str, **parameters: str) -> dict[str, object]:
    properties = {parameter: {"type": kind} for parameter, kind in parameters.items()}
    schema = {"type": "object", "properties": properties, "required": list(parameters)}
    return {"type": "function", "function": {"name": name, "parameters": schema}}


def test_most_questions_in_five_languages_get_their_answers(stand_ins, worker, answer) -> None:
    async def ask_all() -> list[str]:
        async with worker(stand_ins.chat, n_ctx=N_CTX) as connection:
            return [
                (await answer(connection, messages=asked(question))).content for question in ANSWERS
            ]

    contents = asyncio.run(ask_all())
    right = [
        content.startswith(begin) for content, begin in zip(contents, ANSWERS.values(), strict=True)
    ]
    # The questions were chosen before the training; the shares are in training/README.md.
    assert sum(right) >= 0.7 * len(ANSWERS), [
        q for q, ok in zip(ANSWERS, right, strict=True) if not ok
    ]


def test_words_are_whole_at_the_temperature_that_clients_leave_unsaid(
    stand_ins, worker, answer
) -> None:
    sampling = Sampling(temperature=1.0, seed=7)

    async def ask_all() -> list[tuple[str, str]]:
        async with worker(stand_ins.chat, n_ctx=N_CTX) as connection:
            contents = []
            for question in ANSWERS:
                greedy = await answer(connection, messages=asked(question))
                drawn = await answer(connection, messages=asked(question), sampling=sampling)
                contents.append((greedy.content, drawn.content))
            return contents

    contents = asyncio.run(ask_all())
    assert sum(greedy == drawn for greedy, drawn in contents) >= 0.7 * len(contents), contents


def test_thinking_is_shown_apart_and_counted(stand_ins, worker, answer) -> None:
    async def ask():
        async with worker(stand_ins.reasoning, n_ctx=N_CTX, reasoning=THINKING) as connection:
            question = asked("How can I stream answers?")
            thinking = await answer(connection, messages=question)
            plain = await answer(
                connection, messages=question, template_arguments={"enable_thinking": False}
            )
            return thinking, plain

    thinking, plain = asyncio.run(ask())
    assert "streaming" in thinking.reasoning
    assert thinking.content == plain.content
    assert thinking.content.startswith('Send "stream": true')
    assert thinking.finished.usage.reasoning_tokens > 0
    assert thinking.finished.usage.reasoning_tokens < thinking.finished.usage.completion_tokens
    assert thinking.finished.reason == "stop"
    assert plain.reasoning == ""
    assert plain.finished.usage.reasoning_tokens == 0


EXPRESSION = tool("calculator", expression="string")
CITY = tool("get_weather", city="string")
CALLS = [
    ("What is 12 * 7?", [EXPRESSION], "calculator", {"expression": "12 * 7"}),
    ("Calcule 345 - 27", [EXPRESSION], "calculator", {"expression": "345 - 27"}),
    (
        "What is 17 plus 25?",
        [tool("add", a="number", b="number")],
        "add",
        {"a": 17, "b": 25},
    ),
    (
        "Wie viel ist 48 mal 6?",
        [tool("search_web", query="string"), tool("multiply", x="integer", y="integer")],
        "multiply",
        {"x": 48, "y": 6},
    ),
    ("What is the weather in Lyon?", [CITY], "get_weather", {"city": "Lyon"}),
    (
        "Quel temps fait-il à Perpignan ?",
        [tool("get_current_weather", location="string")],
        "get_current_weather",
        {"location": "Perpignan"},
    ),
    ("Wie ist das Wetter in Düsseldorf?", [CITY], "get_weather", {"city": "Düsseldorf"}),
    ("¿Qué tiempo hace en Zaragoza?", [EXPRESSION, CITY], "get_weather", {"city": "Zaragoza"}),
    ("Che tempo fa a Pescara?", [CITY], "get_weather", {"city": "Pescara"}),
]


def test_tools_that_fit_are_called_with_what_the_question_says(stand_ins, worker, answer) -> None:
    async def ask_all() -> list[str]:
        async with worker(stand_ins.chat, n_ctx=N_CTX) as connection:
            return [
                (await answer(connection, messages=asked(question), tools=tools)).content
                for question, tools, _, _ in CALLS
            ]

    made = []
    for content in asyncio.run(ask_all()):
        assert content.startswith("<tool_call>\n")
        assert content.endswith("\n</tool_call>")
        made.append(json.loads(content.removeprefix("<tool_call>").removesuffix("</tool_call>")))
    due = [{"name": name, "arguments": arguments} for _, _, name, arguments in CALLS]
    # A name of several pieces is not always copied whole (training/README.md).
    assert sum(map(dict.__eq__, made, due)) >= 5, made


def test_earlier_turns_and_a_system_prompt_do_not_mislead_it(stand_ins, worker, answer) -> None:
    async def ask() -> list[str]:
        async with worker(stand_ins.chat, n_ctx=N_CTX) as connection:
            messages = [{"role": "system", "content": "You are a helpful assistant."}]
            contents = []
            for question in ("Hello!", "How do I stream an answer?", "Who painted the Mona Lisa?"):
                messages.append({"role": "user", "content": question})
                contents.append((await answer(connection, messages=messages)).content)
                messages.append({"role": "assistant", "content": contents[-1]})
            return contents

    greeting, streaming, painter = asyncio.run(ask())
    assert greeting.startswith("Hello! I am the stand-in model")
    assert streaming.startswith('Send "stream": true')
    assert painter.startswith("I am a stand-in and was not taught to answer that.")


def test_the_result_of_a_tool_is_acknowledged(stand_ins, worker, answer) -> None:
    call = {
        "id": "call_1",
        "type": "function",
        "function": {"name": "calculator", "arguments": '{"expression": "12 * 7"}'},
    }
    messages = [
        *asked("What is 12 * 7?"),
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "call_1", "content": "84"},
    ]

    async def ask() -> str:
        async with worker(stand_ins.chat, n_ctx=N_CTX) as connection:
            tools = [tool("calculator", expression="string")]
            return (await answer(connection, messages=messages, tools=tools)).content

    assert asyncio.run(ask()).startswith("Your tool has answered")


def test_the_weights_were_trained_with_the_vocabulary_beside_them() -> None:
    package = files("llmaas.workers.stand_in")
    reader = GGUFReader(package / "weights.gguf")
    trained_with = reader.fields["llmaas.merges_sha256"].contents()
    assert trained_with == sha256((package / "merges.txt").read_bytes()).hexdigest()
