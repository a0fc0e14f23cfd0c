"""One expression for several: RE2 reads a text once, whatever the number of alternatives.

An ordinary prompt has no disguise at all, and whether it has any is the first question about it.
"""

import re2


def any_of(*expressions: "re2._Regexp[str]") -> "re2._Regexp[str]":
    """What is found wherever one of the expressions is."""
    return re2.compile("|".join(f"(?:{each.pattern})" for each in expressions))
