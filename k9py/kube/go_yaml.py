"""Parses YAML into the values that kubectl sees.

Owns: how bytes become text, which unquoted scalars are numbers, booleans or null, and how keys and merges work. The
rules are those of sigs.k8s.io/yaml (go-yaml 2), not PyYAML's: a date or `12:30` is text, `y` and `0o17` are not.
Invariants: only the first document is read; UTF-8, and UTF-16 with a byte order mark, are supported; no error quotes
the file, because a value may be a token.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any, Final

import yaml

_PLAIN: Final = "tag:k9py,2026:plain"
_STANDARD: Final = "tag:yaml.org,2002:"
_KEYWORDS: Final[dict[str, Any]] = {
    **dict.fromkeys(("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"), True),
    **dict.fromkeys(("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
}
_INTEGER: Final = re.compile(r"[-+]?(?:0[xX][0-9a-fA-F]+|0[oO]?[0-7]+|0[bB][01]+|0|[1-9][0-9]*)")
_FLOAT: Final = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_STRAY_UNDERSCORE: Final = re.compile(r"_(?![0-9])|(?<![0-9])_")
_SMALL: Final = 400_000
"""Nodes up to which nearly the whole document may come from aliases (go-yaml: alias_ratio_range_low)."""
_LARGE: Final = 4_000_000
"""Nodes from which only a tenth may (go-yaml: alias_ratio_range_high)."""
_NOT_FINITE: Final = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")


class YamlSyntaxError(Exception):
    """The text is not YAML, or not YAML that becomes JSON; the message gives the position and never quotes the text."""


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Composes nodes; `_scalar` decides the type of an unquoted scalar."""

    yaml_implicit_resolvers: Final = {None: [(_PLAIN, re.compile(""))]}


class _RedefiningLoader(yaml.SafeLoader):
    """Accepts an anchor that is defined again, as go-yaml does; PyYAML's composers (Python and C) refuse it."""

    yaml_implicit_resolvers = _Loader.yaml_implicit_resolvers

    def compose_node(self, parent: Any, index: Any) -> Any:
        composer: Any = self
        if not composer.check_event(yaml.AliasEvent):
            composer.anchors.pop(composer.peek_event().anchor, None)
        return super().compose_node(parent, index)


def read_yaml(content: bytes) -> Any:
    """Return the first document as JSON values: dict, list, str, int, float, bool, None. Empty content is None.

    Raises:
        YamlSyntaxError: the content cannot be parsed.
    """
    try:
        if b"%YAML" in content:
            _refuse_other_versions(content)
        try:
            node = _first_document(_Loader, content)
        except yaml.composer.ComposerError as error:
            if "duplicate anchor" not in str(error.context):
                raise
            node = _first_document(_RedefiningLoader, content)
        if node is None:
            return None
        values = _Values()
        value = values.value_of(node)
        values.refuse_excessive_aliases(node)
        return value
    except yaml.reader.ReaderError as error:
        raise YamlSyntaxError(_encoding(content, error)) from None
    except yaml.YAMLError as error:
        raise YamlSyntaxError(_where(error)) from None
    except RecursionError:
        raise YamlSyntaxError("it is nested too deeply") from None


def _first_document(loader_class: Any, content: bytes) -> Any:
    loader = loader_class(content)
    try:
        return loader.get_node() if loader.check_node() else None
    finally:
        loader.dispose()


def _refuse_other_versions(content: bytes) -> None:
    """Refuse a first document that declares another version than YAML 1.1, as go-yaml does; PyYAML accepts it."""
    for event in yaml.parse(content, Loader=_Loader):
        if isinstance(event, yaml.DocumentStartEvent):
            if event.version not in (None, (1, 1)):
                major, minor = event.version
                raise YamlSyntaxError(_at(event, f"it is YAML {major}.{minor}, not 1.1: remove the %YAML line"))
            return


