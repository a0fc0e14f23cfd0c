import base64
import gzip
import os
from hashlib import sha256
from pathlib import Path

import brotli
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


@pytest.fixture
def packed_site(site: Path) -> Path:
    style = site / "assets" / "main.1a2b3c4d.min.css"
    style.write_bytes(b"a{color:red}" * 100)
    style.with_name(f"{style.name}.gz").write_bytes(gzip.compress(style.read_bytes()))
    style.with_name(f"{style.name}.br").write_bytes(brotli.compress(style.read_bytes()))
    return site


@pytest.mark.parametrize(
    ("accepts", "coding"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip", "gzip"),
        ("GZIP;q=0.5, br;q=0", "gzip"),
        ("*", "br"),
        ("*;q=0", None),
        ("identity", None),
        ("br;q=x, ;;,", "br"),
        ("br;q=1.2.3", None),
        ("", None),
    ],
)
def test_a_client_gets_the_smallest_variant_that_it_accepts(
    tmp_path: Path, packed_site: Path, accepts: str, coding: str | None
) -> None:
    path = packed_site / "assets" / "main.1a2b3c4d.min.css"
    suffix = {"br": ".br", "gzip": ".gz", None: ""}[coding]
    with serving(tmp_path, docs_dir=packed_site) as gateway:
        request = gateway.http(None).build_request(
            "GET", f"/docs/assets/{path.name}", headers={"accept-encoding": accepts}
        )
        answer = gateway.http(None).send(request, stream=True)
        raw = b"".join(answer.iter_raw())
    assert raw == path.with_name(path.name + suffix).read_bytes()
    assert answer.headers.get("content-encoding") == coding
    assert answer.headers["content-length"] == str(len(raw))
    assert answer.headers["vary"] == "accept-encoding"
    assert answer.headers["content-type"] == "text/css; charset=utf-8"


def test_variants_have_etags_of_their_own(tmp_path: Path, packed_site: Path) -> None:
    with serving(tmp_path, docs_dir=packed_site) as gateway:
        client = gateway.http(None)
        path = "/docs/assets/main.1a2b3c4d.min.css"
        etags = {
            client.get(path, headers={"accept-encoding": coding}).headers["etag"]
            for coding in ("br", "gzip", "identity")
        }
        assert len(etags) == 3
        for coding in ("br", "gzip", "identity"):
            headers = {"accept-encoding": coding}
            etag = client.get(path, headers=headers).headers["etag"]
            again = client.get(path, headers={**headers, "if-none-match": etag})
            assert (again.status_code, again.content) == (304, b"")


def test_a_variant_older_than_its_file_is_not_sent(tmp_path: Path, packed_site: Path) -> None:
    path = packed_site / "assets" / "main.1a2b3c4d.min.css"
    path.write_text("b{}")
    for suffix in (".br", ".gz"):
        os.utime(path.with_name(path.name + suffix), ns=(0, 0))
    with serving(tmp_path, docs_dir=packed_site) as gateway:
        answer = gateway.http(None).get(f"/docs/assets/{path.name}")
    assert answer.text == "b{}"
    assert "content-encoding" not in answer.headers


def test_a_compressed_page_keeps_the_policy_of_its_scripts(tmp_path: Path, site: Path) -> None:
    page = site / "index.html"
    with serving(tmp_path, docs_dir=site) as gateway:
        plain = gateway.http(None).get("/docs/", headers={"accept-encoding": "identity"})
        page.with_name("index.html.br").write_bytes(brotli.compress(page.read_bytes()))
        packed = gateway.http(None).get("/docs/", headers={"accept-encoding": "br"})
    assert packed.headers["content-encoding"] == "br"
    policy = "content-security-policy"
    assert packed.headers[policy] == plain.headers[policy]


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("lifecycle.ics", "text/calendar; charset=utf-8"),
        ("lifecycle.atom", "application/atom+xml; charset=utf-8"),
        ("index.md", "text/markdown; charset=utf-8"),
        ("sitemap.xml", "application/xml; charset=utf-8"),
        ("llms.txt", "text/plain; charset=utf-8"),
        ("models.json", "application/json; charset=utf-8"),
        ("index.html.br", "application/octet-stream"),
        ("unheard-of", "application/octet-stream"),
    ],
)
def test_files_are_announced_as_what_they_are(
    tmp_path: Path, site: Path, name: str, media_type: str
) -> None:
    (site / name).write_text("x")
    with serving(tmp_path, docs_dir=site) as gateway:
        assert gateway.http(None).get(f"/docs/{name}").headers["content-type"] == media_type
