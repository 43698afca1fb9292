"""Pods are kept small: what repeats is shared, what nothing reads is dropped, and nothing else changes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec

from k9py.api.kinds import POD, SERVICE
from k9py.api.pods import Pod
from k9py.informer.interning import Interner

WIRE = Path(__file__).parents[2] / "wire"


def recorded_pods() -> list[Pod]:
    exchanges = json.loads((WIRE / "list.json").read_text())
    bodies = [exchange["response"]["body"] for exchange in exchanges]
    lists = [body for body in bodies if isinstance(body, dict) and body.get("kind") == "PodList"]
    return [POD.decode(json.dumps(pod).encode()) for pod in lists[0]["items"]]


def without_dropped(pod: Pod) -> Any:
    built = msgspec.to_builtins(pod)
    built["metadata"]["annotations"] = None
    volumes = [each for each in built["spec"]["volumes"] or () if not each["name"].startswith("kube-api-access-")]
    built["spec"]["volumes"] = volumes or None
    return built


def test_an_interned_pod_equals_the_decoded_one_except_for_what_is_dropped() -> None:
    compact = Interner()
    volumes = 0
    for plain, same in zip(recorded_pods(), recorded_pods(), strict=True):
        assert without_dropped(compact(same)) == without_dropped(plain)
        volumes += bool(plain.spec.volumes)
        assert same.spec.volumes is None
    assert volumes


def test_pods_of_one_owner_share_what_is_equal() -> None:
    compact = Interner()
    by_owner: dict[str, Pod] = {}
    shared = 0
    for pod in map(compact, recorded_pods()):
        first = by_owner.setdefault(pod.owner_uid, pod)
        if first is not pod and pod.owner_uid:
            assert pod.spec.containers is first.spec.containers
            assert pod.metadata.owner_references is first.metadata.owner_references
            shared += 1
    assert shared > 3


def test_siblings_that_differ_keep_their_own() -> None:
    compact = Interner()
    first, second = (
        compact(
            POD.decode(
                json.dumps(
                    {
                        "metadata": {
                            "name": image,
                            "labels": {"turn": image},
                            "ownerReferences": [{"kind": "ReplicaSet", "uid": "rs", "controller": True}],
                        },
                        "spec": {"containers": [{"name": "main", "image": image}]},
                    }
                ).encode()
            )
        )
        for image in ("web:1", "web:2")
    )
    assert [pod.spec.containers[0].image for pod in (first, second) if pod.spec.containers] == ["web:1", "web:2"]
    assert [pod.metadata.label("turn") for pod in (first, second)] == ["web:1", "web:2"]


def test_annotations_that_are_read_stay() -> None:
    kept = {"kubectl.kubernetes.io/default-container": "main"}
    body = {"metadata": {"name": "a", "annotations": {"checksum/config": "0" * 64, **kept}}}
    assert Interner()(POD.decode(json.dumps(body).encode())).metadata.annotations == kept


def test_other_kinds_keep_their_annotations() -> None:
    body = {"metadata": {"name": "a", "annotations": {"note": "x"}}}
    assert Interner()(SERVICE.decode(json.dumps(body).encode())).metadata.annotations == {"note": "x"}
