"""Tiny projectors with random weights, one for each way in which a model takes images in.

`llava`: as many cells as patches, causal. `gemma`: cells that see each other, between markers.
`qwen`: as many cells as the image's size asks for, in M-RoPE's two dimensions.
"""

import base64
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import gguf
import numpy as np
from PIL import Image
from tests.workers.conftest import N_EMBD, write_random

WIDTH = 64
"""Of the projectors' own embeddings."""
N_CTX = 4096


@dataclass(frozen=True)
class Eyes:
    """Weights that see."""

    weights: Path
    mmproj: Path


def make_eyes(directory: Path) -> dict[str, Eyes]:
    """One of each kind."""
    plain = write_random(directory / "plain.gguf", n_ctx=N_CTX)
    return {
        "llava": Eyes(plain, write_llava(directory / "llava.gguf")),
        "gemma": Eyes(plain, write_gemma(directory / "gemma.gguf")),
        "qwen": Eyes(
            write_random(directory / "mrope.gguf", n_ctx=N_CTX, mrope=True),
            write_qwen(directory / "qwen.gguf"),
        ),
    }


def write_llava(path: Path) -> Path:
    """64 × 64 pixels become 64 cells."""
    file = _Projector(path, "mlp", image_size=64, patch_size=8, layers=2)
    file.add("v.patch_embd.weight", WIDTH, 3, 8, 8)
    file.add("v.position_embd.weight", 64, WIDTH)
    file.add_mlp("mm.0", WIDTH, WIDTH)
    file.add_mlp("mm.2", N_EMBD, WIDTH)
    return file.close()


def write_gemma(path: Path, *, image_size: int = 64, merge: int = 2, layers: int = 1) -> Path:
    """64 × 64 pixels become 16 cells."""
    patches = (image_size // 8) ** 2
    file = _Projector(path, "gemma3", image_size=image_size, patch_size=8, layers=layers)
    file.writer.add_uint32("clip.vision.projector.scale_factor", merge)
    file.add("v.patch_embd.weight", WIDTH, 3, 8, 8)
    file.add("v.patch_embd.bias", WIDTH)
    file.add("v.position_embd.weight", patches, WIDTH)
    file.add_norm("v.post_ln")
    file.add("mm.input_projection.weight", WIDTH, N_EMBD)
    file.writer.add_tensor("mm.soft_emb_norm.weight", np.ones(WIDTH, np.float32))
    return file.close()


def write_qwen(path: Path) -> Path:
    """16 × 16 pixels become a cell; there are 8 at least."""
    file = _Projector(path, "qwen2vl_merger", image_size=64, patch_size=8, layers=1)
    file.add("v.patch_embd.weight", WIDTH, 3, 8, 8)
    file.add("v.patch_embd.weight.1", WIDTH, 3, 8, 8)
    file.add_norm("v.post_ln")
    file.add_mlp("mm.0", 4 * WIDTH, 4 * WIDTH)
    file.add_mlp("mm.2", N_EMBD, 4 * WIDTH)
    return file.close()


def write_kind(path: Path, kind: str) -> Path:
    """A header of a kind, with nothing behind it."""
    return _Projector(path, kind, image_size=64, patch_size=8, layers=0).close()


class _Projector:
    def __init__(
        self, path: Path, kind: str, *, image_size: int, patch_size: int, layers: int
    ) -> None:
        self._path = path
        self._random = np.random.default_rng(0)
        self.writer = writer = gguf.GGUFWriter(path, "clip")
        writer.add_string("clip.projector_type", kind)
        writer.add_bool("clip.has_vision_encoder", True)
        writer.add_bool("clip.use_gelu", True)
        for key, value in {
            "image_size": image_size,
            "patch_size": patch_size,
            "embedding_length": WIDTH,
            "feed_forward_length": 2 * WIDTH,
            "block_count": layers,
            "projection_dim": N_EMBD,
            "attention.head_count": 2,
        }.items():
            writer.add_uint32(f"clip.vision.{key}", value)
        writer.add_float32("clip.vision.attention.layer_norm_epsilon", 1e-5)
        writer.add_array("clip.vision.image_mean", [0.5, 0.5, 0.5])
        writer.add_array("clip.vision.image_std", [0.5, 0.5, 0.5])
        for layer in range(layers):
            name = f"v.blk.{layer}."
            self.add_norm(name + "ln1")
            self.add_norm(name + "ln2")
            for each in ("attn_q", "attn_k", "attn_v", "attn_out"):
                self.add_mlp(name + each, WIDTH, WIDTH)
            self.add_mlp(name + "ffn_up", 2 * WIDTH, WIDTH)
            self.add_mlp(name + "ffn_down", WIDTH, 2 * WIDTH)

    def add(self, name: str, *shape: int) -> None:
        values = self._random.standard_normal(shape) / np.sqrt(np.prod(shape[1:]) or 1)
        self.writer.add_tensor(name, values.astype(np.float32))

    def add_mlp(self, name: str, rows: int, columns: int) -> None:
        self.add(name + ".weight", rows, columns)
        self.writer.add_tensor(name + ".bias", np.zeros(rows, np.float32))

    def add_norm(self, name: str) -> None:
        self.writer.add_tensor(name + ".weight", np.ones(WIDTH, np.float32))
        self.writer.add_tensor(name + ".bias", np.zeros(WIDTH, np.float32))

    def close(self) -> Path:
        self.writer.write_header_to_file()
        self.writer.write_kv_data_to_file()
        self.writer.write_tensors_to_file()
        self.writer.close()
        return self._path


def pixels(seed: int, width: int = 96, height: int = 64) -> np.ndarray:
    """Coloured squares."""
    colours = np.random.default_rng(seed).integers(0, 256, (4, 4, 3), np.uint8)
    return np.asarray(Image.fromarray(colours).resize((width, height), Image.Resampling.NEAREST))


def picture(seed: int, width: int = 96, height: int = 64, kind: str = "PNG") -> bytes:
    """The file of an image."""
    file = BytesIO()
    Image.fromarray(pixels(seed, width, height)).save(file, kind)
    return file.getvalue()


def data_uri(data: bytes, kind: str = "png") -> str:
    """As clients send it."""
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"
