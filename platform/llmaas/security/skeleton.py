"""Latin words spelt with letters of other scripts: the skeleton of UTS #39, for mixed words only.

A Russian, Greek or Ukrainian text has no mixed word and keeps its letters. Only where a word mixes
Latin with a look-alike script are the look-alikes of the whole text read as Latin.
"""

import re2

_CYRILLIC = dict(
    zip(
        "аіӏоеерсухѕјԁһԛԝвкмнтгьзбпиуяёѵѡѐңүөӧ",
        "aiioeepcyxsjdhqwbkmhtrb36nuyreywehyoo",
        strict=True,
    )
)
_GREEK = dict(zip("αβγδεζηικλμνοπρςστυφχωϲϳ", "abydeznikamvonpcstupxwcj", strict=True))
_ARMENIAN = dict(
    zip(
        "աբգդեզէըթժիլխծկհձղճմյնշոչպջռսվտրցւփքօֆ",
        "wbqneqetpdhlxdkhdnumjnzouupnsvunguphqop",
        strict=False,
    )
)
_CHEROKEE = dict(zip("ꭰꭱꭲꮁꭵꭺꭻꮃꮇꮋꮪꮯꮲꮖꮢꮪꭲꮩꮤꮓꮞ", "dritiajlmhscpgrsivwz4", strict=False))
_LOOK_ALIKES = str.maketrans({**_ARMENIAN, **_CHEROKEE, **_GREEK, **_CYRILLIC})

_FOREIGN = r"[\x{370}-\x{58f}\x{ab70}-\x{abbf}\x{13a0}-\x{13ff}]"
_MIXED = re2.compile(rf"[a-z]{_FOREIGN}|{_FOREIGN}[a-z]")
_MIXED_WORD = re2.compile(rf"(?:[a-z]+{_FOREIGN}|{_FOREIGN}+[a-z])(?:[a-z]|{_FOREIGN})*")
_WORDS_SHOWN = 50
_WHOLE = 16_000
_BLOCK, _OVERLAP = 4_000, 400


def has_mixed_word(folded: str) -> bool:
    """Whether any word joins Latin and Cyrillic, Greek, Armenian or Cherokee letters."""
    return not folded.isascii() and _MIXED.search(folded) is not None


def skeleton(folded: str) -> str:
    """The text with every look-alike as the Latin letter it looks like."""
    return folded.translate(_LOOK_ALIKES)


def read_skeleton(folded: str) -> str:
    """The skeleton; of a long text only the blocks in which a word is mixed."""
    if len(folded) <= _WHOLE:
        return skeleton(folded)
    blocks = (folded[at : at + _BLOCK + _OVERLAP] for at in range(0, len(folded), _BLOCK))
    return "\n".join(skeleton(block) for block in blocks if has_mixed_word(block))


def disguised_words(folded: str) -> tuple[str, ...]:
    """Mixed words of four letters or more that read as Latin: `аdmin`, not `μm` or `Δt`."""
    words = []
    for match in _MIXED_WORD.finditer(folded):
        word = skeleton(match.group())
        if len(word) >= 4 and word.isascii():
            words.append(word)
        if len(words) == _WORDS_SHOWN:
            break
    return tuple(words)
