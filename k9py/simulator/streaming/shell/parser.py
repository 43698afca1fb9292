"""Parses a command line into its syntax tree, by recursive descent over the grammar of POSIX sh.

Pure. To add a compound command, add its node to `syntax.py` and its keyword to `_command`.
"""

import re

from k9py.simulator.streaming.shell.lexer import IncompleteError, Lexer, Operator, ShellSyntaxError, Token
from k9py.simulator.streaming.shell.syntax import (
    CommandNode,
    For,
    Group,
    If,
    Literal,
    Loop,
    Pipeline,
    Redirect,
    Redirected,
    Sequence,
    Simple,
    Step,
    Word,
)

_ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=(.*)", re.DOTALL)
_REDIRECTS = ("<", ">", ">>", ">&", "&>", "<<<")
_ENDINGS = ("then", "elif", "else", "fi", "do", "done", "}")


def parse(text: str) -> Sequence:
    """Return the commands of a text.

    Raises:
        IncompleteError: it goes on.
        ShellSyntaxError: it is wrong.
    """
    parser = _Parser(Lexer(text, parse).tokens())
    commands = parser.sequence()
    parser.expect_end()
    return commands


class _Parser:
    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._at = 0

    def sequence(self) -> Sequence:
        """Read commands until a closing keyword or bracket."""
        steps: list[Step] = []
        operator = ""
        while True:
            self._skip_newlines()
            if self._is_ending():
                if operator and not self._tokens[self._at :]:
                    raise IncompleteError("unexpected end of file")
                return Sequence(tuple(steps))
            step = Step(operator, self._pipeline())
            match self._operator():
                case "&&" | "||" as operator:
                    self._at += 1
                case ";" | "\n":
                    self._at += 1
                    operator = ""
                case "&":
                    self._at += 1
                    operator = ""
                    step = Step(step.operator, step.pipeline, is_background=True)
                case _:
                    operator = ""
                    if not self._is_ending():
                        raise self._unexpected()
            steps.append(step)

    def expect_end(self) -> None:
        if self._at < len(self._tokens):
            raise self._unexpected()

    def _pipeline(self) -> Pipeline:
        is_negated = self._keyword() == "!"
        if is_negated:
            self._at += 1
        commands = [self._command()]
        while self._operator() == "|":
            self._at += 1
            self._skip_newlines()
            commands.append(self._command())
        return Pipeline(tuple(commands), is_negated)

    def _command(self) -> CommandNode:
        match self._keyword():
            case "if":
                return self._with_redirects(self._if())
            case "while" | "until" as keyword:
                self._at += 1
                condition = self.sequence()
                return self._with_redirects(Loop(condition, self._body(), keyword == "until"))
            case "for":
                return self._with_redirects(self._for())
            case "{":
                self._at += 1
                body = self.sequence()
                self._expect("}")
                return self._with_redirects(Group(body, is_subshell=False))
            case _ if self._operator() == "(":
                self._at += 1
                body = self.sequence()
                if self._operator() != ")":
                    raise self._unexpected()
                self._at += 1
                return self._with_redirects(Group(body, is_subshell=True))
            case _:
                return self._simple()

    def _if(self) -> If:
        branches: list[tuple[Sequence | None, Sequence]] = []
        self._at += 1
        while True:
            condition = self.sequence()
            self._expect("then")
            branches.append((condition, self.sequence()))
            if self._keyword() != "elif":
                break
            self._at += 1
        if self._keyword() == "else":
            self._at += 1
            branches.append((None, self.sequence()))
        self._expect("fi")
        return If(tuple(branches))

    def _for(self) -> For:
        self._at += 1
        name = self._keyword()
        self._at += 1
        self._skip_newlines()
        words: list[Word] = []
        if self._keyword() == "in":
            self._at += 1
            while (word := self._word()) is not None:
                words.append(word)
                self._at += 1
        if self._operator() in (";", "\n"):
            self._at += 1
        return For(name, tuple(words), self._body())

    def _body(self) -> Sequence:
        self._skip_newlines()
        self._expect("do")
        body = self.sequence()
        self._expect("done")
        return body

    def _with_redirects(self, command: If | Loop | For | Group) -> CommandNode:
        redirects: list[Redirect] = []
        while (redirect := self._redirect()) is not None:
            redirects += redirect
        return Redirected(command, tuple(redirects)) if redirects else command

    def _simple(self) -> Simple:
        assignments: list[tuple[str, Word]] = []
        words: list[Word] = []
        redirects: list[Redirect] = []
        while True:
            redirect = self._redirect()
            if redirect is not None:
                redirects += redirect
                continue
            word = self._word()
            if word is None:
                break
            self._at += 1
            assignment = None if words else _assignment(word)
            if assignment is not None:
                assignments.append(assignment)
            else:
                words.append(word)
        if not (assignments or words or redirects):
            raise self._unexpected()
        return Simple(tuple(assignments), tuple(words), tuple(redirects))

    def _redirect(self) -> list[Redirect] | None:
        token = self._tokens[self._at] if self._at < len(self._tokens) else None
        if not isinstance(token, Operator) or token.text not in _REDIRECTS:
            return None
        self._at += 1
        target = self._word()
        if target is None:
            raise self._unexpected()
        self._at += 1
        if token.text == "&>":
            return [Redirect(1, ">", target), Redirect(2, ">&", (Literal("1", is_quoted=False),))]
        default = 0 if token.text.startswith("<") else 1
        return [Redirect(token.descriptor if token.descriptor >= 0 else default, token.text, target)]

    def _word(self) -> Word | None:
        token = self._tokens[self._at] if self._at < len(self._tokens) else None
        return None if token is None or isinstance(token, Operator) else token

    def _operator(self) -> str:
        token = self._tokens[self._at] if self._at < len(self._tokens) else None
        return token.text if isinstance(token, Operator) else ""

    def _keyword(self) -> str:
        """Return the next word if it is one unquoted text, else ""."""
        match self._word():
            case (Literal(text=text, is_quoted=False),):
                return text
            case _:
                return ""

    def _is_ending(self) -> bool:
        return self._at >= len(self._tokens) or self._keyword() in _ENDINGS or self._operator() == ")"

    def _skip_newlines(self) -> None:
        while self._operator() == "\n":
            self._at += 1

    def _expect(self, keyword: str) -> None:
        if self._keyword() != keyword:
            raise self._unexpected()
        self._at += 1

    def _unexpected(self) -> ShellSyntaxError:
        if self._at >= len(self._tokens):
            return IncompleteError("syntax error: unexpected end of file")
        shown = self._operator() or self._keyword() or "word"
        return ShellSyntaxError(f"syntax error near unexpected token `{shown if shown != chr(10) else 'newline'}'")


def _assignment(word: Word) -> tuple[str, Word] | None:
    if not word or not isinstance(word[0], Literal) or word[0].is_quoted:
        return None
    match = _ASSIGNMENT.fullmatch(word[0].text)
    if match is None:
        return None
    first = (Literal(match.group(2), is_quoted=False),) if match.group(2) else ()
    return match.group(1), (*first, *word[1:])
