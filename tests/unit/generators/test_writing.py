"""Generated files reach the disk whole or not at all."""

import errno
import json
import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from llmaas.bundle import BundleError, bundle_files, read_bundle
from llmaas.generators import compare, compile_bundle, layout_of, write


@pytest.fixture
def layout(tmp_path):
    return layout_of(tmp_path / "models_config.yaml")


@pytest.fixture
def files_for(layout, authored_catalog, authored_model, catalog_of):
    """The files of a bundle with these models."""

    def build(*model_ids, **documents):
        models = [authored_model(model_id) for model_id in model_ids]
        bundle = compile_bundle(catalog_of(authored_catalog(models=models)))
        named = {f"{name}.json": text for name, text in documents.items()}
        inside = bundle_files(bundle, catalogue_sha256="0" * 64, documents=named)
        return {layout.in_bundle(name): text for name, text in inside.items()}

    return build


def contents(directory: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in directory.iterdir()}


def test_a_written_bundle_can_be_read(layout, files_for):
    changes = write(layout, files_for("one"))

    assert {change.action for change in changes} == {"written"}
    assert {change.path.name for change in changes} == {
        Path(path).name for path in files_for("one")
    }
    assert changes[-1].path == layout.bundle / "manifest.json"
    assert [route.model for route in read_bundle(layout.bundle).routing] == ["one"]


def test_writing_again_touches_nothing(layout, files_for):
    write(layout, files_for("one"))
    before = {path: path.stat() for path in layout.bundle.iterdir()}

    changes = write(layout, files_for("one"))

    assert changes == ()
    after = {path: path.stat() for path in layout.bundle.iterdir()}
    assert {p: (s.st_ino, s.st_mtime_ns) for p, s in after.items()} == {
        p: (s.st_ino, s.st_mtime_ns) for p, s in before.items()
    }


def test_only_what_changed_is_written(layout, files_for):
    write(layout, files_for("one"))
    untouched = (layout.bundle / "prices.json").stat().st_ino

    changes = write(layout, files_for("one", "two"))

    names = [change.path.stem for change in changes]
    assert names == ["lifecycle", "placement", "routing", "workers", "manifest"]
    assert (layout.bundle / "prices.json").stat().st_ino == untouched


def test_what_was_generated_once_is_removed_and_what_others_put_there_is_not(layout, files_for):
    write(layout, files_for("one", openapi="{}\n"))
    (layout.bundle / "notes.txt").write_text("mine")

    changes = write(layout, files_for("one"))

    assert [(change.action, change.path.name) for change in changes] == [
        ("written", "manifest.json"),
        ("removed", "openapi.json"),
    ]
    assert not (layout.bundle / "openapi.json").exists()
    assert (layout.bundle / "notes.txt").read_text() == "mine"


def test_a_manifest_cannot_name_a_file_outside_the_bundle_for_removal(layout, files_for):
    write(layout, files_for("one"))
    (layout.root / "mine.txt").touch()
    manifest = json.loads((layout.bundle / "manifest.json").read_text())
    manifest["files"].append({"path": "../mine.txt", "sha256": "0" * 64})
    (layout.bundle / "manifest.json").write_text(json.dumps(manifest))

    write(layout, files_for("two"))

    assert (layout.root / "mine.txt").exists()


def test_a_full_disk_leaves_the_old_bundle_as_it_was(layout, files_for, monkeypatch):
    write(layout, files_for("one"))
    before = contents(layout.bundle)
    calls = 0

    def fsync_on_a_full_disk(descriptor):
        nonlocal calls
        calls += 1
        if calls == 3:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", fsync_on_a_full_disk)
    with pytest.raises(OSError, match=r"No space left on device: .*bundle/routing\.json'"):
        write(layout, files_for("one", "two"))

    assert contents(layout.bundle) == before


@pytest.mark.parametrize("nth", [1, 2, 3, 4, 5])
def test_a_write_that_breaks_off_is_never_read_as_a_mix(layout, files_for, monkeypatch, nth):
    old, new = files_for("one"), files_for("one", "two")
    write(layout, old)
    was = read_bundle(layout.bundle)
    replace = Path.replace
    calls = 0

    def replace_until_it_breaks(self, target):
        nonlocal calls
        calls += 1
        if calls == nth:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return replace(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", replace_until_it_breaks)
        with pytest.raises(PermissionError, match=r"bundle/\w+\.json'"):
            write(layout, new)

    for path, text in contents(layout.bundle).items():
        assert text in (old[f"bundle/{path}"], new[f"bundle/{path}"])
    if nth == 1:
        assert read_bundle(layout.bundle) == was
    else:
        with pytest.raises(BundleError, match="altered since it was generated"):
            read_bundle(layout.bundle)

    write(layout, new)
    assert compare(layout, new) == ()


def test_a_directory_in_the_place_of_a_file_is_named(layout, files_for):
    (layout.bundle / "routing.json").mkdir(parents=True)

    with pytest.raises(IsADirectoryError, match=r"bundle/routing\.json'"):
        write(layout, files_for("one"))

    assert not (layout.bundle / "manifest.json").exists()
    assert not list(layout.bundle.glob(".*"))


def test_a_file_in_the_place_of_the_bundle_directory_is_named(layout, files_for):
    layout.bundle.write_text("a file")

    with pytest.raises(FileExistsError, match="bundle'"):
        write(layout, files_for("one"))

    assert layout.bundle.read_text() == "a file"


def test_a_temporary_that_a_killed_run_left_is_used_up(layout, files_for):
    layout.bundle.mkdir()
    (layout.bundle / ".routing.json.new").write_text("half of a fi")

    write(layout, files_for("one"))

    assert not list(layout.bundle.glob(".*"))
    assert compare(layout, files_for("one")) == ()


def test_two_runs_at_once_leave_one_whole_bundle(layout, files_for):
    both = [files_for("one"), files_for("one", "two")]

    def write_often(order):
        for files in order * 10:
            write(layout, files)

    with ThreadPoolExecutor() as runs:  # each run opens, so locks, the directory for itself
        for run in [runs.submit(write_often, both), runs.submit(write_often, both[::-1])]:
            run.result()

    assert len(read_bundle(layout.bundle).routing) in {1, 2}
    assert not list(layout.bundle.glob(".*"))


def test_a_reader_sees_one_of_the_bundles_or_none_while_they_are_written(layout, files_for):
    both = [files_for("one"), files_for("one", "two")]
    whole = []
    for files in both:
        write(layout, files)
        whole.append(read_bundle(layout.bundle))

    def write_often():
        for files in both * 10:
            write(layout, files)

    with ThreadPoolExecutor() as runs:
        run = runs.submit(write_often)
        while not run.done():
            with suppress(BundleError):
                assert read_bundle(layout.bundle) in whole
        run.result()
