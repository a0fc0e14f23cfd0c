"""Versions of a small service, each of which an answer gives away.

root      of every model: the version's number
letter    what `talk` says first: its weights, which change with every second version
floating  an alias that belongs to `talk` and `steady` in turn
guest     a model that is there in every third version
talk      deprecated in every fifth
"""

from datetime import date
from hashlib import sha256
from pathlib import Path

from msgspec.structs import replace
from tests.gateway.a_bundle import make_bundle
from tests.workers.conftest import TinyWeights, make_spec

from llmaas.bundle import Bundle, LifecycleEntry, Route, WeightsFile, bundle_files
from llmaas.workers import weights_path

LAST = 20
TALK, STEADY, GUEST, FLOATING = "talk", "steady", "guest", "floating"


def sha(version: int) -> str:
    return sha256(f"version {version}".encode()).hexdigest()


STAMPS = {sha(version)[:12]: version for version in range(LAST + 2)}


def letter(version: int) -> str:
    return chr(ord("A") + version // 2)


def floating(version: int) -> str:
    return STEADY if version % 2 else TALK


def models(version: int) -> set[str]:
    return {TALK, STEADY, *([GUEST] if version % 3 == 0 else [])}


def deprecated(version: int) -> bool:
    return version % 5 == 4


def bundle(version: int, *, broken: bool = False) -> Bundle:
    files = {TALK: f"{'broken' if broken else letter(version)}.gguf"}
    listed = sorted(models(version))
    specs = {
        model: make_spec(
            pool=model,
            weights=WeightsFile("tiny/weights", files.get(model, "steady.gguf"), "F32", None),
            pinned=model == STEADY,
        )
        for model in listed
    }
    made = make_bundle()
    return replace(
        made,
        security=replace(made.security, checks=("check_behavior",), learned_signal=False),
        routing=tuple(
            Route(
                model=model,
                aliases=(FLOATING,) if floating(version) == model else (),
                display_name=model,
                publisher="Example",
                endpoints=("chat.completions", "completions"),
                capabilities=(),
                input_modalities=("text",),
                output_modalities=("text",),
                context_tokens=256,
                root=f"version/{version}",
                pool=model,
            )
            for model in listed
        ),
        lifecycle=tuple(
            LifecycleEntry(
                model=model,
                stability="stable",
                released_on=date(2025, 6, 13),
                support_ends_on=None,
                deprecated_on=date(2025, 11, 1) if model == TALK and deprecated(version) else None,
                removed_on=None,
                successor=STEADY if model == TALK and deprecated(version) else None,
            )
            for model in listed
        ),
        workers=tuple(specs.values()),
    )


def files(version: int, *, broken: bool = False) -> dict[str, str]:
    made = bundle(version, broken=broken)
    return bundle_files(made, catalogue_sha256=sha(version))


def write_weights(tiny: TinyWeights, directory: Path) -> None:
    """The weights of every version, where `llmaas pull` would put them."""
    for version in range(LAST + 2):
        path = _place(directory, f"{letter(version)}.gguf")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(tiny.recital([*f"a{letter(version)}z".encode()]).read_bytes())
    _place(directory, "steady.gguf").write_bytes(tiny.recital([*b"a!?"]).read_bytes())
    _place(directory, "broken.gguf").write_bytes(tiny.random.read_bytes()[:2000])


def _place(directory: Path, name: str) -> Path:
    return weights_path(WeightsFile("tiny/weights", name, "F32", None), directory)
