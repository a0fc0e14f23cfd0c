"""Downloads against a hub of our own on a local socket: redirects, ranges, drops, refusals."""

import errno
import hashlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from llmaas.bundle import WeightsFile
from llmaas.workers import pull as pull_module
from llmaas.workers.hub import (
    AccessRefused,
    AlreadyPulling,
    ChecksumMismatch,
    DiskFull,
    Interrupted,
    NotOnHub,
    PullError,
    weights_path,
)
from llmaas.workers.pull import pull

CONTENT = hashlib.shake_256(b"weights").digest(1_000_000)
DIGEST = hashlib.sha256(CONTENT).hexdigest()


@dataclass
class Site:
    """One host: what it holds, how it behaves, and what it was asked."""

    files: dict[str, bytes] = field(default_factory=dict)
    store: "Site | None" = None
    """Redirect downloads there, as a hub does."""
    linked: bool = True
    """Give size and checksum in the redirect."""
    token: str | None = None
    """Refuse requests without it."""
    cut_after: list[int] = field(default_factory=list)
    """Bytes of the body after which the next downloads break off, one number for each."""
    corrupt: bool = False
    ranges: bool = True
    etags: bool = True
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    address: str = ""

    def downloads(self) -> list[dict[str, str]]:
        return [headers for method, headers in self.asked if method == "GET"]


def handler_of(site: Site) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *arguments) -> None:
            pass

        def do_HEAD(self) -> None:
            self.answer()

        def do_GET(self) -> None:
            self.answer()

        def reply(self, status: int, headers: dict[str, str], body: bytes = b"") -> None:
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        def answer(self) -> None:
            asked = {name.lower(): value for name, value in self.headers.items()}
            site.asked.append((self.command, asked))
            if site.token and asked.get("authorization") != f"Bearer {site.token}":
                return self.reply(401, {})
            held = site if site.store is None else site.store
            content = held.files.get(self.path.removeprefix("/moved"))
            if content is None:
                return self.reply(404, {})
            if self.path.startswith("/moved"):
                return self.reply(307, {"Location": self.path.removeprefix("/moved")})
            etag = f'"{hashlib.sha256(content).hexdigest()}"'
            if site.store is not None:
                headers = {"Location": site.store.address + self.path}
                if site.linked:
                    headers |= {"X-Linked-Size": str(len(content)), "X-Linked-Etag": etag}
                return self.reply(302, headers)
            return self.send_content(content, etag, asked)

        def send_content(self, content: bytes, etag: str, asked: dict[str, str]) -> None:
            start, status = 0, 200
            headers = {"ETag": etag} if site.etags else {}
            if site.ranges and "range" in asked and asked.get("if-range", etag) == etag:
                start, status = int(asked["range"].removeprefix("bytes=").removesuffix("-")), 206
                headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
            body = content[start:]
            if site.corrupt:
                body = body[:-1] + bytes([body[-1] ^ 1])
            if self.command == "GET" and site.cut_after:
                headers["Content-Length"] = str(len(body))
                body = body[: site.cut_after.pop(0)]
                self.close_connection = True
            self.reply(status, headers, body)

    return Handler


@pytest.fixture
def open_site(monkeypatch: pytest.MonkeyPatch) -> Iterator:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
    servers = []

    def open_one(site: Site, host: str = "127.0.0.1") -> Site:
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler_of(site))
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        servers.append((server, thread))
        site.address = f"http://{host}:{server.server_address[1]}"
        return site

    yield open_one
    for server, thread in servers:
        server.shutdown()
        server.server_close()
        thread.join()


def weights(
    file: str = "model.gguf", sha256: str | None = None, repository: str = "acme/model-GGUF"
) -> WeightsFile:
    return WeightsFile(repository=repository, file=file, quantisation="Q8_0", sha256=sha256)


def url_path(file: str = "model.gguf") -> str:
    return f"/acme/model-GGUF/resolve/main/{file}"


@pytest.fixture
def store(open_site) -> Site:
    return open_site(Site(files={url_path(): CONTENT}), host="localhost")


@pytest.fixture
def hub(open_site, store: Site) -> Site:
    return open_site(Site(store=store))


