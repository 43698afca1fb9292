"""Small clusters that were once displayed wrongly, with their objects as recorded (tests/cases)."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from k9py.api.kinds import KINDS
from k9py.api.meta import KubeObject
from k9py.api.severity import Severity
from k9py.cluster.views import RolloutView, ServiceMode, ServiceView
from k9py.views.exit_codes import ExitCode, exit_code_of_status
from k9py.views.rollouts import state_text
from k9py.views.services import target_text, why_cell
from tests import factories as make
from tests.unit.cluster.world import World

CASES = Path(__file__).parents[2] / "cases"
NOW = datetime(2026, 11, 30, 7, 0, tzinfo=UTC)


def objects(name: str) -> list[KubeObject]:
    sent: list[dict[str, Any]] = json.loads((CASES / f"{name}.json").read_text())
    return [KINDS[obj["kind"]].decode(msgspec.json.encode(obj)) for obj in sent]


def service(world: World, name: str) -> ServiceView:
    view = world.queries.service_view(make.key("Service", name), NOW)
    assert view is not None
    return view


def rollout(world: World, name: str) -> RolloutView:
    view = world.queries.rollout_view(make.key("Deployment", name), NOW)
    assert view is not None
    return view


def test_a_failed_hook_is_named_with_its_message() -> None:
    view = rollout(World(*objects("post-start-hook-error")), "checkout")
    assert view.severity is Severity.DOWN
    assert "postStart hook of container app fails: Exec lifecycle hook failed" in state_text(view)
    assert exit_code_of_status(view.status) is ExitCode.CRASH


def test_a_named_target_port_that_half_of_the_pods_have_degrades_the_service() -> None:
    view = service(World(*objects("named-port-half")), "web")
    assert view.severity is Severity.DEGRADED
    assert why_cell(view).text == "1 of 2 pods has no port web"


def test_a_service_without_selector_has_the_pods_that_its_endpoints_name() -> None:
    world = World(*objects("service-without-selector"))
    view = service(world, "leader")
    assert view.mode is ServiceMode.NO_SELECTOR
    assert view.workloads == (make.key("Deployment", "checkout"),)
    assert target_text(view) == "deploy/checkout"
    assert (view.severity, view.serving, view.desired) == (Severity.HEALTHY, 1, 1)
    assert [pod.name for pod in world.queries.pods_of(view.key)] == ["checkout-aaa-0"]
    assert [target.pod for target in world.queries.log_targets(view.key)] == ["checkout-aaa-0"]
    assert world.queries.services_of(make.key("Deployment", "checkout")) == (view.key,)


def test_a_service_without_selector_follows_its_slice_and_the_pods_it_names() -> None:
    world = World(*objects("service-without-selector"))
    [pod] = world.queries.pods_of(make.key("Service", "leader"))
    world.affected.clear()
    world.put(pod)
    assert "leader" in world.dirty[0]
    world.read_all()
    [endpoints] = world.queries.endpoint_slices_of(make.key("Service", "leader"))
    world.put(msgspec.structs.replace(endpoints, endpoints=()))
    assert "leader" in world.dirty[0]
    view = service(world, "leader")
    assert (view.workloads, view.severity) == ((), Severity.IDLE)


def test_a_service_whose_manual_endpoints_are_all_not_ready_is_down() -> None:
    world = World(*objects("service-without-selector"))
    [endpoints] = world.queries.endpoint_slices_of(make.key("Service", "leader"))
    [endpoint] = endpoints.endpoints or ()
    conditions = msgspec.structs.replace(endpoint.conditions, ready=False, serving=False)
    world.put(msgspec.structs.replace(endpoints, endpoints=(msgspec.structs.replace(endpoint, conditions=conditions),)))
    assert service(world, "leader").severity is Severity.DOWN
