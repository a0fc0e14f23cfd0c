"""The site on disk: Markdown of every language, MkDocs over each, one swap at the end.

out_dir/            default language
out_dir/en/ …       the others, under the same paths
"""

import json
import shutil
from collections.abc import Callable, Mapping
from datetime import date
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import yaml

from llmaas.bundle import Bundle
from llmaas.catalog import CatalogFile
from llmaas.catalog.model import Catalog
from llmaas.generators.compile import compile_bundle
from llmaas.generators.fingerprint import catalogue_sha256
from llmaas.generators.site.errors import (
    DocsError,
    DocsUnavailable,
    FaultyTranslation,
    UntranslatedError,
)
from llmaas.generators.site.mkdocs import run_mkdocs

if TYPE_CHECKING:
    from llmaas.generators.site.pages import RenderedSite

HERE = Path(__file__).parent
REQUIRED = ("mkdocs", "material", "babel", "polib", "brotli")
SHOWN = 20

Progress = Callable[[int, int | None], None]


def build_site(
    catalog_file: CatalogFile,
    out_dir: Path,
    *,
    today: date,
    openapi: Callable[[Bundle], str],
    stand_in: bool,
    progress: Progress | None = None,
    strict: bool = False,
    api_base_url: str | None = None,
    base_path: str = "/docs/",
    site_url: str | None = None,
) -> None:
    """Build the site of every language of the catalogue.

    Args:
        catalog_file: a catalogue without errors.
        out_dir: the site; replaced as a whole, or left as it is when something fails.
        today: the day whose phases and prices are shown.
        openapi: describes the API that a bundle makes the gateway serve.
        stand_in: whether stand-in weights may answer; every page says so then.
        progress: told how many languages are done, of how many.
        strict: refuse a site with a text that is not translated, or translated with a fault.
        api_base_url: base URL in the code samples, by default the catalogue's.
        base_path: path under which `out_dir` is served; the page for missing pages needs it.
        site_url: public address of the site, by default `base_path` on the host of the API; feeds,
            `sitemap.xml` and `llms.txt` name it.

    Raises:
        DocsUnavailable: the `docs` extra is not installed.
        UntranslatedError: the build is strict and texts are missing.
        FaultyTranslation: the build is strict and a gate found a fault in a translation.
        DocsError: the catalogue has errors or an unknown language, or MkDocs failed.
    """
    missing = [name for name in REQUIRED if find_spec(name) is None]
    if missing:
        raise DocsUnavailable(
            f"the documentation needs packages that are not installed ({', '.join(missing)}); "
            "install them with: pip install 'llmaas[docs]'"
        )
    report = progress or (lambda _done, _total: None)
    catalog = usable(catalog_file)
    address = _address(catalog, api_base_url, base_path, site_url)
    sites = _render(
        catalog,
        today=today,
        openapi=openapi,
        stand_in=stand_in,
        api_base_url=api_base_url,
        site_url=address,
    )
    if strict:
        _refuse_untranslated(sites)
        _refuse_faulty(sites)
    # MkDocs takes a relative path to start from its configuration, and runs elsewhere.
    out_dir = out_dir.absolute()
    out_dir.parent.mkdir(parents=True, exist_ok=True)
    # Beside the result, so that the swap is a rename and not a copy.
    with TemporaryDirectory(prefix=".site-", dir=out_dir.parent) as work:
        built = _build_languages(sites, Path(work), base_path=base_path, report=report)
        _finish(built, catalog, sites, site_url=address, base_path=base_path)
        _swap(built, out_dir, Path(work))


def usable(catalog_file: CatalogFile) -> Catalog:
    """The catalogue, where a site can be made of it.

    Raises:
        DocsError: it has errors, or a language in which there are no texts.
    """
    from llmaas.generators.site.texts import languages_with_texts  # noqa: PLC0415 - an extra

    catalog = catalog_file.catalog
    if catalog is None or not catalog_file.usable:
        raise DocsError(f"{catalog_file.path}: has errors; run `llmaas check` and mend them first")
    known = languages_with_texts()
    unknown = [language for language in catalog.service.languages if language not in known]
    if unknown:
        raise DocsError(
            f"{catalog_file.path}: service.languages: no texts for {', '.join(unknown)}; "
            f"the documentation speaks {', '.join(known)}"
        )
    return catalog


