"""What is wrong with the translations of the prose, as far as a machine can tell.

Units are compared with their French; rendered pages are compared with each other. A reversed
meaning in plain words passes: for that there is the reviewer whom each entry names.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from llmaas.generators.site.prose.fences import fences
from llmaas.generators.site.prose.glossary import Glossary, glossary
from llmaas.generators.site.prose.language_guess import Languages, learn
from llmaas.generators.site.prose.units import FIXED, words_of
from llmaas.generators.site.texts import SOURCE_LANGUAGE

DIGITS_ALLOWED = ("TLS 1.3", "AES-256")
"""Names that end in a digit; every other number is a placeholder."""
LONG = 60
"""Letters from which the length of a translation says something."""
SHORTEST_SHARE, LONGEST_SHARE = 0.6, 1.9
_NUMBER = re.compile(r"\d(?:[.,\u00a0\u202f’]?\d)*")
_STRUCTURE = re.compile(r"^\s*(#|[-*] |\d+\. |>|```|~~~)|\n|\|")


@dataclass(frozen=True, order=True)
class Fault:
    """One thing to mend in `prose.<language>.po`, or on the page of a language."""

    language: str
    gate: str
    where: str
    detail: str

    def __str__(self) -> str:
        return f"prose.{self.language}.po: {self.gate}: {self.where[:90]!r}: {self.detail}"


def faults_of_units(translations: Mapping[str, Mapping[str, str]]) -> tuple[Fault, ...]:
    """Check translated units.

    Args:
        translations: by language, then by French unit.
    """
    sources = {source for known in translations.values() for source in known}
    languages = learn(
        {
            SOURCE_LANGUAGE: sorted(sources),
            **{language: known.values() for language, known in translations.items()},
        }
    )
    found = [
        Fault(SOURCE_LANGUAGE, "digits", source, "a number is written out; place it instead")
        for source in sources
        if _digits(source)
    ]
    for language, known in translations.items():
        for source, translated in known.items():
            for gate in _GATES:
                found += [
                    Fault(language, gate.__name__, source, detail)
                    for detail in gate(source, translated)
                ]
            found += _faults_of_language(languages, glossary(), source, translated, language)
    return tuple(sorted(found))


def faults_of_pages(pages: Mapping[str, Mapping[str, str]]) -> tuple[Fault, ...]:
    """Check rendered pages: the same numbers and the same code in every language.

    Args:
        pages: by language, then by path; the first language is what the others are compared with.
    """
    first, *others = pages
    found = []
    for path, page in pages[first].items():
        numbers, code = numbers_of(page), fences(page)
        for language in others:
            other = pages[language].get(path, "")
            if (own := numbers_of(other)) != numbers:
                detail = f"more: {_shown(own - numbers)}; fewer: {_shown(numbers - own)}"
                found.append(Fault(language, "parity", path, detail))
            if fences(other) != code:
                found.append(Fault(language, "code", path, "code blocks differ"))
    return tuple(sorted(found))


def numbers_of(page: str) -> Counter[str]:
    """The numbers on a page, however its language groups them and sets its decimals."""
    body = page.partition("\n---\n")[2] or page
    # The geometry of a picture follows the length of its words; its words are compared.
    body = re.sub(r"<[^>]*>", " ", body)
    return Counter(re.sub(r"\D", "", number) for number in _NUMBER.findall(body))


def placeholders(source: str, translated: str) -> Iterator[str]:
    """Placeholders, code, link targets and HTML are the same, in any order."""
    wanted, given = Counter(FIXED.findall(source)), Counter(FIXED.findall(translated))
    if wanted != given:
        yield f"lost {_shown(wanted - given)}; added {_shown(given - wanted)}"


def digits(_source: str, translated: str) -> Iterator[str]:
    """No number of its own: it would stay when the fact changes."""
    if _digits(translated):
        yield "a number is written out; place it instead"


def structure(_source: str, translated: str) -> Iterator[str]:
    """A unit is one line of text: what would make it a list, a table or a block is refused."""
    if _STRUCTURE.search(words_of(translated)) or not translated.strip():
        yield "not one line of text"


def emphasis(source: str, translated: str) -> Iterator[str]:
    """As much bold as in the source, and opened as often as closed."""
    if source.count("**") != translated.count("**"):
        yield f"{translated.count('**')} marks of bold instead of {source.count('**')}"


def length(source: str, translated: str) -> Iterator[str]:
    """A translation that is far shorter has dropped something, a far longer one added it."""
    wanted, given = len(words_of(source)), len(words_of(translated))
    if wanted >= LONG and not SHORTEST_SHARE <= given / wanted <= LONGEST_SHARE:
        yield f"{given} letters for {wanted}"


def untranslated(source: str, translated: str) -> Iterator[str]:
    """A sentence that is the French one."""
    if source == translated and len(words_of(source).split()) > 3:
        yield "still the French text"


_GATES: tuple[Callable[[str, str], Iterable[str]], ...] = (
    placeholders,
    digits,
    structure,
    emphasis,
    length,
    untranslated,
)


def _faults_of_language(
    languages: Languages, agreed: Glossary, source: str, translated: str, language: str
) -> Iterator[Fault]:
    if other := languages.better(translated, language):
        yield Fault(language, "language", source, f"reads like {other!r}")
    shared = agreed.shared.get(language, frozenset())
    if strays := [word for word in languages.strays(translated, language) if word not in shared]:
        yield Fault(language, "stray", source, f"another language's words: {', '.join(strays)}")
    for term in agreed.missing(source, translated, language):
        yield Fault(language, "glossary", source, f"nothing matches {term!r}")
    for word in agreed.false_friends(translated, language):
        yield Fault(language, "false-friend", source, word)


def _digits(text: str) -> bool:
    text = words_of(text)
    for name in DIGITS_ALLOWED:
        text = text.replace(name, "")
    return bool(re.search(r"\d", text))


def _shown(counts: Counter[str]) -> str:
    return ", ".join(sorted(counts.elements())) or "nothing"
