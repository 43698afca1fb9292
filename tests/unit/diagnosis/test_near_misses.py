"""The labels closest to a selector, and the name closest to a missing one."""

from __future__ import annotations

import pytest

from k9py.api.meta import ObjectRef
from k9py.diagnosis.near_misses import Labelled, nearest_labels, nearest_name
from tests import factories as make

WEB = make.key("Deployment", "web")


def _pods(count: int = 1, workload: ObjectRef | None = WEB, **labels: str) -> list[Labelled]:
    """Return pods of a workload, or without one."""
    named = {key.replace("__", "/").replace("_", "."): value for key, value in labels.items()}
    if workload is not None:
        return [Labelled(workload, named, count)]
    return [Labelled(make.key("Pod", f"pod-{number}"), named) for number in range(count)]


@pytest.mark.parametrize(
    ("selector", "candidates", "expected"),
    [
        ({"app": "web"}, _pods(3, app="web2"), "3 pods of Deployment web have app=web2"),
        ({"app": "web"}, _pods(1, app="Web"), "1 pod of Deployment web has app=Web"),
        ({"app": "frontend"}, _pods(2, None, app="front-end"), "2 pods have app=front-end"),
        ({"app": "frontend"}, _pods(2, None, app="frotnend"), "2 pods have app=frotnend"),
        ({"app": "web"}, _pods(2, None, App="web"), "2 pods have App=web"),
        ({"app": "web"}, _pods(2, None, name="web"), "2 pods have name=web"),
        (
            {"app": "web"},
            _pods(2, None, app_kubernetes_io__name="web"),
            "2 pods have app.kubernetes.io/name=web",
        ),
        ({"app": "web", "tier": "front"}, _pods(2, None, app="web"), "2 pods have no label tier"),
        ({"app": "web", "tier": "front"}, _pods(2, None, app="web", tier="back"), "2 pods have tier=back"),
        ({"app": "web"}, [Labelled(WEB, {"app": "wbe"}, 0)], "the pod template of Deployment web has app=wbe"),
        # The labels have nothing in common, but the workload has the name of the Service.
        ({"app": "shop"}, _pods(1, app="zzzzzz"), "1 pod of Deployment web has app=zzzzzz"),
        ({"app": "db"}, _pods(5, None, app="web"), None),
        ({"app": "web"}, _pods(5, None, app="job"), None),
        ({"app": "web"}, _pods(5, None, tier="front"), None),
        ({"app": "web"}, [], None),
    ],
)
def test_the_labels_closest_to_a_selector(
    selector: dict[str, str], candidates: list[Labelled], expected: str | None
) -> None:
    near = nearest_labels(selector, candidates, name="web")

    assert (str(near) if near else None) == expected


def test_the_closest_of_several_and_what_no_other_selector_takes() -> None:
    candidates = [*_pods(1, None, app="web-api"), *_pods(2, None, app="wep"), *_pods(3, None, app="websocket")]

    assert str(nearest_labels({"app": "web"}, candidates)) == "2 pods have app=wep"

    taken = nearest_labels({"app": "web"}, _pods(1, None, app="web-api"), is_taken=lambda _: True)
    assert taken is None


def test_labels_that_a_terminal_would_act_on_are_made_printable() -> None:
    near = nearest_labels({"app": "web"}, _pods(1, None, app="web\x1b[2J2"))

    assert near is not None
    assert "\x1b" not in str(near)


@pytest.mark.parametrize(
    ("name", "names", "expected"),
    [
        ("shop-api", ["shop-apis", "cart"], "shop-apis"),
        ("postgres", ["postgresql", "redis"], "postgresql"),
        ("api", ["shop-api", "web"], "shop-api"),
        ("db", ["web", "cart"], ""),
        ("web", ["web"], ""),
    ],
)
def test_the_name_closest_to_a_missing_one(name: str, names: list[str], expected: str) -> None:
    assert nearest_name(name, names) == expected