def _address(
    catalog: Catalog, api_base_url: str | None, base_path: str, site_url: str | None
) -> str:
    """The public address of the site, with a slash at its end."""
    from llmaas.generators.site.pages import public_address  # noqa: PLC0415 - an extra

    if site_url is not None:
        return site_url.rstrip("/") + "/"
    return public_address(api_base_url or catalog.service.base_url, base_path)


def _render(
    catalog: Catalog,
    *,
    today: date,
    openapi: Callable[[Bundle], str],
    stand_in: bool,
    api_base_url: str | None,
    site_url: str,
) -> list["RenderedSite"]:
    from llmaas.generators.site.pages import OPENAPI_FILE, render_site  # noqa: PLC0415 - an extra

    document = openapi(compile_bundle(catalog))
    sites = []
    for language in catalog.service.languages:
        site = render_site(
            catalog,
            language=language,
            today=today,
            catalogue_sha256=catalogue_sha256(catalog),
            openapi=json.loads(document),
            stand_in=stand_in,
            api_base_url=api_base_url,
            site_url=site_url,
        )
        sites.append(site.with_file(OPENAPI_FILE, document))
    return sites


def _refuse_untranslated(sites: list["RenderedSite"]) -> None:
    missing = [text for site in sites for text in site.missing]
    if missing:
        shown = "\n  ".join(str(text) for text in missing[:SHOWN])
        more = f"\n  and {len(missing) - SHOWN} more" if len(missing) > SHOWN else ""
        raise UntranslatedError(
            f"{len(missing)} texts have no reviewed translation:\n  {shown}{more}\n"
            "translate them in generators/llmaas/generators/messages/, or build without strict"
        )


def _refuse_faulty(sites: list["RenderedSite"]) -> None:
    from llmaas.generators.site.prose.contents import paths  # noqa: PLC0415 - an extra
    from llmaas.generators.site.prose.gates import (  # noqa: PLC0415 - an extra
        faults_of_pages,
        faults_of_units,
    )
    from llmaas.generators.site.prose.texts import translations_of  # noqa: PLC0415 - an extra

    pages = {site.language: {path: site.pages[path] for path in paths()} for site in sites}
    faults = (*faults_of_units(translations_of(pages)), *faults_of_pages(pages))
    if faults:
        shown = "\n  ".join(str(fault) for fault in faults[:SHOWN])
        more = f"\n  and {len(faults) - SHOWN} more" if len(faults) > SHOWN else ""
        raise FaultyTranslation(
            f"{len(faults)} faults in translations:\n  {shown}{more}\n"
            "mend them in generators/llmaas/generators/messages/ and have them reviewed"
        )


def _build_languages(
    sites: list["RenderedSite"], work: Path, *, base_path: str, report: Progress
) -> Path:
    """Build each language by itself, then put the others below the default one."""
    languages = [site.language for site in sites]
    configs = {}
    for site in sites:
        sources, configs[site.language] = (
            work / f"{site.language}-pages",
            work / f"{site.language}.yml",
        )
        places = {"docs_dir": str(sources), "site_dir": str(_site_of(work, site.language))}
        config = site_config(site, languages, base_path=base_path) | places
        write_sources(site, sources, configs[site.language], config)
    report(0, len(sites))
    for done, language in enumerate(run_mkdocs(configs, work), start=1):
        for name in ("sitemap.xml", "sitemap.xml.gz"):
            # One for all languages is written in the end.
            (_site_of(work, language) / name).unlink(missing_ok=True)
        report(done, len(sites))
    root = _site_of(work, languages[0])
    for language in languages[1:]:
        _site_of(work, language).rename(root / language)
    return root