class _Values:
    """Converts nodes to values; an alias is its anchor's value, not a copy of it."""

    def __init__(self) -> None:
        self._values: dict[int, Any] = {}
        self._open: set[int] = set()
        self._sizes: dict[int, int] = {}  # nodes in each node; an alias counts as much as its anchor
        self._scalars = 0

    def value_of(self, node: Any) -> Any:
        """Return the value of a node.

        Raises:
            YamlSyntaxError: it has no value in JSON, or contains itself.
        """
        if isinstance(node, yaml.ScalarNode):
            self._scalars += 1
            return _scalar(node)
        identity = id(node)
        if identity in self._values:
            return self._values[identity]
        if identity in self._open:
            raise YamlSyntaxError(_at(node, "an anchor contains itself"))
        self._open.add(identity)
        if isinstance(node, yaml.SequenceNode):
            value: Any = [self.value_of(item) for item in node.value]
        else:
            value = self._mapping(node)
        self._open.discard(identity)
        self._values[identity] = value
        children = node.value if isinstance(node, yaml.SequenceNode) else [item for pair in node.value for item in pair]
        self._sizes[identity] = 1 + sum(map(self._size, children))
        return value

    def refuse_excessive_aliases(self, root: Any) -> None:
        """Refuse a document that aliases expand excessively, by go-yaml's rule: walking it would take minutes.

        Raises:
            YamlSyntaxError: nearly all of it comes from aliases.
        """
        size = self._size(root)
        repeated = size - len(self._values) - self._scalars
        limit = min(0.99, max(0.1, 0.99 - 0.89 * (size - _SMALL) / (_LARGE - _SMALL)))
        if repeated > 100 and size > 1000 and repeated / size > limit:
            raise YamlSyntaxError("its aliases repeat too much")

    def _size(self, node: Any) -> int:
        return self._sizes.get(id(node), 1)

    def _mapping(self, node: yaml.MappingNode) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode) and key.tag == _PLAIN and key.value == "<<":
                for merged in reversed(self._merged(value)):  # the first of a list wins
                    values.update(merged)
            else:
                values[_key(key)] = self.value_of(value)
        return values

    def _merged(self, node: yaml.Node) -> list[dict[str, Any]]:
        value = self.value_of(node)
        values = value if isinstance(value, list) else [value]
        if not all(isinstance(mapping, dict) for mapping in values):
            raise YamlSyntaxError(_at(node, "'<<' merges something that is not a mapping"))
        return values


def _key(node: Any) -> str:
    value = _scalar(node) if isinstance(node, yaml.ScalarNode) else None
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return value
        case int():
            return str(value)
        case float():
            return f"{value:g}"
    raise YamlSyntaxError(_at(node, "a key is neither text nor a number"))


def _scalar(node: yaml.ScalarNode) -> Any:
    text: str = node.value
    match node.tag.removeprefix(_STANDARD):
        case "int" | "float" | "bool" | "null":
            return _plain(node)
        case "binary":
            try:
                return base64.b64decode(text).decode()
            except (binascii.Error, ValueError):
                raise YamlSyntaxError(_at(node, "!!binary is not base64 of text")) from None
        case tag if tag == _PLAIN:
            return _plain(node)
    return text


def _plain(node: yaml.ScalarNode) -> Any:
    text: str = node.value
    if text in _KEYWORDS:
        return _KEYWORDS[text]
    if text[0] == "." or text[0] in "-+" or text[0].isdecimal():
        if _NOT_FINITE.fullmatch(text):
            raise YamlSyntaxError(_at(node, "infinity and 'not a number' are not allowed"))
        return _number(text)
    return text


def _number(text: str) -> int | float | str:
    if not text.isascii() or (text[0] == "." and _STRAY_UNDERSCORE.search(text)):
        return text
    digits = text.replace("_", "")
    if _INTEGER.fullmatch(digits):
        unsigned = digits.lstrip("+-")
        is_octal = len(unsigned) > 1 and unsigned[0] == "0" and unsigned[1].isdecimal()
        value = int(unsigned, 8 if is_octal else 0) * (-1 if digits[0] == "-" else 1)
        if -(2**63) <= value < (2**63 if digits[0] == "+" else 2**64):
            return value
    if _FLOAT.fullmatch(digits):
        number = float(digits)
        return text if number in (float("inf"), float("-inf")) else number
    return text


def _encoding(content: bytes, error: yaml.reader.ReaderError) -> str:
    if content.startswith((b"\xff\xfe\0\0", b"\0\0\xfe\xff")):
        return "it is UTF-32 text: save it as UTF-8"
    if b"\0" in content[:64] and not content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "it is UTF-16 text without a byte order mark, or not text at all: save it as UTF-8"
    if "control" in str(error.reason) or "special characters" in str(error.reason):
        return "it contains control characters: save it as plain UTF-8 text"
    return "it is not UTF-8 text (UTF-16 needs a byte order mark): save it as UTF-8"


def _where(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = str(getattr(error, "problem", None) or "it cannot be parsed")
    return problem if mark is None else f"line {mark.line + 1}, column {mark.column + 1}: {problem}"


def _at(node: Any, problem: str) -> str:
    mark = node.start_mark
    return f"line {mark.line + 1}, column {mark.column + 1}: {problem}"
