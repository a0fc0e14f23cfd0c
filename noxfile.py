"""Every check of the project, each in an environment of its own: `uv run nox -s tests`."""

import os
import shutil
import sys
import sysconfig
import tempfile
from pathlib import Path

import nox

nox.options.sessions = ["lint", "check", "docs", "wheel", "tests"]

ROOT = Path(__file__).parent
ZENSICAL = "0.0.73"
"""The last version of MkDocs Material's successor that needs no package beside it."""
LANGUAGE_SERVER = "1.25.0"
"""Version of the YAML language server that editors are tried with."""
PRE_COMMIT = "4.7.0"
"""Version of the program that calls the hooks."""


def sync(session: nox.Session) -> None:
    """Complete the environment that `uv run` made: one for all sessions.

    llama.cpp is built from source in some minutes, and uv builds it again for another environment
    wherever the package index does not let it cache the source.
    """
    session.run("uv", "sync", "--quiet", "--all-groups", external=True)


@nox.session(venv_backend="none")
def tests(session: nox.Session) -> None:
    """Run the tests; arguments after `--` go to pytest."""
    sync(session)
    session.run("pytest", *session.posargs)


@nox.session(python=["3.12", "3.13", "3.14"], venv_backend="uv", reuse_venv=True)
def newer(session: nox.Session) -> None:
    """Run the tests on newer Pythons, where installed; each builds its own llama.cpp."""
    session.run_install(
        "uv",
        "sync",
        "--quiet",
        "--all-groups",
        f"--python={session.virtualenv.location}",
        env={"UV_PROJECT_ENVIRONMENT": session.virtualenv.location},
    )
    session.run("pytest", *session.posargs)


@nox.session(venv_backend="none")
def lint(session: nox.Session) -> None:
    """Style, types and the direction of imports."""
    sync(session)
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


@nox.session(venv_backend="none")
def check(session: nox.Session) -> None:
    """The catalogue is valid and every generated file is what it would be generated as."""
    sync(session)
    session.run("llmaas", "check", "--format", "github" if os.environ.get("CI") else "text")


@nox.session(venv_backend="none")
def docs(session: nox.Session) -> None:
    """Build the documentation in all languages; a missing translation is an error."""
    sync(session)
    session.run("llmaas", "docs", "build", "--strict", "--out", "site-build")


@nox.session(venv_backend="none")
def samples(session: nox.Session) -> None:
    """Run the documentation's samples for frameworks, each page with its own exact packages.

    Apart from `tests`: they bring some hundred packages that nothing else needs.
    """
    sync(session)
    venvs = Path(session.create_tmp()).resolve() / "venvs"
    for requirements in sorted((ROOT / "tests" / "site" / "sample_requirements").glob("*.txt")):
        venv = venvs / requirements.stem
        create = ("uv", "venv", "--quiet", "--allow-existing", "--python", sys.executable)
        session.run(*create, str(venv), external=True)
        install = ("uv", "pip", "sync", "--quiet", "--python", str(venv / "bin" / "python"))
        session.run(*install, str(requirements), external=True)
    env = {"SAMPLES_VENVS": str(venvs)}
    framework = ("-k", "test_a_sample_of_a_framework_runs")
    session.run("pytest", "tests/site/test_samples.py", *framework, *session.posargs, env=env)


@nox.session(venv_backend="none")
def deaths(session: nox.Session) -> None:
    """Kill whole services under load, fifty times on each database, and check every bill."""
    sync(session)
    session.run(
        "pytest",
        "tests/accounts/test_crashes.py",
        "tests/accounts/test_service_deaths.py",
        *("-s", "--timeout=3600"),
        *session.posargs,
        env={"LLMAAS_TEST_DEATHS": "52"},
    )


