"""The descriptor of an action and the values it is made of."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any

from k9py.actions.host import ActionHost
from k9py.api.plural import with_article

if TYPE_CHECKING:  # `kdash --help` imports no decoder
    from k9py.api.meta import ObjectRef
    from k9py.api.resource_type import ResourceType


class HelpGroup(Enum):
    """A section of the help screen, in the order the help screen shows them. The value is its title."""

    ACTIONS = "Actions"
    INSPECT = "Inspect"
    PANES = "Panes"
    NAVIGATE = "Navigate"
    GENERAL = "General"
    TABLES = "Tables"
    LOG_SOURCES = "Logs: sources"
    LOG_LINES = "Logs: lines"
    TEXT = "Text"
    DIALOGS = "Dialogs"


class ActionScope(Enum):
    """Where an action's keys are bound, and what kind of target it has.

    `WORKLOAD`, `POD`, `OBJECT`, `KIND` and `CONTAINER` need a target under the cursor; all others act on what their
    screen or widget shows. Keys of `KIND` are bound in tables of the kinds on which the action is allowed, in place of
    keys of actions that are never possible there; those of `CONTAINER` in the list of a pod's containers. Everywhere
    else both are typed.
    """

    WORKLOAD = "workload"
    POD = "pod"
    OBJECT = "object"
    KIND = "kind"
    CONTAINER = "container"
    FILES = "files"
    FILE = "file"
    OPERATION = "operation"
    CLUSTER = "cluster"
    SCREEN = "screen"
    APP = "app"
    PANES = "panes"
    HOME = "home"
    ROWS = "rows"
    EVENTS = "events"
    TREE = "tree"
    TIMELINE = "timeline"
    PROBLEMS = "problems"
    CHAIN = "chain"
    BACKGROUND_JOBS = "background jobs"
    DIFF = "diff"
    REVISION = "revision"
    TEXT_SCREEN = "text screen"
    DESCRIPTION = "description"
    YAML = "yaml"
    DIFF_SCREEN = "diff screen"
    LOG_PANE = "log pane"
    LOG_SCREEN = "log screen"
    LOG_VIEW = "log view"
    TABLE = "table"
    TEXT_VIEW = "text view"
    DIFF_VIEW = "diff view"
    DIALOG = "dialog"
    BUTTONS = "buttons"
    LIST = "list"
    CHOICES = "choices"
    FORM = "form"
    CHOICE = "choice"
    COMMAND_LINE = "command line"
    SOURCES = "sources"
    QUESTION = "question"
    DELETION = "deletion"
    EDITOR = "editor"
    NUMBER = "number"
    PORTS = "ports"
    FILTER_BAR = "filter bar"
    HELP = "help"
    CLI = "command line of the shell"


@dataclass(frozen=True, slots=True)
class ActionTarget:
    """An object as it was under the cursor when an action began.

    Args:
        key: The object.
        uid: Its uid, "" when it is not in the store.
        resource_type: Its type, None when it is not known.
        has_one_revision: Return whether its history is known to hold the current revision alone. Computed on demand.
    """

    key: ObjectRef
    uid: str = ""
    resource_type: ResourceType | None = None
    has_one_revision: Callable[[], bool] = field(default=lambda: False, compare=False)


@dataclass(frozen=True, slots=True)
class Permission:
    """What the API server has to allow.

    Args:
        verb: Such as "patch".
        resource: Plural name, "" for the resource of the target's kind.
        subresource: Such as "scale".
    """

    verb: str
    resource: str = ""
    subresource: str = ""


@dataclass(frozen=True, slots=True)
class TypedCommand:
    """How an action is typed after `:` or found in the palette.

    Args:
        name: What is typed; `aliases` mean the same.
        aliases: Other names.
        argument: Name of the argument, "" when there is none.
        required: Whether the argument must be given.
    """

    name: str
    aliases: tuple[str, ...] = ()
    argument: str = ""
    required: bool = False

    @property
    def usage(self) -> str:
        """Return how it is typed."""
        if not self.argument:
            return self.name
        return f"{self.name} {self.argument}" if self.required else f"{self.name} [{self.argument}]"

    def answers_to(self, word: str) -> bool:
        """Return whether a word is this command's name or one of its aliases."""
        return word == self.name or word in self.aliases


