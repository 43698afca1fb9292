"""Parse what a person types to list resources: `pods shop -l app=cart`, `deploy/checkout`, `ing -n a -n b`, `nodes`.

The first word names the type (any name of `ResourceTypes`, or an alias that k9s users type), several separated by
commas, or a category. What follows, in any order:

- `-n NAMESPACE` (repeatable), `-A`, `-l SELECTOR`, `--field-selector SELECTOR`, in kubectl's forms;
- `NAMESPACE/NAME`: an object;
- a label selector without `-l`, such as `app=cart`;
- a word: an existing namespace wins; otherwise it is the name of an object. After a namespace (or `-n`), a word is a
  name. Of cluster-scoped types, every word is a name.

Pure: which namespaces exist is passed in. To add an alias: a line in `TYPE_ALIASES`.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from k9py.api.errors import KdashError
from k9py.api.resource_type import ResourceType
from k9py.api.resource_types import ResourceTypes
from k9py.api.selector_text import SelectorError, check_field_selector, parse_label_selector
from k9py.api.text import printable

TYPE_ALIASES: Final = {
    "dp": "deployments",
    "sec": "secrets",
    "jo": "jobs",
    "cr": "clusterroles",
    "crb": "clusterrolebindings",
    "ro": "roles",
    "rb": "rolebindings",
    "np": "networkpolicies",
}
"""Names of k9s (`internal/config/alias.go`). A type that a server itself calls so takes precedence."""

OPTIONS: Final = ("-n NAMESPACE", "-A", "-l SELECTOR", "--field-selector SELECTOR")
"""What may follow the type, for errors and completion."""

_DNS_LABEL: Final = re.compile(r"[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?", re.ASCII)
_LONG: Final = {
    "--namespace": "-n",
    "--all-namespaces": "-A",
    "--selector": "-l",
    "--field-selector": "--field-selector",
}
_TAKES_VALUE: Final = ("-n", "-l", "--field-selector")
_CONTINUES: Final = re.compile(r"[,=!<>(]")
_CONTINUED: Final = re.compile(r"(?:[,=!<>(]|\b(?:in|notin))\Z")


class QueryError(KdashError):
    """A line, or the words of a command, that is no query; the hint says what to type instead."""


class UnknownTypeError(QueryError):
    """No resource type has this name; the hint names the nearest ones.

    Args:
        name: What was typed.
        nearest: Up to three names that are most like it.
    """

    def __init__(self, name: str, nearest: tuple[str, ...]) -> None:
        listed = "kdash api-resources lists the types"
        hint = f"did you mean {_either(nearest)}? {listed}" if nearest else listed
        super().__init__(f'unknown resource type "{printable(name)}"', hint)
        self.name = name
        self.nearest = nearest


@dataclass(frozen=True, slots=True)
class ResourceQuery:
    """Which objects of which types are wanted.

    Args:
        types: at least one; several for `pods,svc` or a category.
        namespaces: those named; () when none was: the caller's own apply.
        all_namespaces: the whole cluster.
        label_selector, field_selector: as typed, valid; "" selects everything.
        name: of one object, "" for all. It may not exist: nothing was asked.
    """

    types: tuple[ResourceType, ...]
    namespaces: tuple[str, ...] = ()
    all_namespaces: bool = False
    label_selector: str = ""
    field_selector: str = ""
    name: str = ""

    @property
    def type(self) -> ResourceType:
        """The type, the first of several."""
        return self.types[0]


def find_types(name: str, types: ResourceTypes) -> tuple[ResourceType, ...]:
    """Return the listable types of one name, several names separated by commas, or a category.

    Raises:
        UnknownTypeError: There is no such type.
        QueryError: Its objects cannot be listed.
    """
    listed: dict[ResourceType, None] = {}
    for part in name.split(","):
        resource_type = find_type(part, types)
        if resource_type is None:
            category = tuple(member for member in types.in_category(part) if member.can_list)
            if not category:
                raise UnknownTypeError(part, types.nearest(part))
            listed.update(dict.fromkeys(category))
        elif not resource_type.can_list:
            raise QueryError(f"{resource_type.qualified_name} cannot be listed", "the API server has no list of them")
        else:
            listed[resource_type] = None
    return tuple(listed)


def find_type(name: str, types: ResourceTypes) -> ResourceType | None:
    """Return the type of a name or alias, None when there is none."""
    known = types.find(name)
    if known is None and name.lower() in TYPE_ALIASES:
        known = types.find(TYPE_ALIASES[name.lower()])
    return known


def names_a_type(word: str, types: ResourceTypes) -> bool:
    """Return whether the first word of a line names a type, a category, or an object of a type."""
    try:
        return bool(word) and bool(find_types(word.partition("/")[0], types))
    except UnknownTypeError:
        return False
    except QueryError:
        return True


def split_words(line: str) -> list[str]:
    """Return the words of a line, quoted as in a shell.

    Raises:
        QueryError: A quotation mark is not closed.
    """
    try:
        return shlex.split(line)
    except ValueError as error:
        what = "a quotation mark is not closed" if "quotation" in str(error) else 'nothing follows the last "\\"'
        raise QueryError(what, "write values with blanks as 'a b'") from error


def parse_query(line: str, types: ResourceTypes, *, is_namespace: Callable[[str], bool]) -> ResourceQuery:
    """Parse a line.

    Args:
        line: Without the colon.
        types: Those the server has.
        is_namespace: Whether a namespace of that name is known to exist.

    Raises:
        UnknownTypeError: The type does not exist.
        QueryError: The line is not valid; the message says why.
    """
    words = split_words(line)
    if not words:
        raise QueryError("no resource type", "type one, such as pods or deploy")
    type_name, slash, name = words[0].partition("/")
    listed = find_types(type_name, types)
    parsed = _Words(words[1:], is_namespaced=any(resource_type.namespaced for resource_type in listed))
    parsed.parse(is_namespace)
    if slash:
        parsed.set_name(name)
    if parsed.name and len(listed) > 1:
        raise QueryError(f'"{printable(parsed.name)}" needs one type', "name one type with the object: pod/NAME")
    if parsed.all_namespaces and parsed.namespaces:
        raise QueryError("-n and -A exclude each other", "use -n for some namespaces, or -A for all")
    return ResourceQuery(
        listed,
        tuple(dict.fromkeys(parsed.namespaces)),
        parsed.all_namespaces,
        ",".join(parsed.label_selectors),
        ",".join(parsed.field_selectors),
        parsed.name,
    )


@dataclass(slots=True)
class _Words:
    """What follows the type, word by word."""

    words: list[str]
    is_namespaced: bool
    namespaces: list[str] = field(default_factory=list)
    all_namespaces: bool = False
    label_selectors: list[str] = field(default_factory=list)
    field_selectors: list[str] = field(default_factory=list)
    name: str = ""

    def parse(self, is_namespace: Callable[[str], bool]) -> None:
        positional: list[str] = []
        while self.words:
            word = self.words.pop(0)
            if word.startswith("-"):
                self._option(word)
            else:
                positional.append(word)
        for word in positional:
            self._positional(word, is_namespace)

    def _option(self, word: str) -> None:
        option, value = _split_option(word)
        if option == "-A":
            if value is not None:
                raise QueryError("-A takes no value", "use -n for some namespaces")
            self.all_namespaces = True
            return
        if value is None and not self.words:
            raise QueryError(f"{option} needs a value", f"type: {_usage(option)}")
        text = self.words.pop(0) if value is None else value
        match option:
            case "-n":
                for namespace in text.split(","):
                    self._add_namespace(namespace)
            case "-l":
                self._add_labels(self._with_blanks(text))
            case _:
                try:
                    check_field_selector(text)
                except SelectorError as error:
                    hint = "such as status.phase=Running"
                    raise QueryError(f"not a field selector: {printable(str(error))}", hint) from error
                self.field_selectors.append(text)

    def _with_blanks(self, text: str) -> str:
        """Return a label selector with the words after it that belong to it: `z in (a, b)` needs no quotes."""
        while self.words and not self.words[0].startswith("-"):
            following = self.words[0]
            is_open = text.count("(") > text.count(")") or _CONTINUED.search(text) is not None
            if not (is_open or following in ("in", "notin") or _CONTINUES.match(following)):
                break
            text = f"{text} {self.words.pop(0)}"
        return text

    def _add_labels(self, text: str) -> None:
        try:
            parse_label_selector(text)
        except SelectorError as error:
            hint = "such as app=web,tier!=cache or 'app in (web,api)'"
            raise QueryError(f"not a label selector: {printable(str(error))}", hint) from error
        if text.strip():
            self.label_selectors.append(text.strip())

    def _add_namespace(self, name: str) -> None:
        if not _DNS_LABEL.fullmatch(name):
            message = f'"{printable(name)}" is not a valid namespace name'
            raise QueryError(message, "use lower-case letters, digits and '-', at most 63")
        self.namespaces.append(name)

    def _positional(self, word: str, is_namespace: Callable[[str], bool]) -> None:
        namespace, slash, name = word.partition("/")
        if slash:
            if not self.is_namespaced:
                raise QueryError(f'"{printable(word)}": these objects are not in a namespace', "leave out the slash")
            self._add_namespace(namespace)
            self.set_name(name)
        elif "=" in word:
            self._add_labels(self._with_blanks(word))
        elif self._is_namespace(word, is_namespace):
            for namespace in word.split(","):
                self._add_namespace(namespace)
        else:
            self.set_name(word)

    def _is_namespace(self, word: str, is_namespace: Callable[[str], bool]) -> bool:
        if not self.is_namespaced or self.namespaces or self.all_namespaces:
            return False
        return all(is_namespace(name) for name in word.split(","))

    def set_name(self, name: str) -> None:
        if self.name:
            raise QueryError(f'"{printable(name)}" is one name too many', "name one object, or none")
        if not name or name in (".", "..") or "/" in name or "%" in name:
            raise QueryError(f'"{printable(name)}" is not a valid name of an object', "type: TYPE NAME")
        self.name = name


def _split_option(word: str) -> tuple[str, str | None]:
    """Return an option in its short form, and the value that is part of the word. Raises QueryError."""
    if word.startswith("--"):
        name, equals, value = word.partition("=")
        if name in _LONG:
            return _LONG[name], value if equals else None
    elif word[:2] in ("-n", "-l"):
        return word[:2], word[2:].removeprefix("=") or None
    elif word == "-A":
        return "-A", None
    raise QueryError(f'unknown option "{printable(word)}"', f"after a type: {', '.join(OPTIONS)}")


def _usage(option: str) -> str:
    return next(usage for usage in OPTIONS if usage.startswith(option))


def _either(names: tuple[str, ...]) -> str:
    shown = [printable(name) for name in names]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} or {shown[-1]}"