@nox.session(venv_backend="none")
def editor(session: nox.Session) -> None:
    """Try the schema in the YAML language server, and the hooks in pre-commit; half a minute."""
    sync(session)
    place = Path(session.create_tmp()).resolve() / "language-server"
    package = f"yaml-language-server@{LANGUAGE_SERVER}"
    session.run("npm", "install", "--silent", "--prefix", str(place), package, external=True)
    server = place / "node_modules" / ".bin" / "yaml-language-server"
    env = {
        "LLMAAS_TEST_YAML_LANGUAGE_SERVER": str(server),
        "LLMAAS_TEST_PRE_COMMIT": f"uvx pre-commit@{PRE_COMMIT}",
    }
    session.run("pytest", "tests/editor", *session.posargs, env=env)


@nox.session(venv_backend="none")
def bench_maintainer(session: nox.Session) -> None:
    """How long check, generate, plan and edit take; `-- --write` keeps the figures."""
    sync(session)
    session.run("python", "-m", "benchmarks.maintainer", *session.posargs)


@nox.session(venv_backend="none")
def zensical(session: nox.Session) -> None:
    """Build the documentation with the theme's successor; reports, and does not fail."""
    sync(session)
    with tempfile.TemporaryDirectory() as work:
        session.run("python", "-m", "tests.site.sources", work)
        for project in sorted(Path(work).iterdir()):
            built = session.run(
                "uvx",
                "--from",
                f"zensical=={ZENSICAL}",
                "zensical",
                "build",
                "-f",
                str(project / "mkdocs.yml"),
                external=True,
                success_codes=range(256),
                silent=True,
            )
            pages = len(list((project / "site").rglob("index.html")))
            said = "" if pages else f": {str(built)[-2000:]}"
            session.log(f"{project.name}: {pages} pages with Zensical {ZENSICAL}{said}")


@nox.session(venv_backend="none")
def bench_site(session: nox.Session) -> None:
    """What the documentation costs to build, to load and to see; `-- --write` keeps the figures."""
    sync(session)
    session.run("python", "benchmarks/documentation.py", *session.posargs)


@nox.session(venv_backend="none")
def bench_gateway(session: nox.Session) -> None:
    """Measure what the gateway costs, against LiteLLM and the bare framework; some minutes."""
    state = str(Path(session.create_tmp()) / "litellm")
    session.run("python", "-m", "benchmarks.gateway", "--state", state, *session.posargs)


@nox.session(venv_backend="none")
def bench_engine(session: nox.Session) -> None:
    """The engine beside llama-server, llama-batched-bench and llama_cpp.server, and its leaks.

    The C++ programs are built from the source that llama-cpp-python carries, so all run the same
    llama.cpp; that takes ten minutes once. `-- --quick` measures a minute instead of half an hour.
    """
    sync(session)
    tmp = Path(session.create_tmp())
    build = _llama_programs(session, tmp)
    packages = tmp / "server"
    extras = ("fastapi", "uvicorn", "sse-starlette", "starlette-context", "pydantic-settings")
    session.run("uv", "pip", "install", "--quiet", f"--target={packages}", *extras, external=True)
    models = f"--directory={tmp / 'models'}"
    session.run(
        "python",
        "-m",
        "benchmarks.engine",
        f"--llama-server={build / 'bin' / 'llama-server'}",
        f"--batched-bench={build / 'bin' / 'llama-batched-bench'}",
        models,
        *session.posargs,
        env={"PYTHONPATH": str(packages)},
    )
    session.run("python", "-m", "benchmarks.leaks", models)


def _llama_programs(session: nox.Session, tmp: Path) -> Path:
    """The build directory of llama.cpp's own server and benchmark."""
    build = tmp / "llama.cpp"
    source = _llama_source(session, tmp) / "vendor" / "llama.cpp"
    off = ("LLAMA_BUILD_TESTS", "LLAMA_BUILD_EXAMPLES", "LLAMA_USE_PREBUILT_UI", "LLAMA_OPENSSL")
    flags = ["-DCMAKE_BUILD_TYPE=Release", *(f"-D{name}=OFF" for name in off)]
    session.run("cmake", "-S", str(source), "-B", str(build), *flags, external=True, silent=True)
    programs = ("llama-server", "llama-batched-bench")
    jobs = f"-j{os.cpu_count()}"
    session.run("cmake", "--build", str(build), jobs, "--target", *programs, external=True)
    return build


