"""Messages of a conversation, as a caller may send them."""

from itertools import count
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from llmaas.bundle.images import FORMATS, MAX_BYTES, MAX_PIXELS


class TextPart(msgspec.Struct, tag="text"):
    """Text inside a list of parts."""

    text: str


class ImageUrl(msgspec.Struct, omit_defaults=True):
    """An image, written into a `data:` URI in base64; addresses are not fetched."""

    url: Annotated[
        str,
        Meta(
            description=f"`data:image/png;base64,…`: {', '.join(FORMATS)}, at most "
            f"{MAX_BYTES // 2**20} MiB and {MAX_PIXELS // 10**6} million pixels."
        ),
    ]
    detail: Annotated[
        Literal["auto", "low", "high"] | None,
        Meta(description="Accepted; the model decides how closely it looks."),
    ] = None


class ImageUrlPart(msgspec.Struct, tag="image_url"):
    """An image for a model that sees."""

    image_url: ImageUrl


class ImagePart(msgspec.Struct, tag="image"):
    """Short form of an image part: the `data:` URI itself."""

    image: str


Part = TextPart | ImageUrlPart | ImagePart
Content = str | Annotated[list[Part], Meta(min_length=1)]


class CalledFunction(msgspec.Struct):
    """The function an assistant called; `arguments` is JSON in a string."""

    name: str
    arguments: str


class ToolCall(msgspec.Struct):
    """A call the assistant made earlier in the conversation."""

    id: str
    function: CalledFunction
    type: Literal["function"] = "function"


class SystemMessage(msgspec.Struct, tag_field="role", tag="system", omit_defaults=True):
    """Instructions that come before the conversation."""

    content: Content
    name: str | None = None


class DeveloperMessage(msgspec.Struct, tag_field="role", tag="developer", omit_defaults=True):
    """The newer name of a system message; treated as one."""

    content: Content
    name: str | None = None


class UserMessage(msgspec.Struct, tag_field="role", tag="user", omit_defaults=True):
    """What the person says."""

    content: Content
    name: str | None = None


class AssistantMessage(msgspec.Struct, tag_field="role", tag="assistant", omit_defaults=True):
    """An earlier answer of the model; it has content, tool calls, or both."""

    content: Content | None = None
    reasoning_content: str | None = None
    tool_calls: list[ToolCall] | None = None
    name: str | None = None


class ToolMessage(msgspec.Struct, tag_field="role", tag="tool", omit_defaults=True):
    """What a tool answered."""

    content: Content
    tool_call_id: str
    name: str | None = None


Message = SystemMessage | DeveloperMessage | UserMessage | AssistantMessage | ToolMessage


def to_template(messages: list[Message]) -> list[dict[str, Any]]:
    """The messages as a chat template reads them: plain dictionaries, absent fields left out.

    Images are numbered in the order in which they come.
    """
    plain: list[dict[str, Any]] = msgspec.to_builtins(messages)
    numbers = count()
    for message in plain:
        if message["role"] == "developer":
            message["role"] = "system"
        content = message.get("content")
        if isinstance(content, list):
            message["content"] = [
                part if part["type"] == "text" else {"type": "image", "image": next(numbers)}
                for part in content
            ]
    return plain
