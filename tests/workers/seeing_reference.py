"""What llama.cpp's own helper makes of a prompt with images: the judge of our engine."""

import ctypes
from collections.abc import Sequence

import llama_cpp.llama_cpp as llama
import llama_cpp.mtmd_cpp as mtmd
import numpy as np
from tests.workers.vision_weights import Eyes

from llmaas.workers.kv_plan import KvPlan
from llmaas.workers.model import Batch, Model, generation_context
from llmaas.workers.protocol import Likelihood, TokenLogprob


def reference(
    eyes: Eyes, text: str, images: Sequence[np.ndarray], *, max_tokens: int, top: int = 3
) -> list[TokenLogprob]:
    """Greedy continuation of a text in which `<__media__>` stands for each image."""
    model = Model(eyes.weights, n_gpu_layers=0)
    context = generation_context(
        model,
        KvPlan(unified=False, cells=4096, n_ids=1),
        n_ctx=4096,
        n_seq_max=1,
        n_threads=1,
    )
    params = mtmd.mtmd_context_params_default()
    params.use_gpu = False
    params.n_threads = 1
    sight = mtmd.mtmd_init_from_file(str(eyes.mmproj).encode(), model.handle, params)
    assert sight
    data = text.encode()
    given = mtmd.mtmd_input_text(data, len(data), True, True)
    contiguous = [np.ascontiguousarray(image) for image in images]
    bitmaps = (mtmd.mtmd_bitmap_p_ctypes * len(images))(
        *(
            mtmd.mtmd_bitmap_init(
                image.shape[1],
                image.shape[0],
                image.ctypes.data_as(ctypes.POINTER(ctypes.c_uint8)),
            )
            for image in contiguous
        )
    )
    chunks = mtmd.mtmd_input_chunks_init()
    code = mtmd.mtmd_tokenize(sight, chunks, ctypes.byref(given), bitmaps, len(images))
    assert code == 0
    past = llama.llama_pos(0)
    code = mtmd.mtmd_helper_eval_chunks(
        sight, context.handle, chunks, 0, 0, 512, True, ctypes.byref(past)
    )
    assert code == 0
    said = []
    batch = Batch(context.shape)
    position = past.value
    for _ in range(max_tokens):
        logits = np.ctypeslib.as_array(
            llama.llama_get_logits_ith(context.handle, -1), (model.n_vocab,)
        ).astype(np.float64)
        logprobs = logits - np.log(np.sum(np.exp(logits - logits.max()))) - logits.max()
        best = np.argsort(-logprobs, kind="stable")[:top]
        likely = [Likelihood(bytes([int(token)]), float(logprobs[token])) for token in best]
        said.append(TokenLogprob(likely[0], likely))
        batch.clear()
        batch.add(0, best[:1].astype(np.int32), position, output=True)
        assert context.decode(batch) == 0
        position += 1
    mtmd.mtmd_input_chunks_free(chunks)
    mtmd.mtmd_free(sight)
    context.close()
    llama.llama_model_free(model.handle)
    return said
