"""The first token of a model that was just loaded, so that no caller waits for it.

It reads the weights into memory once and proves that the model answers, not only that it loads.
"""

from contextlib import aclosing

from llmaas.workers.lease import Lease
from llmaas.workers.protocol import Embed, Generate

_PROMPT = "Hello"


async def warm(lease: Lease) -> None:
    """Let the worker answer once.

    Raises:
        GenerationFailed: it loads and cannot answer.
    """
    if lease.served.spec.kind == "embedding":
        await lease.embed(Embed(0, [_PROMPT]))
        return
    async with aclosing(lease.generate(Generate(0, prompt=_PROMPT, max_tokens=1))) as answer:
        async for _ in answer:
            pass
