"""Log probabilities of the worker as the two operations tell them."""

from collections.abc import Sequence

from llmaas.gateway.wire import ChatLogprobs, CompletionLogprobs, ContentLogprob, TopLogprob
from llmaas.workers.protocol import Likelihood, TokenLogprob

LEAST = -9999.0
"""Instead of minus infinity, which JSON does not have."""


def chat_logprobs(tokens: Sequence[TokenLogprob]) -> ChatLogprobs:
    """With the bytes of every token: a character may be cut in two."""
    return ChatLogprobs(
        content=[
            ContentLogprob(
                token=_text(token.chosen),
                logprob=_finite(token.chosen),
                bytes=list(token.chosen.token),
                top_logprobs=[
                    TopLogprob(token=_text(each), logprob=_finite(each), bytes=list(each.token))
                    for each in token.top
                ],
            )
            for token in tokens
        ]
    )


def completion_logprobs(tokens: Sequence[TokenLogprob], *, offset: int) -> CompletionLogprobs:
    """The older form.

    Args:
        tokens: of the text, or of a piece of it.
        offset: characters of the text before.
    """
    texts = [_text(token.chosen) for token in tokens]
    offsets = []
    for text in texts:
        offsets.append(offset)
        offset += len(text)
    return CompletionLogprobs(
        tokens=texts,
        token_logprobs=[_finite(token.chosen) for token in tokens],
        top_logprobs=[{_text(each): _finite(each) for each in token.top} for token in tokens],
        text_offset=offsets,
    )


def _text(likelihood: Likelihood) -> str:
    return likelihood.token.decode("utf-8", "replace")


def _finite(likelihood: Likelihood) -> float:
    return max(LEAST, likelihood.logprob)
