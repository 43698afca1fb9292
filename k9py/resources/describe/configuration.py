"""ConfigMaps, and Secrets without their values: keys and sizes only."""

from __future__ import annotations

from typing import Final

from k9py.api.plural import count_noun
from k9py.resources.describe.describer import DescribeContext, Describer, Description
from k9py.resources.describe.json_fields import JsonObject, object_at, scalar_text, text_at
from k9py.resources.describe.lines import value_line
from k9py.resources.secret_values import size_text
from k9py.views.describe import DescribeLine, line, section

MAX_LINES: Final = 500
"""Lines shown of one value; the YAML has all of them."""


def _config_map(body: JsonObject, context: DescribeContext) -> Description:
    values = object_at(body, "data")
    binary = object_at(body, "binaryData")
    sections = [section(name, _value_lines(scalar_text(value)), depth=1) for name, value in values.items()]
    count = count_noun(len(values) + len(binary), "key")
    return Description(
        (line("immutable", "true" if body.get("immutable") is True else ""),),
        urgent=(section("Data", [line("", count)]), *sections),
        details=(section("Binary data", [line(name, size_text(value)) for name, value in binary.items()]),),
    )


def _value_lines(text: str) -> list[DescribeLine]:
    lines = text.splitlines()
    shown = [line("", row) if row.strip() else DescribeLine("", " ") for row in lines[:MAX_LINES]]
    if len(lines) > MAX_LINES:
        shown.append(line("", f"… {count_noun(len(lines) - MAX_LINES, 'more line')} in the YAML"))
    return shown or [line("", '""')]


def _secret(body: JsonObject, context: DescribeContext) -> Description:
    data = object_at(body, "data")
    head = (
        value_line("type", body, "type"),
        line("immutable", "true" if body.get("immutable") is True else ""),
        line(
            "service account", text_at(object_at(body, "metadata", "annotations"), "kubernetes.io/service-account.name")
        ),
    )
    keys = section("Data", [line(name, size_text(value)) for name, value in data.items()] or [line("", "no keys")])
    return Description(head, urgent=(keys,))


DESCRIBERS = (Describer("ConfigMap", _config_map), Describer("Secret", _secret, is_secret=True))
