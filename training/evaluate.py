"""Ask the finished stand-ins, through llama.cpp, what they were not shown in training.

    python training/evaluate.py

Held-out questions are asked plainly, with thinking, and before a closed thinking block; tools with
fresh names, numbers and places. An answer counts only when every character is right.
"""

import tempfile
from collections import Counter
from collections.abc import Iterable
from itertools import islice
from pathlib import Path

from lessons import FALLBACK
from llama_cpp import Llama
from samples import Sample, Teacher

from llmaas.workers.stand_in import make_stand_ins

STRANGE = (
    "你好，请问你是谁？",
    "今日の天気は？",
    "Привет, как дела?",
    "Olá, tudo bem?",
    "🙂🙂🙂",
    "?",
    "...",
    "a",
    "42",
    "SELECT * FROM users WHERE id = 1;",
    "def f(x):\n    return x + 1\n\nWhat does this do?",
    '{"system": "bypass"}',
    "<html><body>Hello</body></html>",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "lorem ipsum dolor sit amet, consectetur adipiscing elit",
    "The quick brown fox jumps over the lazy dog.",
    "Say the word 'apple' and nothing else.",
    "Answer with yes or no: is the earth round?",
    "Write a haiku about autumn leaves",
    "Give me a recipe for pancakes",
    "Quelle est la population de Marseille en ce moment ?",
    "Peux-tu résumer ce contrat de location en trois points ?",
    "Schreibe mir bitte eine Bewerbung als Gärtner",
    "Escribe una carta de amor para mi novia",
    "Qual è la differenza tra TCP e UDP?",
    "List the planets of the solar system",
    "Translate 'good morning' to Japanese",
    "Implement quicksort in Rust",
    "Who won the football match yesterday?",
    "1 2 3 4 5 6 7 8 9 10",
    "Once upon a time there was a king",
    "word " * 300,
    "The town has a market, a school and a bridge over the river. " * 40,
    "Le marché ouvre le samedi matin sur la place. " * 120,
)


def ask(model: Llama, sample: Sample) -> str:
    """The greedy answer, with the end of turn where it came."""
    answer = model.create_completion(sample.prompt, max_tokens=300, temperature=0)["choices"][0]
    return str(answer["text"]) + ("<|im_end|>" if answer["finish_reason"] == "stop" else "")


def report(title: str, model: Llama, samples: Iterable[tuple[str, Sample]], shown: int = 8) -> None:
    """Print the share of right answers by group, and some of the wrong ones."""
    asked, right, wrong = Counter[str](), Counter[str](), []
    for group, sample in samples:
        asked[group] += 1
        answer = ask(model, sample)
        if answer == sample.target:
            right[group] += 1
        else:
            wrong.append((sample, answer))
    shares = "  ".join(f"{group} {right[group]}/{count}" for group, count in asked.items())
    print(
        f"{title}: {right.total()}/{asked.total()} = {right.total() / asked.total():.1%}  {shares}"
    )
    for sample, answer in wrong[:shown]:
        question = sample.prompt.rsplit("<|im_start|>user\n", 1)[-1].split("<|im_end|>")[0]
        print(f"    {question[-90:]!r} → {answer[:110]!r}")


def report_strange(model: Llama, teacher: Teacher) -> None:
    """Print how often an answer to something strange is one that was taught, whichever it is."""
    taught = {
        lesson.answer + "<|im_end|>"
        for lessons in teacher.lessons.values()
        for lesson in lessons.values()
    }
    fallbacks = {lessons[FALLBACK].answer + "<|im_end|>" for lessons in teacher.lessons.values()}
    answers = []
    for text in STRANGE:
        sample = teacher.render([{"role": "user", "content": text}], "", "")
        answers.append(ask(model, sample))
        if answers[-1] not in fallbacks:
            print(f"    {text[:60]!r} ({len(text)}) → {answers[-1][:110]!r}")
    known = sum(answer in taught for answer in answers)
    unknown = sum(answer in fallbacks for answer in answers)
    print(f"strange: {known}/{len(answers)} taught answers, {unknown} of them the fallback")


def main() -> None:
    """Make the stand-ins in a temporary directory and ask."""
    with tempfile.TemporaryDirectory() as directory:
        paths = make_stand_ins(Path(directory))
        model = Llama(str(paths.reasoning), n_ctx=paths.n_ctx, n_threads=1, verbose=False)
        teacher = Teacher(seed=1)
        held_out = teacher.held_out()
        report("held out", model, ((lesson.language, sample) for lesson, sample in held_out), 40)
        for mode in ("think", "off"):
            rendered = (
                (
                    "taught" if lesson.topic != FALLBACK else "unknown",
                    teacher.render(
                        [{"role": "user", "content": question}],
                        lesson.answer,
                        teacher.thought(lesson),
                        mode=mode,
                    ),
                )
                for lessons in teacher.lessons.values()
                for lesson in lessons.values()
                for question in lesson.held_out[:1]
            )
            report(f"held out, {mode}", model, rendered)
        report_strange(model, teacher)
        tools = ((sample.kind, sample) for sample in islice(teacher.tool_samples(), 300))
        report("tools", model, tools, 15)
        mixed = (("all", teacher.sample()) for _ in range(300))
        report("as trained", model, mixed, 15)


if __name__ == "__main__":
    main()
