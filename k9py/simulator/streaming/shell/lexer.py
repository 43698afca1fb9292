"""Splits a command line into words and operators.

Pure. Raises `IncompleteError` for a line that goes on (an open quote), `ShellSyntaxError` for one that is wrong.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from k9py.simulator.streaming.shell.syntax import Arithmetic, Literal, Sequence, Substitution, Variable, Word

_OPERATORS = ("&&", "||", "<<<", ">>", ">&", "&>", ";;", ";", "|", "&", "(", ")", "<", ">", "\n")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|[0-9#?$!@*]")
_BRACED = re.compile(r"(#?)([A-Za-z_][A-Za-z0-9_]*|[0-9#?$!@*])(:-|:=|:\+|-|##?|%%?)?")


class ShellSyntaxError(Exception):
    """A command line that no shell accepts."""


class IncompleteError(ShellSyntaxError):
    """A command line that goes on in the next line."""


@dataclass(frozen=True, slots=True)
class Operator:
    """An operator; `descriptor` is the number before a redirection, or -1."""

    text: str
    descriptor: int = -1


Token = Operator | Word


class Lexer:
    """Reads the tokens of one text."""

    def __init__(self, text: str, parse: Callable[[str], Sequence]) -> None:
        """Read a text; `parse` parses the inside of `$(…)`."""
        self._text = text
        self._at = 0
        self._parse = parse

    def tokens(self) -> list[Token]:
        """Return all tokens."""
        tokens: list[Token] = []
        while True:
            self._skip_blanks()
            if self._at >= len(self._text):
                return tokens
            descriptor = re.compile(r"([0-9])(?=[<>])").match(self._text, self._at)
            if descriptor:
                self._at += 1
            operator = next((text for text in _OPERATORS if self._text.startswith(text, self._at)), None)
            if operator is not None:
                self._at += len(operator)
                tokens.append(Operator(operator, int(descriptor.group()) if descriptor else -1))
                continue
            tokens.append(self._word())

    def _skip_blanks(self) -> None:
        while self._at < len(self._text):
            if self._text.startswith("\\\n", self._at):
                self._at += 2
            elif self._text[self._at] in " \t\r":
                self._at += 1
            elif self._text[self._at] == "#":
                end = self._text.find("\n", self._at)
                self._at = len(self._text) if end < 0 else end
            else:
                return

    def _word(self) -> Word:
        parts: list[Literal | Variable | Substitution | Arithmetic] = []
        plain = ""

        def flush() -> None:
            nonlocal plain
            if plain:
                parts.append(Literal(plain, is_quoted=False))
                plain = ""

        while self._at < len(self._text) and self._text[self._at] not in " \t\r\n;|&()<>":
            character = self._text[self._at]
            match character:
                case "'":
                    flush()
                    parts.append(Literal(self._until("'"), is_quoted=True))
                case '"':
                    flush()
                    parts += self._double_quoted()
                case "\\":
                    flush()
                    parts.append(Literal(self._text[self._at + 1 : self._at + 2], is_quoted=True))
                    self._at += 2
                case "$" | "`":
                    flush()
                    parts.append(self._expansion(is_quoted=False))
                case _:
                    plain += character
                    self._at += 1
        flush()
        return tuple(parts)

    def _until(self, quote: str) -> str:
        end = self._text.find(quote, self._at + 1)
        if end < 0:
            raise IncompleteError(f"unexpected EOF while looking for matching `{quote}'")
        content = self._text[self._at + 1 : end]
        self._at = end + 1
        return content

    def _double_quoted(self) -> list[Literal | Variable | Substitution | Arithmetic]:
        parts: list[Literal | Variable | Substitution | Arithmetic] = []
        plain = ""
        self._at += 1
        while True:
            if self._at >= len(self._text):
                raise IncompleteError("unexpected EOF while looking for matching `\"'")
            character = self._text[self._at]
            if character == '"':
                self._at += 1
                parts.append(Literal(plain, is_quoted=True))
                return parts
            if character == "\\" and self._text[self._at + 1 : self._at + 2] in ('"', "\\", "$", "`", "\n"):
                plain += self._text[self._at + 1].replace("\n", "")
                self._at += 2
            elif character in "$`":
                parts.append(Literal(plain, is_quoted=True))
                plain = ""
                parts.append(self._expansion(is_quoted=True))
            else:
                plain += character
                self._at += 1

    def _expansion(self, *, is_quoted: bool) -> Literal | Variable | Substitution | Arithmetic:
        text, at = self._text, self._at
        if text[at] == "`":
            return Substitution(self._parse(self._until("`")), is_quoted)
        if text.startswith("$((", at):
            end = text.find("))", at)
            if end < 0:
                raise IncompleteError("unexpected EOF while looking for matching `)'")
            self._at = end + 2
            return Arithmetic(text[at + 3 : end])
        if text.startswith("$(", at):
            inside = self._balanced(at + 1, "(", ")")
            return Substitution(self._parse(inside), is_quoted)
        if text.startswith("${", at):
            return self._braced(self._balanced(at + 1, "{", "}"), is_quoted=is_quoted)
        name = _NAME.match(text, at + 1)
        if name is None:
            self._at += 1
            return Literal("$", is_quoted)
        self._at = name.end()
        return Variable(name.group(), is_quoted)

    def _braced(self, inside: str, *, is_quoted: bool) -> Variable:
        match = _BRACED.match(inside)
        if match is None:
            raise ShellSyntaxError(f"${{{inside}}}: bad substitution")
        if match.group(1):
            return Variable(match.group(2), is_quoted, "length")
        argument = Lexer(inside[match.end() :], self._parse).whole_word()
        return Variable(match.group(2), is_quoted, match.group(3) or "", argument)

    def whole_word(self) -> Word:
        """Read the whole text as one word, blanks included."""
        parts: list[Literal | Variable | Substitution | Arithmetic] = []
        while self._at < len(self._text):
            word = self._word()
            parts += word
            if self._at < len(self._text):
                parts.append(Literal(self._text[self._at], is_quoted=False))
                self._at += 1
        return tuple(parts)

    def _balanced(self, at: int, opening: str, closing: str) -> str:
        """Return what is between brackets, the first of which is at a position, and move behind them."""
        depth, quote = 0, ""
        for position in range(at, len(self._text)):
            character = self._text[position]
            if quote:
                quote = "" if character == quote else quote
            elif character in "'\"":
                quote = character
            elif character == opening:
                depth += 1
            elif character == closing:
                depth -= 1
                if not depth:
                    self._at = position + 1
                    return self._text[at + 1 : position]
        raise IncompleteError(f"unexpected EOF while looking for matching `{closing}'")
