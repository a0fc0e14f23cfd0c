"""Code a reader can copy: the same in every language, with the id of the model beside it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from llmaas.catalog.model import Model

PROMPT = "Explain photosynthesis in two sentences."
RECORDING = "recording.mp3"
PASSAGE = "Data stays under the law of the place where it is processed."


@dataclass(frozen=True)
class Sample:
    """A code block: `syntax` is its language for highlighting, `title` the label of its tab."""

    title: str
    syntax: str
    code: str


def samples_for(model: Model, *, base_url: str, served: frozenset[str]) -> tuple[Sample, ...]:
    """Samples for the first endpoint of the model that the service answers; none if there is none.

    Args:
        model: the model to call.
        base_url: base URL of the API, ending in `/v1`.
        served: endpoints that the service answers.
    """
    if "chat.completions" in model.endpoints and "chat.completions" in served:
        return (
            _chat_curl(model.id, base_url),
            _chat_python(model.id, base_url),
            _chat_javascript(model.id, base_url),
        )
    if "embeddings" in model.endpoints and "embeddings" in served:
        return (
            _embeddings_curl(model.id, base_url),
            _embeddings_python(model.id, base_url),
            _embeddings_javascript(model.id, base_url),
        )
    if "audio.transcriptions" in model.endpoints and "audio.transcriptions" in served:
        return (
            _transcription_curl(model.id, base_url),
            _transcription_python(model.id, base_url),
            _transcription_javascript(model.id, base_url),
        )
    return ()


def request_sample(method: str, url: str, body: str) -> Sample:
    """A request as a command, with the body of the description of the API."""
    lines = [f"curl {url}"] if method == "GET" else [f"curl -X {method} {url}"]
    lines.append('  -H "Authorization: Bearer $LLMAAS_API_KEY"')
    if body:
        lines[0] = f"curl {url}"
        # A quote inside the quotes of a shell; no line of JSON begins within a text.
        quoted = body.replace("'", "'\\''").replace("\n", "\n  ")
        lines += ['  -H "Content-Type: application/json"', f"  -d '{quoted}'"]
    return Sample("curl", "bash", " \\\n".join(lines))


def form_sample(url: str, fields: Mapping[str, str]) -> Sample:
    """A form as a command; the field `file` is the name of one."""
    lines = [f"curl {url}", '  -H "Authorization: Bearer $LLMAAS_API_KEY"']
    lines += [
        f"  -F {name}=@{value}" if name == "file" else f'  -F {name}="{value}"'
        for name, value in fields.items()
    ]
    return Sample("curl", "bash", " \\\n".join(lines))


def _chat_curl(model: str, base_url: str) -> Sample:
    body = {
        "model": model,
        "messages": [{"role": "user", "content": PROMPT}],
        "max_tokens": 200,
    }
    return _curl(f"{base_url}/chat/completions", body)


def _embeddings_curl(model: str, base_url: str) -> Sample:
    return _curl(f"{base_url}/embeddings", {"model": model, "input": PASSAGE})


def _curl(url: str, body: object) -> Sample:
    return request_sample("POST", url, json.dumps(body, indent=2, ensure_ascii=False))


_CLIENT = """\
import os

from openai import OpenAI

client = OpenAI(
    base_url="{base_url}",
    api_key=os.environ["LLMAAS_API_KEY"],
)
"""


def _chat_python(model: str, base_url: str) -> Sample:
    code = f"""\
{_CLIENT.format(base_url=base_url)}
answer = client.chat.completions.create(
    model="{model}",
    messages=[{{"role": "user", "content": "{PROMPT}"}}],
    max_tokens=200,
)
print(answer.choices[0].message.content)"""
    return Sample("Python", "python", code)


def _embeddings_python(model: str, base_url: str) -> Sample:
    code = f"""\
{_CLIENT.format(base_url=base_url)}
answer = client.embeddings.create(
    model="{model}",
    input="{PASSAGE}",
)
vector = answer.data[0].embedding
print(len(vector), vector[:3])"""
    return Sample("Python", "python", code)


def _transcription_curl(model: str, base_url: str) -> Sample:
    return form_sample(f"{base_url}/audio/transcriptions", {"file": RECORDING, "model": model})


def _transcription_python(model: str, base_url: str) -> Sample:
    code = f"""\
{_CLIENT.format(base_url=base_url)}
with open("{RECORDING}", "rb") as recording:
    answer = client.audio.transcriptions.create(
        model="{model}",
        file=recording,
    )
print(answer.text)"""
    return Sample("Python", "python", code)


_CLIENT_JAVASCRIPT = """\
import OpenAI from "openai";

const client = new OpenAI({{
  baseURL: "{base_url}",
  apiKey: process.env.LLMAAS_API_KEY,
}});
"""


def _chat_javascript(model: str, base_url: str) -> Sample:
    code = f"""\
{_CLIENT_JAVASCRIPT.format(base_url=base_url)}
const answer = await client.chat.completions.create({{
  model: "{model}",
  messages: [{{ role: "user", content: "{PROMPT}" }}],
  max_tokens: 200,
}});
console.log(answer.choices[0].message.content);"""
    return Sample("JavaScript", "javascript", code)


def _transcription_javascript(model: str, base_url: str) -> Sample:
    code = f"""\
import fs from "node:fs";

{_CLIENT_JAVASCRIPT.format(base_url=base_url)}
const answer = await client.audio.transcriptions.create({{
  model: "{model}",
  file: fs.createReadStream("{RECORDING}"),
}});
console.log(answer.text);"""
    return Sample("JavaScript", "javascript", code)


def _embeddings_javascript(model: str, base_url: str) -> Sample:
    code = f"""\
{_CLIENT_JAVASCRIPT.format(base_url=base_url)}
const answer = await client.embeddings.create({{
  model: "{model}",
  input: "{PASSAGE}",
}});
const vector = answer.data[0].embedding;
console.log(vector.length, vector.slice(0, 3));"""
    return Sample("JavaScript", "javascript", code)
