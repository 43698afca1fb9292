"""The parsed options of the read-only verbs. Imports nothing: a command's help needs this module."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

GetOutput = Literal["table", "wide", "json", "yaml", "name"]


@dataclass(frozen=True, slots=True)
class GetOptions:
    """Options of `kdash get`.

    Args:
        label_selector, field_selector: valid, "" for none.
        watch: keep printing what changes.
        sort_by: a column's title or id, or one of kubectl's JSONPaths (`rows.JSON_PATHS`), with "-" in front for
            descending order; "" keeps the server's order.
        reverse: the other way round.
        label_columns: labels with a column of their own.
        shows_labels: with a column of all labels.
        no_headers: print no column titles.
    """

    output: GetOutput = "table"
    label_selector: str = ""
    field_selector: str = ""
    watch: bool = False
    sort_by: str = ""
    reverse: bool = False
    label_columns: tuple[str, ...] = ()
    shows_labels: bool = False
    no_headers: bool = False


@dataclass(frozen=True, slots=True)
class ApiResourcesOptions:
    """Options of `kdash api-resources`.

    Args:
        api_group: only types of this group, "" for the core group, None for all.
        namespaced: only types with or without namespaces, None for both.
        no_headers: print no column titles.
    """

    output: Literal["table", "wide", "json", "name"] = "table"
    api_group: str | None = None
    namespaced: bool | None = None
    no_headers: bool = False


@dataclass(frozen=True, slots=True)
class EventOptions:
    """Options of `kdash events`.

    Args:
        about: TYPE/NAME of the object, "" for all.
        types: "Normal" or "Warning"; () for both.
        watch: keep printing new events.
        no_headers: print no column titles.
    """

    about: str = ""
    types: tuple[str, ...] = ()
    watch: bool = False
    no_headers: bool = False


@dataclass(frozen=True, slots=True)
class TopOptions:
    """Options of `kdash top`.

    Args:
        of_nodes: nodes, not pods.
        names: only these objects; () for all.
        label_selector: valid, "" for none.
        sort_by: "cpu" and "memory" sort the largest first.
        no_headers: print no column titles.
    """

    of_nodes: bool = False
    names: tuple[str, ...] = ()
    label_selector: str = ""
    sort_by: str = "name"
    no_headers: bool = False
