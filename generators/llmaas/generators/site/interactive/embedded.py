"""JSON inside a page."""

import json
from typing import Any


def embedded(value: Any) -> str:
    """One line of JSON that cannot end the `<script>` element it stands in."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
