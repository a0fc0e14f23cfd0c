"""Lessons with tools: a calculator or a weather function is offered, called, its result told."""

import json
import random
from typing import Any

from phrases import OPERATORS, PLACES, RESULTS, SUMS, WEATHER

Tool = dict[str, Any]

CALCULATORS = ("calculator", "calculate", "calc", "compute", "evaluate")
EXPRESSIONS = ("expression", "expr", "formula")
TWO_NUMBERS = {
    "+": ("add", "add_numbers"),
    "-": ("subtract",),
    "*": ("multiply",),
    "/": ("divide",),
}
PAIRS = (("a", "b"), ("x", "y"))
WEATHER_NAMES = ("get_weather", "get_current_weather", "weather", "get_forecast")
LOCATIONS = ("city", "location", "place")
OTHERS = {
    "get_time": ("timezone",),
    "search_web": ("query",),
    "send_email": ("to", "subject", "body"),
    "get_stock_price": ("symbol",),
    "translate": ("text", "language"),
    "query_database": ("sql",),
    "create_event": ("title", "date"),
    "read_file": ("path",),
    "lookup_user": ("user_id",),
    "search_documents": ("query", "limit"),
}
DESCRIPTIONS = {
    "calculator": (
        "Evaluate an arithmetic expression", "Calculate", "A calculator.", "Does arithmetic",
        "Evaluates a mathematical expression and returns the result.", "Calcule une expression",
    ),
    "weather": (
        "Get the weather", "Get the current weather in a given location", "Weather of a city.",
        "Returns the current weather", "Renvoie la météo d'une ville", "Liefert das Wetter",
    ),
    "other": ("Does it.", "A function", "Look something up", "Returns the result", "Internal use"),
}  # fmt: skip
SYLLABLES = (
    "ba", "be", "bi", "bo", "ca", "co", "da", "de", "du", "fa", "fe", "ga", "go", "ha", "hel",
    "ja", "ka", "la", "le", "li", "lo", "ma", "mi", "mo", "na", "ne", "no", "or", "pa", "pe",
    "ra", "re", "ri", "ro", "sa", "se", "sol", "ta", "te", "ti", "to", "ul", "va", "ve", "vi",
    "wa", "za", "stein", "berg", "ville", "ford", "burg",
)  # fmt: skip


def offer(rng: random.Random, name: str, parameters: dict[str, str], about: str) -> Tool:
    """Describe a function as a client would, with more or fewer words."""
    properties: dict[str, Any] = {}
    for parameter, kind in parameters.items():
        properties[parameter] = {"type": kind}
        if rng.random() < 0.35:
            properties[parameter]["description"] = rng.choice(
                ("The value", parameter, f"The {parameter}", f"{parameter} to use")
            )
    if about == "weather" and rng.random() < 0.25:
        properties["unit"] = {"type": "string", "enum": ["celsius", "fahrenheit"]}
    function: dict[str, Any] = {"name": name}
    if rng.random() < 0.75:
        function["description"] = rng.choice(DESCRIPTIONS[about])
    function["parameters"] = {"type": "object", "properties": properties}
    if rng.random() < 0.8:
        function["parameters"]["required"] = list(parameters)
    if rng.random() < 0.15:
        function["parameters"]["additionalProperties"] = False
    return {"type": "function", "function": function}


def other_tools(rng: random.Random, count: int) -> list[Tool]:
    """Functions that no lesson calls."""
    names = rng.sample(sorted(OTHERS), count)
    return [offer(rng, name, dict.fromkeys(OTHERS[name], "string"), "other") for name in names]


def calculation(rng: random.Random, language: str) -> tuple[str, Tool, dict[str, Any]]:
    """A question, the function that answers it, and the arguments of the right call."""
    operator = rng.choice("++-**/")
    a, b = (rng.randrange(10 ** rng.choice((1, 2))) for _ in range(2))
    spelled = operator
    if rng.random() < 0.4:
        spelled = OPERATORS[language][operator]
    elif operator == "*":
        spelled = rng.choice("**x×")
    tight = spelled == operator and rng.random() < 0.2
    sum_text = f"{a}{spelled}{b}" if tight else f"{a} {spelled} {b}"
    question = rng.choice(SUMS[language]).format(sum=sum_text)
    if rng.random() < 0.45:
        name = rng.choice(TWO_NUMBERS[operator])
        first, second = rng.choice(PAIRS)
        kind = rng.choice(("number", "integer"))
        tool = offer(rng, name, {first: kind, second: kind}, "calculator")
        return question, tool, {first: a, second: b}
    name, parameter = rng.choice(CALCULATORS), rng.choice(EXPRESSIONS)
    tool = offer(rng, name, {parameter: "string"}, "calculator")
    return question, tool, {parameter: f"{a} {operator} {b}"}


def invented_word(rng: random.Random) -> str:
    """A word that is in no dictionary."""
    return "".join(rng.choice(SYLLABLES) for _ in range(rng.choice((2, 2, 3))))


def forecast(rng: random.Random, language: str) -> tuple[str, Tool, dict[str, Any]]:
    """The same for the weather of a place."""
    place = rng.choice(PLACES)
    question = rng.choice(WEATHER[language]).format(place=place)
    name, parameter = rng.choice(WEATHER_NAMES), rng.choice(LOCATIONS)
    return question, offer(rng, name, {parameter: "string"}, "weather"), {parameter: place}


def call_text(tool: Tool, arguments: dict[str, Any]) -> str:
    """What the model says to call a function."""
    call = {"name": tool["function"]["name"], "arguments": arguments}
    return f"<tool_call>\n{json.dumps(call, ensure_ascii=False)}\n</tool_call>"


def a_result(rng: random.Random) -> str:
    """What a tool may answer."""
    number = rng.randrange(10 ** rng.choice((1, 2, 3, 4)))
    degrees = rng.randrange(-9, 40)
    sky = rng.choice(("sunny", "cloudy", "rain", "snow", "windy", "clear", "foggy"))
    return rng.choice(
        (
            str(number),
            f"{number}.{rng.randrange(100)}",
            json.dumps({"result": number}),
            json.dumps({"temperature": degrees, "condition": sky}),
            json.dumps({"temperature": degrees, "unit": "celsius"}),
            f"{degrees} °C, {sky}",
            f"{sky}, {degrees} degrees",
            sky,
        )
    )


def told(language: str) -> str:
    """The answer once the result is there. It repeats nothing: copying is not its strength."""
    return RESULTS[language]
