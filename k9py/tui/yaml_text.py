"""An object's JSON as YAML text, for reading: keys in the server's order, no anchors, no wrapped lines.

managedFields are bookkeeping, and half of most objects: they are folded to one comment unless they are asked for.
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


def yaml_text(raw: Mapping[str, Any], *, has_managed_fields: bool = False, folded: str = "") -> str:
    """Return the object as YAML. Slow for big objects: call it in a thread.

    Args:
        has_managed_fields: show them.
        folded: the comment in their place; "" shows none.
    """
    shown = {key: raw[key] for key in _FIRST if key in raw} | {k: v for k, v in raw.items() if k not in _FIRST}
    metadata = shown.get("metadata")
    hides = isinstance(metadata, Mapping) and "managedFields" in metadata and not has_managed_fields
    if isinstance(metadata, Mapping) and hides:
        shown["metadata"] = {key: value for key, value in metadata.items() if key != "managedFields"}
    written: str = yaml.dump(
        shown, Dumper=_YamlDumper, sort_keys=False, default_flow_style=False, allow_unicode=True, width=1_000_000
    )
    if not (hides and folded):
        return written
    # The end of `metadata` is the next key at the margin.
    lines = written.split("\n")
    begin = lines.index("metadata:") + 1 if "metadata:" in lines else 0
    end = next((at for at, line in enumerate(lines) if at >= begin and line[:1] not in ("", " ", "-")), len(lines) - 1)
    return "\n".join([*lines[:end], f"  # {folded}", *lines[end:]])
