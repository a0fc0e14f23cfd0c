"""Files that all languages share: kept once, and named after their content where they are ours.

A name that holds a hash never changes its content, so that a browser may keep it for good.
"""

import re
from collections.abc import Iterable, Sequence
from hashlib import sha256
from pathlib import Path

ASSETS = "assets"
OWN = re.compile(r"^[\w-]+\.(?:css|js)$")
"""Our own files; the theme's have a hash in their names already."""


def share_assets(root: Path, folders: Sequence[str], *, base_path: str) -> None:
    """Let every language use the assets of the default one, where they are the same files.

    A language whose assets differ keeps its own.

    Args:
        root: the site; the default language is at its top.
        folders: of the other languages, such as `en/`.
        base_path: where the site is served; pages for missing addresses link from there.
    """
    shared = _hashes(root / ASSETS)
    for folder in folders:
        site = root / folder
        if _hashes(site / ASSETS) != shared:
            continue
        own = f"{base_path.rstrip('/')}/{folder}{ASSETS}/"
        above = f"{base_path.rstrip('/')}/{ASSETS}/"
        for page in site.rglob("*.html"):
            up = "../" * len(page.parent.relative_to(site).parts)
            here = rf"(?<=[\"'=(]){re.escape(up) or '(?:[.]/)?'}{ASSETS}/"
            text = page.read_text(encoding="utf-8").replace(own, above)
            page.write_text(re.sub(here, f"../{up}{ASSETS}/", text), encoding="utf-8")
        _remove(site / ASSETS)


def name_by_content(root: Path) -> None:
    """Put a hash into the names of our own styles and scripts, and into what refers to them."""
    renamed: dict[str, str] = {}
    for file in sorted((root / ASSETS).iterdir()):
        if file.is_file() and OWN.match(file.name):
            digest = sha256(file.read_bytes()).hexdigest()[:8]
            name = f"{file.stem}.{digest}{file.suffix}"
            file.rename(file.with_name(name))
            renamed[f"{ASSETS}/{file.name}"] = f"{ASSETS}/{name}"
    if not renamed:
        return
    pattern = re.compile("|".join(map(re.escape, renamed)))
    for page in root.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        page.write_text(pattern.sub(lambda match: renamed[match[0]], text), encoding="utf-8")


def _hashes(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): sha256(path.read_bytes()).hexdigest()
        for path in _files(folder)
    }


def _files(folder: Path) -> Iterable[Path]:
    return (path for path in folder.rglob("*") if path.is_file())


def _remove(folder: Path) -> None:
    for path in sorted(folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    folder.rmdir()
