"""Lessons with tools: a calculator or a weather function is offered, called, its result told."""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from phrases import OPERATORS, RESULTS, SUMS, WEATHER
from places import a_place, invented_word

Tool = dict[str, Any]
Question = tuple[str, dict[str, Any]]
"""What is asked, and the arguments of the right call."""

CALCULATORS = (
    "calculator", "calculate", "calc", "compute", "evaluate", "evaluate_expression", "do_math",
    "math", "arithmetic", "solve", "calculator_tool", "run_calculation", "Calculator",
)  # fmt: skip
EXPRESSIONS = ("expression", "expr", "formula", "calculation", "input", "equation", "query")
TWO_NUMBERS = {
    "+": ("add", "add_numbers", "sum", "addition", "plus"),
    "-": ("subtract", "subtract_numbers", "minus", "difference"),
    "*": ("multiply", "multiply_numbers", "times", "product"),
    "/": ("divide", "divide_numbers", "division", "quotient"),
}
PAIRS = (("a", "b"), ("x", "y"), ("first", "second"), ("left", "right"), ("number1", "number2"))
WEATHER_NAMES = (
    "get_weather", "get_current_weather", "weather", "get_forecast", "fetch_weather", "getWeather",
    "weather_lookup", "current_weather", "get_weather_report", "weather_forecast", "lookup_weather",
)  # fmt: skip
LOCATIONS = ("city", "location", "place", "town", "city_name", "where", "q")
UNITS = (("celsius", "fahrenheit"), ("fahrenheit", "celsius"), ("C", "F"), ("metric", "imperial"))
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
        "Rechnet einen Ausdruck aus", "Calcula una expresión", "Calcola un'espressione",
    ),
    "+": ("Add two numbers.", "Adds two numbers", "Returns a sum", "Additionne deux nombres"),
    "-": ("Subtract two numbers.", "Subtracts b from a", "Returns a difference"),
    "*": ("Multiply two numbers.", "Multiplies two numbers", "Returns a product"),
    "/": ("Divide two numbers.", "Divides a by b", "Returns a quotient"),
    "weather": (
        "Get the weather", "Get the current weather in a given location", "Weather of a city.",
        "Returns the current weather", "Renvoie la météo d'une ville", "Liefert das Wetter",
        "Current weather in a city.", "Da el tiempo de una ciudad", "Dà il meteo di una città",
    ),
    "other": ("Does it.", "A function", "Look something up", "Returns the result", "Internal use"),
}  # fmt: skip


@dataclass(frozen=True)
class Offer:
    """A function, and questions that it answers: by language, with the arguments of the call."""

    tool: Tool
    ask: Callable[[random.Random, str], Question]

    @property
    def name(self) -> str:
        """What the function is called."""
        return str(self.tool["function"]["name"])


def describe(rng: random.Random, name: str, parameters: dict[str, Any], about: str) -> Tool:
    """Describe a function as a client would, with more or fewer words."""
    properties = {parameter: dict(schema) for parameter, schema in parameters.items()}
    for parameter, schema in properties.items():
        if rng.random() < 0.35:
            schema["description"] = rng.choice(
                ("The value", parameter, f"The {parameter}", f"{parameter} to use")
            )
    function: dict[str, Any] = {"name": name}
    if rng.random() < 0.75:
        function["description"] = rng.choice(DESCRIPTIONS[about])
    function["parameters"] = {"type": "object", "properties": properties}
    required = [parameter for parameter in parameters if parameter != "unit"]
    if rng.random() < 0.8:
        function["parameters"]["required"] = required
    if rng.random() < 0.15:
        function["parameters"]["additionalProperties"] = False
    return {"type": "function", "function": function}


def other_tools(rng: random.Random, count: int) -> list[Tool]:
    """Functions that no lesson calls."""
    names = rng.sample(sorted(OTHERS), count)
    text = {"type": "string"}
    return [describe(rng, name, dict.fromkeys(OTHERS[name], text), "other") for name in names]


def a_number(rng: random.Random, *, whole: bool) -> int | float:
    """A number of one to six digits, sometimes with a point."""
    number = rng.randrange(10 ** rng.choice((1, 1, 1, 2, 2, 2, 2, 3, 3, 4, 5, 6)))
    if whole or rng.random() < 0.9:
        return number
    return float(f"{number % 1000}.{rng.randrange(10)}{rng.choice('123456789')}")


