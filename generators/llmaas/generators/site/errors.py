"""What can go wrong when the site is built.

DocsError
├── DocsUnavailable     packages are missing
├── UntranslatedError   texts are missing, in a strict build
└── FaultyTranslation   a gate refused a translation, in a strict build
"""


class DocsError(Exception):
    """The site was not built; an earlier one is untouched. The message says what to do."""


class DocsUnavailable(DocsError):  # noqa: N818 - said to people: the docs are unavailable
    """The packages of the `docs` extra are not installed."""


class UntranslatedError(DocsError):
    """Texts that have no reviewed translation."""


class FaultyTranslation(DocsError):  # noqa: N818 - said to people, like the others
    """A translation contradicts its source, as far as a machine can tell."""
