"""kubectl with every kind of the simulator, and with a CRD and its objects: it prints what it prints for a real server.

One cluster for all tests of this module: it holds the objects of `tests/data/table_rows.json` and pods in all states.
"""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from k9py.simulator.clock import ManualClock, parse_timestamp
from k9py.simulator.registry.resources import PODS
from k9py.simulator.server import Simulator
from k9py.simulator.state import SimulatorState
from tests.conformance.kubectl import Kubectl
from tests.unit.simulator.objects import add_namespace

_DATA = Path(__file__).parents[1] / "data"
_ROWS: list[dict[str, Any]] = json.loads((_DATA / "table_rows.json").read_text())
_PODS: list[dict[str, Any]] = json.loads((_DATA / "pod_states.json").read_text())
_STORY: list[dict[str, Any]] = json.loads((_DATA / "custom_resources.json").read_text())
_DEFINITION = next(step["body"] for step in _STORY if step["title"] == "definition: create")
_NAMESPACE = "k9py-lab"
_NOW = parse_timestamp(_ROWS[0]["now"])


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    with Simulator(clock=ManualClock(_NOW)) as running:
        running.call(_fill)
        yield running


def _fill(state: SimulatorState) -> None:
    for row in _ROWS:
        group_version = row["object"]["apiVersion"]
        resource = state.storage.resources.of_kind(group_version, row["object"]["kind"])
        assert resource is not None
        if resource.api_version == group_version and resource.storage_version is None:
            _store(state, resource, row["object"], parse_timestamp(row["now"]))
    add_namespace(state)
    for pod in _PODS:
        _store(state, PODS, pod["pod"], parse_timestamp(pod["now"]))


def _store(state: SimulatorState, resource: Any, obj: dict[str, Any], printed_at: datetime) -> None:
    """Store an object with its times moved as if it had been printed now."""
    moved = _moved(obj, _NOW - printed_at)
    metadata = {key: value for key, value in moved["metadata"].items() if key != "resourceVersion"}
    if state.storage.get(resource, metadata.get("namespace"), metadata["name"]) is None:
        state.storage.create(resource, {**moved, "metadata": metadata})


def _moved(value: Any, by: timedelta) -> Any:
    match value:
        case dict():
            return {key: _moved(item, by) for key, item in value.items()}
        case list():
            return [_moved(item, by) for item in value]
        case str() if len(value) in (20, 27) and value.endswith("Z") and value[4] == "-":
            return (parse_timestamp(value) + by).strftime("%Y-%m-%dT%H:%M:%SZ")
        case _:
            return value


def _tables(out: str) -> dict[str, list[str]]:
    """Return kubectl's rows of several tables by the object's `kind/name`, split at the offsets of their headings."""
    rows: dict[str, list[str]] = {}
    offsets: list[int] = []
    for line in out.splitlines():
        if line.startswith(("NAMESPACE ", "NAME ", "LAST SEEN ")):
            offsets = [0] + [at for at in range(2, len(line)) if line[at] != " " and line[at - 2 : at] == "  "]
        elif line.strip():
            cells = [line[start:stop].strip() for start, stop in zip(offsets, [*offsets[1:], None], strict=True)]
            rows[next(cell for cell in cells if "/" in cell)] = cells
    return rows


async def test_get_wide_prints_every_kind_as_for_the_real_server(kubectl: Kubectl) -> None:
    expected = {}
    kinds = []
    for row in _ROWS:
        if "events" in row["path"] or row["object"]["apiVersion"] == "autoscaling/v1":
            continue
        group = row["object"]["apiVersion"].rpartition("/")[0]
        plural = row["path"].rpartition("/")[2]
        singular = row["object"]["kind"].lower()
        kinds.append(f"{plural}.{group}" if group else plural)
        key = f"{singular}.{group}/{row['cells'][0]}" if group else f"{singular}/{row['cells'][0]}"
        expected[key] = ["" if cell is None else str(cell) for cell in row["cells"][1:]]
    shown = _tables((await kubectl("get", ",".join(dict.fromkeys(kinds)), "-A", "-o", "wide")).out)
    different = {}
    for key, cells in expected.items():
        printed = shown.get(key, [])
        printed = printed[printed.index(key) + 1 :] if key in printed else printed
        wanted = [cell.replace("True", "true").replace("False", "false") for cell in cells]
        if [cell.lower() for cell in printed] != [cell.lower() for cell in wanted]:
            different[key] = (printed, cells)
    assert different == {}


async def test_get_prints_pods_in_all_states_as_for_the_real_server(kubectl: Kubectl) -> None:
    shown = await kubectl("get", "pods", "-n", "shop", "--no-headers")
    printed = {line.split()[0]: line.split()[1:] for line in shown.out.splitlines()}
    expected = {pod["name"]: [pod["ready"], pod["status"], *pod["restarts"].split()] for pod in _PODS}
    assert {name: cells[: len(expected[name])] for name, cells in printed.items()} == expected