def _finish(
    root: Path,
    catalog: Catalog,
    sites: list["RenderedSite"],
    *,
    site_url: str,
    base_path: str,
) -> None:
    from llmaas.generators.site.pages import folder_of  # noqa: PLC0415 - an extra
    from llmaas.generators.site.publish import finish_site  # noqa: PLC0415 - an extra
    from llmaas.generators.site.publish.finish import LanguageSite  # noqa: PLC0415 - an extra
    from llmaas.generators.site.publish.redirects import redirects_of  # noqa: PLC0415 - an extra

    finish_site(
        root,
        [
            LanguageSite(
                language=site.language,
                folder=folder_of(catalog, site.language),
                pages=site.pages,
                navigation=site.navigation,
                name=site.texts.site_name,
                summary=site.texts.description,
                moved=site.texts.moved,
            )
            for site in sites
        ],
        redirects=redirects_of(catalog),
        site_url=site_url,
        base_path=base_path,
    )


def write_sources(
    site: "RenderedSite", sources: Path, config_file: Path, config: Mapping[str, Any]
) -> None:
    """Write the pages of a language and the configuration that MkDocs or a successor builds."""
    for path, text in (*site.pages.items(), *site.files.items()):
        target = sources / path
        target.parent.mkdir(parents=True, exist_ok=True)
        # Line ends as they are: those of a calendar are part of its format.
        target.write_text(text, encoding="utf-8", newline="")
    # JSON is YAML, and needs no care with quoting.
    config_file.write_text(json.dumps(config))


def _site_of(work: Path, language: str) -> Path:
    return work / f"{language}-site"


def site_config(site: "RenderedSite", languages: list[str], *, base_path: str) -> dict[str, Any]:
    """The configuration of a language, without where its files are."""
    from llmaas.generators.site.formats import own_name  # noqa: PLC0415 - an extra

    config: dict[str, Any] = yaml.safe_load((HERE / "mkdocs.yml").read_text(encoding="utf-8"))
    default = languages[0]
    folder = "" if site.language == default else f"{site.language}/"
    texts = site.texts
    config |= {
        "site_name": texts.site_name,
        "site_description": texts.description,
        "copyright": texts.status_line,
        "nav": site.navigation,
        "plugins": [
            {
                "search": {
                    "lang": [site.language],
                    # No stemmer: words stay whole in the index, and the site's own script asks
                    # for their other forms. With stems in it, what is typed finds nothing as
                    # soon as it is longer than a stem.
                    "pipeline": ["stopWordFilter", "trimmer"],
                }
            }
        ],
    }
    config["theme"] |= {
        "language": site.language,
        "custom_dir": str(HERE / "theme"),
        "palette": [
            {
                "media": f"(prefers-color-scheme: {scheme})",
                "scheme": name,
                "primary": "custom",
                "accent": "custom",
                "toggle": {"icon": icon, "name": label},
            }
            for scheme, name, icon, label in (
                ("light", "default", "material/weather-night", texts.to_dark),
                ("dark", "slate", "material/weather-sunny", texts.to_light),
            )
        ],
    }
    config["extra"] |= {
        "announcement": texts.announcement,
        "to_weights": texts.to_weights,
        "as_markdown": texts.as_markdown,
        "not_found": texts.not_found,
        "not_found_help": texts.not_found_help,
        "not_found_links": texts.not_found_links,
        "base_path": _absolute(base_path, folder),
        "to_root": "" if not folder else "../",
        # Where the choice of light or dark is kept: the same for all languages.
        "scope": _absolute(base_path, ""),
        "languages": [
            {
                "code": code,
                "name": own_name(code),
                "folder": "" if code == default else f"{code}/",
            }
            for code in languages
        ],
    }
    config["markdown_extensions"].append(
        {"toc": {"permalink": "#", "permalink_title": texts.permalink, "toc_depth": 3}}
    )
    return config


def _absolute(base_path: str, folder: str) -> str:
    """The root of a language's site, as templates want it: without a slash at its end.

    The root of the host is written `/.`: as an empty text it would make links relative, and as `/`
    it would make them begin with two slashes, which is another host.
    """
    parts = [part for part in (*base_path.split("/"), folder.strip("/")) if part]
    return "/" + "/".join(parts or ["."])


def _swap(built: Path, out_dir: Path, work: Path) -> None:
    """Put the new site in the place of the old one, which is kept until then."""
    old = work / "replaced"
    if out_dir.exists():
        out_dir.rename(old)
    try:
        built.rename(out_dir)
    except OSError:
        if old.exists():
            old.rename(out_dir)
        raise
    shutil.rmtree(old, ignore_errors=True)
