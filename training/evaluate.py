"""Ask the finished stand-ins, through llama.cpp, what they were not shown in training.

    python training/evaluate.py

Held-out questions are asked plainly, with thinking, before a closed thinking block, after earlier
turns and under a system prompt; calculators and weather functions with numbers drawn anew and with
places that no sample names. An answer counts only when every character is right.
"""

import json
import re
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import count, islice
from pathlib import Path
from typing import Any

from lessons import FALLBACK, LANGUAGES
from llama_cpp import Llama
from phrases import SYSTEM_PROMPTS
from places import KNOWN, UNSEEN
from samples import Sample, Teacher
from tool_lessons import Offer, calculator, call_text, weather

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
    "bla bla bla",
    "asdfgh qwerty",
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


def report_sampled(model: Llama, teacher: Teacher) -> None:
    """Print how often an answer at temperature 1, a client's default, is one that was taught."""
    taught = {le.answer for lessons in teacher.lessons.values() for le in lessons.values()}
    whole = right = 0
    asked = teacher.held_out()[::4]
    for seed, (lesson, sample) in enumerate(asked):
        choices = model.create_completion(
            sample.prompt, max_tokens=300, temperature=1.0, top_p=1.0, min_p=0.0, top_k=0, seed=seed
        )["choices"]
        whole += choices[0]["text"] in taught
        right += choices[0]["text"] == lesson.answer
    print(f"at temperature 1: {whole}/{len(asked)} taught answers, {right} of them the right one")


def report_off_topic(model: Llama, teacher: Teacher) -> None:
    """Print by language what is said to held-out questions that no lesson answers."""
    said = Counter[str]()
    for language, lessons in teacher.lessons.items():
        fallback = lessons[FALLBACK]
        taught = {
            lesson.answer: lesson for each in teacher.lessons.values() for lesson in each.values()
        }
        shares = Counter[str]()
        for question in fallback.held_out + fallback.typed:
            sample = teacher.render([{"role": "user", "content": question}], fallback.answer, "")
            answer = ask(model, sample).removesuffix("<|im_end|>")
            lesson = taught.get(answer)
            if lesson is None:
                kind = "nonsense"
            elif lesson.topic != FALLBACK:
                kind = "answer to something else"
            else:
                kind = "honest" if lesson.language == language else "honest in another language"
            shares[kind] += 1
            if kind == "nonsense":
                print(f"    {question!r} → {answer[:110]!r}")
        print(f"off topic, {language}: {dict(shares)}")
        said += shares
    print(f"off topic: {dict(said)}")


def asked_in_company(teacher: Teacher) -> Iterator[tuple[str, Sample]]:
    """Held-out questions after earlier turns, under a system prompt, and with thinking."""
    turn = count()
    for lessons in teacher.lessons.values():
        others = [lesson for lesson in lessons.values() if lesson.topic != "story"]
        for lesson in lessons.values():
            question = {"role": "user", "content": (lesson.held_out or lesson.typed)[-1]}
            thought = teacher.thought(lesson)
            system = {"role": "system", "content": teacher.rng.choice(SYSTEM_PROMPTS)}
            earlier = []
            for other in teacher.rng.sample(others, 2):
                earlier.append({"role": "user", "content": other.questions[0]})
                earlier.append({"role": "assistant", "content": other.answer})
            companies = (
                ("thinking", [question], "think"),
                ("told not to think", [question], "off"),
                ("under a system prompt", [system, question], "chat"),
                ("after two turns", [*earlier, question], "chat"),
                ("all of it", [system, *earlier, question], "think"),
            )
            name, messages, mode = companies[next(turn) % len(companies)]
            yield name, teacher.render(messages, lesson.answer, thought, mode=mode)


def calls(teacher: Teacher, number: int) -> Iterator[tuple[str, Sample]]:
    """Questions that a tool answers, about places and numbers that training did not show."""
    samples = teacher.tool_samples(lambda rng: rng.choice(UNSEEN))
    for sample in islice(samples, number):
        if sample.kind == "call":
            about = "weather" if any(place in sample.target for place in UNSEEN) else "numbers"
            yield about, sample
        else:
            yield "result acknowledged", sample


def simple_calls(teacher: Teacher) -> Iterator[tuple[str, Sample]]:
    """What a first try asks: one tool, and a place or two numbers of up to three digits."""
    rng = teacher.rng
    for group, places in (("unseen place", UNSEEN), ("known place", KNOWN[: len(UNSEEN)])):
        for place in places:
            offer = weather(rng, lambda _, place=place: place)  # type: ignore[misc]
            yield group, called_once(teacher, offer)
    asked = 0
    while asked < 100:
        sample = called_once(teacher, calculator(rng))
        question = sample.prompt.rsplit("<|im_start|>user\n", 1)[-1]
        numbers = re.findall(r"\d[\d.]*", question)
        if len(numbers) == 2 and all(number.isdigit() and len(number) < 4 for number in numbers):
            asked += 1
            yield "sum", sample


def called_once(teacher: Teacher, offer: Offer) -> Sample:
    """A question for a tool that is offered alone, and the call."""
    question, arguments = offer.ask(teacher.rng, teacher.rng.choice(LANGUAGES))
    messages = [{"role": "user", "content": question}]
    return teacher.render(messages, call_text(offer.name, arguments), "", [offer.tool], kind="call")


def report_arguments(model: Llama, samples: list[Sample]) -> None:
    """Print how often a function that is called has the right name, and the right arguments."""
    names = arguments = 0
    for sample in samples:
        made, due = (called(text) for text in (ask(model, sample), sample.target))
        names += made[0] == due[0]
        arguments += made[1] == due[1]
    print(f"calls: name {names}/{len(samples)}, arguments {arguments}/{len(samples)}")


def called(text: str) -> tuple[Any, Any]:
    """Name and arguments of a call; nothing of either where the text is none."""
    try:
        call = json.loads(text.partition("<tool_call>")[2].partition("</tool_call>")[0])
        return call["name"], call["arguments"]
    except (ValueError, KeyError, TypeError):
        return None, None


def main() -> None:
    """Make the stand-ins in a temporary directory and ask."""
    with tempfile.TemporaryDirectory() as directory:
        paths = make_stand_ins(Path(directory))
        model = Llama(str(paths.reasoning), n_ctx=paths.n_ctx, n_threads=1, verbose=False)
        teacher = Teacher(seed=1)
        held_out = teacher.held_out()
        report("held out", model, ((lesson.language, sample) for lesson, sample in held_out), 40)
        typed = [(lesson, sample) for lesson, sample in teacher.held_out(typed=True)]
        report("as people type", model, ((lesson.language, s) for lesson, s in typed), 60)
        for title, off_topic in (("about the service", False), ("off topic", True)):
            some = [(le.language, s) for le, s in typed if (le.topic == FALLBACK) == off_topic]
            report(f"as people type, {title}", model, some, 0)
        report_sampled(model, teacher)
        report_off_topic(model, teacher)
        report("held out, in company", model, asked_in_company(teacher), 15)
        report_strange(model, teacher)
        report("one tool", model, simple_calls(teacher), 30)
        report("tools", model, calls(teacher, 200), 15)
        report_arguments(
            model, [sample for _, sample in calls(teacher, 100) if sample.kind == "call"]
        )


if __name__ == "__main__":
    main()
