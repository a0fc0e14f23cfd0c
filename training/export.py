"""Write trained weights as the package's `weights.gguf`.

    python training/export.py weights.npz

The file holds the architecture and the tensors (Q8_0, norms in F32). Vocabulary and chat template
are added where the stand-ins are made, so each is in the package once.
"""

import sys
from hashlib import sha256
from pathlib import Path

import numpy as np
from gguf import GGUFWriter
from gguf.constants import GGMLQuantizationType, LlamaFileType
from gguf.quants import quantize
from model import EPSILON, HEAD_DIM, N_EMBD, N_FF, N_HEAD, N_LAYER, N_VOCAB, ROPE_BASE
from rows import CONTEXT
from train_tokenizer import MERGES_FILE

SHARPNESS = 4.0
"""What the last norm is multiplied by. The focal loss leaves the model less sure than it is right,
and a client that names no temperature gets 1: unlikely tokens would be drawn, and words misspelt.
The likeliest token stays the likeliest."""
WEIGHTS_FILE = MERGES_FILE.with_name("weights.gguf")


def export(weights: Path, output: Path) -> None:
    """Quantise and write."""
    writer = GGUFWriter(output, "llama")
    writer.add_string("llmaas.merges_sha256", sha256(MERGES_FILE.read_bytes()).hexdigest())
    writer.add_float32("llmaas.sharpness", SHARPNESS)
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(N_EMBD)
    writer.add_block_count(N_LAYER)
    writer.add_feed_forward_length(N_FF)
    writer.add_head_count(N_HEAD)
    writer.add_head_count_kv(N_HEAD)
    writer.add_layer_norm_rms_eps(EPSILON)
    writer.add_rope_dimension_count(HEAD_DIM)
    writer.add_rope_freq_base(ROPE_BASE)
    writer.add_vocab_size(N_VOCAB)
    writer.add_file_type(LlamaFileType.MOSTLY_Q8_0)
    for name, tensor in np.load(weights).items():
        if name == "output_norm.weight":
            tensor = SHARPNESS * tensor  # noqa: PLW2901
        kind = GGMLQuantizationType.Q8_0 if tensor.ndim == 2 else GGMLQuantizationType.F32
        writer.add_tensor(name, quantize(tensor.astype(np.float32), kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    print(f"{output.name}: {output.stat().st_size:,} bytes")


if __name__ == "__main__":
    export(Path(sys.argv[1]), WEIGHTS_FILE)