def calculator(rng: random.Random) -> Offer:
    """A function for expressions, or for one operation on two numbers."""
    if rng.random() < 0.4:
        return _two_numbers(rng)
    name, parameter = _varied(rng, CALCULATORS), rng.choice(EXPRESSIONS)
    tool = describe(rng, name, {parameter: {"type": "string"}}, "calculator")

    def ask(rng: random.Random, language: str) -> Question:
        question, expression = a_sum(rng, language)
        return question, {parameter: expression}

    return Offer(tool, ask)


def _two_numbers(rng: random.Random) -> Offer:
    operator = rng.choice("+-*/")
    first, second = rng.choice(PAIRS)
    kind = rng.choice(("number", "integer"))
    name = _varied(rng, TWO_NUMBERS[operator])
    tool = describe(rng, name, {first: {"type": kind}, second: {"type": kind}}, operator)

    def ask(rng: random.Random, language: str) -> Question:
        numbers = [a_number(rng, whole=kind == "integer") for _ in range(2)]
        question = _worded(rng, language, numbers, [operator])
        return question, dict(zip((first, second), numbers, strict=True))

    return Offer(tool, ask)


def a_sum(rng: random.Random, language: str) -> tuple[str, str]:
    """A calculation in words, and as an expression."""
    count = rng.choice((2, 2, 2, 2, 2, 3))
    numbers = [a_number(rng, whole=False) for _ in range(count)]
    operators = [rng.choice("+-*/") for _ in numbers[1:]]
    return _worded(rng, language, numbers, operators), _spelled(numbers, operators)


def _worded(
    rng: random.Random, language: str, numbers: list[int | float], operators: list[str]
) -> str:
    signs = operators
    style = rng.random()
    if style < 0.35:
        signs = [OPERATORS[language][operator] for operator in operators]
    elif style < 0.5:
        signs = [
            {"*": rng.choice("x×"), "/": "÷"}.get(operator, operator) for operator in operators
        ]
    space = "" if style > 0.85 else " "
    return rng.choice(SUMS[language]).format(sum=_spelled(numbers, signs, space))


def _spelled(numbers: list[int | float], signs: list[str], space: str = " ") -> str:
    rest = zip(signs, numbers[1:], strict=True)
    return str(numbers[0]) + "".join(f"{space}{sign}{space}{number}" for sign, number in rest)


def weather(rng: random.Random, place: Callable[[random.Random], str] = a_place) -> Offer:
    """A function for the weather of a place."""
    name, parameter = _varied(rng, WEATHER_NAMES), rng.choice(LOCATIONS)
    parameters: dict[str, Any] = {parameter: {"type": "string"}}
    if rng.random() < 0.25:
        parameters["unit"] = {"type": "string", "enum": list(rng.choice(UNITS))}
    tool = describe(rng, name, parameters, "weather")

    def ask(rng: random.Random, language: str) -> Question:
        named = place(rng)
        return rng.choice(WEATHER[language]).format(place=named), {parameter: named}

    return Offer(tool, ask)


def _varied(rng: random.Random, names: tuple[str, ...]) -> str:
    """One of the names, sometimes with a word in front: a name must be read."""
    name = rng.choice(names)
    return f"{invented_word(rng)}_{name}" if rng.random() < 0.15 else name


def call_text(name: str, arguments: dict[str, Any]) -> str:
    """What the model says to call a function."""
    call = {"name": name, "arguments": arguments}
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
            json.dumps({"result": float(number)}),
            json.dumps({"error": "not found"}),
            json.dumps({"temperature": degrees, "condition": sky}),
            json.dumps({"temperature": degrees, "unit": "celsius"}),
            json.dumps({"city": a_place(rng), "sky": sky, "celsius": degrees}),
            f"{degrees} °C, {sky}",
            f"{sky}, {degrees} degrees",
            sky,
        )
    )


def told(language: str) -> str:
    """The answer once the result is there. It repeats nothing: copying is not its strength."""
    return RESULTS[language]
