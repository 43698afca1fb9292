"""kubectl with every kind of the simulator, and with a CRD and its objects: it prints what it prints for a real server.

One cluster for all tests of this module: it holds the objects of `tests/data/table_rows.json` and pods in all states.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from k9py.simulator.clock import ManualClock
from k9py.simulator.server import Simulator
from tests.conformance.kubectl import Kubectl
from tests.conformance.recorded_objects import DATA, NAMESPACE, NOW, POD_STATES, ROWS, fill, tables
from tests.unit.simulator.objects import add_namespace

_STORY: list[dict[str, Any]] = json.loads((DATA / "custom_resources.json").read_text())
_DEFINITION = next(step["body"] for step in _STORY if step["title"] == "definition: create")


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    with Simulator(clock=ManualClock(NOW)) as running:
        running.call(fill)
        yield running


async def test_get_wide_prints_every_kind_as_for_the_real_server(kubectl: Kubectl) -> None:
    expected = {}
    kinds = []
    for row in ROWS:
        if "events" in row["path"] or row["object"]["apiVersion"] == "autoscaling/v1":
            continue
        group = row["object"]["apiVersion"].rpartition("/")[0]
        plural = row["path"].rpartition("/")[2]
        singular = row["object"]["kind"].lower()
        kinds.append(f"{plural}.{group}" if group else plural)
        key = f"{singular}.{group}/{row['cells'][0]}" if group else f"{singular}/{row['cells'][0]}"
        expected[key] = ["" if cell is None else str(cell) for cell in row["cells"][1:]]
    shown = tables((await kubectl("get", ",".join(dict.fromkeys(kinds)), "-A", "-o", "wide")).out)
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
    expected = {pod["name"]: [pod["ready"], pod["status"], *pod["restarts"].split()] for pod in POD_STATES}
    assert {name: cells[: len(expected[name])] for name, cells in printed.items()} == expected


async def test_describe_reads_every_kind(kubectl: Kubectl) -> None:
    described = [row for row in ROWS if row["object"]["apiVersion"] != "autoscaling/v1"]
    kinds = dict.fromkeys(
        ".".join(filter(None, (row["path"].rpartition("/")[2], row["object"]["apiVersion"].rpartition("/")[0])))
        for row in described
    )
    shown = await kubectl("describe", ",".join(kinds), "-n", NAMESPACE)
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


@pytest.mark.parametrize(
    ("arguments", "kind", "field", "expected"),
    [
        ("secret generic key --from-literal=password=x", "secret", "data", {"password": "eA=="}),
        (
            "role reader --verb=get,list --resource=pods",
            "role",
            "rules",
            [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list"]}],
        ),
        (
            "rolebinding readers --role=reader --user=ada",
            "rolebinding",
            "roleRef",
            {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "reader"},
        ),
        ("priorityclass urgent --value=5", "priorityclass", "value", 5),
        (
            "ingress web --rule=a.example.com/=web:80",
            "ingress",
            "spec",
            {
                "rules": [
                    {
                        "host": "a.example.com",
                        "http": {
                            "paths": [
                                {
                                    "backend": {"service": {"name": "web", "port": {"number": 80}}},
                                    "path": "/",
                                    "pathType": "Exact",
                                }
                            ]
                        },
                    }
                ]
            },
        ),
        (
            "pdb guard --min-available=50% --selector=app=web",
            "pdb",
            "spec",
            {"minAvailable": "50%", "selector": {"matchLabels": {"app": "web"}}},
        ),
    ],
    ids=lambda value: value.split()[0] if isinstance(value, str) and " " in value else "",
)
async def test_create_commands_send_protobuf(
    kubectl: Kubectl, arguments: str, kind: str, field: str, expected: Any
) -> None:
    words = arguments.split()
    await kubectl("create", *words, namespace="shop")
    name = words[2] if words[0] == "secret" else words[1]
    assert (await kubectl("get", kind, name, "-o", "json")).json()[field] == expected


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