def names(directory: Path) -> set[str]:
    return {path.name for path in directory.rglob("*") if path.is_file()}


def no_pause(seconds: float) -> None:
    pass


def test_a_file_arrives_whole_under_its_repository(hub: Site, tmp_path: Path) -> None:
    heard = []
    path = pull(
        weights(), tmp_path, endpoint=hub.address, progress=lambda *bytes_: heard.append(bytes_)
    )
    assert path == tmp_path / "acme--model-GGUF" / "model.gguf"
    assert path == weights_path(weights(), tmp_path)
    assert path.read_bytes() == CONTENT
    assert names(tmp_path) == {"model.gguf", "model.gguf.lock"}
    assert heard == sorted(heard)
    assert heard[-1] == (len(CONTENT), len(CONTENT))


def test_a_file_in_a_folder_of_its_repository_keeps_its_folder(
    hub: Site, store: Site, tmp_path: Path
) -> None:
    store.files[url_path("Q8_0/a%20b.gguf")] = CONTENT
    path = pull(weights("Q8_0/a b.gguf"), tmp_path, endpoint=hub.address + "/")
    assert path == tmp_path / "acme--model-GGUF" / "Q8_0" / "a b.gguf"


def test_the_token_goes_to_the_hub_and_to_no_other_host(
    hub: Site, store: Site, tmp_path: Path
) -> None:
    hub.token = "hf_secret"
    pull(weights(), tmp_path, endpoint=hub.address, token="hf_secret")
    assert all(asked["authorization"] == "Bearer hf_secret" for _, asked in hub.asked)
    assert store.asked
    assert not any("authorization" in asked for _, asked in store.asked)


def test_size_and_checksum_come_from_the_redirect_without_following_it(
    hub: Site, store: Site, tmp_path: Path
) -> None:
    pull(weights(), tmp_path, endpoint=hub.address)
    assert [method for method, _ in store.asked] == ["GET"]


def test_a_hub_that_stores_files_itself_or_renamed_a_repository_works_too(
    open_site, tmp_path: Path
) -> None:
    plain = open_site(Site(files={url_path(): CONTENT}))
    path = pull(weights(), tmp_path, endpoint=plain.address + "/moved")
    assert path.read_bytes() == CONTENT


def test_a_redirect_that_says_nothing_is_followed(hub: Site, tmp_path: Path) -> None:
    hub.linked = False
    assert pull(weights(), tmp_path, endpoint=hub.address).read_bytes() == CONTENT


def test_a_gated_model_asks_for_a_token(hub: Site, tmp_path: Path) -> None:
    hub.token = "hf_secret"
    with pytest.raises(AccessRefused, match=r"gated or private.*set HF_TOKEN"):
        pull(weights(), tmp_path, endpoint=hub.address)


def test_a_token_that_is_refused_is_named(hub: Site, tmp_path: Path) -> None:
    hub.token = "hf_secret"
    with pytest.raises(AccessRefused, match="although a token was sent") as caught:
        pull(weights(), tmp_path, endpoint=hub.address, token="hf_other")
    assert "hf_other" not in str(caught.value)


def test_a_file_that_the_hub_lacks_points_at_the_catalogue(hub: Site, tmp_path: Path) -> None:
    with pytest.raises(NotOnHub, match=r"acme/model-GGUF/absent\.gguf.*`file` under `weights`"):
        pull(weights("absent.gguf"), tmp_path, endpoint=hub.address)
    assert names(tmp_path) == set()


def test_a_dropped_connection_is_resumed_at_once(hub: Site, store: Site, tmp_path: Path) -> None:
    store.cut_after = [300_000, 400_000]
    pauses: list[float] = []
    path = pull(weights(), tmp_path, endpoint=hub.address, pause=pauses.append)
    assert path.read_bytes() == CONTENT
    first, second, third = store.downloads()
    assert "range" not in first
    assert int(second["range"].removeprefix("bytes=")[:-1]) <= 300_000
    assert second["if-range"] == third["if-range"] == f'"{DIGEST}"'
    assert pauses == [1.0, 1.0]


