"""Label and field selectors as they are typed: checked, matched and printed as the API server understands them.

Invariant: what is accepted here is accepted by every API server, and what is refused says where it is wrong, so that no
request is sent for a typing error. Imports nothing: command lines use it before anything is loaded.
Sources: apimachinery/pkg/labels/selector.go (`Parse`), apimachinery/pkg/fields/selector.go (`ParseSelector`),
apimachinery/pkg/util/validation.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

_NAME: Final = re.compile(r"[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?", re.ASCII)
_DNS_LABEL: Final = r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?"
_DNS_NAME: Final = re.compile(rf"{_DNS_LABEL}(?:\.{_DNS_LABEL})*", re.ASCII)
_TOKEN: Final = re.compile(r"[ \t\r\n]*(?:(==|!=|[!=<>(),])|([^ \t\r\n!=<>(),]+))")
_INTEGER: Final = re.compile(r"[-+]?\d{1,18}", re.ASCII)
_FIELD_TERM: Final = re.compile(r"(?:\\.?|[^,\\])+", re.DOTALL)
_WORD_OPERATORS: Final = ("in", "notin")
_OPERATORS: Final = (*_WORD_OPERATORS, "=", "==", "!=", "<", ">")
_MAX_NAME: Final = 63
_MAX_PREFIX: Final = 253


class SelectorError(ValueError):
    """A selector that no API server accepts; the text says where and why."""


@dataclass(frozen=True, slots=True)
class SelectorTerm:
    """One requirement of a label selector.

    Args:
        operator: "in", "notin", "=", "!=", "<", ">", "exists" or "!".
        values: as many as the operator takes.
    """

    key: str
    operator: str
    values: tuple[str, ...] = ()

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Return whether labels meet the requirement."""
        value = labels.get(self.key)
        match self.operator:
            case "exists":
                return value is not None
            case "!":
                return value is None
            case "=" | "in":
                return value in self.values
            case "!=" | "notin":
                return value not in self.values
        if value is None or not _INTEGER.fullmatch(value):
            return False
        limit = int(self.values[0])
        return int(value) < limit if self.operator == "<" else int(value) > limit


def parse_label_selector(text: str) -> tuple[SelectorTerm, ...]:
    """Parse a label selector such as `app=web,tier notin (cache,db),!canary`; () selects everything.

    Raises:
        SelectorError: it is not valid.
    """
    return _LabelParser(text).parse()


def matches_labels(terms: tuple[SelectorTerm, ...], labels: Mapping[str, str] | None) -> bool:
    """Return whether labels meet all requirements."""
    return all(term.matches(labels or {}) for term in terms)


def check_field_selector(text: str) -> None:
    """Check the form of a field selector such as `status.phase!=Running,metadata.name=web`.

    Which fields exist is known to the API server alone.

    Raises:
        SelectorError: it is not valid.
    """
    for term in _FIELD_TERM.findall(text):
        key, equals, value = term.partition("=")
        if not equals:
            raise SelectorError(f'"{term}" has no operator: use FIELD=VALUE or FIELD!=VALUE')
        if not key.removesuffix("!").strip():
            raise SelectorError(f'"{term}" names no field: use FIELD=VALUE or FIELD!=VALUE')
        unescaped = re.sub(r"\\[\\,=]", "", value.removeprefix("="))
        for character in ("\\", "="):
            if character in unescaped:
                raise SelectorError(f'"{character}" in the value of "{term}": write it as \\{character}')


def label_key_error(key: str) -> str:
    """Return why a label key is not valid, "" when it is."""
    prefix, slash, name = key.rpartition("/")
    if slash and not (len(prefix) <= _MAX_PREFIX and _DNS_NAME.fullmatch(prefix)):
        return f'"{prefix}" is not a valid prefix of a label: use a lower-case DNS name'
    if len(name) > _MAX_NAME:
        return f'the label "{name[:12]}…" is longer than {_MAX_NAME} characters'
    if not _NAME.fullmatch(name):
        return f'"{key}" is not a valid label: use letters, digits, "-", "_" and "."'
    return ""


def label_value_error(value: str) -> str:
    """Return why a label value is not valid, "" when it is."""
    if len(value) > _MAX_NAME:
        return f'the value "{value[:12]}…" is longer than {_MAX_NAME} characters'
    if value and not _NAME.fullmatch(value):
        return f'"{value}" is not a valid label value: use letters, digits, "-", "_" and "."'
    return ""


class _LabelParser:
    """Recursive descent over the tokens; "" is the token at the end."""

    def __init__(self, text: str) -> None:
        self._tokens = [(match[1] or match[2], match.start(match.lastindex or 0)) for match in _TOKEN.finditer(text)]
        self._at = 0

    def _peek(self) -> str:
        return self._tokens[self._at][0] if self._at < len(self._tokens) else ""

    def _next(self) -> str:
        token = self._peek()
        self._at += 1
        return token

    def _error(self, expected: str) -> SelectorError:
        """Return the error for the token that comes next."""
        token = self._peek()
        where = f'"{token}" at character {self._tokens[self._at][1] + 1}' if token else "the end"
        return SelectorError(f"{expected} expected, not {where}")

    def parse(self) -> tuple[SelectorTerm, ...]:
        terms: list[SelectorTerm] = []
        if not self._tokens:
            return ()
        while True:
            terms.append(self._requirement())
            if not self._peek():
                return tuple(terms)
            if self._peek() != ",":
                raise self._error('"," or the end')
            self._next()

    def _requirement(self) -> SelectorTerm:
        is_absent = self._peek() == "!"
        if is_absent:
            self._next()
        if not self._is_identifier():
            raise self._error("a label")
        key = self._next()
        if problem := label_key_error(key):
            raise SelectorError(problem)
        if is_absent:
            return SelectorTerm(key, "!")
        if self._peek() in ("", ","):
            return SelectorTerm(key, "exists")
        if self._peek() not in _OPERATORS:
            raise self._error('"=", "!=", "in", "notin", "<" or ">"')
        operator = self._next()
        values = self._values() if operator in _WORD_OPERATORS else (self._value(),)
        for value in values:
            if problem := label_value_error(value):
                raise SelectorError(problem)
        if operator in ("<", ">") and not _INTEGER.fullmatch(values[0]):
            raise SelectorError(f'"{operator}" compares with an integer, not with "{values[0]}"')
        return SelectorTerm(key, "=" if operator == "==" else operator, values)

    def _is_identifier(self) -> bool:
        token = self._peek()
        return bool(token) and token not in ("(", ")", ",", "!", "=", "==", "!=", "<", ">")

    def _value(self) -> str:
        if self._peek() in ("", ","):
            return ""
        if not self._is_identifier():
            raise self._error("a value")
        return self._next()

    def _values(self) -> tuple[str, ...]:
        if self._peek() != "(":
            raise self._error('"("')
        self._next()
        if self._peek() == ")":
            raise self._error("a value")
        values: list[str] = []
        while True:
            values.append("" if self._peek() in (",", ")") else self._value())
            if self._peek() not in (",", ")"):
                raise self._error('"," or ")"')
            if self._next() == ")":
                return tuple(values)
