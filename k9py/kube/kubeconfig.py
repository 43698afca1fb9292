"""Reads kubeconfig files and merges them into typed entries.

Owns: where kubeconfigs are found, what makes a file unusable as a whole, and how several files become one.
The rules are client-go's (tools/clientcmd/loader.go):

- Of several files, the first that names an entry, or sets the current context, wins.
- Relative paths are relative to the file that contains them. Only the shell expands `~`: where one is left, kubectl
  looks for a directory of that name, and so does kdash.
- Files listed in KUBECONFIG may be missing; the file given with --kubeconfig may not.
- A file is loaded whole or not at all: a value of the wrong type, data that is not base64, or a name that occurs twice
  is an error even in an entry that nobody uses.

Invariant: no error quotes anything but names from a file, because a value may be a secret.
kubernetes_asyncio's merger is not used: it takes the last current-context, and its import would delay the first frame.
The fields of an entry, and the combinations that are refused, are in `kubeconfig_schema`.
"""

from __future__ import annotations

import base64
import binascii
import errno
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Generic, TypeVar

import msgspec

from k9py.api.errors import ConfigError
from k9py.api.text import printable
from k9py.kube.go_yaml import YamlSyntaxError, read_yaml
from k9py.kube.kubeconfig_schema import KubeconfigCluster, KubeconfigContext, KubeconfigFile, KubeconfigUser

DEMO_HINT: Final = "Set KUBECONFIG or give --kubeconfig PATH. No cluster? Try `kdash --demo`."

_TEXT_LISTS: Final = frozenset({"args", "as-groups"})
_MAPS_OF_LISTS: Final = frozenset({"as-user-extra"})
_UNTYPED: Final = frozenset({"extension"})
_UNREADABLE_HINTS: Final[dict[int | None, str]] = {
    errno.EISDIR: "Name the file in it: KUBECONFIG and --kubeconfig take files.",
    errno.ENOTDIR: "A part of the path is a file: name the kubeconfig itself.",
    errno.ELOOP: "Its symbolic links form a loop: create them again.",
    errno.ENAMETOOLONG: "Give the path of a file, not its content.",
}
_PATH_STEP: Final = re.compile(r"\.([^.\[\]]+)|\[(\d+|\.\.\.)\]")
_CLUSTER_DATA: Final = ("certificate_authority_data",)
_USER_DATA: Final = ("client_certificate_data", "client_key_data")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class KubeconfigEntry(Generic[T]):
    """An entry and the directory of the file that contains it."""

    value: T
    directory: Path

    def resolve_path(self, path: str) -> Path:
        """Return a path from the entry, relative to the entry's file."""
        return self.directory / path


@dataclass(frozen=True, slots=True)
class Kubeconfig:
    """Several files, merged.

    Args:
        current_context: "" when none is set.
        paths: the files that were read.
        missing: the files that do not exist.
    """

    clusters: Mapping[str, KubeconfigEntry[KubeconfigCluster]]
    users: Mapping[str, KubeconfigEntry[KubeconfigUser]]
    contexts: Mapping[str, KubeconfigEntry[KubeconfigContext]]
    current_context: str
    paths: tuple[Path, ...]
    missing: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class ContextEntry:
    """One context to choose from; `namespace` is "default" when it names none. The text is not yet made printable."""

    name: str
    cluster: str
    user: str
    namespace: str
    is_current: bool


def list_contexts(kubeconfig: str | None = None, environ: Mapping[str, str] | None = None) -> tuple[ContextEntry, ...]:
    """Return the contexts of the kubeconfig files, sorted by name; empty when there is no kubeconfig.

    Args, Raises: as for `read_kubeconfig`.
    """
    config = read_kubeconfig(kubeconfig, environ)
    return tuple(
        ContextEntry(
            name,
            entry.value.cluster or "",
            entry.value.user or "",
            entry.value.namespace or "default",
            name == config.current_context,
        )
        for name, entry in sorted(config.contexts.items())
    )


