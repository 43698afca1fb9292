"""The store: indexes that always agree with the objects, and changes published once, in batches."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from k9py.api.kinds import ENDPOINT_SLICE, POD
from k9py.api.meta import Meta, ObjectRef, OwnerReference
from k9py.api.pods import Pod
from k9py.cluster.indexes import pod_labels, slice_service
from k9py.informer.events import Applied, Deleted
from k9py.informer.store import ChangeBatch, ObjectChange, Store


def a_pod(
    name: str,
    version: int = 1,
    *,
    uid: str = "",
    namespace: str = "shop",
    owner: str = "",
    labels: dict[str, str] | None = None,
) -> Pod:
    owners = (OwnerReference("ReplicaSet", owner, owner, controller=True),) if owner else None
    meta = Meta(name, namespace, uid or f"uid-{name}", str(version), labels=labels, owner_references=owners)
    return Pod(meta)


def key(name: str, namespace: str = "shop") -> ObjectRef:
    return ObjectRef("Pod", namespace, name)


def listened(store: Store[Pod]) -> list[ChangeBatch[Pod]]:
    batches: list[ChangeBatch[Pod]] = []
    store.subscribe(batches.append)
    return batches


def names(pods: list[Pod]) -> list[str]:
    return sorted(pod.name for pod in pods)


def test_objects_are_found_by_key_namespace_and_owner() -> None:
    store: Store[Pod] = Store()
    store.upsert_all([a_pod("a", owner="rs1"), a_pod("b", owner="rs2"), a_pod("c", namespace="ops", owner="rs1")])
    assert len(store) == 3
    assert key("a") in store
    assert store.get(key("gone")) is None
    assert names(store.in_namespace("shop")) == ["a", "b"]
    assert names(store.by_owner("rs1")) == ["a", "c"]
    assert store.by_owner("nobody") == []


def test_an_owner_that_does_not_control_is_not_the_owner() -> None:
    store: Store[Pod] = Store()
    store.upsert_all([Pod(Meta("a", "shop", owner_references=(OwnerReference("Thing", "x", "x"),)))])
    assert store.by_owner("x") == []


def test_indexes_follow_changes_and_deletions() -> None:
    store: Store[Pod] = Store()
    store.apply([Applied(a_pod("a", 1, owner="rs1")), Applied(a_pod("b", 2, owner="rs1"))])
    store.apply([Applied(a_pod("a", 3, owner="rs2"))])
    assert names(store.by_owner("rs1")) == ["b"]
    assert names(store.by_owner("rs2")) == ["a"]
    store.apply([Deleted(a_pod("a", 4))])
    assert store.by_owner("rs2") == []
    assert names(store.in_namespace("shop")) == ["b"]


def test_an_unknown_index_is_an_error_and_not_an_empty_answer() -> None:
    with pytest.raises(KeyError):
        Store[Pod]().by_index("nosuch", "x")


def test_an_object_is_found_by_each_value_of_a_declared_index() -> None:
    store: Store[Pod] = Store({"label": pod_labels})
    store.upsert_all(
        [
            a_pod("a", labels={"app": "web", "pod-template-hash": "h"}),
            a_pod("b", labels={"app": "web", "tier": "x"}),
            a_pod("c", labels={"app": "db"}),
            a_pod("other", namespace="ops", labels={"app": "web", "tier": "x", "pod-template-hash": "h"}),
        ]
    )
    assert names(store.by_index("label", ("shop", "app", "web"))) == ["a", "b"]
    assert names(store.by_index("label", ("shop", "tier", "x"))) == ["b"]
    assert store.by_index("label", ("shop", "app", "none")) == []


def test_slices_are_found_by_their_service() -> None:
    body = {"metadata": {"name": "web-x", "namespace": "shop", "labels": {"kubernetes.io/service-name": "web"}}}
    stray = {"metadata": {"name": "stray", "namespace": "shop"}}
    store = Store({"service": slice_service})
    store.upsert_all([ENDPOINT_SLICE.decode(json.dumps(slice_).encode()) for slice_ in (body, stray)])
    assert [endpoint_slice.name for endpoint_slice in store.by_index("service", ("shop", "web"))] == ["web-x"]


def test_a_batch_holds_the_sum_of_its_events_once_for_each_object() -> None:
    store: Store[Pod] = Store()
    first, last = a_pod("a", 1), a_pod("a", 3)
    store.apply([Applied(first)])
    batches = listened(store)
    passing = a_pod("b", 4)
    store.apply([Applied(a_pod("a", 2)), Applied(last), Applied(passing), Deleted(a_pod("b", 5))])
    assert batches == [ChangeBatch((ObjectChange(key("a"), first, last),))]


def test_subscribers_are_notified_after_the_store_changed_until_they_unsubscribe() -> None:
    store: Store[Pod] = Store()
    seen: list[int] = []
    leave = store.subscribe(lambda batch: seen.append(len(store)))
    store.apply([Applied(a_pod("a", 1))])
    store.apply([Deleted(a_pod("a", 2))])
    leave()
    leave()
    store.apply([Applied(a_pod("a", 3))])
    assert seen == [1, 0]


def test_what_changes_nothing_notifies_nobody() -> None:
    store: Store[Pod] = Store()
    store.apply([Applied(a_pod("a", 5))])
    batches, version = listened(store), store.version
    store.apply([Applied(a_pod("a", 5)), Deleted(a_pod("b", 6))])
    store.upsert_all([a_pod("a", 5)])
    store.remove_all([key("b")])
    assert batches == []
    assert store.version == version


@pytest.mark.parametrize(
    "stale", [Applied(a_pod("a", 4)), Deleted(a_pod("a", 4)), Applied(a_pod("a", 3, uid="before"))], ids=str
)
def test_older_states_change_nothing(stale: Applied[Pod] | Deleted[Pod]) -> None:
    store: Store[Pod] = Store()
    now = a_pod("a", 5)
    store.apply([Applied(now)])
    store.apply([stale])
    assert store.get(key("a")) is now


def test_versions_are_compared_as_numbers() -> None:
    store: Store[Pod] = Store()
    store.apply([Applied(a_pod("a", 9)), Applied(a_pod("a", 10))])
    held = store.get(key("a"))
    assert held is not None
    assert held.metadata.resource_version == "10"


def test_a_list_is_believed_even_where_it_is_older() -> None:
    store: Store[Pod] = Store()
    store.apply([Applied(a_pod("a", 900))])
    restored = a_pod("a", 3)
    store.upsert_all([restored])
    assert store.get(key("a")) is restored


def test_an_object_created_again_under_its_name_replaces_the_old_one() -> None:
    store: Store[Pod] = Store()
    old, new = a_pod("a", 1, uid="1", owner="rs1"), a_pod("a", 2, uid="2", owner="rs2")
    store.apply([Applied(old)])
    batches = listened(store)
    store.apply([Deleted(a_pod("a", 2, uid="1")), Applied(new)])
    assert batches == [ChangeBatch((ObjectChange(key("a"), old, new),))]
    assert store.by_owner("rs1") == []


@st.composite
def _events(draw: st.DrawFn) -> list[Applied[Pod] | Deleted[Pod]]:
    steps = draw(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["", "rs1", "rs2"]), st.booleans())))
    return [
        (Deleted if gone else Applied)(a_pod(name, version, owner=owner, labels={"app": owner}))
        for version, (name, owner, gone) in enumerate(steps, start=1)
    ]


@given(_events(), st.integers(1, 5))
def test_indexes_agree_with_the_objects_and_batches_replay_to_the_store(
    events: list[Applied[Pod] | Deleted[Pod]], size: int
) -> None:
    store: Store[Pod] = Store({"label": pod_labels})
    replayed: dict[ObjectRef, Pod] = {}

    def replay(batch: ChangeBatch[Pod]) -> None:
        assert len({change.key for change in batch.changes}) == len(batch.changes)
        for change in batch.changes:
            assert replayed.get(change.key) is change.old
            if change.new is None:
                del replayed[change.key]
            else:
                replayed[change.key] = change.new

    store.subscribe(replay)
    for at in range(0, len(events), size):
        store.apply(events[at : at + size])
    assert replayed == dict(zip(store.keys(), store.values(), strict=True))
    for owner in ("rs1", "rs2"):
        assert names(store.by_owner(owner)) == sorted(obj.name for obj in store.values() if obj.owner_uid == owner)
        assert names(store.by_index("label", ("shop", "app", owner))) == names(store.by_owner(owner))


def test_pods_decode_into_keys_of_their_kind() -> None:
    assert POD.decode(b'{"metadata":{"name":"a","namespace":"shop"}}').key == key("a")
