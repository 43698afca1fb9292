"""Reads one kubeconfig file.

Owns: what makes a file unusable as a whole, and how that is told. The rules are client-go's (clientcmd loads a file
whole or not at all): a value of the wrong type, data that is not base64, or a name given twice is an error even in an
entry that no one uses. Invariant: no value of the file is quoted but names, because it may be a secret.
"""

from __future__ import annotations

import base64
import binascii
import errno
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import msgspec

from k9py.api.errors import ConfigError
from k9py.api.text import printable
from k9py.kube.go_yaml import YamlSyntaxError, read_yaml
from k9py.kube.kubeconfig_schema import File

_LISTS_OF_TEXT: Final = frozenset({"args", "as-groups"})
_MAPS_OF_LISTS: Final = frozenset({"as-user-extra"})
_AS_WRITTEN: Final = frozenset({"extension"})
_UNREADABLE_HINTS: Final[dict[int | None, str]] = {
    errno.EISDIR: "Name the file in it: KUBECONFIG and --kubeconfig take files.",
    errno.ENOTDIR: "A part of the path is a file: name the kubeconfig itself.",
    errno.ELOOP: "Its symbolic links lead back to themselves: make them anew.",
    errno.ENAMETOOLONG: "Give the path of a file, not its content.",
}
_STEP: Final = re.compile(r"\.([^.\[\]]+)|\[(\d+|\.\.\.)\]")
_DATA_OF_CLUSTER: Final = ("certificate_authority_data",)
_DATA_OF_USER: Final = ("client_certificate_data", "client_key_data")


def read_file(path: Path) -> File | None:
    """Read a file; None when there is none. Blocks on a few KB.

    Raises:
        ConfigError: it cannot be read or understood; the message names it.
    """
    shown = printable(str(path))
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        why = getattr(error, "strerror", None) or error
        hint = _UNREADABLE_HINTS.get(getattr(error, "errno", None), "Check the file's owner and mode.")
        raise ConfigError(f"The kubeconfig {shown} cannot be read: {why}", hint) from error
    try:
        values = read_yaml(content)
    except YamlSyntaxError as error:
        raise ConfigError(
            f"The kubeconfig {shown} is not valid YAML: {printable(str(error))[:300]}",
            "Correct that place; `kubectl config view --kubeconfig FILE` checks it too.",
        ) from error
    values = {} if values is None else _without_nulls(values)
    try:
        file = msgspec.convert(values, File)
    except msgspec.ValidationError as error:
        what, hint = _wrong_shape(str(error), values)
        raise ConfigError(f"The kubeconfig {shown} has an entry of the wrong shape: {what}", hint) from error
    for what, hint in _problems(file):
        raise ConfigError(f"The kubeconfig {shown} {what}", hint)
    return file


def decode_base64(text: str) -> bytes:
    """Return what base64 stands for, by Go's rules: line ends are skipped, blanks are not, padding is needed.

    Raises:
        ValueError: it is not base64.
    """
    try:
        return base64.b64decode(text.replace("\r", "").replace("\n", ""), validate=True)
    except binascii.Error as error:
        raise ValueError("not base64") from error


def _without_nulls(values: Any, name: str = "") -> Any:
    """Leave null fields out, and make null items what Go makes of them: "" in a list of text, else an empty entry."""
    if name in _AS_WRITTEN:
        return values
    if isinstance(values, dict) and name in _MAPS_OF_LISTS:  # a key counts even when it has no values
        return {key: _without_nulls([] if one is None else one, "args") for key, one in values.items()}
    if isinstance(values, dict):
        return {key: _without_nulls(one, key) for key, one in values.items() if one is not None}
    if isinstance(values, list):
        empty: Any = "" if name in _LISTS_OF_TEXT else {}
        return [empty if one is None else _without_nulls(one) for one in values]
    return values


def _problems(file: File) -> Iterator[tuple[str, str]]:
    kind, version = file.kind or "Config", file.api_version or "v1"
    if (kind, version) != ("Config", "v1"):
        yield (
            f"is not a kubeconfig: it is of kind {printable(kind)[:100]}, apiVersion {printable(version)[:100]}",
            "A kubeconfig has kind: Config and apiVersion: v1.",
        )
    for what, names in (
        ("cluster", [one.name for one in file.clusters or ()]),
        ("user", [one.name for one in file.users or ()]),
        ("context", [one.name for one in file.contexts or ()]),
    ):
        for name in _repeated(names):
            yield (
                f"defines the {what} {printable(name) or '(without a name)'} more than once",
                "Rename or remove all but one of them.",
            )
    for cluster in file.clusters or ():
        yield from _not_base64(f"cluster {printable(cluster.name)}", cluster.cluster, _DATA_OF_CLUSTER)
    for user in file.users or ():
        yield from _not_base64(f"user {printable(user.name)}", user.user, _DATA_OF_USER)


def _repeated(names: Iterable[str]) -> Iterator[str]:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            yield name
        seen.add(name)


def _not_base64(entry: str, value: object, fields: Iterable[str]) -> Iterator[tuple[str, str]]:
    for field in fields:
        text = getattr(value, field, None)
        if not text:
            continue
        try:
            decode_base64(text)
        except ValueError:
            shown = field.replace("_", "-")
            why = "contains blanks or line breaks" if len(text.split()) > 1 else f"{shown} is base64, without blanks"
            hint = f"Write {shown} on one line." if why.startswith("contains") else f"Copy it again: {why}."
            yield f"has {shown} that is not base64, in the {entry}", hint


def _wrong_shape(message: str, values: Any) -> tuple[str, str]:
    """Return message and hint for a value of a wrong type; msgspec's message ends with its path."""
    path = message.rpartition(" - at `")[2].rstrip("`") if " - at `" in message else "$"
    found, shown = values, ""
    for key, index in _STEP.findall(path):
        if index == "...":  # an item of a map: msgspec does not say which
            return _expected(message, *_first_item_that_is_no_text(message, shown, found))
        try:
            found = found[int(index)] if index else found[key]
        except (KeyError, IndexError, TypeError):
            return _expected(message, shown, None)
        shown += f"[{index}]" if index else f".{key}"
    return _expected(message, shown, found)


def _first_item_that_is_no_text(message: str, path: str, found: Any) -> tuple[str, Any]:
    if isinstance(found, dict) and "Expected `str`" in message:
        for key, value in found.items():
            if not isinstance(value, str | list):
                return f"{path}.{key}", value
    return path, None


def _expected(message: str, path: str, found: Any) -> tuple[str, str]:
    shown = printable(path.lstrip("."))[:200] or "the whole file"
    expected = re.search(r"Expected `(\w+)", message)
    wanted = {"str": "text", "bool": "true or false", "array": "a list", "object": "a mapping"}.get(
        expected[1] if expected else "", "something else"
    )
    match found:
        case bool():
            given = "true or false (in YAML so are yes, no, on, off, y and n)"
        case int() | float():
            given = "a number"
        case str():
            given = "text"
        case list():
            given = "a list"
        case dict():
            given = "a mapping"
        case _:
            given = "of another type"
    if wanted == "text" and isinstance(found, bool | int | float):
        return f"{shown} is {given}, and must be text", "Put it in quotes."
    return f"{shown} is {given}, and must be {wanted}", "Correct it there; `kubectl config view` shows the usual shape."
