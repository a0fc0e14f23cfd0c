"""Which pages of prose there are, in which order and under which headings."""

from dataclasses import dataclass
from pathlib import Path

SOURCES = Path(__file__).parents[2] / "prose" / "fr"


@dataclass(frozen=True)
class Section:
    """A tab of the navigation; `title` is a French text to translate."""

    title: str
    pages: tuple[str, ...]
    """Paths below the sources, which are also the addresses."""


START = Section("Démarrer", ("start/quickstart.md", "start/migration.md", "start/faq.md"))
API = Section("API", ("api/errors.md", "api/compatibility.md"))
GUIDES = Section(
    "Guides",
    (
        "guides/rag.md",
        "guides/rag-faiss.md",
        "guides/rag-qdrant.md",
        "guides/agents.md",
        "guides/ocr.md",
        "guides/transcription.md",
        "guides/cost.md",
        "guides/performance.md",
        "guides/langchain.md",
        "guides/llamaindex.md",
        "guides/haystack.md",
        "guides/semantic-kernel.md",
        "guides/autogen.md",
    ),
)
CONCEPTS = Section(
    "Comprendre",
    (
        "concepts/architecture.md",
        "concepts/tokens.md",
        "concepts/reasoning.md",
        "concepts/security.md",
        "concepts/data.md",
        "concepts/responsibilities.md",
        "concepts/licences.md",
    ),
)
OPERATE = Section(
    "Exploiter",
    (
        "operate/install.md",
        "operate/run.md",
        "operate/secure.md",
        "operate/upgrade.md",
        "maintain/yaml.md",
        "maintain/codes.md",
        "maintain/changelog.md",
    ),
)
SECTIONS = (START, API, GUIDES, CONCEPTS, OPERATE)


def paths() -> tuple[str, ...]:
    """Every page, in the order of the navigation."""
    return tuple(path for section in SECTIONS for path in section.pages)


def source(path: str) -> str:
    """The French text of a page."""
    return (SOURCES / path).read_text(encoding="utf-8")
