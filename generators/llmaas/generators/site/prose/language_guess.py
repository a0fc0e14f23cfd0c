"""Which of the site's languages a text is in, learned from the site's own texts.

Trigrams of whole units, by naive Bayes; the unit itself is taken out of what was learned, so that a
French sentence left in the German file does not vouch for itself. And single words: one that its
own language uses nowhere else, and that another one uses again and again, has strayed in.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from llmaas.generators.site.prose.units import words_of

SHORTEST = 25
"""Letters from which a unit can be told; shorter ones are names and headings."""
MARGIN = 0.35
"""Log-likelihood per trigram by which another language must be better."""
WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
USUAL = 4
"""Units of another language in which a word is to be found before it counts as that language's."""


@dataclass(frozen=True)
class Languages:
    """What was learned of each language."""

    trigrams: Mapping[str, Counter[str]]
    words: Mapping[str, Counter[str]]

    def better(self, text: str, language: str) -> str | None:
        """Another language that a unit of `language` reads like; none where it is as it should."""
        own = _trigrams(text)
        if sum(own.values()) < SHORTEST:
            return None
        scores = {
            each: self._likelihood(own, each, without=own if each == language else Counter())
            for each in self.trigrams
        }
        best = max(scores, key=lambda each: scores[each])
        margin = (scores[best] - scores[language]) / sum(own.values())
        return best if best != language and margin > MARGIN else None

    def strays(self, text: str, language: str) -> tuple[str, ...]:
        """Words of another language in a unit of `language`."""
        found = []
        for word in sorted(set(_words(text))):
            if self.words[language][word] > 1:
                continue
            others = [each for each in self.words if each != language]
            if max(self.words[each][word] for each in others) >= USUAL:
                found.append(word)
        return tuple(found)

    def _likelihood(self, own: Counter[str], language: str, *, without: Counter[str]) -> float:
        known = self.trigrams[language]
        total = max(0, sum(known.values()) - sum(without.values()))
        vocabulary = len(known) + 1
        return sum(
            count
            * math.log((max(0, known[gram] - without[gram]) + 0.5) / (total + 0.5 * vocabulary))
            for gram, count in own.items()
        )


def learn(texts: Mapping[str, Iterable[str]]) -> Languages:
    """Learn languages from texts that are written in them, by language."""
    trigrams: dict[str, Counter[str]] = {}
    words: dict[str, Counter[str]] = {}
    for language, written in texts.items():
        trigrams[language] = Counter()
        words[language] = Counter()
        for text in written:
            trigrams[language].update(_trigrams(text))
            words[language].update(set(_words(text)))
    return Languages(trigrams, words)


def _trigrams(text: str) -> Counter[str]:
    letters = f" {' '.join(WORD.findall(words_of(text).lower()))} "
    return Counter(letters[at : at + 3] for at in range(len(letters) - 2))


def _words(text: str) -> list[str]:
    return [
        word for word in WORD.findall(words_of(text).lower().replace("’", "'")) if len(word) > 1
    ]
