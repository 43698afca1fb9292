"""Merges templates that differ in one word, where that word turns out to be a value: a user name, a table, a region.

`TemplateMerger` takes every new template and returns which of them are the same. Invariants: at least `MIN_CONSTANT`
words of a merged template are constant; a word counts as a value once many different ones were seen in its place
between the same words, so the first of such templates stay separate.
"""

from __future__ import annotations

from typing import Final

from k9py.logs.parsing.level import Level
from k9py.logs.templates.template import Template

MIN_DISTINCT_WORDS: Final = 8
MIN_DISTINCT_SEVERE_WORDS: Final = 24
"""The same for warnings and errors: a new failure must not disappear among similar known ones."""
MIN_DISTINCT_PATHS: Final = 64
"""The same for paths: a service has dozens of routes, and it matters which one fails."""
MIN_CONSTANT: Final = 2
"""Constant words (without placeholders) a template must keep."""
MAX_TOKENS: Final = 32
"""Words of a template that may turn out to be values; later ones are constant."""
WILDCARD: Final = "<word>"
"""Stands for a word that is a value."""

_Slot = tuple[int, int]
"""Index of a word, and the hash of the level and of everything around the word."""


class TemplateMerger:
    """Finds templates that are the same; bounded by the templates it is given."""

    def __init__(self) -> None:
        self._seen: dict[_Slot, list[Template]] = {}
        self._merged: dict[_Slot, Template] = {}
        self._replaced: set[Template] = set()

    def find(self, template: Template) -> Template:
        """Return the merged template a template belongs to, or the template itself."""
        while self._merged:
            merged = next((self._merged[slot] for slot, _ in _slots(template) if slot in self._merged), None)
            if merged is None:
                break
            template = merged
        return template

    def add(self, template: Template) -> tuple[Template, list[Template]]:
        """Add a template that `find` returns unchanged, once.

        Returns:
            The template it belongs to from now on, and all templates merged into that one (none: nothing changed).
        """
        for slot, min_distinct in _slots(template):
            others = self._seen.setdefault(slot, [])
            others.append(template)
            if len(others) >= min_distinct:
                others[:] = [other for other in others if other not in self._replaced]
            if len(others) >= min_distinct:
                merged = _with_wildcard(template, slot[0])
                whole = self.find(merged)  # it may itself be part of a template with more wildcards
                return whole, self._merge_parts(merged)
        return template, []

    def _merge_parts(self, merged: Template) -> list[Template]:
        """Return all templates that a merged template covers; `find` returns the merged one for them from now on."""
        parts: list[Template] = []
        for slot in _values(merged):
            parts += [part for part in self._seen.pop(slot, ()) if part not in self._replaced]
            self._merged[slot] = merged
        self._replaced.update(parts)
        return parts


def _slots(template: Template) -> list[tuple[_Slot, int]]:
    """Return the slots where a template may have a value, each with the number of values that proves it."""
    text, level = template.text, template.level
    tokens = text.split(" ")
    constant = ["<" not in token and any(map(str.isalpha, token)) for token in tokens]
    total = sum(constant)
    if total <= MIN_CONSTANT:
        return []
    names = text.rfind("{") if text.endswith("}") else len(text)
    min_words = MIN_DISTINCT_SEVERE_WORDS if level >= Level.WARN else MIN_DISTINCT_WORDS
    slots: list[tuple[_Slot, int]] = []
    at = 0
    for index, token in enumerate(tokens[:MAX_TOKENS]):
        end = at + len(token)
        if end > names:  # names of fields are not values
            break
        if constant[index]:
            min_distinct = MIN_DISTINCT_PATHS if "/" in token else min_words
            slots.append(((index, hash((level, text[: at + _value_at(token)], text[end:]))), min_distinct))
        at = end + 1
    return slots


def _values(merged: Template) -> list[_Slot]:
    """Return the slots of a merged template's wildcards."""
    text, slots, at = merged.text, list[_Slot](), 0
    for index, token in enumerate(text.split(" ")):
        end = at + len(token)
        if token[_value_at(token) :] == WILDCARD:
            slots.append((index, hash((merged.level, text[: at + _value_at(token)], text[end:]))))
        at = end + 1
    return slots


def _value_at(token: str) -> int:
    """Return where the value begins in a word: after the name in `name=value`."""
    return token.find("=") + 1


def _with_wildcard(template: Template, index: int) -> Template:
    tokens = template.text.split(" ")
    token = tokens[index]
    tokens[index] = token[: _value_at(token)] + WILDCARD
    return Template(template.level, " ".join(tokens))
