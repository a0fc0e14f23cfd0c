import base64
from hashlib import sha256
from pathlib import Path

import pytest
from tests.gateway.serving import Gateway, serving

INLINE = "var scope = new URL('.', location)"


@pytest.fixture
def site(tmp_path: Path) -> Path:
    root = tmp_path / "site"
    (root / "models" / "a b").mkdir(parents=True)
    (root / "en").mkdir()
    (root / "assets").mkdir()
    (root / "index.html").write_text(
        f"<html><script>{INLINE}</script><script src=app.js></script>"
        f'<script id="__config" type="application/json">{{"a": 1}}</script></html>'
    )
    (root / "models" / "index.html").write_text("<html>modèles</html>")
    (root / "models" / "a b" / "index.html").write_text("<html>blank</html>")
    (root / "404.html").write_text("<html>introuvable</html>")
    (root / "en" / "404.html").write_text("<html>not found</html>")
    (root / "assets" / "main.1a2b3c4d.min.css").write_text("a{}")
    (root / "assets" / "logo.svg").write_text("<svg/>")
    (tmp_path / "secret.txt").write_text("secret")
    (root / "leads-out.txt").symlink_to(tmp_path / "secret.txt")
    return root


def test_the_start_leads_to_the_documentation(tmp_path: Path, site: Path) -> None:
    with serving(tmp_path, docs_dir=site) as gateway:
        answer = gateway.http(None).get("/")
        assert (answer.status_code, answer.headers["location"]) == (302, "/docs/")
        for path in ("/docs", "/docs/models", "/docs/models/a%20b"):
            moved = gateway.http(None).get(path)
            assert (moved.status_code, moved.headers["location"]) == (308, f"{path}/")


def test_pages_are_served_with_a_strict_policy(tmp_path: Path, site: Path) -> None:
    with serving(tmp_path, docs_dir=site) as gateway:
        page = gateway.http(None).get("/docs/")
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    policy = dict(
        part.split(" ", 1) for part in page.headers["content-security-policy"].split("; ")
    )
    digest = base64.b64encode(sha256(INLINE.encode()).digest()).decode()
    assert policy["default-src"] == "'none'"
    assert f"'sha256-{digest}'" in policy["script-src"]
    assert policy["script-src"].count("sha256-") == 1
    assert "unsafe-inline" not in policy["script-src"]
    assert policy["frame-ancestors"] == "'none'"
    assert not any("http" in sources for sources in policy.values())


def test_a_directory_is_its_index_and_names_may_be_encoded(tmp_path: Path, site: Path) -> None:
    with serving(tmp_path, docs_dir=site) as gateway:
        client = gateway.http(None)
        assert client.get("/docs/models/").text == "<html>modèles</html>"
        assert client.get("/docs/models/index.html").text == "<html>modèles</html>"
        assert client.get("/docs/models/a%20b/").text == "<html>blank</html>"
        assert client.get("/docs/models/?h=granite").text == "<html>modèles</html>"


def test_files_are_cached_as_long_as_their_names_promise(tmp_path: Path, site: Path) -> None:
    with serving(tmp_path, docs_dir=site) as gateway:
        client = gateway.http(None)
        hashed = client.get("/docs/assets/main.1a2b3c4d.min.css")
        assert "immutable" in hashed.headers["cache-control"]
        assert hashed.headers["content-type"] == "text/css; charset=utf-8"
        logo = client.get("/docs/assets/logo.svg")
        assert logo.headers["cache-control"] == "no-cache"
        assert logo.headers["content-type"].startswith("image/svg+xml")
        again = client.get("/docs/assets/logo.svg", headers={"if-none-match": logo.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        (site / "assets" / "logo.svg").write_text("<svg></svg>")
        changed = client.get(
            "/docs/assets/logo.svg", headers={"if-none-match": logo.headers["etag"]}
        )
        assert (changed.status_code, changed.text) == (200, "<svg></svg>")


def test_a_missing_page_is_the_404_page_of_its_language(tmp_path: Path, site: Path) -> None:
    with serving(tmp_path, docs_dir=site) as gateway:
        client = gateway.http(None)
        for path, text in (("/docs/x/", "introuvable"), ("/docs/en/x/", "not found")):
            answer = client.get(path)
            assert answer.status_code == 404
            assert text in answer.text


@pytest.mark.parametrize(
    "path",
    [
        "/docs/%2e%2e/secret.txt",
        "/docs/..%2fsecret.txt",
        "/docs/models/%2e%2e/%2e%2e/secret.txt",
        "/docs/%2e%2e%2f%2e%2e%2fetc/passwd",
        "/docs//etc/passwd",
        "/docs/%2fetc/passwd",
        "/docs/leads-out.txt",
        "/docs/x%00.html",
        "/docs/" + "x" * 5000,
        "/docs/%ff",
    ],
)
def test_nothing_outside_the_site_is_served(tmp_path: Path, site: Path, path: str) -> None:
    with serving(tmp_path, docs_dir=site) as gateway:
        answer = gateway.http(None).get(path)
    assert answer.status_code == 404
    assert "secret" not in answer.text


def test_a_site_that_is_not_there_yet_is_a_404(tmp_path: Path) -> None:
    with serving(tmp_path, docs_dir=tmp_path / "later") as gateway:
        assert gateway.http(None).get("/docs/").status_code == 404
        (tmp_path / "later").mkdir()
        (tmp_path / "later" / "index.html").write_text("here")
        assert gateway.http(None).get("/docs/").text == "here"


def test_without_a_site_the_start_points_to_the_api(gateway: Gateway) -> None:
    index = gateway.http(None).get("/")
    assert index.json() == {
        "service": "LLMaaS",
        "operator": "Example SAS",
        "models": "/v1/models",
        "openapi": "/openapi.json",
    }
    assert gateway.http(None).get("/docs/").status_code == 404