def read_kubeconfig(kubeconfig: str | None = None, environ: Mapping[str, str] | None = None) -> Kubeconfig:
    """Read and merge the kubeconfig files. Blocks on files of a few KB.

    Args:
        kubeconfig: the path given with --kubeconfig; None looks into the environment and the home directory.
        environ: the environment, for tests; this process's when None.

    Returns:
        The merged configuration; `paths` is empty when no file exists.

    Raises:
        ConfigError: the given file is missing, or a file cannot be read or understood.
    """
    environ = os.environ if environ is None else environ
    files: list[tuple[Path, KubeconfigFile]] = []
    missing: list[Path] = []
    for path in candidate_paths(kubeconfig, environ):
        file = read_file(path)
        if file is None:
            missing.append(path)
        else:
            files.append((path, file))
    if kubeconfig and missing:
        raise ConfigError(f"The kubeconfig {printable(str(missing[0]))} does not exist", missing_hint(missing))
    return _merge(files, tuple(missing))


def candidate_paths(kubeconfig: str | None, environ: Mapping[str, str]) -> tuple[Path, ...]:
    """Return the files to look for, in order of precedence."""
    if kubeconfig:
        return (Path(kubeconfig),)
    if listed := environ.get("KUBECONFIG"):
        return tuple(dict.fromkeys(Path(part) for part in listed.split(os.pathsep) if part))
    home = environ.get("HOME") or environ.get("USERPROFILE") or os.path.expanduser("~")
    return (Path(home) / ".kube" / "config",)


def missing_hint(missing: Iterable[Path]) -> str:
    """Return what to do about files that do not exist."""
    if any(path.parts[:1] and path.parts[0].startswith("~") for path in missing):
        return "Only the shell replaces ~, and not everywhere: write the whole path, or $HOME."
    return DEMO_HINT


def _merge(files: Iterable[tuple[Path, KubeconfigFile]], missing: tuple[Path, ...]) -> Kubeconfig:
    clusters: dict[str, KubeconfigEntry[KubeconfigCluster]] = {}
    users: dict[str, KubeconfigEntry[KubeconfigUser]] = {}
    contexts: dict[str, KubeconfigEntry[KubeconfigContext]] = {}
    current_context = ""
    paths: list[Path] = []
    for path, file in files:
        directory = path.absolute().parent
        for cluster in file.clusters or ():
            clusters.setdefault(cluster.name, KubeconfigEntry(cluster.cluster or KubeconfigCluster(), directory))
        for user in file.users or ():
            users.setdefault(user.name, KubeconfigEntry(user.user or KubeconfigUser(), directory))
        for context in file.contexts or ():
            contexts.setdefault(context.name, KubeconfigEntry(context.context or KubeconfigContext(), directory))
        current_context = current_context or file.current_context or ""
        paths.append(path)
    return Kubeconfig(clusters, users, contexts, current_context, tuple(paths), missing)


def read_file(path: Path) -> KubeconfigFile | None:
    """Return the content of one file, None when it does not exist. Blocks on a few KB.

    Raises:
        ConfigError: it cannot be read or understood; the message names the file.
    """
    shown = printable(str(path))
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        reason = getattr(error, "strerror", None) or error
        hint = _UNREADABLE_HINTS.get(getattr(error, "errno", None), "Check the file's owner and mode.")
        raise ConfigError(f"The kubeconfig {shown} cannot be read: {reason}", hint) from error
    try:
        values = read_yaml(content)
    except YamlSyntaxError as error:
        raise ConfigError(
            f"The kubeconfig {shown} is not valid YAML: {printable(str(error))[:300]}",
            "Correct that place; `kubectl config view --kubeconfig FILE` checks it too.",
        ) from error
    values = {} if values is None else _without_nulls(values)
    try:
        file = msgspec.convert(values, KubeconfigFile)
    except msgspec.ValidationError as error:
        problem, hint = _wrong_type(str(error), values)
        raise ConfigError(f"The kubeconfig {shown} has an entry of the wrong type: {problem}", hint) from error
    for problem, hint in _problems(file):
        raise ConfigError(f"The kubeconfig {shown} {problem}", hint)
    return file


def decode_base64(text: str) -> bytes:
    """Decode base64 by Go's rules: line ends are skipped, blanks are not, padding is required.

    Raises:
        ValueError: the text is not base64.
    """
    try:
        return base64.b64decode(text.replace("\r", "").replace("\n", ""), validate=True)
    except binascii.Error as error:
        raise ValueError("not base64") from error


