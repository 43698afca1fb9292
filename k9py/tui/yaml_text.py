"""An object's JSON as YAML text, for reading: keys in the server's order, no anchors, no wrapped lines.

managedFields are left out: they are bookkeeping, and half of most objects.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import yaml

_FIRST: Final = ("apiVersion", "kind", "metadata", "spec", "data", "status")


class _YamlDumper(yaml.SafeDumper):
    """Lists indented as kubectl does it, texts of several lines as blocks, no aliases."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_YamlDumper.add_representer(str, _text)


def yaml_text(raw: Mapping[str, Any]) -> str:
    """Return the object as YAML, without managedFields. Slow for big objects: call it in a thread."""
    shown = {key: raw[key] for key in _FIRST if key in raw} | {k: v for k, v in raw.items() if k not in _FIRST}
    metadata = shown.get("metadata")
    if isinstance(metadata, Mapping):
        shown["metadata"] = {key: value for key, value in metadata.items() if key != "managedFields"}
    written: str = yaml.dump(
        shown, Dumper=_YamlDumper, sort_keys=False, default_flow_style=False, allow_unicode=True, width=1_000_000
    )
    return written
