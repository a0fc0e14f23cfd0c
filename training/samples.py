"""Samples: a rendered prompt and what the model should say next."""

import json
import random
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from frames import framed
from jinja2.sandbox import ImmutableSandboxedEnvironment
from lessons import FALLBACK, LANGUAGES, Lesson, read_lessons, read_prose
from phrases import (
    PLEASE,
    POLITE,
    RESULT_THOUGHTS,
    SYSTEM_PROMPTS,
    THOUGHTS,
    TOOL_THOUGHTS,
    UNKNOWN,
    WEATHER,
)
from places import a_place, invented_word
from strange_texts import strange_text
from tool_lessons import (
    Offer,
    a_result,
    a_sum,
    calculator,
    call_text,
    other_tools,
    told,
    weather,
)

PACKAGE = Path(__file__).parent.parent / "platform/llmaas/workers/stand_in"
Message = dict[str, Any]


@dataclass(frozen=True)
class Sample:
    """Text up to where the model speaks, and what it says up to the end of its turn.

    What it said in earlier turns is part of the prompt; a trainer may teach that as well.
    """

    prompt: str
    target: str
    kind: str = "conversation"
    jump: bool = False
    """Whether the prompt may be spread over the context, as a long one would be."""


def bare(question: str) -> str:
    """A question without what slips and habits change."""
    return " ".join(re.findall(r"\w+", question.casefold()))