async def test_describe_reads_every_kind(kubectl: Kubectl) -> None:
    described = [row for row in _ROWS if row["object"]["apiVersion"] != "autoscaling/v1"]
    kinds = dict.fromkeys(
        ".".join(filter(None, (row["path"].rpartition("/")[2], row["object"]["apiVersion"].rpartition("/")[0])))
        for row in described
    )
    shown = await kubectl("describe", ",".join(kinds), "-n", _NAMESPACE)
    names = {line.split()[1] for line in shown.out.splitlines() if line.startswith("Name:") and len(line.split()) > 1}
    assert {row["name"] for row in described if row["object"]["kind"] != "Node"} - names == set()


async def test_api_resources_are_those_of_the_real_server(kubectl: Kubectl) -> None:
    shown = await kubectl("api-resources", "--no-headers")
    lines = [" ".join(line.split()) for line in shown.out.splitlines()]
    for expected in (
        "networkpolicies netpol networking.k8s.io/v1 true NetworkPolicy",
        "storageclasses sc storage.k8s.io/v1 false StorageClass",
        "priorityclasses pc scheduling.k8s.io/v1 false PriorityClass",
        "clusterrolebindings rbac.authorization.k8s.io/v1 false ClusterRoleBinding",
        "customresourcedefinitions crd,crds apiextensions.k8s.io/v1 false CustomResourceDefinition",
        "horizontalpodautoscalers hpa autoscaling/v2 true HorizontalPodAutoscaler",
        "apiservices apiregistration.k8s.io/v1 false APIService",
        "leases coordination.k8s.io/v1 true Lease",
    ):
        assert expected in lines


# -- a CRD and its objects: one story, on a cluster of its own -------------------------------------------------------


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Kubectl]:
    with Simulator() as running:
        running.call(add_namespace)
        yield Kubectl(running, tmp_path)


async def test_a_crd_from_its_creation_to_its_deletion(fresh: Kubectl) -> None:
    kubectl = fresh
    created = await kubectl("create", "-f", "-", stdin=json.dumps(_DEFINITION))
    assert created.out == "customresourcedefinition.apiextensions.k8s.io/widgets.shop.example.com created\n"
    await kubectl("wait", "--for=condition=Established", "crd/widgets.shop.example.com", "--timeout=20s")

    widget = {
        "apiVersion": "shop.example.com/v1",
        "kind": "Widget",
        "metadata": {"name": "cart"},
        "spec": {"size": 3, "replicas": 2},
    }
    assert (await kubectl("apply", "-f", "-", stdin=json.dumps(widget))).out == "widget.shop.example.com/cart created\n"
    misspelt = {**widget, "metadata": {"name": "other"}, "spec": {"sise": 3, "size": 3}}
    refused = await kubectl("create", "-f", "-", stdin=json.dumps(misspelt), code=1)
    assert 'strict decoding error: unknown field "spec.sise"' in refused.err

    shown = await kubectl("get", "wd")
    assert shown.out.splitlines()[0].split() == [
        "NAME", "SIZE", "READY", "SINCE", "PORTS", "FREE", "ISON", "NUM", "AGE",
    ]  # fmt: skip
    assert shown.rows()[0][:2] == ["cart", "3"]
    status = {"status": {"replicas": 2, "conditions": [{"type": "Ready", "status": "True"}]}}
    await kubectl("patch", "wd", "cart", "--type=merge", "--subresource=status", "-p", json.dumps(status))
    wide = await kubectl("get", "widgets.v1.shop.example.com", "-o", "wide")
    assert wide.rows()[0][:4] == ["cart", "3", "True", "silver"]
    assert "widget.shop.example.com/cart" in (await kubectl("get", "gadgets,all")).out

    assert (await kubectl("scale", "widget/cart", "--replicas=5")).out == "widget.shop.example.com/cart scaled\n"
    assert (await kubectl("get", "widget", "cart", "-o", "jsonpath={.spec.replicas}")).out == "5"
    resources = await kubectl("api-resources", "--api-group=shop.example.com", "--no-headers")
    assert resources.out.split() == ["widgets", "wd", "shop.example.com/v1", "true", "Widget"]
    assert "Tier:      silver" in (await kubectl("describe", "wd", "cart")).out

    deleted = await kubectl("delete", "crd", "widgets.shop.example.com")
    assert 'customresourcedefinition.apiextensions.k8s.io "widgets.shop.example.com" deleted' in deleted.out
    gone = await kubectl("get", "wd", code=1)
    assert "the server could not find the requested resource" in gone.err
