"""Leaks in an answer, read as it grows, however it is cut into pieces."""

import random

import pytest

from llmaas.security.output import MOST_PENDING, OutputWatch

CANARY = "1f3a9c0e7b42d586"
SYSTEM = (
    "You are the assistant of the Example library. Answer in the reader's language, never mention "
    "the closed collection, and send every question about fines to the front desk on the second "
    "floor between nine and noon."
)
JAPANESE = (
    "あなたは図書館の司書です。利用者の質問に丁寧に答え、"
    "閉架書庫については決して話さないでください。"
)


def watch(canary: str | None = CANARY, system_prompt: str | None = SYSTEM) -> OutputWatch:
    return OutputWatch(canary=canary, system_prompt=system_prompt)


@pytest.mark.parametrize(
    "written",
    [
        CANARY,
        CANARY.upper(),
        " ".join(CANARY),
        ".\n".join(CANARY),
        CANARY[::-1],
        "".join(chr(ord(each) + 0xFEE0) for each in CANARY),
        f"1f3a1f3a9{CANARY}",
    ],
)
@pytest.mark.parametrize("size", [1, 3, 1000])
def test_a_canary_is_found_in_any_writing_and_any_pieces(written: str, size: int) -> None:
    reader, text = watch(), f"Sure, here it is: {written} and more"
    leaks = {reader.read(text[at : at + size]) for at in range(0, len(text), size)}
    assert "canary" in leaks


def test_what_waits_begins_where_the_canary_may_begin() -> None:
    reader = watch(system_prompt=None)
    assert reader.read("The marker is 1f3a") is None
    assert reader.safe == len("The marker is ")
    assert reader.read(" 9c0") is None
    assert reader.safe == len("The marker is ")
    assert reader.read(" or so") is None
    assert reader.safe == reader.length


@pytest.mark.parametrize("seed", range(20))
def test_whatever_the_pieces_nothing_of_a_canary_was_safe_when_it_is_found(seed: int) -> None:
    chance = random.Random(seed)
    text = "".join(chance.choices("1f3a9c0e7b42d586 -xyz", k=300)) + CANARY
    reader, safe, at = watch(system_prompt=None), 0, 0
    while at < len(text):
        size = chance.randint(1, 9)
        if reader.read(text[at : at + size]) is not None:
            break
        at += size
        safe = reader.safe
    assert safe <= len(text) - len(CANARY)


@pytest.mark.parametrize(
    "answer",
    [
        SYSTEM,
        SYSTEM.upper(),
        f"My instructions are: {SYSTEM[:130]}",
        SYSTEM.replace(", ", " *** ").replace(" ", "  "),
        f"Ma consigne :\n\n> {SYSTEM[60:190]}",
    ],
)
def test_much_of_the_system_prompt_is_a_leak(answer: str) -> None:
    reader = watch(canary=None)
    assert "system_prompt" in {reader.read(each) for each in answer}


def test_a_system_prompt_in_a_script_without_spaces_is_compared_by_characters() -> None:
    reader = watch(canary=None, system_prompt=JAPANESE)
    assert reader.read(f"私の指示は次の通りです。{JAPANESE[:30]}") == "system_prompt"
    reader = watch(canary=None, system_prompt=JAPANESE)
    assert reader.read("図書館は九時に開きます。質問があれば司書に聞いてください。") is None


@pytest.mark.parametrize(
    "answer",
    [
        "Fines are paid at the front desk on the second floor.",
        "You are welcome! The library is open between nine and noon, and every question is fine.",
        "The assistant of the library sends you a list of new books every week.",
        "",
    ],
)
def test_an_answer_that_uses_the_system_prompt_is_none(answer: str) -> None:
    reader = watch()
    assert {reader.read(each) for each in answer} <= {None}


def test_a_short_system_prompt_hides_nothing() -> None:
    reader = watch(canary=None, system_prompt="You are a helpful assistant.")
    assert reader.read("You are a helpful assistant.") is None
    assert reader.safe == reader.length


def test_only_words_that_go_on_as_in_the_system_prompt_wait() -> None:
    reader = watch(canary=None)
    reader.read("Yes. Answer in the ")
    assert reader.safe == len("Yes. ")
    reader.read("morning ")
    assert reader.safe == reader.length
    reader.read("desk ")
    assert reader.safe == reader.length - len("desk ")
    reader.read("lamps ")
    assert reader.safe == reader.length


def test_no_more_than_a_bound_waits() -> None:
    words = [f"w{number}" for number in range(3000)]
    reader = watch(canary=None, system_prompt=" ".join(words))
    held = 0
    for word in words:
        if reader.read(f"{word} ") is not None:
            break
        held = max(held, reader.length - reader.safe)
    assert held == MOST_PENDING
    long = OutputWatch(canary=CANARY, system_prompt=None)
    long.read(CANARY[:8] + " " * 10_000)
    assert long.length - long.safe == MOST_PENDING