@dataclass(frozen=True, slots=True)
class CliOption:
    """An option of a verb: a number, or a flag.

    Args:
        flag: Such as "--replicas".
        input: The input of the operation that it sets.
        help: Its line in the verb's help.
        is_flag: It takes no number.
        required: Whether it must be given.
        choices: It takes one of these words; the first is the default.
        default: The number when it is left out.
    """

    flag: str
    input: str
    help: str
    is_flag: bool = False
    required: bool = False
    choices: tuple[str, ...] = ()
    default: int | None = 0


WordParser = Callable[[Sequence[str]], tuple[Sequence[str], Mapping[str, Any]]]
"""Split the words of a command line into those that name objects and inputs. Raises ValueError: they are not valid."""


@dataclass(frozen=True, slots=True)
class CliVerb:
    """How an action is run from a shell: `kdash <name> KIND/NAME`.

    Args:
        name: The verb.
        short_help: Its line in `kdash --help`.
        help: First sentence of `kdash <name> --help`.
        takes_several: Several objects may be named; they are changed one after the other.
        has_own_function: Its command line is not made of objects and options; see `cli/commands.py`.
        any_type: Objects of any type may be named, not workloads alone.
        bare_type: Type of a name without one, such as "node"; "": the type has to be named.
        options: Its own options; with the name of the object, they are all an operation needs.
        metavar: What follows the name of the object, for the help; "" when nothing does.
        parse: Reads what follows the name of the object, None when nothing does.
    """

    name: str
    short_help: str
    help: str
    takes_several: bool = False
    has_own_function: bool = False
    any_type: bool = False
    bare_type: str = ""
    options: tuple[CliOption, ...] = ()
    metavar: str = ""
    parse: WordParser | None = None


Run = Callable[[ActionHost, str | None], Awaitable[None] | None]
"""Run an action. The second argument is what was typed after the command, None when a key was pressed."""


def always(_target: ActionTarget) -> str | None:
    """Allow an action on every target."""
    return None


def workloads_alone(_target: ActionTarget) -> bool:
    """Act on workloads alone."""
    return False


def of_kinds(verb: str, *kinds: str) -> Callable[[ActionTarget], str | None]:
    """Return what allows an action on standard kinds alone.

    Args:
        verb: The past participle, such as "cordoned".
        kinds: Such as "Node".
    """

    def allowed(target: ActionTarget) -> str | None:
        key = target.key
        if key.kind in kinds and not key.group:
            return None
        able = " or ".join(map(with_article, kinds))
        return f"{with_article(key.qualified_kind)} cannot be {verb}: only {able} can"

    return allowed


def anytime(_host: ActionHost) -> str | None:
    """Allow an action at any time."""
    return None


@dataclass(frozen=True, slots=True)
class Action:
    """Something a user can do.

    Args:
        id: `family.name`; also the id of its bindings, so it is what a keymap names.
        title: One to three words for the footer.
        help: One sentence without a full stop for help screen and palette. `{other.action}` stands for a key, see
            `KeyNames.fill`.
        keys: Default keys, as Textual names them.
        group: Section of the help screen.
        scope: Where its keys are bound and what it acts on.
        run: Runs it. None when the widget or screen it is bound on implements it: see `native`.
        native: The Textual action that implements it, such as "move(1)"; used when `run` is None.
        command: How it is typed, None when it cannot be.
        cli: How a shell runs it, None when it cannot.
        permission: What the API server has to allow, None when it needs nothing.
        writes: Whether it changes the cluster, or may change what runs in it: refused in a read-only session.
        operation: Name of the operation it starts, "" when it starts none.
        takes_marked: Whether it acts on all marked rows when some are marked.
        allowed: Return why it is not possible on a target, None when it is.
        also: Return whether an action on workloads acts on an object of another kind itself.
        ready: Return why it is not possible now, whatever the target, None when it is.
        footer: Place in the footer, lowest first; None keeps it out. What does not fit is cut from the end.
        priority: Whether the key works while something has the focus that takes keys itself.
    """

    id: str
    title: str
    help: str
    keys: tuple[str, ...] = ()
    group: HelpGroup = HelpGroup.ACTIONS
    scope: ActionScope = ActionScope.SCREEN
    run: Run | None = None
    native: str = ""
    command: TypedCommand | None = None
    cli: CliVerb | None = None
    permission: Permission | None = None
    writes: bool = False
    operation: str = ""
    takes_marked: bool = False
    allowed: Callable[[ActionTarget], str | None] = always
    also: Callable[[ActionTarget], bool] = workloads_alone
    ready: Callable[[ActionHost], str | None] = anytime
    footer: int | None = None
    priority: bool = False
