"""The sources of the site, for another generator to build: `python -m tests.site.sources DIR`.

Writes `DIR/<language>/mkdocs.yml` and `DIR/<language>/docs/`, as MkDocs is given them, with the one
option that its successor needs to look the same.
"""

import json
import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path

from llmaas.catalog import read_catalog
from llmaas.gateway import openapi_document
from llmaas.generators import compile_bundle
from llmaas.generators.site import build
from llmaas.generators.site.pages import OPENAPI_FILE, render_site

CATALOG = Path(__file__).parents[2] / "catalog" / "models_config.yaml"


def main(directory: Path) -> None:
    """Write a project per language."""
    catalog = read_catalog(CATALOG).catalog
    assert catalog is not None
    document = openapi_document(compile_bundle(catalog))
    languages = list(catalog.service.languages)
    for language in languages:
        site = render_site(
            catalog,
            language=language,
            today=datetime.now(UTC).date(),
            catalogue_sha256="0" * 64,
            openapi=json.loads(document),
            stand_in=False,
        ).with_file(OPENAPI_FILE, document)
        config = build.site_config(site, languages, base_path="/docs/")
        config |= {"docs_dir": "docs", "site_dir": "site"}
        project = directory / language
        project.mkdir(parents=True)
        # It looks for the theme beside the configuration.
        shutil.copytree(config["theme"]["custom_dir"], project / "theme")
        config["theme"] |= {"custom_dir": "theme", "variant": "classic"}
        build.write_sources(site, project / "docs", project / "mkdocs.yml", config)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