def test_a_network_that_stays_away_keeps_the_part_and_the_next_pull_resumes(
    hub: Site, store: Site, tmp_path: Path
) -> None:
    store.cut_after = [500_000, 0, 0, 0, 0]
    pauses: list[float] = []
    with pytest.raises(Interrupted, match=r"of 1,000,000 bytes.*kept.*resumes"):
        pull(weights(), tmp_path, endpoint=hub.address, pause=pauses.append)
    assert pauses == [1.0, 2.0, 4.0]
    part = tmp_path / "acme--model-GGUF" / "model.gguf.part"
    kept = part.stat().st_size
    assert kept > 400_000
    assert not part.with_name("model.gguf").exists()
    store.cut_after = []
    store.asked.clear()
    assert pull(weights(), tmp_path, endpoint=hub.address).read_bytes() == CONTENT
    assert [asked["range"] for asked in store.downloads()] == [f"bytes={kept}-"]


def test_a_hub_that_is_not_there_is_named(tmp_path: Path, open_site) -> None:
    with pytest.raises(Interrupted, match=r"http://127\.0\.0\.1:1 does not answer"):
        pull(weights(), tmp_path, endpoint="http://127.0.0.1:1")
    with pytest.raises(Interrupted, match="does not answer"):
        pull(weights(), tmp_path, endpoint="example")


def interrupted_part(hub: Site, store: Site, directory: Path, sha256: str | None = None) -> Path:
    store.cut_after = [500_000, 0, 0, 0]
    with pytest.raises(Interrupted):
        pull(weights(sha256=sha256), directory, endpoint=hub.address, pause=no_pause)
    store.cut_after = []
    store.asked.clear()
    return directory / "acme--model-GGUF" / "model.gguf.part"


def test_a_host_without_ranges_begins_again(hub: Site, store: Site, tmp_path: Path) -> None:
    interrupted_part(hub, store, tmp_path)
    store.ranges = False
    assert pull(weights(), tmp_path, endpoint=hub.address).read_bytes() == CONTENT


def test_a_file_replaced_on_the_hub_is_not_glued_to_the_old_part(
    hub: Site, store: Site, tmp_path: Path
) -> None:
    interrupted_part(hub, store, tmp_path)
    newer = bytes(reversed(CONTENT))
    store.files[url_path()] = newer
    assert pull(weights(), tmp_path, endpoint=hub.address).read_bytes() == newer
    assert "range" not in store.downloads()[0]


def test_without_checksum_and_etag_nothing_is_resumed(open_site, tmp_path: Path) -> None:
    plain = open_site(Site(files={url_path(): CONTENT}, etags=False))
    interrupted_part(plain, plain, tmp_path)
    assert pull(weights(), tmp_path, endpoint=plain.address).read_bytes() == CONTENT
    assert "range" not in plain.downloads()[0]


def test_a_part_that_only_lacked_its_name_is_verified_and_named(
    hub: Site, store: Site, tmp_path: Path
) -> None:
    part = interrupted_part(hub, store, tmp_path)
    part.write_bytes(CONTENT)
    assert pull(weights(), tmp_path, endpoint=hub.address).read_bytes() == CONTENT
    assert store.downloads() == []


def test_wrong_bytes_are_deleted_and_never_named(hub: Site, store: Site, tmp_path: Path) -> None:
    store.corrupt = True
    with pytest.raises(ChecksumMismatch, match=f"{DIGEST}.*deleted.*Pull again"):
        pull(weights(sha256=DIGEST), tmp_path, endpoint=hub.address)
    assert names(tmp_path) == {"model.gguf.lock"}


def test_a_corrupt_part_is_found_out_after_resuming(hub: Site, store: Site, tmp_path: Path) -> None:
    part = interrupted_part(hub, store, tmp_path)
    part.write_bytes(b"?" * part.stat().st_size)
    with pytest.raises(ChecksumMismatch):
        pull(weights(), tmp_path, endpoint=hub.address)
    assert not part.exists()
    assert pull(weights(), tmp_path, endpoint=hub.address).read_bytes() == CONTENT


def test_another_file_than_the_catalogue_names_is_not_downloaded(
    hub: Site, store: Site, tmp_path: Path
) -> None:
    with pytest.raises(ChecksumMismatch, match=r"nothing was downloaded.*change `sha256`"):
        pull(weights(sha256="0" * 64), tmp_path, endpoint=hub.address)
    assert store.asked == []


