"""Text to token ids, the way llama.cpp does it with the stand-ins' vocabulary."""

from tokenizers import AddedToken, Tokenizer, decoders, models
from train_tokenizer import MERGES_FILE, split_like_llama_cpp

from llmaas.workers.stand_in.vocabulary import CONTROL_TOKENS, MARKER_TOKENS, read_vocabulary


def read_tokenizer() -> Tokenizer:
    """The tokenizer of the committed merges, special tokens included."""
    vocabulary = read_vocabulary()
    specials = [*CONTROL_TOKENS, *MARKER_TOKENS]
    ordinary = vocabulary.tokens[: vocabulary.id(specials[0])]
    merges = [tuple(line.split(" ")) for line in MERGES_FILE.read_text("utf-8").splitlines()]
    ids = {token: index for index, token in enumerate(ordinary)}
    tokenizer = Tokenizer(models.BPE(ids, merges))
    tokenizer.pre_tokenizer = split_like_llama_cpp()
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(token, normalized=False) for token in specials])
    assert all(tokenizer.token_to_id(token) == vocabulary.id(token) for token in specials)
    return tokenizer
