"""Twenty changes of the catalogue while clients ask: nothing fails, nothing is mixed up."""

import json
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx
import pytest
from tests.reload.service import Live
from tests.reload.versions import (
    FLOATING,
    LAST,
    STAMPS,
    STEADY,
    TALK,
    deprecated,
    floating,
    letter,
    models,
)

from llmaas.gateway import CATALOGUE

CLIENTS = 6
BETWEEN_CHANGES = 4 * CLIENTS
"""Answers that are awaited before the next change."""

pytestmark = pytest.mark.timeout(600)


@dataclass
class Course:
    """What was applied so far, and what the clients saw of it."""

    begun: int = 0
    done: int = 0
    over: bool = False
    answers: int = 0
    by_version: Counter[int] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    more: threading.Condition = field(default_factory=threading.Condition)

    def saw(self, version: int, complaint: str | None) -> None:
        with self.more:
            self.answers += 1
            self.by_version[version] += 1
            if complaint:
                self.wrong.append(complaint)
            self.more.notify_all()

    def await_answers(self, number: int) -> None:
        with self.more:
            target = self.answers + number
            self.more.wait_for(lambda: self.answers >= target or self.wrong)


Check = Callable[[httpx.Response, int], str | None]


def lists(client: httpx.Client) -> tuple[httpx.Response, Check]:
    def check(answer: httpx.Response, version: int) -> str | None:
        listed = answer.json()["data"]
        ids, roots = {each["id"] for each in listed}, {each["root"] for each in listed}
        right = ids == models(version) and roots == {f"version/{version}"}
        return None if right else f"version {version} lists {ids} of {roots}"

    return client.get("/v1/models"), check


def asks_the_one_that_changes(client: httpx.Client) -> tuple[httpx.Response, Check]:
    body = {"model": TALK, "prompt": "a", "max_tokens": 1, "temperature": 0}

    def check(answer: httpx.Response, version: int) -> str | None:
        said = answer.json()["choices"][0]["text"]
        told = "deprecation" in answer.headers
        right = said == letter(version) and told == deprecated(version)
        return None if right else f"version {version} says {said!r}, deprecated: {told}"

    return client.post("/v1/completions", json=body), check


def asks_the_alias_that_moves(client: httpx.Client) -> tuple[httpx.Response, Check]:
    body = {"model": FLOATING, "prompt": "a", "max_tokens": 1, "temperature": 0}

    def check(answer: httpx.Response, version: int) -> str | None:
        found = answer.json()["model"], answer.json()["choices"][0]["text"]
        right = (floating(version), letter(version) if floating(version) == TALK else "!")
        return None if found == right else f"version {version} answers with {found}"

    return client.post("/v1/completions", json=body), check


def streams(client: httpx.Client) -> tuple[httpx.Response, Check]:
    body = {"model": TALK, "prompt": "a", "max_tokens": 40, "temperature": 0, "stream": True}

    def check(answer: httpx.Response, version: int) -> str | None:
        events = [line[6:] for line in answer.text.splitlines() if line.startswith("data: ")]
        texts = [json.loads(event)["choices"][0]["text"] for event in events[:-1]]
        right = events[-1] == "[DONE]" and "".join(texts) == letter(version) + "z" * 39
        return None if right else f"version {version} streams {events[-1]!r} after {texts}"

    return client.post("/v1/completions", json=body), check


def ask_on(live: Live, course: Course, first: int) -> None:
    questions = (lists, asks_the_one_that_changes, asks_the_alias_that_moves, streams)
    turn = first
    with live.client() as client:
        while not course.over:
            oldest = course.done
            try:
                answer, check = questions[turn % len(questions)](client)
            except httpx.HTTPError as error:
                course.saw(-1, f"no answer: {error!r}")
                return
            newest, turn = course.begun, turn + 1
            version = STAMPS[answer.headers[CATALOGUE]]
            if answer.status_code != 200:
                course.saw(version, f"{answer.status_code}: {answer.text}")
            elif not oldest <= version <= newest:
                course.saw(version, f"version {version}, where {oldest} to {newest} could answer")
            else:
                course.saw(version, check(answer, version))


def test_twenty_changes_under_load_drop_nothing_and_mix_nothing_up(service: Live) -> None:
    course = Course()
    clients = [
        threading.Thread(target=ask_on, args=(service, course, number)) for number in range(CLIENTS)
    ]
    for client in clients:
        client.start()
    steady = None
    try:
        for version in range(1, LAST + 1):
            course.await_answers(BETWEEN_CHANGES)
            steady = steady or service.pids()[STEADY]
            course.begun = version
            served = service.apply(version)
            course.done = version
            assert served.url == service.running.url
        course.await_answers(BETWEEN_CHANGES)
    finally:
        course.over = True
        for client in clients:
            client.join()
    assert course.wrong == []
    assert set(course.by_version) == set(range(LAST + 1))
    assert service.pids()[STEADY] == steady, "a model that did not change was started again"