def test_a_verified_file_is_not_asked_for_again(hub: Site, store: Site, tmp_path: Path) -> None:
    pull(weights(), tmp_path, endpoint=hub.address)
    store.asked.clear()
    pull(weights(), tmp_path, endpoint=hub.address)
    assert store.asked == []
    hub.asked.clear()
    pull(weights(sha256=DIGEST), tmp_path, endpoint=hub.address)
    assert hub.asked == []


def test_a_damaged_file_is_pulled_again(hub: Site, tmp_path: Path) -> None:
    path = pull(weights(), tmp_path, endpoint=hub.address)
    path.write_bytes(b"?" * len(CONTENT))
    assert pull(weights(), tmp_path, endpoint=hub.address).read_bytes() == CONTENT


def test_all_parts_of_a_split_file_are_pulled_together(
    hub: Site, store: Site, tmp_path: Path
) -> None:
    parts = [f"big-0000{i}-of-00003.gguf" for i in (1, 2, 3)]
    store.files = {url_path(name): CONTENT[: 1000 * i] for i, name in enumerate(parts, 1)}
    heard = []
    first = hashlib.sha256(CONTENT[:1000]).hexdigest()
    path = pull(
        weights(parts[0], sha256=first),
        tmp_path,
        endpoint=hub.address,
        progress=lambda *bytes_: heard.append(bytes_),
    )
    assert path.name == parts[0]
    assert {name for name in names(tmp_path) if name.endswith(".gguf")} == set(parts)
    assert heard == sorted(heard)
    assert heard[-1] == (6000, 6000)


def test_a_missing_part_is_found_before_anything_is_downloaded(
    hub: Site, store: Site, tmp_path: Path
) -> None:
    store.files = {url_path("big-00001-of-00002.gguf"): CONTENT}
    with pytest.raises(NotOnHub, match="big-00002-of-00002"):
        pull(weights("big-00001-of-00002.gguf"), tmp_path, endpoint=hub.address)
    assert store.asked == []


def test_two_pulls_of_one_file_do_not_mix(hub: Site, tmp_path: Path) -> None:
    def pull_again(done: int, total: int) -> None:
        with pytest.raises(AlreadyPulling, match="another pull of this file is running"):
            pull(weights(), tmp_path, endpoint=hub.address)

    path = pull(weights(), tmp_path, endpoint=hub.address, progress=pull_again)
    assert path.read_bytes() == CONTENT


def test_too_little_space_is_said_before_the_download(
    hub: Site, store: Site, tmp_path: Path, monkeypatch
) -> None:
    usage = type("Usage", (), {"free": 1_000})
    monkeypatch.setattr(pull_module.shutil, "disk_usage", lambda directory: usage)
    with pytest.raises(DiskFull, match=r"0\.0 GB are free"):
        pull(weights(), tmp_path, endpoint=hub.address)
    assert store.asked == []


def test_a_disk_that_fills_up_meanwhile_keeps_the_part(
    hub: Site, store: Site, tmp_path: Path, monkeypatch
) -> None:
    write = pull_module._write

    def full(file, chunk: bytes) -> None:
        if file.tell() > 200_000:
            raise OSError(errno.ENOSPC, "No space left on device")
        write(file, chunk)

    monkeypatch.setattr(pull_module, "_write", full)
    with pytest.raises(DiskFull, match="the disk is full; free space, the same command resumes"):
        pull(weights(), tmp_path, endpoint=hub.address)
    monkeypatch.undo()
    store.asked.clear()
    assert pull(weights(), tmp_path, endpoint=hub.address).read_bytes() == CONTENT
    assert "range" in store.downloads()[0]


@pytest.mark.parametrize("file", ["../secrets", "/etc/passwd", "a/../../b"])
def test_a_name_that_leads_out_of_the_weights_directory_is_refused(
    tmp_path: Path, file: str
) -> None:
    with pytest.raises(PullError, match="leads out"):
        pull(weights(file), tmp_path, endpoint="http://127.0.0.1:1")
