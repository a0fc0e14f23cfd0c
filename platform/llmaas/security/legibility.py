"""Does a respelt reading make sense? Counts words that prompts are made of, before and after.

Cheap probes for a disguise fire on ordinary text too (`utf8`, `a*b`, `.env`). A reading that yields
no more words than the text itself is not worth a full assessment.
"""

_WORD_LIST = (
    " the | you | and | all |your|ignor|instru|prompt|system|sistem|previous|rule|answer|respon|"
    "without|forget|show|secret|password|pretend|"
    " les | des | que | vous |oubli|consigne| los |olvid| der | die | und | ist |vergiss|anweisung|"
    " che | non |dimentica|istruzion|regol|regla|regeln|"
    "指令|指示|提示|忽略|规则|无视|限制|模式|扮演|系统|你的|之前|所有|显示|"
    "無視|プロンプト|ルール|システム|忘れ|制限|出力|表示|モード|して|ください|すべて"
)
_WORDS = tuple(_WORD_LIST.split("|"))
_SAMPLE = 6_000
_GAIN = 2


def legibility(text: str) -> int:
    """How many of the words stand in the beginning and the end of a text."""
    if len(text) > 2 * _SAMPLE:
        text = text[:_SAMPLE] + text[-_SAMPLE:]
    padded = f" {text} "
    return sum(map(padded.count, _WORDS))


def reads_better(reading: str, original: int) -> bool:
    """Whether a reading has at least two words more than the original had (`legibility`)."""
    return legibility(reading) >= original + _GAIN
