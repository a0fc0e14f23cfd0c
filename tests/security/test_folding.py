import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmaas.bundle.folding import fold


@pytest.mark.parametrize(
    ("raw", "folded"),
    [
        ("ÉCOLE «œuf»", 'ecole "oeuf"'),
        ("Straße", "strasse"),
        ("i\u200bg\u00adn\u2060ore", "ignore"),
        ("ｆｕｌｌ 𝐛𝐨𝐥𝐝 ⓒⓘⓡ", "full bold cir"),
        ("s\u0336t\u0336r\u0336", "str"),
        ("ガギグ", "ガギグ"),
        ("か\u3099", "が"),
        ("Москва й", "москва й"),
        ("l’été", "l'ete"),
    ],
)
def test_folding_keeps_what_is_read_and_drops_how_it_is_drawn(raw: str, folded: str) -> None:
    assert fold(raw) == folded


@given(st.text(max_size=60))
def test_folding_never_fails(text: str) -> None:
    assert isinstance(fold(text), str)


def test_long_runs_of_marks_are_cut_before_they_are_sorted() -> None:
    assert len(fold("a" + "\u0591\u05b0" * 100_000)) < 100
