"""Every field that `kubectl describe` prints is in our description, with its value.

`tests/data/kubectl_describe` holds what kubectl printed for objects that use everything. Where our word for a label
differs, it is in a table below; a word of "" means that the place says it (the first column of a table, a title).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, Final

import pytest

from k9py.api.meta import ObjectRef
from k9py.api.times import duration
from k9py.resources.describe.describer import DescribeContext
from k9py.resources.describe.description import describe, requests_of
from k9py.views.describe import Section
from tests.unit.resources.kubectl_description import Fact, facts

DATA: Final = Path(__file__).parents[2] / "data" / "kubectl_describe"
RECORDED: Final = sorted(path.stem for path in DATA.glob("*.json") if path.stem != "statuses")

RELATED: Final = {
    "pods": "pod",
    "replica sets": "replicaset",
    "endpoint slices": "endpointslice",
    "services": "service",
    "lease": "lease",
    "resource quotas": "resourcequota",
    "limit ranges": "limitrange",
    "secrets": "secret",
    "events": "event",
}

HEADINGS: Final = {
    "Allowing ingress traffic": "allowed ingress traffic",
    "Allowing egress traffic": "allowed egress traffic",
    "Behavior": "",
    "BinaryData": "binary data",
    "Conditions": "",
    "Containers": "container",
    "Data": "",
    "Devices": "device",
    "Ephemeral Containers": "container",
    "Resources": "",
    "Init Containers": "container",
    "Items": "",
    "Policies": "policy",
    "PolicyRule": "policy rules",
    "Ports": "port",
    "Required Terms": "required term",
    "Resource Quotas": "resource quota",
    "Resource Limits": "resource limits",
    "Spec": "",
    "Status": "",
    "Subsets": "subset",
    "System Info": "system",
    "Capacity": "allocated resources",
    "Allocatable": "allocated resources",
    "Update Strategy": "",
}
"""Our word for what facts are indented under, where it differs; "" means that our place says it."""

LABELS: Final = {
    "Conditions/Status": "",
    "CreationTimestamp": "created",
    "Created on": "created",
    "Start Time": "started",
    "Termination Grace Period": "grace period",
    "pod:Status Terminating": "status",
    "Topology Spread Constraints": "topology spread",
    "RollingUpdateStrategy": "rolling update",
    "State/Reason": "",
    "State/Message": "",
    "Last State/Reason": "",
    "Last State/Message": "",
    "Volumes/Type": "",
    "Volumes/VolumeAttributes": "attributes",
    "Source/VolumeAttributes": "attributes",
    "Volume Claims/Name": "",
    "Role/Kind": "",
    "Role/Name": "",
    "Resource Quotas/Name": "",
    "Policies/Type": "",
    "From/NamespaceSelector": "in namespaces",
    "From/PodSelector": "pods",
    "IPBlock/CIDR": "",
    "To Port Range": "to port",
    "Lease/HolderIdentity": "holder",
    "Lease/AcquireTime": "acquired",
    "Lease/RenewTime": "renewed",
    "Endpoints/Addresses": "",
    "Endpoints/TargetRef": "target",
    "Endpoints/NodeName": "node",
    "Desired Number of Nodes Scheduled": "desired nodes",
    "Current Number of Nodes Scheduled": "current nodes",
    "Number of Nodes Scheduled with Up-to-date Pods": "up to date",
    "Number of Nodes Scheduled with Available Pods": "available",
    "Number of Nodes Misscheduled": "misscheduled",
    "pod:Status": "phase",
    '"queue" on Service/rich (target value)': "queue on Service/rich",
    '"backlog" (target average value)': "backlog",
    "resource cpu on pods  (as a percentage of request)": "resource cpu on pods (% of request)",
    'resource cpu of container "web" on pods  (as a percentage of request)': (
        "resource cpu of container web (% of request)"
    ),
}
"""Our word for a label, also under a heading (`State/Reason`) or of a kind (`pod:Status`), where it differs."""

COLUMNS: Final = {
    "LastHeartbeatTime": "heartbeat",
    "LastTransitionTime": "since",
    "LastProbeTime": "probed",
    "CPU Limits": "limits",
    "Memory Limits": "limits",
}
"""Our word for the title of a column, where it differs."""

UNTITLED: Final = frozenset(
    (
        *("Type", "Status", "Reason", "Age", "Message", "Resource", "Resources", "Resource Names", "Non-Resource URLs"),
        *("Namespace", "Name", "Kind", "Host", "Path", "Port", "Protocol"),
    )
)
"""Columns that need no title in a line: what the value is can be seen."""

VALUES: Final = (
    (r"^\((\d+) in total\)$", r"\1 pod"),
    (r"(?<!\d)0/TCP(?: \(\w+\))?(?:, )?", ""),
    (r"<set to the (key .*)>\s+Optional: false", r"\1 required"),
    (r"<set to the (key .*)>\s+Optional: true", r"\1 optional"),
    (r"<error: services (\S+) not found>", r"service \1 not found"),
    (r"<any> \(traffic not restricted by destination\)", "any destination"),
    (r"^APIGroup: (\S+), Kind: (\S+), Name: (\S+)$", r"\2  \3  \1"),
    (r"^(\S+ \S+) \+0000 UTC$", r"\1 UTC"),
    (r"^Terminating \(lasts .*\)$", "Terminating"),
    (r" \((?:a|an|bare) .*\)$", ""),
)
"""Values in kubectl's words, and in ours; two blanks separate what only has to be in the same line."""


