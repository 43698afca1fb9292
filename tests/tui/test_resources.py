"""Tables of any type: opened by name, sorted, filtered, marked, and honest about what they do not know."""

from __future__ import annotations

from pathlib import Path

import pytest

from k9py.api.kinds import POD
from k9py.api.meta import ObjectRef
from k9py.api.resource_types import STANDARD
from k9py.cluster.change_feed import Changes
from k9py.cluster.health import ClusterState
from k9py.simulator.apiserver.writes import create_object
from k9py.simulator.clock import ManualClock
from k9py.simulator.registry.resources import CUSTOMRESOURCEDEFINITIONS, PODS
from k9py.simulator.server import Simulator
from k9py.simulator.state import SimulatorState
from k9py.tui.key_bar import KeyBar
from k9py.tui.screens.logs import LogScreen
from k9py.tui.screens.resources import ResourceScreen
from k9py.tui.screens.rollout import RolloutScreen
from k9py.tui.screens.tree import TreeScreen
from k9py.tui.screens.yaml import YamlScreen
from tests.tui.dashboard import CART, Dashboard, dashboard


async def listed(kdash: Dashboard, line: str) -> ResourceScreen:
    """Type a line after `:` and return its table once it is complete."""
    await kdash.press("colon")
    await kdash.press(*({" ": "space", "-": "minus"}.get(character, character) for character in line), "enter")
    screen = await kdash.until_screen(ResourceScreen)
    pane = screen.pane
    await kdash.until(lambda: pane.is_complete and not pane.is_loading and not pane.table.is_building, f"all of {line}")
    return screen


def names(screen: ResourceScreen) -> list[str]:
    return [row.key.name for row in screen.pane.table.shown_rows]


async def test_pods_are_listed_sorted_filtered_and_marked(kdash: Dashboard) -> None:
    screen = await listed(kdash, "po")
    pods = kdash.connected.cluster.stores.pods
    assert {row.key for row in screen.pane.table.shown_rows} == set(pods.keys())
    await kdash.until_text("pods (41)" if screen.is_small else "pods · 41 · all namespaces")
    await kdash.press("N")
    assert names(screen) == sorted(names(screen))
    assert "NAME ↑" in kdash.text
    await kdash.press("N")
    assert names(screen) == sorted(names(screen), reverse=True)
    await kdash.press(*("slash", "minus", "l", "space", *"app", "equals_sign", *"cart", "enter"))
    await kdash.until(lambda: names(screen) and all(name.startswith("cart-") for name in names(screen)), "only cart")
    await kdash.press("g", "space", "space")
    marked = screen.marked()
    assert [key.name for key in marked] == names(screen)[:2]
    assert all(uid == getattr(pods.get(key), "uid", None) for key, uid in marked.items())
    await kdash.until_text("2 selected")
    await kdash.press("escape")
    assert not screen.marked()
    await kdash.press("escape")
    await kdash.until(lambda: len(names(screen)) == 41, "the filter cleared")
    await kdash.press("escape")
    await kdash.until(lambda: kdash.app.screen is kdash.home, "back at home")
    await kdash.until(lambda: screen.pane.lease is None, "the lease ended")


async def test_a_table_follows_the_cluster_and_the_scope(kdash: Dashboard) -> None:
    screen = await listed(kdash, "po")
    gone = screen.pane.table.shown_rows[-1].key

    def delete(state: SimulatorState) -> None:
        state.storage.delete(PODS, gone.namespace, gone.name)

    kdash.simulator.call(delete)
    await kdash.advance_until(lambda: gone not in screen.pane.rows, "the pod gone")
    kdash.app.clusters.show_namespaces(("data",))
    await kdash.until(lambda: set(names(screen)) == {"db-0", "db-1", "db-2"}, "the pods of data")
    assert kdash.app.screen is screen
    assert "NAMESPACE" not in kdash.text
    await kdash.until_text("namespace data")
    await listed(kdash, "no")
    await kdash.until_text("pods unknown: only 1 namespace watched")


async def test_a_type_without_a_descriptor_shows_what_the_server_prints(kdash: Dashboard) -> None:
    screen = await listed(kdash, "controllerrevisions")
    assert [column.title for column in screen.pane.table.columns] == [
        "NAME",
        "CONTROLLER",
        "REVISION",
        "AGE",
        "NAMESPACE",
    ]
    assert [column.sort_key for column in screen.pane.table.columns] == ["N", "C", "R", "A", "M"]
    await kdash.until_text("statefulset.apps/db")


async def test_the_same_list_is_not_opened_twice_and_a_name_is_selected(kdash: Dashboard) -> None:
    screen = await listed(kdash, "po")
    pod = screen.pane.table.shown_rows[5].key
    await kdash.press("y")
    await kdash.until_screen(YamlScreen)
    kdash.app.navigator.open_resources(POD.resource_type, select=ObjectRef("Pod", "", pod.name))
    await kdash.until(lambda: kdash.app.screen is screen, "the table that was open")
    await kdash.until(lambda: screen.target() == pod, "the pod under the cursor")
    kdash.app.navigator.open_resources(POD.resource_type, select=ObjectRef("Pod", "", "nosuch"))
    await kdash.until_said("Pod nosuch not found in all namespaces")


