"""Samples: a rendered prompt and what the model should say next."""

import json
import random
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
)
from strange_texts import strange_text
from tool_lessons import (
    a_result,
    calculation,
    call_text,
    forecast,
    invented_word,
    other_tools,
    told,
)

PACKAGE = Path(__file__).parent.parent / "platform/llmaas/workers/stand_in"
Message = dict[str, Any]


@dataclass(frozen=True)
class Sample:
    """Text up to where the model speaks, and what it says up to the end of its turn."""

    prompt: str
    target: str
    kind: str = "conversation"
    jump: bool = False
    """Whether the prompt may be spread over the context, as a long one would be."""


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
        self.strange_words = {
            language: self._words_no_lesson_uses(language) for language in LANGUAGES
        }

    def sample(self) -> Sample:
        """One more sample."""
        language = self.rng.choice(LANGUAGES)
        kind = self.rng.random()
        if kind < 0.02:
            return self._prose(language)
        if kind < 0.02 + 0.14 * self.hardness:
            return self._tools(language)
        return self._conversation(language)

    def tool_samples(self) -> Iterator[Sample]:
        """Samples with tools, without end."""
        while True:
            yield self._tools(self.rng.choice(LANGUAGES))

    def held_out(self) -> list[tuple[Lesson, Sample]]:
        """Every question held out of training, asked plainly."""
        return [
            (lesson, self.render([{"role": "user", "content": question}], lesson.answer, ""))
            for lessons in self.lessons.values()
            for lesson in lessons.values()
            for question in lesson.held_out
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
        return Sample(
            prompt, said + "<|im_end|>", kind, jump=self.rng.random() < 0.2 * self.hardness
        )

    def thought(self, lesson: Lesson) -> str:
        """What is thought before the answer of a lesson."""
        taught, unknown = THOUGHTS[lesson.language]
        return (unknown if lesson.topic == FALLBACK else taught).format(label=lesson.label)

    # ── kinds of samples ───────────────────────────────────────────────────────────────────────

    def _conversation(self, language: str) -> Sample:
        question, lesson = self._exchange(language)
        messages = self._before(language)
        if self.rng.random() < 0.04:
            question = f"{self._passage(language, 5)}\n\n{question}"
        messages.append({"role": "user", "content": question})
        tools = None
        if self.rng.random() < 0.06 * self.hardness:
            tools = other_tools(self.rng, self.rng.choice((1, 1, 2)))
            if lesson.topic not in {"maths", "weather"} and self.rng.random() < 0.7:
                teach = self.rng.choice((calculation, forecast))
                tools = self._mixed(teach(self.rng, language)[1], tools[:1])
        return self.render(messages, lesson.answer, self.thought(lesson), tools, mode=self._mode())

    def _tools(self, language: str) -> Sample:
        question, tool, arguments = self.rng.choice((calculation, forecast))(self.rng, language)
        question = self._worded(question, language, careful=True)
        tools = self._mixed(tool, other_tools(self.rng, self.rng.choice((0, 0, 1, 1, 2))))
        if self.rng.random() < 0.15 and "calc" in tool["function"]["name"]:
            weather = forecast(self.rng, language)[1]
            tools = self._mixed(weather, tools[:2])
        messages = self._before(language) if self.rng.random() < 0.3 else []
        messages.append({"role": "user", "content": question})
        name = tool["function"]["name"]
        if self.rng.random() < 0.7:
            thought = TOOL_THOUGHTS[language].format(name=name)
            return self.render(
                messages,
                call_text(tool, arguments),
                thought,
                tools,
                mode=self._mode(),
                kind="call",
            )
        call = {"function": {"name": name, "arguments": json.dumps(arguments)}}
        messages.append({"role": "assistant", "content": "", "tool_calls": [call]})
        result = a_result(self.rng)
        messages.append({"role": "tool", "content": result})
        return self.render(
            messages,
            told(language),
            RESULT_THOUGHTS[language],
            tools,
            mode=self._mode(),
            kind="result",
        )

    def _prose(self, language: str) -> Sample:
        words = self._passage(language, 2).split(" ")
        cut = self.rng.randrange(1, min(12, len(words)))
        return Sample(" ".join(words[:cut]), " " + " ".join(words[cut:]) + "<|im_end|>", "prose")

    # ── parts ──────────────────────────────────────────────────────────────────────────────────

    def _exchange(self, language: str) -> tuple[str, Lesson]:
        """A question as someone may write it, and the lesson that answers it."""
        lessons = self.lessons[language]
        if self.rng.random() < 0.27:
            return self._unknown(language), lessons[FALLBACK]
        topic = self.rng.choice([topic for topic in lessons if topic != FALLBACK])
        lesson = lessons[topic]
        if topic == "maths" and self.rng.random() < 0.5:
            return self._worded(calculation(self.rng, language)[0], language), lesson
        if topic == "weather" and self.rng.random() < 0.5:
            return self._worded(forecast(self.rng, language)[0], language), lesson
        return self._worded(self.rng.choice(lesson.questions), language), lesson

    def _unknown(self, language: str) -> str:
        """Something that no lesson is about."""
        kind = self.rng.random()
        if kind < 0.15 and language == "en":
            return strange_text(self.rng)
        if kind < 0.35:
            return self._worded(
                self.rng.choice(self.lessons[language][FALLBACK].questions), language
            )
        if kind < 0.8:
            x, y = (self._strange(language) for _ in range(2))
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
        return self.rng.choices(("chat", "think", "off"), (0.5, 0.38, 0.12))[0]

    def _mixed(self, tool: Any, others: list[Any]) -> list[Any]:
        tools = [tool, *others]
        self.rng.shuffle(tools)
        return tools

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
            for text in (lesson.answer, *lesson.questions, *lesson.held_out)
            for word in re.findall(r"\w+", text.casefold())
        }
        words = re.findall(r"\w+", " ".join(self.prose[language]))
        return [word for word in words if len(word) > 3 and word.casefold() not in taught]

    def _worded(self, question: str, language: str, *, careful: bool = False) -> str:
        """Write a question with a politeness, without its marks, or with a slip of the finger."""
        rng = self.rng
        if rng.random() < 0.12:
            question = rng.choice(POLITE[language]) + question
        if rng.random() < 0.06:
            question += rng.choice(PLEASE[language])
        if rng.random() < 0.03:
            question = rng.choice((f"{question} /no_think", f"/think {question}"))
        if careful:
            return question
        if rng.random() < 0.25:
            question = question.rstrip("?.! ").removeprefix("¿").removeprefix("¡")
        if rng.random() < 0.2:
            question = question.lower()
        if rng.random() < 0.08:
            decomposed = unicodedata.normalize("NFD", question)
            question = "".join(c for c in decomposed if not unicodedata.combining(c))
        if rng.random() < 0.1 and len(question) > 8:
            at = rng.randrange(1, len(question) - 1)
            question = rng.choice(
                (
                    question[:at] + question[at + 1 :],
                    question[:at] + question[at] + question[at:],
                    question[: at - 1] + question[at] + question[at - 1] + question[at + 1 :],
                )
            )
        return question
