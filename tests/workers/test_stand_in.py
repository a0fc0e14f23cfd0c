"""The stand-in weights: real files that llama.cpp loads, and that behave as their roles say."""

from pathlib import Path

import numpy as np
import pytest
from gguf import GGUFReader
from jinja2.sandbox import ImmutableSandboxedEnvironment
from llama_cpp import Llama

from llmaas.workers.stand_in import StandIns, make_stand_ins


@pytest.fixture(scope="session")
def stand_ins(tmp_path_factory: pytest.TempPathFactory) -> StandIns:
    return make_stand_ins(tmp_path_factory.mktemp("weights"))


def field(path: Path, name: str):
    return GGUFReader(path).fields[name].contents()


def answer(path: Path, question: str, **settings) -> str:
    model = Llama(str(path), n_ctx=512, n_threads=1, verbose=False)
    messages = [{"role": "user", "content": question}]
    reply = model.create_chat_completion(messages, max_tokens=400, **settings)
    assert reply["choices"][0]["finish_reason"] == "stop"
    return reply["choices"][0]["message"]["content"]


def rendered(path: Path, messages: list[dict], **arguments) -> str:
    environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string(field(path, "tokenizer.chat_template"))
    return template.render(messages=messages, add_generation_prompt=True, **arguments)


def test_files_made_once_are_found_again(tmp_path: Path) -> None:
    first = make_stand_ins(tmp_path)
    written = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    assert make_stand_ins(tmp_path) == first
    assert {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == written
    made = {first.chat, first.reasoning, first.embedding, first.projector, first.transcription}
    assert set(written) == made


def test_two_directories_get_the_same_bytes(tmp_path: Path, stand_ins: StandIns) -> None:
    other = make_stand_ins(tmp_path)
    for role in ("chat", "reasoning", "embedding", "transcription"):
        assert getattr(other, role).read_bytes() == getattr(stand_ins, role).read_bytes()


def test_a_file_that_could_not_be_finished_leaves_nothing(tmp_path: Path, monkeypatch) -> None:
    def fail(writer) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr("llmaas.workers.stand_in.files.write_embedding_model", fail)
    with pytest.raises(OSError, match="no space"):
        make_stand_ins(tmp_path)
    assert not [path for path in tmp_path.iterdir() if "embedding" in path.name]


@pytest.mark.parametrize("role", ["chat", "reasoning", "embedding"])
def test_every_file_says_that_it_is_a_stand_in(stand_ins: StandIns, role: str) -> None:
    path = getattr(stand_ins, role)
    assert "stand-in" in field(path, "general.name")
    assert "stand-in" in field(path, "general.description")


def test_the_reasoning_stand_in_thinks_before_it_answers(stand_ins: StandIns) -> None:
    thought, _, content = answer(stand_ins.reasoning, "Hello!").partition("</think>")
    assert thought.strip()
    assert content.strip()


def test_the_chat_stand_in_answers_at_once_and_ends(stand_ins: StandIns) -> None:
    content = answer(stand_ins.chat, "Hello!", temperature=0.8, seed=1)
    assert content.strip()
    assert "think>" not in content


def test_thinking_is_switched_by_the_template(stand_ins: StandIns) -> None:
    question = [{"role": "user", "content": "Hello!"}]
    turn = "<|im_start|>user\nHello!<|im_end|>\n<|im_start|>assistant\n"
    assert rendered(stand_ins.reasoning, question) == turn + "<think>\n"
    assert (
        rendered(stand_ins.reasoning, question, enable_thinking=False)
        == turn + "<think>\n\n</think>\n\n"
    )
    assert rendered(stand_ins.chat, question, enable_thinking=True) == turn


def test_the_template_shows_tools_calls_and_results(stand_ins: StandIns) -> None:
    tool = {"type": "function", "function": {"name": "add", "parameters": {}}}
    call = {"id": "1", "type": "function", "function": {"name": "add", "arguments": '{"a": 1}'}}
    messages = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": [{"type": "text", "text": "1 + 1?"}]},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "1", "content": "2"},
        {"role": "assistant", "content": "<think>\nEasy.\n</think>\n\nTwo."},
    ]
    text = rendered(stand_ins.chat, messages, tools=[tool])
    assert text.startswith("<|im_start|>system\nBe brief.\n\n# Tools\n")
    assert '{"name": "add", "arguments": {"a": 1}}\n</tool_call><|im_end|>\n' in text
    assert "<|im_start|>user\n1 + 1?<|im_end|>\n" in text
    assert "<tool_response>\n2\n</tool_response>" in text
    assert "<|im_start|>assistant\nTwo.<|im_end|>\n" in text


@pytest.mark.parametrize(
    ("text", "similar", "unrelated"),
    [
        (
            "The cat sat on the mat",
            "A cat is sitting on a mat",
            "Stock prices fell sharply on Monday",
        ),
        (
            "Quelle est la capitale de la France ?",
            "Paris est la capitale de la France.",
            "Le boulanger vend du pain chaud.",
        ),
        (
            "Wie setze ich mein Passwort zurück?",
            "Passwort zurücksetzen",
            "Das Wetter in den Bergen ist kalt",
        ),
        (
            "receta de arroz con verduras",
            "arroz y verduras: una receta fácil",
            "el médico trabaja en el hospital",
        ),
        ("a che ora parte il treno", "l'ora del treno", "mio fratello ama il calcio"),
    ],
)
def test_similar_texts_are_closer_than_unrelated_ones(
    stand_ins: StandIns, text: str, similar: str, unrelated: str
) -> None:
    model = Llama(str(stand_ins.embedding), embedding=True, n_ctx=512, n_threads=1, verbose=False)
    vectors = np.array([model.embed(each) for each in (text, similar, unrelated)])
    assert vectors.shape == (3, 768)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2] + 0.2


@pytest.mark.parametrize(
    "text",
    ["Grüße, ça va ?", "¿Qué tal? 日本語 🙂", "def f(x):\n\treturn x + 1\n\n\n", "perché no"],
)
def test_any_text_survives_the_tokenizer(stand_ins: StandIns, text: str) -> None:
    model = Llama(str(stand_ins.chat), vocab_only=True, verbose=False)
    tokens = model.tokenize(text.encode(), add_bos=False)
    assert model.detokenize(tokens).decode() == text