def _without_nulls(value: Any, name: str = "") -> Any:
    """Drop null fields, and replace null items as Go does: by "" in a list of text, otherwise by an empty entry."""
    if name in _UNTYPED:
        return value
    if isinstance(value, dict) and name in _MAPS_OF_LISTS:  # a key counts even when it has no values
        return {key: _without_nulls([] if items is None else items, "args") for key, items in value.items()}
    if isinstance(value, dict):
        return {key: _without_nulls(item, key) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        empty: Any = "" if name in _TEXT_LISTS else {}
        return [empty if item is None else _without_nulls(item) for item in value]
    return value


def _problems(file: KubeconfigFile) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with a file of the right types: the end of a message, and a hint."""
    kind, version = file.kind or "Config", file.api_version or "v1"
    if (kind, version) != ("Config", "v1"):
        yield (
            f"is not a kubeconfig: it is of kind {printable(kind)[:100]}, apiVersion {printable(version)[:100]}",
            "A kubeconfig has kind: Config and apiVersion: v1.",
        )
    for kind, names in (
        ("cluster", [cluster.name for cluster in file.clusters or ()]),
        ("user", [user.name for user in file.users or ()]),
        ("context", [context.name for context in file.contexts or ()]),
    ):
        for name in _duplicates(names):
            yield (
                f"defines the {kind} {printable(name) or '(without a name)'} more than once",
                "Rename or remove all but one of them.",
            )
    for cluster in file.clusters or ():
        yield from _invalid_base64(f"cluster {printable(cluster.name)}", cluster.cluster, _CLUSTER_DATA)
    for user in file.users or ():
        yield from _invalid_base64(f"user {printable(user.name)}", user.user, _USER_DATA)


def _duplicates(names: Iterable[str]) -> Iterator[str]:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            yield name
        seen.add(name)


def _invalid_base64(entry: str, value: object, fields: Iterable[str]) -> Iterator[tuple[str, str]]:
    for field in fields:
        text = getattr(value, field, None)
        if not text:
            continue
        try:
            decode_base64(text)
        except ValueError:
            shown = field.replace("_", "-")
            has_blanks = len(text.split()) > 1
            hint = f"Write {shown} on one line." if has_blanks else f"Copy it again: {shown} is base64, without blanks."
            yield f"has {shown} that is not base64, in the {entry}", hint


def _wrong_type(message: str, values: Any) -> tuple[str, str]:
    """Return problem and hint for a value of the wrong type; msgspec's message ends with the path of the value."""
    path = message.rpartition(" - at `")[2].rstrip("`") if " - at `" in message else "$"
    value, shown = values, ""
    for key, index in _PATH_STEP.findall(path):
        if index == "...":  # an item of a map: msgspec does not say which
            return _expected_type(message, *_first_item_not_text(message, shown, value))
        try:
            value = value[int(index)] if index else value[key]
        except (KeyError, IndexError, TypeError):
            return _expected_type(message, shown, None)
        shown += f"[{index}]" if index else f".{key}"
    return _expected_type(message, shown, value)


def _first_item_not_text(message: str, path: str, value: Any) -> tuple[str, Any]:
    if isinstance(value, dict) and "Expected `str`" in message:
        for key, item in value.items():
            if not isinstance(item, str | list):
                return f"{path}.{key}", item
    return path, None


def _expected_type(message: str, path: str, value: Any) -> tuple[str, str]:
    shown = printable(path.lstrip("."))[:200] or "the whole file"
    expected = re.search(r"Expected `(\w+)", message)
    wanted = {"str": "text", "bool": "true or false", "array": "a list", "object": "a mapping"}.get(
        expected[1] if expected else "", "something else"
    )
    match value:
        case bool():
            actual = "true or false (as are yes, no, on, off, y and n in YAML)"
        case int() | float():
            actual = "a number"
        case str():
            actual = "text"
        case list():
            actual = "a list"
        case dict():
            actual = "a mapping"
        case _:
            actual = "of another type"
    if wanted == "text" and isinstance(value, bool | int | float):
        return f"{shown} is {actual}, and must be text", "Put it in quotes."
    return f"{shown} is {actual}, and must be {wanted}", "Correct it there; `kubectl config view` shows the usual form."