async def test_the_footer_and_the_keys_are_those_of_the_type(kdash: Dashboard) -> None:
    screen = await listed(kdash, "configmaps")
    titles = {title for _, title, _ in screen.query_one(KeyBar).keys}
    assert "Describe" in titles
    assert not titles & {"Scale", "Restart", "Undo"}
    await kdash.press("l")
    await kdash.until_said("a ConfigMap has no logs")
    pods = await listed(kdash, "po")
    keys = [title for _, title, _ in pods.query_one(KeyBar).keys]
    assert keys[:9] == ["Open", "Logs", "Describe", "YAML", "Shell", "Edit", "Forward", "Delete", "Tree"]
    assert not {"Scale", "Restart", "Undo", "Pause"} & set(keys)
    deployments = await listed(kdash, "deploy")
    keys = [title for _, title, _ in deployments.query_one(KeyBar).keys]
    assert keys[:8] == ["Open", "Logs", "Describe", "YAML", "Shell", "Scale", "Restart", "Undo"]


async def test_what_may_not_be_listed_says_who_may_not_and_how_to_go_on(simulator: Simulator, tmp_path: Path) -> None:
    async with dashboard(simulator, tmp_path, size=(110, 30), user="viewer", namespace="shop") as kdash:
        kdash.app.navigator.open_resources(STANDARD.find("nodes") or POD.resource_type)
        screen = await kdash.until_screen(ResourceScreen)
        await kdash.until(lambda: screen.pane.lease and screen.pane.lease.state is ClusterState.FORBIDDEN, "forbidden")
        await kdash.until_text("viewer", "nodes", "· Esc goes", "Ctrl+R Retry now")


async def test_pods_of_a_rollout_are_marked_too(kdash: Dashboard) -> None:
    await kdash.select(CART)
    await kdash.press("enter")
    screen = await kdash.until_screen(RolloutScreen)
    await kdash.until(lambda: screen.new.table.row_count == 3, "its pods")
    await kdash.press("1", "space", "space")
    assert len(screen.marked()) == 2
    assert all(key.kind == "Pod" and uid for key, uid in screen.marked().items())
    await kdash.until_text("2 selected")
    await kdash.press("r")
    await kdash.until_said("restart of several is for workloads, not for a Pod")
    await kdash.press("escape")
    assert not screen.marked()
    assert kdash.app.screen is screen


async def test_a_kind_with_the_name_of_a_workload_in_another_group_is_none(kdash: Dashboard) -> None:
    names = {"plural": "deployments", "singular": "deployment", "kind": "Deployment", "listKind": "DeploymentList"}
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    version = {"name": "v1", "served": True, "storage": True, "schema": schema}
    definition = {
        "metadata": {"name": "deployments.reviewer.example.com"},
        "spec": {"group": "reviewer.example.com", "names": names, "scope": "Namespaced", "versions": [version]},
    }

    def create(state: SimulatorState) -> None:
        create_object(state, CUSTOMRESOURCEDEFINITIONS, definition)
        resource = state.storage.resources.find("reviewer.example.com", "v1", "deployments")
        assert resource is not None
        for name in ("cart", "checkout"):
            create_object(state, resource, {"metadata": {"name": name, "namespace": "shop"}})

    kdash.simulator.call(create)
    discovery = kdash.connected.cluster.discovery
    discovery.request()
    await kdash.until(lambda: discovery.types.find("deployments.reviewer.example.com"), "discovered")
    screen = await listed(kdash, "deployments.reviewer.example.com")
    await kdash.until_text("deployments.reviewer.example.com")
    titles = {title for _, title, _ in screen.query_one(KeyBar).keys}
    assert not titles & {"Scale", "Restart", "Undo"}
    await kdash.press("r")
    await kdash.until_said("a Deployment.reviewer.example.com has no rollout")
    await kdash.press("g", "space", "space", "r")
    await kdash.until_said("restart of several is for workloads, not for a Deployment.reviewer.example.com")
    await kdash.press("escape", "x")
    tree = await kdash.until_screen(TreeScreen)
    await kdash.until_text("Deployment.reviewer.example.com/checkout")
    titles = {title for _, title, _ in tree.query_one(KeyBar).keys}
    assert "Describe" in titles
    assert not titles & {"Scale", "Restart", "Undo"}
    await kdash.press("y")
    await kdash.until_screen(YamlScreen)
    titles = {title for _, title, _ in kdash.app.screen.query_one(KeyBar).keys}
    assert "Search" in titles
    assert "Filter rows" not in titles


async def test_the_first_rows_do_not_wait_for_the_tick(kdash: Dashboard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kdash.app._ticker, "tick", lambda stack, cluster: Changes())
    resource_type = STANDARD.find("configmaps")
    assert resource_type is not None
    kdash.app.navigator.open_resources(resource_type)
    screen = await kdash.until_screen(ResourceScreen)
    await kdash.until(lambda: screen.pane.table.row_count, "the first rows, although nothing ticks")


async def test_the_logs_of_a_job_and_a_cronjob_are_those_of_its_pods(tmp_path: Path) -> None:
    with Simulator(scenario="jobs", clock=ManualClock()) as simulator:
        async with dashboard(simulator, tmp_path) as kdash:
            for line, name in (("jobs batch", "migrate-2-9"), ("cj batch", "invoice")):
                screen = await listed(kdash, line)
                rows = screen.pane.table.shown_rows
                assert screen.pane.table.select_key(next(row.key for row in rows if row.key.name == name))
                await kdash.press("l")
                logs = (await kdash.until_screen(LogScreen)).logs
                await kdash.until(lambda logs=logs: logs.view.state.lines > 0, "lines")  # type: ignore[misc]
                assert all(target.pod.startswith(name) for target in logs.targets)
                await kdash.press("escape", "escape")
