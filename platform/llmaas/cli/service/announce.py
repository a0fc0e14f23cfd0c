"""What a started service says of itself: a few lines for a person, or one line of JSON."""

import json
import shlex
from dataclasses import dataclass
from pathlib import Path

CURL_PROMPT = "Hello!"


@dataclass(frozen=True)
class Started:
    """A service that answers now."""

    base_url: str
    """Of the API, as clients want it: ending in /v1."""
    docs_url: str | None
    loopback: bool
    """Whether only this machine can reach it."""
    api_key: str | None
    """`None` where keys are made by the operator."""
    models: tuple[str, ...]
    stand_ins: tuple[str, ...]
    """Those of `models` that answer from stand-in weights."""
    without_weights: tuple[str, ...]
    """Models of the catalogue that are not served, because nothing can stand in for them."""
    example: str | None
    """A model to try that chats."""
    state_dir: Path
    pull_options: str = ""
    """For `llmaas pull`, where this service does not look in the usual places."""


def as_json(started: Started) -> str:
    """One line for the program that started the service."""
    return json.dumps(
        {
            "base_url": started.base_url,
            "docs_url": started.docs_url,
            "api_key": started.api_key,
            "models": started.models,
        }
    )


def as_text(started: Started) -> str:
    """A few lines for a person."""
    lines = [
        "",
        f"LLMaaS is running: {_plural(len(started.models), 'model')}. Ctrl-C stops it.",
        "",
    ]
    rows = {
        "API": started.base_url,
        "Documentation": started.docs_url or "not served",
        "API key": started.api_key or "as made with `llmaas keys create`",
        "Models": _models(started),
        "State": str(started.state_dir),
    }
    if started.without_weights:
        rows["Not served"] = f"{', '.join(started.without_weights)}: no weights here"
    if not started.loopback:
        rows["Open to"] = "every machine that can reach this one, with a key; without TLS"
    lines += [f"  {label:<15}{value}" for label, value in rows.items()]
    if started.stand_ins:
        pulled = f"{started.example or started.stand_ins[0]}{started.pull_options}"
        lines += [
            "",
            "The service is real, stand-in weights only know how to use it. For real answers:",
            f"  llmaas pull {pulled}     and start again",
        ]
    if started.example is not None:
        lines += ["", "Try it:", f"  {_curl(started, started.example)}"]
    return "\n".join([*lines, ""])


def _models(started: Started) -> str:
    total, stand_ins = len(started.models), len(started.stand_ins)
    if not stand_ins:
        return f"{total}, all with their own weights"
    if stand_ins == total:
        return f"{total}, all on stand-in weights: nothing has been pulled"
    return f"{total}, of which {stand_ins} on stand-in weights"


def _curl(started: Started, model: str) -> str:
    body = json.dumps(
        {"model": model, "messages": [{"role": "user", "content": CURL_PROMPT}], "max_tokens": 60}
    )
    key = started.api_key or "$LLMAAS_API_KEY"
    return (
        f"curl {started.base_url}/chat/completions "
        f'-H "Authorization: Bearer {key}" -H "Content-Type: application/json" '
        f"-d {shlex.quote(body)}"
    )


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
