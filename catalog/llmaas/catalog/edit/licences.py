"""Licences by the names under which publishers and other catalogues know them."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class KnownLicence:
    """A licence as the catalogue writes it."""

    id: str
    name: str
    commercial_use: str


_APACHE = KnownLicence("Apache-2.0", "Apache License 2.0", "yes")
_MIT = KnownLicence("MIT", "MIT License", "yes")
_GEMMA = KnownLicence("LicenseRef-Gemma", "Gemma Terms of Use", "restricted")

_BY_NAME: Mapping[str, KnownLicence] = {
    "apache20": _APACHE,
    "apachelicense20": _APACHE,
    "mit": _MIT,
    "gemma": _GEMMA,
    "googlegemmatermsofuse": _GEMMA,
    "gemmatermsofuse": _GEMMA,
    "bsd3clause": KnownLicence("BSD-3-Clause", "BSD 3-Clause License", "yes"),
    "ccby40": KnownLicence("CC-BY-4.0", "Creative Commons Attribution 4.0", "yes"),
    "ccbync40": KnownLicence(
        "CC-BY-NC-4.0", "Creative Commons Attribution-NonCommercial 4.0", "no"
    ),
    **{
        f"llama{version.replace('.', '')}{ending}": KnownLicence(
            f"LicenseRef-Llama-{version}-Community",
            f"Llama {version} Community License",
            "restricted",
        )
        for version in ("2", "3", "3.1", "3.2", "3.3")
        for ending in ("", "community")
    },
}


def known_licence(name: str) -> KnownLicence | None:
    """The licence that a publisher calls so: `apache-2.0`, `MIT Licence`, `llama3.3`."""
    plain = "".join(letter for letter in name.casefold() if letter.isalnum())
    for ending in ("", "license", "licence", "communitylicense", "communitylicence"):
        if plain.endswith(ending) and (found := _BY_NAME.get(plain.removesuffix(ending))):
            return found
    return None
