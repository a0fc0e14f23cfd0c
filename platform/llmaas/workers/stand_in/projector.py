"""The stand-in's eye: a projector that gives the generating stand-ins an image to read.

In the shape of LLaVA: patches, a linear map of each, and two layers into the embeddings of the text
model. The weights are written by hand: every patch reads like an empty line, and a little like what
is in it, so that different images are different input. It does not recognise anything.
"""

from importlib.resources import as_file

import numpy as np
from gguf import GGUFReader, GGUFWriter
from gguf.quants import dequantize
from numpy.typing import NDArray

from llmaas.workers.stand_in.chat import WEIGHTS
from llmaas.workers.stand_in.vocabulary import byte_letters, read_vocabulary

ARCHITECTURE = "clip"
IMAGE_SIZE = 96
"""Every image is brought to this width and height."""
PATCH_SIZE = 16
TOKENS = (IMAGE_SIZE // PATCH_SIZE) ** 2
"""What an image takes in a prompt."""
N_EMBD = 64
OWN_SHARE = 0.3
"""How much of a patch's embedding is its own, beside the empty line that all share."""


def write_projector(writer: GGUFWriter) -> None:
    """Fill a GGUF file with the projector of the stand-in weights of this package."""
    line = _new_line()
    writer.add_name("LLMaaS stand-in (projector)")
    writer.add_description(
        "A stand-in made by LLMaaS itself: it lets a model take images and recognises nothing."
    )
    writer.add_string("clip.projector_type", "mlp")
    writer.add_bool("clip.has_vision_encoder", True)
    writer.add_bool("clip.use_gelu", True)
    for key, value in {
        "image_size": IMAGE_SIZE,
        "patch_size": PATCH_SIZE,
        "embedding_length": N_EMBD,
        "feed_forward_length": N_EMBD,
        "block_count": 0,
        "projection_dim": len(line),
        "attention.head_count": 1,
    }.items():
        writer.add_uint32(f"clip.vision.{key}", value)
    writer.add_float32("clip.vision.attention.layer_norm_epsilon", 1e-5)
    writer.add_array("clip.vision.image_mean", [0.5, 0.5, 0.5])
    writer.add_array("clip.vision.image_std", [0.5, 0.5, 0.5])

    random = np.random.default_rng(N_EMBD)
    pixels = 3 * PATCH_SIZE**2

    def mapping(*shape: int, inputs: int) -> NDArray[np.float32]:
        values = random.standard_normal(shape) / np.sqrt(inputs)
        return np.array(values, np.float32)

    own = OWN_SHARE * float(np.linalg.norm(line)) / np.sqrt(len(line))
    # Neighbouring pixels are alike: without the factor, the mean colour alone would be seen.
    patch = 4 * mapping(N_EMBD, 3, PATCH_SIZE, PATCH_SIZE, inputs=pixels)
    writer.add_tensor("v.patch_embd.weight", patch)
    writer.add_tensor("v.position_embd.weight", 0.1 * mapping(TOKENS, N_EMBD, inputs=1))
    writer.add_tensor("mm.0.weight", mapping(N_EMBD, N_EMBD, inputs=N_EMBD))
    writer.add_tensor("mm.0.bias", np.zeros(N_EMBD, np.float32))
    writer.add_tensor("mm.2.weight", np.float32(own) * mapping(len(line), N_EMBD, inputs=N_EMBD))
    writer.add_tensor("mm.2.bias", line)


def _new_line() -> NDArray[np.float32]:
    """What the text model has for a line that ends: of all tokens, it changes an answer least."""
    with as_file(WEIGHTS) as path:
        table = next(each for each in GGUFReader(path).tensors if each.name == "token_embd.weight")
        row = table.data[read_vocabulary().id(byte_letters()[ord("\n")])].copy()
        return np.array(dequantize(row, table.tensor_type), np.float32).reshape(-1)
