"""Templates that differ in one word only, where that word is seen to be a value: a user's name, a table, a region.

`Merging` is told of every new template and says which ones are in truth one. Invariants: at least `MIN_CONSTANT` words
of a merged template are constant; a word is a value once many different ones stood in its place between the same words,
so the first of such templates are shown each by itself.
"""

from __future__ import annotations

from typing import Final

from k9py.logs.parsing.level import Level
from k9py.logs.templates.template import Template

MANY_WORDS: Final = 8
MANY_GRAVE_WORDS: Final = 24
"""The same for warnings and errors: a new failure shall not vanish among known ones that read alike."""
MANY_PATHS: Final = 64
"""The same for paths: a service has dozens of routes, and which one fails is worth knowing."""
MIN_CONSTANT: Final = 2
"""Constant words (without placeholders) a template must keep."""
MAX_TOKENS: Final = 32
"""Words of a template that may turn out to be values; those behind are constant."""
ANY: Final = "<word>"
"""Stands for a word that is a value."""

_Gap = tuple[int, int]
"""Place of a word, and the hash of the level and all that stands around it."""


class Merging:
    """Finds which templates are one; bounded by the templates it is told of."""

    def __init__(self) -> None:
        self._seen: dict[_Gap, list[Template]] = {}
        self._merged: dict[_Gap, Template] = {}
        self._gone: set[Template] = set()

    def find(self, template: Template) -> Template:
        """Return the merged template a template belongs to, itself when it belongs to none."""
        while self._merged:
            found = next((self._merged[gap] for gap, _ in _gaps(template) if gap in self._merged), None)
            if found is None:
                break
            template = found
        return template

    def add(self, template: Template) -> tuple[Template, list[Template]]:
        """Take in a template that `find` gives back as it is, once.

        Returns:
            The template it belongs to from now on, and all those that have become part of it (none: nothing changed).
        """
        for gap, many in _gaps(template):
            others = self._seen.setdefault(gap, [])
            others.append(template)
            if len(others) >= many:
                others[:] = [one for one in others if one not in self._gone]
            if len(others) >= many:
                merged = _without(template, gap[0])
                whole = self.find(merged)  # it may itself be a part of one with more values
                return whole, self._parts(merged)
        return template, []

    def _parts(self, merged: Template) -> list[Template]:
        """Take all that differ from a merged template in one of its values; from now on they are found to be it."""
        parts: list[Template] = []
        for gap in _values(merged):
            parts += [one for one in self._seen.pop(gap, ()) if one not in self._gone]
            self._merged[gap] = merged
        self._gone.update(parts)
        return parts


def _gaps(template: Template) -> list[tuple[_Gap, int]]:
    """Return the places where a template may have a value, each with how many values prove it."""
    words, level = template.words, template.level
    tokens = words.split(" ")
    constant = ["<" not in token and any(map(str.isalpha, token)) for token in tokens]
    total = sum(constant)
    if total <= MIN_CONSTANT:
        return []
    names = words.rfind("{") if words.endswith("}") else len(words)
    many_words = MANY_GRAVE_WORDS if level >= Level.WARN else MANY_WORDS
    gaps: list[tuple[_Gap, int]] = []
    at = 0
    for index, token in enumerate(tokens[:MAX_TOKENS]):
        end = at + len(token)
        if end > names:  # the names of fields are no values
            break
        if constant[index]:
            many = MANY_PATHS if "/" in token else many_words
            gaps.append(((index, hash((level, words[: at + _value_at(token)], words[end:]))), many))
        at = end + 1
    return gaps


def _values(merged: Template) -> list[_Gap]:
    """Return the places of a merged template's values."""
    words, gaps, at = merged.words, list[_Gap](), 0
    for index, token in enumerate(words.split(" ")):
        end = at + len(token)
        if token[_value_at(token) :] == ANY:
            gaps.append((index, hash((merged.level, words[: at + _value_at(token)], words[end:]))))
        at = end + 1
    return gaps


def _value_at(token: str) -> int:
    """Return where the value begins in a word, behind its name in `name=value`."""
    return token.find("=") + 1


def _without(template: Template, index: int) -> Template:
    tokens = template.words.split(" ")
    token = tokens[index]
    tokens[index] = token[: _value_at(token)] + ANY
    return Template(template.level, " ".join(tokens))
