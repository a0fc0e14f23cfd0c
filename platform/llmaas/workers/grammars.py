"""Grammars that bind an answer: compiled when a request is read, asked for every token.

    GBNF or JSON schema → rules → llama.cpp's own parser → a state that allows some tokens

Everything a caller can get wrong fails in `compile_grammar`; what runs in the engine cannot fail.
"""

import codecs
import ctypes
import json
import re
import time
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import llama_cpp.llama_cpp as llama

from llmaas.workers.protocol import Grammar
from llmaas.workers.schema_keywords import SchemaError
from llmaas.workers.schema_rules import schema_rules

MAX_GRAMMAR_CHARACTERS = 65_536
MAX_TRIGGER_CHARACTERS = 512
"""A trigger is looked for in so much of the end of what is written."""
MAX_ASKED_ABOUT = 4096
"""Tokens about which a grammar is asked at once."""
MAX_STEP_S = 1.0
"""Processor time for one question; a grammar over the largest vocabularies takes a tenth of it.

The ways to read a text by an ambiguous grammar multiply with every token, and llama.cpp follows
them all. So what has become slow becomes endless, and holds up every other answer.
"""
MAX_NESTING = 128
"""llama.cpp's parser and the schema converter recurse: depth is stack, and no stack is endless."""


class GrammarError(Exception):
    """A grammar or schema nobody can follow; the message is for the caller."""


@dataclass(frozen=True)
class CompiledGrammar:
    """Rules that were parsed once without error."""

    rules: str
    triggers: tuple[re.Pattern[str], ...]
    root: str = "root"


def compile_grammar(grammar: Grammar, vocab: Any) -> CompiledGrammar:
    """Check a grammar and translate a schema.

    Raises:
        GrammarError: the message says what is wrong.
    """
    if (grammar.gbnf is None) == (grammar.json_schema is None):
        raise GrammarError("grammar: give either rules or a JSON schema")
    if grammar.gbnf is not None:
        rules = grammar.gbnf
    else:
        rules = _schema_rules(json.dumps(grammar.json_schema, sort_keys=False))
    _check_size(rules)
    _free(_start(rules, grammar.root, vocab))
    try:
        triggers = tuple(re.compile(pattern) for pattern in grammar.triggers)
    except re.error as error:
        raise GrammarError(f"grammar: a trigger is no regular expression ({error})") from error
    return CompiledGrammar(rules, triggers, grammar.root)


@lru_cache(maxsize=256)
def _schema_rules(schema: str) -> str:
    if _depth(schema, "{[", "}]") > MAX_NESTING:
        raise GrammarError(f"json_schema: nested deeper than {MAX_NESTING} levels")
    try:
        return schema_rules(json.loads(schema))
    except SchemaError as error:
        raise GrammarError(f"json_schema: {error}") from error


def _check_size(rules: str) -> None:
    if len(rules) > MAX_GRAMMAR_CHARACTERS:
        raise GrammarError(
            f"grammar: {len(rules)} characters of rules; at most {MAX_GRAMMAR_CHARACTERS}"
        )
    if _depth(rules, "(", ")") > MAX_NESTING:
        raise GrammarError(f"grammar: nested deeper than {MAX_NESTING} levels")
    if "\0" in rules:
        raise GrammarError("grammar: has a null character")


def _depth(text: str, opening: str, closing: str) -> int:
    depth = deepest = 0
    for character in text:
        if character in opening:
            depth += 1
            deepest = max(deepest, depth)
        elif character in closing:
            depth -= 1
    return deepest


def _start(rules: str, root: str, vocab: Any) -> Any:
    state = llama.llama_sampler_init_grammar(vocab, rules.encode(), root.encode())
    if not state:
        raise GrammarError("grammar: not valid GBNF; it needs a rule `root` and no left recursion")
    return state


def _free(state: Any) -> None:
    llama.llama_sampler_free(state)


def _check_time(began: float) -> None:
    if time.thread_time() - began > MAX_STEP_S:
        raise GrammarError(
            f"grammar: too ambiguous, or too large: one step of it took more than {MAX_STEP_S:g} s"
        )


class GrammarState:
    """Where one generation is in its grammar.

    With triggers it binds nothing until one of them matches; what follows the match, from the start
    of its first group on, is then read by the grammar. Text that already contradicts it cannot be
    taken back: such an answer stays unbound, as the model wrote it.
    """

    def __init__(self, compiled: CompiledGrammar, vocab: Any) -> None:
        self._compiled = compiled
        self._vocab = vocab
        self._state: Any = None if compiled.triggers else self._started()
        self._waits = bool(compiled.triggers)
        self._utf8 = codecs.getincrementaldecoder("utf-8")(errors="ignore")
        self._written = ""
        self._one = (llama.llama_token_data * 1)()
        self._array = llama.llama_token_data_array(
            ctypes.cast(self._one, llama.llama_token_data_p), 1, -1, False
        )

    @property
    def binds(self) -> bool:
        """Whether the next token is bound."""
        return self._state is not None

    def allows(self, token: int) -> bool:
        """Whether a token may follow."""
        if self._state is None:
            return True
        self._one[0].id, self._one[0].logit = token, 0.0
        began = time.thread_time()
        llama.llama_sampler_apply(self._state, ctypes.byref(self._array))
        _check_time(began)
        return bool(self._one[0].logit == 0.0)

    def restrict(self, candidates: Any) -> None:
        """Give what may not follow a logit of minus infinity.

        Raises:
            GrammarError: that took too long.
        """
        # Every token is judged by itself, so they can be asked about in pieces; one after the other
        # would be slow, and all at once has no end that could be waited for.
        began, start, count = time.thread_time(), 0, 1
        first = ctypes.addressof(candidates.data.contents)
        while start < candidates.size:
            at = first + start * ctypes.sizeof(llama.llama_token_data)
            piece = llama.llama_token_data_array(
                ctypes.cast(at, llama.llama_token_data_p),
                min(count, candidates.size - start),
                -1,
                False,
            )
            llama.llama_sampler_apply(self._state, ctypes.byref(piece))
            _check_time(began)
            start, count = start + count, min(2 * count, MAX_ASKED_ABOUT)

    def accept(self, token: int, piece: bytes) -> None:
        """The token that was chosen; it must be allowed.

        Raises:
            GrammarError: that took too long.
        """
        if self._state is not None:
            began = time.thread_time()
            llama.llama_sampler_accept(self._state, token)
            _check_time(began)
        elif self._waits:
            self._written += self._utf8.decode(piece)
            self._look_for_trigger()

    def close(self) -> None:
        """Free the state."""
        if self._state is not None:
            _free(self._state)
            self._state = None

    def _started(self) -> Any:
        return _start(self._compiled.rules, self._compiled.root, self._vocab)

    def _look_for_trigger(self) -> None:
        # Only the end is new; looking at all of it with every token would be quadratic.
        since = max(0, len(self._written) - MAX_TRIGGER_CHARACTERS)
        for pattern in self._compiled.triggers:
            match = pattern.search(self._written, since)
            if match is None:
                continue
            start = match.start(1) if pattern.groups and match.start(1) >= 0 else match.start()
            written, self._written = self._written[start:], ""
            self._waits = False
            self._state = self._started()
            self._replay(written.encode())
            return

    def _replay(self, written: bytes) -> None:
        tokens = (llama.llama_token * (len(written) + 8))()
        count = llama.llama_tokenize(
            self._vocab, written, len(written), tokens, len(tokens), False, True
        )
        for token in tokens[:count]:
            if not self.allows(token):
                self.close()
                return
            llama.llama_sampler_accept(self._state, token)
