"""Keys of a catalogue for which a language has no words, at their places in the file."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from llmaas.catalog import CatalogFile, Problem
from llmaas.catalog.codes import Code
from llmaas.catalog.diagnostics import Severity
from llmaas.catalog.document import Loc
from llmaas.catalog.model import Catalog
from llmaas.catalog.wording import closest
from llmaas.generators.site.texts import languages_with_texts, words_of

TEXT_CODES = (
    Code("unknown-language", "texts", "A language in which the documentation has no texts."),
    Code("missing-text", "texts", "A key has no words in a language; your own keys are warnings."),
)
"""The codes of these problems, as `llmaas.catalog.CODES` has those of a catalogue."""
_REMEDIES: Mapping[Severity, str] = {
    "error": "add them to generators/llmaas/generators/messages/vocabulary.*.po",
    "warning": "readers see the key itself; no other text depends on it",
}


def untranslated(catalog_file: CatalogFile, *, severity: Severity) -> tuple[Problem, ...]:
    """Every key without words once, where it is first used, and every language without texts.

    Args:
        catalog_file: a catalogue without errors.
        severity: of a missing word. Who has only the installed program cannot add one.
    """
    catalog = catalog_file.catalog
    assert catalog is not None
    known = languages_with_texts()
    languages = catalog.service.languages
    problems = [
        _problem(
            catalog_file,
            ("service", "languages", at),
            code="unknown-language",
            message=f"the documentation has no texts in `{language}`",
            remedy=f"remove it; there are texts in {', '.join(known)}",
        )
        for at, language in enumerate(languages)
        if language not in known
    ]
    words = {language: words_of(language) for language in languages if language in known}
    seen = set()
    for loc, category, key in _keys(catalog):
        without = [code for code, there in words.items() if (category, key) not in there]
        if without and (category, key) not in seen:
            seen.add((category, key))
            near = closest(key, tuple(k for c, k in words_of(known[0]) if c == category))
            problem = _problem(
                catalog_file,
                loc,
                code="missing-text",
                message=f"`{key}` has no words in {', '.join(without)}",
                remedy=f"did you mean `{near}`?" if near else _REMEDIES[severity],
            )
            problems.append(replace(problem, severity=severity))
    return tuple(problems)


def _keys(catalog: Catalog) -> Iterator[tuple[Loc, str, str]]:
    """Keys that the author of a catalogue chooses, with the category of their words."""
    for index, tier in enumerate(catalog.tiers):
        yield ("tiers", index, "audience"), "audience", tier.audience
    for index, model in enumerate(catalog.models):
        for at, tag in enumerate(model.tags):
            yield ("models", index, "tags", at), "tag", tag
        for at, use_case in enumerate(model.use_cases):
            yield ("models", index, "use_cases", at), "use_case", use_case
        for at, exception in enumerate(model.exceptions):
            yield ("models", index, "exceptions", at, "reason"), "exception", exception.reason


def _problem(
    catalog_file: CatalogFile, loc: Loc, *, code: str, message: str, remedy: str
) -> Problem:
    place = catalog_file.document.position(loc)
    return Problem(str(catalog_file.path), place.line, place.column, code, message, remedy)
