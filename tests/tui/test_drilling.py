"""From an object to those that belong to it: owners, pods, events."""

from __future__ import annotations

import re
from pathlib import Path

from k9py.api.meta import ObjectRef
from k9py.simulator.faults import Refuse, RequestMatch
from k9py.simulator.registry.resources import PODS
from k9py.simulator.server import Simulator
from k9py.simulator.state import SimulatorState
from k9py.tui.logs.source_filter import NameFilter
from k9py.tui.screens.containers import ContainersScreen
from k9py.tui.screens.describe import DescribeScreen
from k9py.tui.screens.events import EventsScreen
from k9py.tui.screens.logs import LogScreen
from k9py.tui.screens.resources import ResourceScreen
from k9py.tui.screens.rollout import RolloutScreen
from k9py.tui.screens.tree import TreeScreen
from tests.tui.dashboard import Dashboard, dashboard
from tests.tui.test_resources import listed, names
from tests.tui.triage import FakeTriage


async def test_owners_are_walked_up_to_the_workload(kdash: Dashboard) -> None:
    screen = await listed(kdash, "po")
    cart = next(row.key for row in screen.pane.table.shown_rows if row.key.name.startswith("cart-"))
    assert screen.pane.table.select_key(cart)
    for kind in ("ReplicaSet", "Deployment"):
        await kdash.press("O")
        await kdash.until(lambda kind=kind: target_kind(kdash) == kind, f"the {kind} selected")  # type: ignore[misc]
    await kdash.press("O")
    await kdash.until_said("Deployment cart has no owner")
    await kdash.press("enter")
    opened = await kdash.until_screen(RolloutScreen)
    assert opened.subject == ObjectRef("Deployment", "shop", "cart")


def target_kind(kdash: Dashboard) -> str:
    screen = kdash.app.screen
    target = screen.target() if isinstance(screen, ResourceScreen) else None
    return "" if target is None or not target.name.startswith("cart") else target.kind


async def test_enter_lists_the_pods_of_a_node_and_describes_what_has_none(kdash: Dashboard) -> None:
    screen = await listed(kdash, "no")
    node = screen.pane.table.shown_rows[0].key.name
    await kdash.press("enter")
    await kdash.until(lambda: kdash.app.screen is not screen, "another screen")
    pods = await kdash.until_screen(ResourceScreen)
    await kdash.until(lambda: pods.pane.is_complete and names(pods), "its pods")
    stored = kdash.connected.cluster.stores.pods.values()
    assert set(names(pods)) == {pod.name for pod in stored if pod.spec.node_name == node}
    await kdash.until_text(f"nodes › {node} › pods", f"spec.nodeName={node}")
    await listed(kdash, "configmaps")
    await kdash.press("enter")
    await kdash.until_screen(DescribeScreen)


async def test_events_show_their_whole_message_and_act_on_their_object(kdash: Dashboard) -> None:
    kdash.simulator.advance(400)
    screen = await listed(kdash, "events")
    assert isinstance(screen, EventsScreen)
    events = {row.key: row for row in screen.pane.table.shown_rows}
    failed = next(key for key in events if "checkout" in key.name)
    assert screen.pane.table.select_key(failed)
    target = screen.target()
    assert target is not None
    assert (target.kind, target.name.startswith("checkout-")) == ("Pod", True)
    await kdash.press("space")
    await kdash.until(lambda: 0 < len(names(screen)) < len(events), "only its events")
    assert screen.target() == target
    await kdash.press("d")
    described = await kdash.until_screen(DescribeScreen)
    assert described.subject == target


def tree_of(kdash: Dashboard) -> list[str]:
    screen = kdash.app.screen
    assert isinstance(screen, TreeScreen)
    return [row.cells[0].text for row in screen.pane.table.shown_rows]


async def test_a_tree_shows_owners_dependents_and_relations_and_is_folded(kdash: Dashboard) -> None:
    screen = await listed(kdash, "po")
    pod = next(row.key for row in screen.pane.table.shown_rows if row.key.name.startswith("cart-"))
    assert screen.pane.table.select_key(pod)
    await kdash.press("x")
    tree = await kdash.until_screen(TreeScreen)
    await kdash.until(lambda: not tree.pane.subtitle and len(tree.pane.rows) > 5, "all types read")
    await kdash.until(lambda: tree_of(kdash)[0] == "Deployment/cart", "its owners above it")
    lines = tree_of(kdash)
    replica_set = pod.name.rpartition("-")[0]
    assert lines[1] == f"├─ ReplicaSet/{replica_set}"
    assert f"│  ├─ Pod/{pod.name}" in lines or f"│  └─ Pod/{pod.name}" in lines
    assert any(line.endswith("selected by Service/cart") for line in lines)
    assert tree.target() == pod
    await kdash.until_text("1/1 · Running")
    assert tree.pane.table.select_key(ObjectRef("ReplicaSet", "shop", replica_set))
    await kdash.press("space")
    await kdash.until(lambda: f"├─ ▸ ReplicaSet/{replica_set}  (4 more)" in tree_of(kdash), "folded")
    await kdash.press("enter")
    pods = await kdash.until_screen(ResourceScreen)
    await kdash.until(lambda: len(names(pods)) == 3, "the pods of the ReplicaSet")


