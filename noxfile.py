"""Every check of the project, each in an environment of its own: `uv run nox -s tests`."""

import os
from pathlib import Path

import nox

nox.options.default_venv_backend = "uv"
nox.options.reuse_existing_virtualenvs = True
nox.options.error_on_missing_interpreters = False
nox.options.sessions = ["lint", "check", "docs", "wheel", "tests"]

ROOT = Path(__file__).parent


def sync(session: nox.Session, *groups: str) -> None:
    """Install the project, editable, and these dependency groups; llama.cpp is built only once."""
    session.run_install(
        "uv",
        "sync",
        "--quiet",
        "--no-default-groups",
        *(f"--group={group}" for group in groups),
        f"--python={session.virtualenv.location}",
        env={"UV_PROJECT_ENVIRONMENT": session.virtualenv.location},
    )


@nox.session
def tests(session: nox.Session) -> None:
    """Run the tests; arguments after `--` go to pytest."""
    sync(session, "test")
    session.run("pytest", *session.posargs)


@nox.session(python=["3.12", "3.13", "3.14"])
def newer(session: nox.Session) -> None:
    """Run the tests on newer Pythons, where they are installed."""
    sync(session, "test")
    session.run("pytest", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Style, types and the direction of imports."""
    sync(session, "lint")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run(
        "mypy",
        "catalog/llmaas",
        "generators/llmaas",
        "platform/llmaas",
        "noxfile.py",
        env={"MYPYPATH": "catalog:generators:platform"},
    )
    session.run("lint-imports")


@nox.session
def check(session: nox.Session) -> None:
    """The catalogue is valid and every generated file is what it would be generated as."""
    sync(session, "run")
    session.run("llmaas", "check", "--format", "github" if os.environ.get("CI") else "text")


@nox.session
def docs(session: nox.Session) -> None:
    """Build the documentation in all languages; a missing translation is an error."""
    sync(session, "run")
    session.run("llmaas", "docs", "build", "--strict", "--out", "site-build")


@nox.session
def wheel(session: nox.Session) -> None:
    """Build the wheel, install it alone, and use it from an empty directory."""
    dist = Path(session.create_tmp()) / "dist"
    session.run("uv", "build", "--quiet", "--wheel", "--out-dir", str(dist), external=True)
    newest = max(dist.glob("*.whl"), key=lambda path: path.stat().st_mtime)
    constraints = dist / "constraints.txt"
    constraints.write_text("\n".join(_pins()) + "\n")
    session.install("--constraint", str(constraints), f"llmaas[docs] @ {newest.resolve().as_uri()}")
    elsewhere = Path(session.create_tmp()) / "elsewhere"
    elsewhere.mkdir(exist_ok=True)
    session.chdir(elsewhere)
    session.run("llmaas", "--help", silent=True)
    (elsewhere / "models_config.yaml").unlink(missing_ok=True)
    session.run("llmaas", "init", "models_config.yaml")
    session.run("llmaas", "generate", "models_config.yaml")
    session.run("llmaas", "check", "models_config.yaml")
    session.run("llmaas", "models", "list")
    session.run("llmaas", "docs", "build", "--out", "site")


def _pins() -> list[str]:
    """The exact versions that pyproject.toml pins."""
    pyproject = nox.project.load_toml(ROOT / "pyproject.toml")
    pins: list[str] = pyproject["tool"]["uv"]["constraint-dependencies"]
    return pins