def _llama_pin() -> str:
    """`llama-cpp-python==…`, as pyproject.toml pins it."""
    pyproject = nox.project.load_toml(ROOT / "pyproject.toml")
    pins: list[str] = pyproject["tool"]["uv"]["constraint-dependencies"]
    (pin,) = (pin for pin in pins if pin.startswith("llama-cpp-python=="))
    return pin


def _llama_source(session: nox.Session, tmp: Path) -> Path:
    """The unpacked source of the version that is pinned."""
    pin = _llama_pin()
    source = tmp / f"llama_cpp_python-{pin.partition('==')[2]}"
    if not source.exists():
        download = ("pip", "download", "--quiet", "--no-deps", "--no-binary=llama-cpp-python")
        session.run("uvx", *download, f"--dest={tmp}", pin, external=True)
        shutil.unpack_archive(f"{source}.tar.gz", tmp, filter="data")
    return source


@nox.session(venv_backend="none")
def cuda_wheel(session: nox.Session) -> None:
    """Build a wheel of llama-cpp-python for one NVIDIA architecture: `-- 90` for an H100.

    Needs the CUDA toolkit with cuBLAS. 80 is A100, 89 is L40S and RTX 4090, 90 is H100 and H200,
    120 is Blackwell. Install the wheel over the one that is there: `uv pip install dist/…whl`.
    """
    pin = _llama_pin()
    options = {
        "GGML_CUDA": "on",
        "CMAKE_CUDA_ARCHITECTURES": session.posargs[0] if session.posargs else "native",
        # The wheel may be built on another machine than it runs on.
        "GGML_NATIVE": "OFF",
    }
    session.run(
        "uvx",
        "pip",
        "wheel",
        "--no-deps",
        "--no-binary=llama-cpp-python",
        "--wheel-dir=dist",
        pin,
        external=True,
        env={"CMAKE_ARGS": " ".join(f"-D{name}={value}" for name, value in options.items())},
    )


@nox.session(venv_backend="uv")
def wheel(session: nox.Session) -> None:
    """Build the wheel, install it alone, and use it from an empty directory."""
    dist = Path(session.create_tmp()) / "dist"
    shutil.rmtree(dist, ignore_errors=True)
    session.run("uv", "build", "--quiet", "--wheel", "--out-dir", str(dist), external=True)
    (built,) = dist.glob("*.whl")
    session.run("uv", "pip", "install", "--quiet", "--no-deps", str(built), external=True)
    # Its dependencies are those of the development environment, as built there. A path file is
    # not read inside a directory that one adds, so the editable project stays out of sight.
    packages = sysconfig.get_path("purelib")
    (Path(_purelib(session)) / "dependencies.pth").write_text(f"{packages}\n")
    elsewhere = Path(session.create_tmp()) / "elsewhere"
    shutil.rmtree(elsewhere, ignore_errors=True)
    elsewhere.mkdir()
    session.chdir(elsewhere)
    session.run("llmaas", "--help", silent=True)
    session.run("llmaas", "init", "models_config.yaml")
    session.run("llmaas", "generate", "models_config.yaml")
    session.run("llmaas", "check", "models_config.yaml")
    session.run("llmaas", "models", "list", "--catalog", "models_config.yaml")
    session.run("llmaas", "docs", "build", "--catalog", "models_config.yaml", "--out", "site")


def _purelib(session: nox.Session) -> str:
    """Where the session's environment keeps its packages."""
    code = "import sysconfig; print(sysconfig.get_path('purelib'))"
    return str(session.run("python", "-c", code, silent=True)).strip()
