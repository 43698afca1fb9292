"""The server's objects as JSON and YAML, as kubectl prints them: sorted keys, without managedFields; no folded lines.

Invariant: characters that a terminal may interpret are escaped, which both formats can do without loss.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import yaml

from k9py.cli.console import Console, has_control_characters, is_unicode, json_text

_INDENT: Final = 4
_STR: Final = "tag:yaml.org,2002:str"
_Dumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


class _YamlDumper(_Dumper):  # type: ignore[misc]
    """No aliases; texts of several lines as blocks."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: Any, text: str) -> Any:
    """Quote what would be read as something else ("true", "1") as kubectl does."""
    is_other = dumper.resolve(yaml.ScalarNode, text, (True, False)) != _STR
    style = "|" if "\n" in text else '"' if is_other else None
    return dumper.represent_scalar(_STR, text, style=style)


_YamlDumper.add_representer(str, _text)


def as_list(items: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return objects as kubectl's List."""
    return {"apiVersion": "v1", "items": list(items), "kind": "List", "metadata": {"resourceVersion": ""}}


def without_managed_fields(value: Mapping[str, Any]) -> dict[str, Any]:
    """Return an object without its managedFields."""
    metadata = value.get("metadata")
    if not isinstance(metadata, Mapping) or "managedFields" not in metadata:
        return dict(value)
    return {**value, "metadata": {key: field for key, field in metadata.items() if key != "managedFields"}}


def print_raw(console: Console, value: Mapping[str, Any], form: str, *, separated: bool = False) -> None:
    """Print an object or a List.

    Args:
        form: "json" or "yaml".
        separated: a YAML document follows another one.
    """
    if value.get("kind") == "List" and "items" in value:
        value = {**value, "items": [without_managed_fields(item) for item in value["items"]]}
    else:
        value = without_managed_fields(value)
    if form == "json":
        text = json_text(value, plain=not is_unicode(console.out), indent=_INDENT, sort_keys=True)
        console.out.write(f"{text}\n")
    else:
        if separated:
            console.out.write("---\n")
        console.out.write(yaml_text(value, plain=not is_unicode(console.out)))
    console.out.flush()


def yaml_text(value: Mapping[str, Any], *, plain: bool = False) -> str:
    """Return an object as YAML; `plain`: with all other characters than ASCII escaped."""
    text: str = yaml.dump(
        dict(value),
        Dumper=_YamlDumper,
        sort_keys=True,
        default_flow_style=False,
        allow_unicode=not plain,
        width=1_000_000,
    )
    return yaml_text(value, plain=True) if not plain and has_control_characters(text) else text