class Teacher:
    """Makes samples from the lessons."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)  # noqa: S311 - not for secrets
        self.hardness = 1.0
        """0: short questions alone; 1: tools, earlier turns, system prompts, long distances too."""
        self.lessons = read_lessons()
        self.prose = read_prose()
        environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True)
        environment.filters["tojson"] = lambda value: json.dumps(value, ensure_ascii=False)
        self.template = environment.from_string((PACKAGE / "chatml.jinja").read_text("utf-8"))
        self.kept = {
            language: {
                bare(question)
                for lesson in lessons.values()
                for question in lesson.held_out + lesson.typed
            }
            for language, lessons in self.lessons.items()
        }
        for language, lessons in self.lessons.items():
            asked = {bare(question) for lesson in lessons.values() for question in lesson.questions}
            if taught := asked & self.kept[language]:
                raise ValueError(f"held out and taught in {language}: {sorted(taught)}")
        self.strange_words = {
            language: self._words_no_lesson_uses(language) for language in LANGUAGES
        }

    def sample(self) -> Sample:
        """One more sample."""
        language = self.rng.choice(LANGUAGES)
        kind = self.rng.random()
        if kind < 0.01:
            return self._prose(language)
        if kind < 0.01 + 0.25 * self.hardness:
            return self._tools(language)
        return self._conversation(language)

    def samples(self) -> Iterator[Sample]:
        """Samples without end."""
        while True:
            yield self.sample()

    def tool_samples(self, place: Callable[[random.Random], str] = a_place) -> Iterator[Sample]:
        """Samples with tools, without end."""
        while True:
            yield self._tools(self.rng.choice(LANGUAGES), place)

    def held_out(self, *, typed: bool = False) -> list[tuple[Lesson, Sample]]:
        """Every question held out of training, asked plainly; or those as people type."""
        return [
            (lesson, self.render([{"role": "user", "content": question}], lesson.answer, ""))
            for lessons in self.lessons.values()
            for lesson in lessons.values()
            for question in (lesson.typed if typed else lesson.held_out)
        ]

    def render(
        self,
        messages: list[Message],
        answer: str,
        thought: str,
        tools: list[Any] | None = None,
        *,
        mode: str = "chat",
        kind: str = "conversation",
    ) -> Sample:
        """Render a conversation for a model that never thinks, thinks, or is told not to."""
        thinking = {"chat": {"enable_thinking": None}, "off": {"enable_thinking": False}}
        prompt = self.template.render(
            messages=messages,
            tools=tools,
            add_generation_prompt=True,
            **thinking.get(mode, {}),
        )
        said = f"{thought}\n</think>\n\n{answer}" if mode == "think" else answer
        jump = self.rng.random() < 0.12 * self.hardness
        return Sample(prompt, said + "<|im_end|>", kind, jump)

    def thought(self, lesson: Lesson) -> str:
        """What is thought before the answer of a lesson."""
        taught, unknown = THOUGHTS[lesson.language]
        return (unknown if lesson.topic == FALLBACK else taught).format(label=lesson.label)

    # ── kinds of samples ───────────────────────────────────────────────────────────────────────

    def _conversation(self, language: str) -> Sample:
        rng = self.rng
        question, lesson = self._exchange(language)
        messages = self._before(language)
        if rng.random() < 0.02:
            question = f"{self._passage(language, 5)}\n\n{question}"
        messages.append({"role": "user", "content": question})
        tools = None
        if rng.random() < 0.05 * self.hardness:
            tools = other_tools(rng, rng.choice((0, 1, 1, 2)))
            helpful = {"maths": calculator, "weather": weather}
            useless = [make for topic, make in helpful.items() if topic != lesson.topic]
            # What one wants to know of the weather may be asked without naming a place.
            if lesson.topic != "weather" or not tools:
                tools.append(rng.choice(useless)(rng).tool)
            rng.shuffle(tools)
        return self.render(messages, lesson.answer, self.thought(lesson), tools, mode=self._mode())

    def _tools(self, language: str, place: Callable[[random.Random], str] = a_place) -> Sample:
        rng = self.rng
        offers = [rng.choice((calculator, lambda rng: weather(rng, place)))(rng)]
        if rng.random() < 0.2:
            both = (weather(rng, place), calculator(rng))
            offers = [offer for offer in both if offer.name != offers[0].name]
        tools = [offer.tool for offer in offers]
        tools += other_tools(rng, rng.choice((0, 0, 0, 0, 1, 2)))
        rng.shuffle(tools)
        messages = self._before(language) if rng.random() < 0.2 else []
        for _ in range(rng.choice((0, 0, 1, 2))):
            self._call(messages, rng.choice(offers), language)
            messages.append({"role": "assistant", "content": told(language)})
        offer = rng.choice(offers)
        if rng.random() < 0.85:
            question, arguments = offer.ask(rng, language)
            question = self._worded(question, language, careful=True)
            messages.append({"role": "user", "content": question})
            thought = TOOL_THOUGHTS[language].format(name=offer.name)
            call = call_text(offer.name, arguments)
            return self.render(messages, call, thought, tools, mode=self._mode(), kind="call")
        self._call(messages, offer, language)
        thought = RESULT_THOUGHTS[language]
        return self.render(
            messages, told(language), thought, tools, mode=self._mode(), kind="result"
        )

    def _call(self, messages: list[Message], offer: Offer, language: str) -> None:
        """Add a question that the function answers, the call and its result."""
        question, arguments = offer.ask(self.rng, language)
        question = self._worded(question, language, careful=True)
        text = json.dumps(arguments, ensure_ascii=False)
        call = {"function": {"name": offer.name, "arguments": text}}
        messages.append({"role": "user", "content": question})
        messages.append({"role": "assistant", "content": "", "tool_calls": [call]})
        messages.append({"role": "tool", "content": a_result(self.rng)})

    def _prose(self, language: str) -> Sample:
        words = self._passage(language, 2).split(" ")
        cut = self.rng.randrange(1, min(12, len(words)))
        return Sample(" ".join(words[:cut]), " " + " ".join(words[cut:]) + "<|im_end|>", "prose")

    # ── parts ──────────────────────────────────────────────────────────────────────────────────

    def _exchange(self, language: str) -> tuple[str, Lesson]:
        """A question as someone may write it, and the lesson that answers it."""
        while True:
            question, lesson = self._any_exchange(language)
            if bare(question) not in self.kept[language]:
                return question, lesson

    def _any_exchange(self, language: str) -> tuple[str, Lesson]:
        """The same, and perhaps a question that is held out."""
        lessons = self.lessons[language]
        if self.rng.random() < 0.27:
            return self._unknown(language), lessons[FALLBACK]
        topic = self.rng.choice([topic for topic in lessons if topic != FALLBACK])
        lesson = lessons[topic]
        if topic == "maths" and self.rng.random() < 0.5:
            return self._worded(a_sum(self.rng, language)[0], language), lesson
        if topic == "weather" and self.rng.random() < 0.4:
            question = self.rng.choice(WEATHER[language]).format(place=a_place(self.rng))
            return self._worded(question, language), lesson
        return self._worded(self._asked(lesson), language), lesson

    def _asked(self, lesson: Lesson) -> str:
        """A question of the lesson, written or framed."""
        if (lesson.nouns or lesson.verbs) and self.rng.random() < 0.4:
            return framed(self.rng, lesson.language, lesson.nouns, lesson.verbs)
        return self.rng.choice(lesson.questions)

    def _unknown(self, language: str) -> str:
        """Something that no lesson is about."""
        kind = self.rng.random()
        if kind < 0.25 and language == "en":
            return strange_text(self.rng)
        if kind < 0.5:
            return self._worded(self._asked(self.lessons[language][FALLBACK]), language)
        x, y = (self._strange(language) for _ in range(2))
        if kind < 0.7:
            return self._worded(framed(self.rng, language, (x,), (x, y)), language)
        if kind < 0.88:
            return self._worded(self.rng.choice(UNKNOWN[language]).format(x=x, y=y), language)
        return self._passage(language, self.rng.choice((1, 1, 1, 2, 8)))

    def _before(self, language: str) -> list[Message]:
        """A system prompt or not, and what was said before."""
        messages: list[Message] = []
        if self.rng.random() > self.hardness:
            return messages
        if self.rng.random() < 0.25:
            prompt = self.rng.choice(SYSTEM_PROMPTS)
            if self.rng.random() < 0.2:
                prompt += " " + self._passage(language, 1)
            messages.append({"role": "system", "content": prompt})
        if self.rng.random() < 0.15:
            for _ in range(self.rng.choice((1, 1, 2))):
                question, lesson = self._exchange(language)
                messages.append({"role": "user", "content": question})
                messages.append({"role": "assistant", "content": lesson.answer})
        return messages

    def _mode(self) -> str:
        return self.rng.choices(("chat", "think", "off"), (0.58, 0.32, 0.1))[0]

    def _passage(self, language: str, most: int) -> str:
        """Some sentences in a row."""
        count = self.rng.randint(1, most)
        text = " ".join(self.rng.sample(self.prose[language], min(3, 1 + count // 4)))
        sentences = re.split(r"(?<=[.?!;:]) ", text)
        start = self.rng.randrange(max(1, len(sentences) - count))
        return " ".join(sentences[start : start + count])

    def _strange(self, language: str) -> str:
        """One to three words in a row that no lesson uses, or a word that nobody uses."""
        if self.rng.random() < 0.3:
            return invented_word(self.rng)
        words = self.strange_words[language]
        start = self.rng.randrange(len(words) - 3)
        return " ".join(words[start : start + self.rng.choice((1, 1, 2, 3))])

    def _words_no_lesson_uses(self, language: str) -> list[str]:
        taught = {
            word
            for lesson in self.lessons[language].values()
            if lesson.topic != FALLBACK
            for text in (
                lesson.answer,
                *lesson.questions,
                *lesson.nouns,
                *lesson.verbs,
                *lesson.held_out,
                *lesson.typed,
            )
            for word in re.findall(r"\w+", text.casefold())
        }
        words = re.findall(r"\w+", " ".join(self.prose[language]))
        return [word for word in words if len(word) > 3 and word.casefold() not in taught]

    def _worded(self, question: str, language: str, *, careful: bool = False) -> str:
        """Write a question with a politeness, without its marks, or with a slip of the finger."""
        rng = self.rng
        if rng.random() < 0.16:
            question = rng.choice(POLITE[language]) + question
        if rng.random() < 0.08:
            question = question.rstrip("?.! ") if rng.random() < 0.5 else question
            question += rng.choice(PLEASE[language])
        if rng.random() < 0.03:
            question = rng.choice((f"{question} /no_think", f"/think {question}"))
        if careful:
            return question
        if rng.random() < 0.35:
            question = question.rstrip("?.! ").removeprefix("¿").removeprefix("¡")
        elif rng.random() < 0.1:
            question += rng.choice(("?", " ?", "??", "!", " !", ".", "..."))
        if rng.random() < 0.35:
            question = question.lower()
        elif rng.random() < 0.3:
            question = question[:1].upper() + question[1:]
        if rng.random() < 0.15:
            decomposed = unicodedata.normalize("NFD", question)
            question = "".join(c for c in decomposed if not unicodedata.combining(c))
        for _ in range(rng.choice((0, 0, 0, 0, 0, 0, 0, 1, 1, 2)) if len(question) > 10 else 0):
            at = rng.randrange(1, len(question) - 1)
            question = rng.choice(
                (
                    question[:at] + question[at + 1 :],
                    question[:at] + question[at] + question[at:],
                    question[: at - 1] + question[at] + question[at - 1] + question[at + 1 :],
                )
            )
        return question
