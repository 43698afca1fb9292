"""The syntax tree of the fake shell: the part of POSIX sh that people and tools use in containers.

Pure values. A word is a sequence of parts; unquoted ones are split into fields and matched against file names.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Literal:
    """Text as it stands."""

    text: str
    is_quoted: bool


@dataclass(frozen=True, slots=True)
class Variable:
    """`$NAME`, or `${NAME:-default}` and its relatives; `operator` is one of "", "-", ":-", ":=", ":+", "#", "%"."""

    name: str
    is_quoted: bool
    operator: str = ""
    argument: "Word" = ()


@dataclass(frozen=True, slots=True)
class Substitution:
    """`$(COMMANDS)`: their output."""

    commands: "Sequence"
    is_quoted: bool


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """`$((EXPRESSION))`."""

    expression: str


Word = tuple[Literal | Variable | Substitution | Arithmetic, ...]


@dataclass(frozen=True, slots=True)
class Redirect:
    """`2> FILE`: a descriptor and what it becomes; `operator` is one of `<`, `>`, `>>`, `>&`, `<<<`."""

    descriptor: int
    operator: str
    target: Word


@dataclass(frozen=True, slots=True)
class Simple:
    """A command with its arguments, assignments before it and redirections."""

    assignments: tuple[tuple[str, Word], ...]
    words: tuple[Word, ...]
    redirects: tuple[Redirect, ...]


@dataclass(frozen=True, slots=True)
class If:
    """`if A; then B; elif C; then D; else E; fi`: conditions with their commands, the last condition None for else."""

    branches: "tuple[tuple[Sequence | None, Sequence], ...]"


@dataclass(frozen=True, slots=True)
class Loop:
    """`while` or (`is_until`) `until`."""

    condition: "Sequence"
    body: "Sequence"
    is_until: bool


@dataclass(frozen=True, slots=True)
class For:
    """`for NAME in WORDS; do BODY; done`."""

    name: str
    words: tuple[Word, ...]
    body: "Sequence"


@dataclass(frozen=True, slots=True)
class Group:
    """`{ …; }`, or (`is_subshell`) `( … )`."""

    body: "Sequence"
    is_subshell: bool


@dataclass(frozen=True, slots=True)
class Redirected:
    """A compound command with redirections."""

    command: "If | Loop | For | Group"
    redirects: tuple[Redirect, ...]


CommandNode = Simple | If | Loop | For | Group | Redirected


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Commands joined by `|`; `is_negated`: after `!`."""

    commands: tuple[CommandNode, ...]
    is_negated: bool


@dataclass(frozen=True, slots=True)
class Step:
    """A pipeline and the operator before it: "" (always), `&&`, `||`; `is_background`: ended by `&`."""

    operator: str
    pipeline: Pipeline
    is_background: bool = False


@dataclass(frozen=True, slots=True)
class Sequence:
    """Pipelines, one after another."""

    steps: tuple[Step, ...]
