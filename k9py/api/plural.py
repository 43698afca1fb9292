"""Counts in text: the one place that chooses between singular and plural.

Everything that a person reads and that holds a number uses these: "1 pod", "2 pods", "1,204 lines", "? pods".
"""

from __future__ import annotations


def pluralize(count: int | None, singular: str, plural: str = "") -> str:
    """Return the form of a noun or verb that goes with a count: `pod` or `pods`, `is` or `are`.

    Args:
        count: None means unknown, which takes the plural.
        singular: the form for 1.
        plural: the form for every other count; "" adds an "s" to the singular.
    """
    return singular if count == 1 else plural or f"{singular}s"


def count_noun(count: int | None, singular: str, plural: str = "") -> str:
    """Return a count with its noun, such as `1 pod`, `2 old pods`, `1,204 lines`, `? pods`.

    Args:
        count, singular, plural: as for `pluralize`. Adjectives stand before the noun in both forms.
    """
    number = "?" if count is None else f"{count:,}"
    return f"{number} {pluralize(count, singular, plural)}"


def with_article(noun: str) -> str:
    """Return a noun with its indefinite article: `a Node`, `an Ingress`."""
    return f"{'an' if noun[:1].lower() in 'aeiou' else 'a'} {noun}"