def normalized(text: str) -> str:
    """Return a text without what only separates: blanks, commas, quotes, brackets, case."""
    return re.sub(r"[\s,\"'<>\[\]()·:=\-]", "", text).lower()


def load(name: str) -> tuple[dict[str, Any], tuple[Section, ...]]:
    """Return a recording and our description of the same object."""
    recorded = json.loads((DATA / f"{name}.json").read_text())
    body = recorded["object"]
    ref = ObjectRef(body["kind"], body["metadata"].get("namespace", ""), body["metadata"]["name"])
    related = {
        request.name: tuple(recorded["related"][RELATED[request.name]])
        for request in requests_of(ref, body)
        if RELATED.get(request.name) in recorded["related"]
    }
    context = DescribeContext(datetime.fromtimestamp(recorded["now"], UTC), related)
    return recorded, describe(ref, body, context)


# -- kubectl's facts as texts that one of our lines must have ---------------------------------------------------------

NOTHING: Final = frozenset({"", "<none>", "<unset>", "[]", "-"})


def expected(kind: str, fact: Fact) -> list[str]:
    """Return the texts that one of our lines has to contain, [] where kubectl says that there is nothing."""
    headings = [HEADINGS.get(name, name) for name in fact.headings]
    if fact.cells:
        return headings + [text for column, cell in fact.cells for text in cell_texts(column, cell)]
    if "Environment Variables from" in fact.headings:
        name, source = re.split(r"\s{2,}", fact.label)[:2]
        source = source.removesuffix(" Optional").strip()
        return [f"from {source.replace(' with', f' {name} with')}" if " with" in source else f"{source} {name}",
                "optional" if fact.value == "true" else "required"]  # fmt: skip
    values = value_texts(fact.value)
    if not values:
        return []
    places = (
        f"{kind}:{fact.label} {values[0]}",
        f"{kind}:{fact.label}",
        *(f"{name}/{fact.label}" for name in fact.headings),
        fact.label,
    )
    label = next((LABELS[place] for place in places if place in LABELS), fact.label)
    return [*headings, label, *values]


def value_texts(value: str) -> list[str]:
    """Return a value as we write it, in one or more texts; [] for nothing."""
    if re.match(r"[A-Z][a-z]{2}, \d\d ", value):
        return [f"{parsedate_to_datetime(value):%Y-%m-%d %H:%M:%S} UTC"]
    for pattern, ours in VALUES:
        value = re.sub(pattern, ours, value)
    return [] if value in NOTHING else re.split(r"\s{2,}", value)


def cell_texts(column: str, cell: str) -> Iterator[str]:
    """Yield the texts of a cell, and the title of its column."""
    values = value_texts(cell)
    if column == "Age":
        seen = re.match(r"(\S+)(?: \(x(\d+) over (\S+)\))?", cell)
        assert seen is not None
        yield our_duration(seen[1])
        if seen[2]:
            yield f"×{seen[2]} over {our_duration(seen[3])}"
    elif values:
        yield from values
        yield "" if column in UNTITLED else COLUMNS.get(column, column)


def our_duration(text: str) -> str:
    """Return kubectl's duration, such as `3m39s`, in our shorter form."""
    units = {"s": 1, "m": 60, "h": 3600, "d": 86400}
    return duration(sum(int(number) * units[unit] for number, unit in re.findall(r"(\d+)([smhd])", text)))


def our_lines(sections: tuple[Section, ...]) -> list[str]:
    """Return our lines, each with the titles it is under."""
    titles: list[str] = []
    lines = []
    for part in sections:
        titles = [*titles[: part.depth], part.title]
        label = ""
        for shown in part.lines or ():
            label = shown.label or label
            lines.append(normalized(" ".join((*titles, label, shown.text))))
        lines.append(normalized(" ".join(titles)))
    return lines


def missing(name: str) -> list[str]:
    """Return what kubectl prints and we do not."""
    recorded, sections = load(name)
    lines = our_lines(sections)
    absent = []
    for fact in facts(recorded["printed"]):
        texts = [normalized(text) for text in expected(recorded["object"]["kind"].lower(), fact)]
        if texts and not any(all(text in line for text in texts) for line in lines):
            absent.append(f"{' > '.join((*fact.headings, fact.label))}: {fact.value or dict(fact.cells)}")
    return absent


@pytest.mark.parametrize("name", RECORDED)
def test_every_field_that_kubectl_prints_is_in_our_description(name: str) -> None:
    assert missing(name) == []
