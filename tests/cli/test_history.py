"""`kdash history` and `kdash diff` against the simulator."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from k9py.cli.history import diff, history
from k9py.cli.targets import ObjectArgument
from k9py.simulator.clock import ManualClock
from k9py.simulator.server import Simulator
from tests.cli.shell import Core, Shell, edit, image
from tests.cli.writes import DRY, doing, setting_images, undo

CHECKOUT = ObjectArgument("Deployment", "checkout")


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    with Simulator("shop-quiet", ManualClock()) as simulator:
        yield Shell(simulator, tmp_path)


async def test_history_shows_each_revision_with_images_cause_and_pods_alive(shell: Shell) -> None:
    ran = await shell.run(lambda its: history(its, CHECKOUT, None))
    assert (ran.code, ran.err) == (0, "")
    first = next(line for line in ran.out.splitlines() if line.split()[:1] == ["5"])
    assert "now" in first
    assert "3/3" in first
    assert "checkout:2.7.1" in first
    assert "retry payments once" in first
    assert len(ran.out.splitlines()) == 7


async def test_history_as_json_has_one_entry_a_revision_newest_first(shell: Shell) -> None:
    ran = await shell.run(lambda its: history(its, CHECKOUT, None), json=True)
    answer = ran.json
    assert (answer["kind"], answer["namespace"], answer["name"]) == ("Deployment", "shop", "checkout")
    assert [revision["revision"] for revision in answer["revisions"]] == [5, 4, 3, 2, 1]
    current = answer["revisions"][0]
    assert current["is_current"]
    assert (current["ready"], current["replicas"]) == (3, 3)
    assert set(current) >= {"changed_by", "changed_at", "change_cause", "created_at", "images", "name"}


@pytest.mark.parametrize(
    ("kind", "name", "namespace"), [("StatefulSet", "db", "data"), ("DaemonSet", "agent", "monitoring")]
)
async def test_history_decodes_controller_revisions(shell: Shell, kind: str, name: str, namespace: str) -> None:
    ran = await shell.run(lambda its: history(its, ObjectArgument(kind, name), None), json=True, namespace=namespace)
    assert ran.code == 0
    revisions = ran.json["revisions"]
    assert revisions
    assert all(revision["images"] for revision in revisions)
    assert sum(revision["is_current"] for revision in revisions) == 1


async def test_one_revision_is_shown_with_its_pod_template(shell: Shell) -> None:
    ran = await shell.run(lambda its: history(its, CHECKOUT, 3))
    assert ran.code == 0
    assert "revision:     3" in ran.out
    assert "image: registry.example.com/shop/checkout:2.6.1" in ran.out
    ran = await shell.run(lambda its: history(its, CHECKOUT, 3), json=True)
    assert ran.json["template"]["spec"]["containers"][0]["image"] == "registry.example.com/shop/checkout:2.6.1"


async def test_a_revision_that_is_not_kept_is_not_found_and_those_that_are_are_named(shell: Shell) -> None:
    ran = await shell.run(lambda its: history(its, CHECKOUT, 9))
    assert (ran.code, ran.out) == (2, "")
    assert "revisions: 5, 4, 3, 2, 1" in ran.err


async def test_a_missing_object_is_reported_with_its_namespace(shell: Shell) -> None:
    ran = await shell.run(lambda its: history(its, ObjectArgument("Deployment", "chekout"), None))
    assert (ran.code, ran.out) == (2, "")
    assert "Deployment shop/chekout not found" in ran.err
    assert "-n" in ran.err


async def test_without_permission_to_list_revisions_it_is_refused_with_the_reason(shell: Shell) -> None:
    shell.user = "viewer"
    ran = await shell.run(lambda its: history(its, ObjectArgument("StatefulSet", "db"), None))
    assert (ran.code, ran.out) == (9, "")
    assert "may not get statefulsets" in ran.err


async def test_diff_summarizes_the_changes_between_two_revisions(shell: Shell) -> None:
    ran = await shell.run(lambda its: diff(its, CHECKOUT, "3", "5", yaml=False))
    assert (ran.code, ran.err) == (0, "")
    assert "from revision 3 to revision 5" in ran.out
    assert "checkout:2.6.1" in ran.out
    assert "checkout:2.7.1" in ran.out


async def test_diff_leads_from_the_revision_before_to_now_by_itself(shell: Shell) -> None:
    ran = await shell.run(lambda its: diff(its, CHECKOUT, None, None, yaml=False), json=True)
    answer = ran.json
    assert (answer["from"], answer["to"], answer["is_same"]) == (4, None, False)
    [change] = answer["changes"]
    assert (change["family"], change["before"], change["after"]) == (
        "image",
        "registry.example.com/shop/checkout:2.7.0",
        "registry.example.com/shop/checkout:2.7.1",
    )
    assert answer["yaml"] is None


async def test_what_a_paused_rollout_holds_back_is_compared_with_the_revision_in_force(shell: Shell) -> None:
    edit(shell.simulator, lambda spec: spec.update(paused=True))
    edit(shell.simulator, image("registry.example.com/shop/checkout:9.9.9"))
    ran = await shell.run(lambda its: diff(its, CHECKOUT, None, None, yaml=False))
    assert "from revision 5 to now" in ran.out
    assert "checkout:2.7.1 → registry.example.com/shop/checkout:9.9.9" in ran.out


async def test_diff_to_a_revision_begins_at_the_one_before_it(shell: Shell) -> None:
    ran = await shell.run(lambda its: diff(its, CHECKOUT, None, "3", yaml=False), json=True)
    assert (ran.json["from"], ran.json["to"]) == (2, 3)


async def test_diff_of_equal_revisions_is_empty_and_exits_0(shell: Shell) -> None:
    ran = await shell.run(lambda its: diff(its, CHECKOUT, "5", "now", yaml=False))
    assert ran.code == 0
    assert "same" in ran.out
    ran = await shell.run(lambda its: diff(its, CHECKOUT, "5", "now", yaml=False), json=True)
    assert (ran.json["is_same"], ran.json["changes"]) == (True, [])


async def test_diff_as_yaml_has_signs_and_context(shell: Shell) -> None:
    ran = await shell.run(lambda its: diff(its, CHECKOUT, "4", "5", yaml=True))
    lines = ran.out.splitlines()
    assert "- image: registry.example.com/shop/checkout:2.7.0" in lines
    assert "+ image: registry.example.com/shop/checkout:2.7.1" in lines
    assert any(line.startswith("  ") for line in lines)
    answer = (await shell.run(lambda its: diff(its, CHECKOUT, "4", "5", yaml=True), json=True)).json
    assert {line["sign"] for line in answer["yaml"]} == {"@", " ", "-", "+"}


async def test_before_the_first_revision_there_is_nothing(shell: Shell) -> None:
    ran = await shell.run(lambda its: diff(its, CHECKOUT, None, "1", yaml=False))
    assert (ran.code, ran.out) == (2, "")
    assert "nothing to compare: Deployment shop/checkout has no revision before 1" in ran.err


async def test_a_workload_with_one_revision_has_nothing_to_compare(shell: Shell) -> None:
    shell.namespace = "kube-system"
    ran = await shell.run(lambda its: diff(its, ObjectArgument("Deployment", "coredns"), None, None, yaml=False))
    assert (ran.code, ran.out) == (2, "")
    assert "nothing to compare: Deployment kube-system/coredns has only one revision" in ran.err


@pytest.mark.parametrize(
    "core",
    [
        lambda its: diff(its, CHECKOUT, None, "9", yaml=False),
        lambda its: diff(its, CHECKOUT, "9", "now", yaml=False),
        lambda its: history(its, CHECKOUT, 9),
        undo(99, options=DRY),
        doing("set-image", setting_images({"foo": "reg/cart:9"}), options=DRY),
    ],
    ids=["diff --to", "diff --from", "history --revision", "undo --to-revision", "set-image"],
)
async def test_a_revision_or_container_that_is_not_there_exits_as_an_object_that_is_not(
    shell: Shell, core: Core
) -> None:
    ran = await shell.run(core)
    assert (ran.code, ran.out) == (2, ""), ran.err
    assert "Deployment shop/checkout has no " in ran.err


def with_secrets(spec: dict[str, Any]) -> None:
    container = spec["template"]["spec"]["containers"][0]
    container["env"] = [{"name": "DB_PASSWORD", "value": "hunter2"}, {"name": "URL", "value": "amqp://u:hunter2@mq"}]
    container["args"] = ["--api-token", "hunter2"]


@pytest.mark.parametrize("json", [False, True], ids=["text", "json"])
async def test_what_looks_like_a_secret_is_hidden_until_it_is_asked_for(shell: Shell, json: bool) -> None:
    edit(shell.simulator, with_secrets)
    for hides, run in (
        (True, lambda its: history(its, CHECKOUT, 6)),
        (False, lambda its: history(its, CHECKOUT, 6, shows_secrets=True)),
        (True, lambda its: diff(its, CHECKOUT, "5", "now", yaml=True)),
        (False, lambda its: diff(its, CHECKOUT, "5", "now", yaml=True, shows_secrets=True)),
        (True, lambda its: diff(its, CHECKOUT, "5", "now", yaml=False)),
    ):
        ran = await shell.run(run, json=json)
        assert ran.code == 0
        assert "DB_PASSWORD" in ran.out
        assert ("hunter2" in ran.out) is not hides
