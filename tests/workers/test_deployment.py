from pathlib import Path
from types import SimpleNamespace

import pytest

from llmaas.bundle import ReasoningFormat, WeightsFile
from llmaas.workers import plan_deployment, weights_path

STAND_INS = SimpleNamespace(
    chat=Path("chat.gguf"),
    reasoning=Path("r.gguf"),
    embedding=Path("e.gguf"),
    projector=Path("p.gguf"),
    transcription=Path("t.bin"),
    n_ctx=4096,
)
WEIGHTS = WeightsFile(repository="acme/m-GGUF", file="m-Q4.gguf", quantisation="Q4", sha256=None)
PROJECTOR = WeightsFile(
    repository="acme/m-GGUF", file="mmproj.gguf", quantisation="F16", sha256=None
)
THINKS = ReasoningFormat(open="[THINK]", close="[/THINK]", mode="always")


@pytest.fixture
def pull(tmp_path):
    def write(weights):
        path = weights_path(weights, tmp_path)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
        return path

    return write


def test_pulled_weights_are_served_as_the_catalogue_says(spec, tmp_path, pull):
    path = pull(WEIGHTS)
    wanted = spec(weights=WEIGHTS, reasoning=THINKS, n_ctx=32768)
    served = plan_deployment([wanted], weights_dir=tmp_path, stand_ins=STAND_INS)["tiny"]
    assert path == tmp_path / "acme--m-GGUF" / "m-Q4.gguf"
    assert (served.weights_path, served.stand_in, served.spec) == (path, False, wanted)


def test_a_model_with_a_missing_part_counts_as_not_pulled(spec, tmp_path, pull):
    wanted = spec(weights=WEIGHTS, mmproj=PROJECTOR)
    pull(WEIGHTS)
    assert plan_deployment([wanted], weights_dir=tmp_path, stand_ins=None) == {}
    projector = pull(PROJECTOR)
    served = plan_deployment([wanted], weights_dir=tmp_path, stand_ins=None)["tiny"]
    assert served.mmproj_path == projector


def test_what_was_not_pulled_is_absent_unless_stand_ins_are_asked_for(spec, tmp_path):
    specs = [spec(weights=WEIGHTS)]
    assert plan_deployment(specs, weights_dir=tmp_path, stand_ins=None) == {}
    assert plan_deployment(specs, weights_dir=tmp_path, stand_ins=STAND_INS)["tiny"].stand_in


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({}, "chat.gguf"),
        ({"reasoning": THINKS}, "r.gguf"),
        ({"kind": "embedding", "pooling": "last", "embedding_dimensions": 1024}, "e.gguf"),
    ],
)
def test_a_stand_in_is_chosen_by_kind(spec, tmp_path, changes, path):
    served = plan_deployment([spec(**changes)], weights_dir=tmp_path, stand_ins=STAND_INS)["tiny"]
    assert served.weights_path == Path(path)


def test_a_stand_in_brings_its_own_context_formats_and_markers(spec, tmp_path):
    wanted = spec(
        weights=WEIGHTS,
        mmproj=PROJECTOR,
        n_ctx=131072,
        chat_format="mistral",
        tool_call_format="mistral",
        reasoning=THINKS,
        pinned=True,
    )
    planned = plan_deployment([wanted], weights_dir=tmp_path, stand_ins=STAND_INS)["tiny"]
    assert planned.mmproj_path == STAND_INS.projector, "the model sees, and so does its stand-in"
    served = planned.spec
    assert (served.n_ctx, served.chat_format, served.tool_call_format) == (4096, None, "hermes")
    assert served.reasoning == ReasoningFormat(open="<think>", close="</think>", mode="always")
    assert (served.weights, served.mmproj, served.pinned) == (None, None, True)


def test_an_embedding_stand_in_has_768_dimensions(spec, tmp_path):
    wanted = spec(kind="embedding", pooling="last", embedding_dimensions=1024)
    served = plan_deployment([wanted], weights_dir=tmp_path, stand_ins=STAND_INS)["tiny"].spec
    assert (served.embedding_dimensions, served.pooling) == (768, None)


def test_a_transcription_stand_in_keeps_the_shape_of_the_model(spec, tmp_path):
    wanted = spec(kind="transcription", n_ctx=448, weights=WEIGHTS)
    served = plan_deployment([wanted], weights_dir=tmp_path, stand_ins=STAND_INS)["tiny"]
    assert served.stand_in
    assert served.weights_path == Path("t.bin")
    assert (served.spec.kind, served.spec.n_ctx, served.spec.weights) == (
        "transcription",
        448,
        None,
    )
