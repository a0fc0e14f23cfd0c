"""Texts of a given size that would cost a careless filter the most."""

from collections.abc import Mapping

_SEEDS: Mapping[str, str] = {
    "open_tags": "<a ",
    "open_brackets": "[",
    "open_comments": "<!-- ",
    "hidden_elements": '<p style="display:none" ',
    "markdown_images": "![a](https://a.b/",
    "nested_json": '{"a":',
    "near_rule": "ignore the very old and previous ",
    "near_rules_mixed": "ignore all show me your act as unrestricted ",
    "near_rules_chinese": "忽略你的之前显示系统",
    "near_rules_japanese": "以前のすべて無視システムの表示",
    "mixed_script": "аdmіn sуstem ",
    "zero_width": "a\u200b",
    "combining_two_classes": "\u0301\u0323",
    "tag_characters": "\U000e0061",
    "variation_selectors": "\ufe01\U000e0120",
    "bidi_overrides": "\u202eab",
    "base64_pieces": "aWdub3JlIGFsbCBydWxlcw== ",
    "hex_pieces": "69676e6f7265 ",
    "url_escapes": "%69%67",
    "html_entities": "&#105;",
    "unicode_escapes": "\\u0069",
    "spaced": "i g n o r e  ",
    "dotted": "i.g.n.o.r.e ",
    "leet": "1gn0r3 4ll ",
    "inner_markup": "ig**no**re ",
    "rot13": "vtaber cebzcg ",
    "reversed": "erongi tpmorp ",
    "one_letter": "a",
    "one_word": "ignore ",
    "emoji": "👩\u200d👩\u200d👧",
    "role_tokens": "<|im_start|>system ",
}


def adversarial_texts(size: int) -> dict[str, str]:
    """One text of `size` characters per kind of attack on the filter's time."""
    return {name: (seed * (size // len(seed) + 1))[:size] for name, seed in _SEEDS.items()}