async def test_a_tree_reaches_its_subject_below_an_owner_that_may_not_be_read(
    simulator: Simulator, tmp_path: Path
) -> None:
    def create(state: SimulatorState) -> None:
        owner = {"apiVersion": "batch/v1", "kind": "Job", "name": "migrate", "uid": "job-uid", "controller": True}
        metadata = {"name": "migrate-x", "namespace": "shop", "ownerReferences": [owner]}
        spec = {"containers": [{"name": "app", "image": "a:1"}]}
        state.storage.create(
            PODS, {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec, "status": {}}
        )

    # Triage would have read the Jobs before they are refused.
    async with dashboard(simulator, tmp_path, triage=FakeTriage()) as kdash:
        for verb in ("list", "watch"):
            kdash.simulator.inject(Refuse(403, "Forbidden", "you may not list jobs"), RequestMatch(verb, "jobs"))
        kdash.simulator.call(create)
        kdash.app.navigator.open_tree(ObjectRef("Pod", "shop", "migrate-x"))
        tree = await kdash.until_screen(TreeScreen)
        await kdash.until(lambda: tree.pane.subtitle == "not readable: jobs.batch", "the type is named")
        expected = ["Job/migrate", "├─ Pod/migrate-x", "└─ ▸ 1 type not readable"]
        await kdash.until(
            lambda: [line for line in tree_of(kdash) if "Node" not in line] == expected, "the path to the subject"
        )
        assert tree.pane.table.select_key(ObjectRef("", "shop", "1 type not readable"))
        await kdash.press("space")
        await kdash.until(lambda: tree_of(kdash)[-1].lstrip().startswith("└─ jobs.batch: "), "the reason")


async def test_a_tree_of_a_config_map_shows_who_uses_it(kdash: Dashboard) -> None:
    kdash.app.navigator.open_tree(ObjectRef("ConfigMap", "shop", "checkout-settings"))
    tree = await kdash.until_screen(TreeScreen)
    await kdash.until(lambda: not tree.pane.subtitle and len(tree_of(kdash)) > 4, "its users")
    lines = tree_of(kdash)
    assert lines[:2] == ["ConfigMap/checkout-settings", "└─ used by Deployment/checkout"]
    assert any("─ Pod/checkout-" in line for line in lines)
    assert any("selected by Service/checkout" in line for line in lines)
    metadata = {"name": "late", "namespace": "shop"}
    spec = {"containers": [{"name": "a", "image": "a:1", "envFrom": [{"configMapRef": {"name": "checkout-settings"}}]}]}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec, "status": {}}
    kdash.simulator.call(lambda state: state.storage.create(PODS, pod))
    await kdash.until(lambda: any("used by Pod/late" in line for line in tree_of(kdash)), "a new user")


async def test_a_tree_of_a_node_shows_its_pods_with_their_states(kdash: Dashboard) -> None:
    kdash.app.navigator.open_tree(ObjectRef("Node", "", "node-000"))
    tree = await kdash.until_screen(TreeScreen)
    pods = {pod.name for pod in kdash.connected.cluster.stores.pods.values() if pod.spec.node_name == "node-000"}

    def shown() -> set[str]:
        return {line.partition("runs Pod/")[2] for line in tree_of(kdash)} - {""}

    await kdash.until(lambda: not tree.pane.subtitle and shown() == pods, "its pods")
    states = {row.key.name: row.cells[1].text for row in tree.pane.table.shown_rows}
    assert all(states[name] for name in pods)


async def test_enter_on_a_pod_shows_its_containers_and_the_log_of_one(kdash: Dashboard) -> None:
    screen = await listed(kdash, "po")
    pod = next(row.key for row in screen.pane.table.shown_rows if row.key.name.startswith("checkout-6"))
    assert screen.pane.table.select_key(pod)
    await kdash.press("enter")
    shown = await kdash.until_screen(ContainersScreen)
    await kdash.until(lambda: set(shown.containers.rows), "its containers")
    await kdash.until_text(f"Pod shop/{pod.name}", "ImagePullBackOff", "Container app", "readiness")
    await kdash.pilot.resize_terminal(80, 24)
    stacked = ("1 Containers", "▾ Container app", "3 Events", "Back-off pulling", "on node-")
    await kdash.until_text(*stacked)
    await kdash.press("down")
    await kdash.until_text("Container proxy")
    assert shown.container == "proxy"
    await kdash.press("l")
    logs = await kdash.until_screen(LogScreen)
    assert logs.subject == pod
    assert logs.logs.source_filter.containers == NameFilter(frozenset({"proxy"}), only=True)
    await kdash.press("escape", "escape")
    await kdash.until(lambda: kdash.app.screen is screen, "back in the table")
    assert shown.live is None


async def test_the_containers_of_a_pod_show_how_its_usage_developed(kdash: Dashboard) -> None:
    screen = await listed(kdash, "po")
    pod = next(row.key for row in screen.pane.table.shown_rows if row.key.name.startswith("cart-"))
    assert screen.pane.table.select_key(pod)
    await kdash.press("enter")
    shown = await kdash.until_screen(ContainersScreen)
    await kdash.until(lambda: len(shown.summary.lines) == 2, "what it uses")
    line = "".join(piece for piece, _ in shown.summary.lines[1])
    assert re.fullmatch(r"  CPU [▁-█]+ \d+m · no limit  MEM [▁-█]+ \d+Mi · \d+% of its limit 128Mi", line)
