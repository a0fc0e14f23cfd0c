"""What GGUF files say about their models."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from gguf import GGUFWriter, LlamaFileType, PoolingType

from llmaas.catalog import read_catalog
from llmaas.catalog.edit import NewModel, add_model, authored, completed, edited, missing
from llmaas.catalog.edit.gguf_file import read_weights_file
from llmaas.catalog.edit.licences import known_licence
from llmaas.catalog.edit.weights import weights_facts

DAY = date(2026, 1, 1)
BASE = Path(__file__).parents[2] / "golden" / "edit" / "base.yaml"
CHATML = (
    "{% if tools %}<tool_call>{% endif %}<|im_start|>{% if enable_thinking %}<think>{% endif %}"
)


def write_gguf(path: Path, architecture: str, **facts: object) -> Path:
    writer = GGUFWriter(path, architecture)
    for key, value in facts.items():
        getattr(writer, f"add_{key}")(value)
    writer.add_tensor("token_embd.weight", np.zeros((1500, 2000), dtype=np.float16))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


@pytest.fixture
def chat(tmp_path: Path) -> Path:
    return write_gguf(
        tmp_path / "chat.gguf",
        "qwen3",
        name="Tiny Chat",
        organization="Example",
        basename="Tiny",
        license="apache-2.0",
        repo_url="https://hub.example.com/example/tiny-chat",
        context_length=40960,
        chat_template=CHATML,
        file_type=LlamaFileType.MOSTLY_Q4_K_M,
    )


def test_a_file_tells_context_size_template_licence_and_origin(chat: Path) -> None:
    facts = read_weights_file(chat)
    assert (facts.name, facts.publisher, facts.family) == ("Tiny Chat", "Example", "Tiny")
    assert facts.upstream == "example/tiny-chat"
    assert (facts.context_tokens, facts.total_b) == (40960, Decimal("0.003"))
    assert (facts.chat_format, facts.tool_call_format) == ("chatml", "hermes")
    assert facts.reasoning == {"open": "<think>", "close": "</think>", "mode": "on_by_default"}
    assert (facts.quantisation, facts.embedding) == ("Q4_K_M", False)
    assert facts.licence is not None
    assert facts.licence.id == "Apache-2.0"


def test_an_embedding_model_tells_its_pooling_and_its_dimensions(tmp_path: Path) -> None:
    facts = read_weights_file(
        write_gguf(
            tmp_path / "vectors.gguf",
            "bert",
            pooling_type=PoolingType.CLS,
            context_length=512,
            embedding_length=384,
        )
    )
    assert (facts.embedding, facts.pooling, facts.embedding_dimensions) == (True, "cls", 384)
    assert facts.chat_format is None


def test_what_is_no_gguf_file_is_refused(tmp_path: Path) -> None:
    for content in (b"", b"GGUF", b"no model at all, and long enough to be read"):
        path = tmp_path / "broken.gguf"
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r".+"):
            read_weights_file(path)


def test_a_model_from_a_file_needs_nothing_more_to_be_added(chat: Path) -> None:
    base = read_catalog(BASE)
    assert base.catalog is not None
    new = completed(NewModel(id="tiny:3m", released_on=DAY), read_weights_file(chat))
    assert missing(new) == ()
    offered = [endpoint.id for endpoint in base.catalog.endpoints]
    edit = add_model(base.catalog, authored(new, offered))
    after = edited(base, BASE.read_bytes(), edit).after
    assert "  - id: tiny:3m\n    display_name: Tiny Chat\n" in after
    assert (
        "      n_ctx: 32768\n      chat_format: chatml\n      tool_call_format: hermes\n" in after
    )


def test_what_a_person_says_wins_over_what_the_file_says(chat: Path) -> None:
    said = NewModel(id="tiny:3m", released_on=DAY, publisher="Me", licence="mit")
    new = completed(said, read_weights_file(chat))
    assert (new.publisher, new.licence, new.licence_name) == ("Me", "MIT", "MIT License")


@pytest.mark.parametrize(
    ("template", "name", "chat_format", "tool_call_format"),
    [
        ("<|im_start|>system", "Qwen", "chatml", None),
        ("<|im_start|>user<|im_sep|>", "Phi", "phi4", None),
        ("<|start_header_id|>{{ tools }}", "Llama", "llama3", "llama3_json"),
        ("<start_of_turn>", "Gemma", "gemma", None),
        ("<|start_of_role|>{{ tools }}<|tool_call|>", "Granite", "granite", "granite"),
        ("<|start_of_role|>", "Granite Guardian", "granite_guardian", None),
        ("<｜User｜>", "DeepSeek", "deepseek", None),
        ("[INST]{{ tools }}[TOOL_CALLS]", "Mistral", "mistral", "mistral"),
        ("[INST]{{ tools }}[TOOL_CALLS]name[ARGS]", "Mistral", "mistral", "mistral_args"),
        ("<|im_start|>{{ tools }}<tool_call><function=", "Coder", "chatml", "qwen3_coder"),
        ("<｜User｜><｜tool▁calls▁begin｜>", "R1", "deepseek", "deepseek"),
        ("{{ messages }}", "Other", None, None),
    ],
)
def test_a_template_shows_its_family(
    template: str, name: str, chat_format: str | None, tool_call_format: str | None
) -> None:
    metadata = {"tokenizer.chat_template": template, "general.name": name}
    facts = weights_facts(metadata, n_parameters=None, quantisation=None)
    assert (facts.chat_format, facts.tool_call_format) == (chat_format, tool_call_format)


@pytest.mark.parametrize(
    ("label", "total", "active"),
    [("8B", "8", None), ("30B-A3B", "30", "3"), ("278M", "0.278", None), ("large", None, None)],
)
def test_the_first_of_several_files_tells_its_size_by_its_label(
    label: str, total: str | None, active: str | None
) -> None:
    facts = weights_facts({"general.size_label": label}, n_parameters=None, quantisation=None)
    assert facts.total_b == (None if total is None else Decimal(total))
    assert facts.active_b == (None if active is None else Decimal(active))


@pytest.mark.parametrize(
    ("name", "identifier"),
    [
        ("apache-2.0", "Apache-2.0"),
        ("Apache 2.0", "Apache-2.0"),
        ("MIT Licence", "MIT"),
        ("llama3.3", "LicenseRef-Llama-3.3-Community"),
        ("LLAMA 3.2 Community Licence", "LicenseRef-Llama-3.2-Community"),
        ("Google Gemma Terms of Use", "LicenseRef-Gemma"),
        ("all rights reserved", None),
    ],
)
def test_a_licence_is_known_by_the_names_that_publishers_give_it(
    name: str, identifier: str | None
) -> None:
    found = known_licence(name)
    assert (found and found.id) == identifier
