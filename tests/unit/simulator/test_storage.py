"""Storage: revisions, preconditions, generations, deletion and change history."""

import pytest

from k9py.simulator.clock import ManualClock
from k9py.simulator.registry.cache import HISTORY_LIMIT
from k9py.simulator.registry.resources import CONFIGMAPS, DEPLOYMENTS, NAMESPACES, PODS, REPLICASETS, Resource
from k9py.simulator.registry.storage import Object, Storage, StorageEvent
from k9py.simulator.status_errors import StatusError, forbidden
from tests.unit.simulator.objects import deployment, pod


@pytest.fixture
def storage() -> Storage:
    return Storage(ManualClock())


def _config(name: str = "settings", **data: str) -> Object:
    return {"metadata": {"name": name, "namespace": "shop"}, "data": data}


def test_create_numbers_and_stamps(storage: Storage) -> None:
    made = storage.create(DEPLOYMENTS, deployment())
    metadata = made["metadata"]
    assert (made["kind"], made["apiVersion"]) == ("Deployment", "apps/v1")
    assert metadata["resourceVersion"] == str(storage.revision)
    assert (metadata["generation"], metadata["creationTimestamp"]) == (1, "2026-01-15T12:00:00Z")
    assert storage.get(DEPLOYMENTS, "shop", "checkout") is made


def test_create_twice_is_refused(storage: Storage) -> None:
    storage.create(CONFIGMAPS, _config())
    with pytest.raises(StatusError, match='configmaps "settings" already exists') as refused:
        storage.create(CONFIGMAPS, _config())
    assert refused.value.code == 409


def test_generated_names_have_five_safe_letters(storage: Storage) -> None:
    made = storage.create(PODS, {"metadata": {"generateName": "web-", "namespace": "shop"}, "spec": {}})
    suffix = made["metadata"]["name"].removeprefix("web-")
    assert len(suffix) == 5
    assert set(suffix) <= set("bcdfghjklmnpqrstvwxz2456789")


def test_lists_are_in_order_of_namespace_and_name(storage: Storage) -> None:
    for namespace, name in [("b", "x"), ("a", "z"), ("a", "y"), ("b", "a"), ("a-b", "m")]:
        storage.create(PODS, pod(name, namespace=namespace))
    keys = [(pod["metadata"]["namespace"], pod["metadata"]["name"]) for pod in storage.list(PODS)]
    assert keys == [("a", "y"), ("a", "z"), ("a-b", "m"), ("b", "a"), ("b", "x")]
    assert [pod["metadata"]["name"] for pod in storage.list(PODS, "a")] == ["y", "z"]


def test_an_update_against_an_old_version_is_a_conflict(storage: Storage) -> None:
    first = storage.create(CONFIGMAPS, _config(a="1"))
    storage.update(CONFIGMAPS, {**first, "data": {"a": "2"}})
    with pytest.raises(StatusError, match="the object has been modified"):
        storage.update(CONFIGMAPS, {**first, "data": {"a": "3"}})


def test_an_update_of_another_object_of_that_name_is_a_conflict(storage: Storage) -> None:
    storage.create(CONFIGMAPS, _config())
    other = {"metadata": {"name": "settings", "namespace": "shop", "uid": "another"}}
    with pytest.raises(StatusError, match="Precondition failed: UID in precondition: another"):
        storage.update(CONFIGMAPS, other)


def test_a_write_that_changes_nothing_is_no_write(storage: Storage) -> None:
    made = storage.create(CONFIGMAPS, _config(a="1"))
    revision = storage.revision
    assert storage.update(CONFIGMAPS, {**made, "data": {"a": "1"}}) is made
    assert storage.revision == revision


def test_generation_counts_changes_of_the_spec_alone(storage: Storage) -> None:
    made = storage.create(DEPLOYMENTS, deployment())
    with_status = storage.update(DEPLOYMENTS, {**made, "status": {"replicas": 1}}, status_only=True)
    assert with_status["metadata"]["generation"] == 1
    scaled = storage.update(DEPLOYMENTS, {**with_status, "spec": {**with_status["spec"], "replicas": 9}})
    assert scaled["metadata"]["generation"] == 2
    assert scaled["status"] == {"replicas": 1}


def test_a_status_write_leaves_the_rest_alone(storage: Storage) -> None:
    made = storage.create(DEPLOYMENTS, deployment(replicas=4))
    wild = {**made, "spec": {"replicas": 0}, "status": {"replicas": 2}}
    stored = storage.update(DEPLOYMENTS, wild, status_only=True)
    assert (stored["spec"]["replicas"], stored["status"]) == (4, {"replicas": 2})


def test_a_stored_object_is_replaced_and_never_changed(storage: Storage) -> None:
    made = storage.create(CONFIGMAPS, _config(a="1"))
    version = made["metadata"]["resourceVersion"]
    storage.update(CONFIGMAPS, {**made, "data": {"a": "2"}})
    assert (made["data"], made["metadata"]["resourceVersion"]) == ({"a": "1"}, version)


def test_a_pod_on_a_node_lingers_until_the_kubelet_removes_it(storage: Storage) -> None:
    storage.create(PODS, pod("a"))
    marked = storage.delete(PODS, "shop", "a", grace=10)
    assert marked["metadata"]["deletionTimestamp"] == "2026-01-15T12:00:10Z"
    assert marked["metadata"]["deletionGracePeriodSeconds"] == 10
    assert storage.get(PODS, "shop", "a") is marked
    storage.remove(PODS, "shop", "a")
    assert storage.get(PODS, "shop", "a") is None


@pytest.mark.parametrize("grace", [0, None])
def test_a_pod_without_a_node_is_removed_immediately(storage: Storage, grace: int | None) -> None:
    storage.create(PODS, pod("a", node=""))
    storage.delete(PODS, "shop", "a", grace=grace)
    assert storage.list(PODS) == []


def test_a_finalizer_holds_an_object_until_it_is_taken_away(storage: Storage) -> None:
    made = storage.create(CONFIGMAPS, {"metadata": {"name": "a", "namespace": "shop", "finalizers": ["hold"]}})
    storage.delete(CONFIGMAPS, "shop", "a")
    held = storage.get(CONFIGMAPS, "shop", "a")
    assert held is not None
    assert "deletionTimestamp" in held["metadata"]
    storage.update(CONFIGMAPS, {**made, "metadata": {"name": "a", "namespace": "shop"}})
    assert storage.get(CONFIGMAPS, "shop", "a") is None


def _owned_replica_set(storage: Storage) -> Object:
    owner = storage.create(DEPLOYMENTS, deployment())
    reference = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "checkout", "uid": owner["metadata"]["uid"]}
    metadata = {"name": "checkout-1", "namespace": "shop", "ownerReferences": [reference]}
    storage.create(REPLICASETS, {"metadata": metadata, "spec": {}})
    return owner


def test_dependents_are_found_by_their_owner(storage: Storage) -> None:
    owner = _owned_replica_set(storage)
    owned = storage.owned_by(owner["metadata"]["uid"])
    assert [(resource.plural, obj["metadata"]["name"]) for resource, obj in owned] == [("replicasets", "checkout-1")]
    storage.remove(REPLICASETS, "shop", "checkout-1")
    assert storage.owned_by(owner["metadata"]["uid"]) == []


def test_orphaning_takes_the_owner_out_of_its_dependents(storage: Storage) -> None:
    _owned_replica_set(storage)
    storage.delete(DEPLOYMENTS, "shop", "checkout", propagation="Orphan")
    orphan = storage.get(REPLICASETS, "shop", "checkout-1")
    assert orphan is not None
    assert "ownerReferences" not in orphan["metadata"]


def test_foreground_deletion_waits_for_the_dependents(storage: Storage) -> None:
    _owned_replica_set(storage)
    storage.delete(DEPLOYMENTS, "shop", "checkout", propagation="Foreground")
    held = storage.get(DEPLOYMENTS, "shop", "checkout")
    assert held is not None
    assert held["metadata"]["finalizers"] == ["foregroundDeletion"]


def test_deletion_holds_its_preconditions(storage: Storage) -> None:
    storage.create(CONFIGMAPS, _config())
    with pytest.raises(StatusError, match="the UID in the precondition"):
        storage.delete(CONFIGMAPS, "shop", "settings", uid="another")
    with pytest.raises(StatusError, match="the ResourceVersion in the precondition"):
        storage.delete(CONFIGMAPS, "shop", "settings", resource_version="1")
    assert storage.get(CONFIGMAPS, "shop", "settings") is not None


def test_a_deleted_namespace_takes_its_objects_along(storage: Storage) -> None:
    storage.create(NAMESPACES, {"metadata": {"name": "shop"}})
    storage.create(CONFIGMAPS, _config())
    storage.delete(NAMESPACES, None, "shop")
    assert storage.list(CONFIGMAPS) == []


def test_listeners_get_every_change_in_order(storage: Storage) -> None:
    received: list[tuple[str, int]] = []

    def listen(change: StorageEvent) -> None:
        received.append((change.type, change.revision))

    end = storage.on_change(listen)
    made = storage.create(CONFIGMAPS, _config(a="1"))
    storage.update(CONFIGMAPS, {**made, "data": {}})
    storage.delete(CONFIGMAPS, "shop", "settings")
    end()
    storage.create(CONFIGMAPS, _config())
    assert received == [("ADDED", 2), ("MODIFIED", 3), ("DELETED", 4)]


def test_history_answers_what_happened_since(storage: Storage) -> None:
    made = storage.create(CONFIGMAPS, _config(a="1"))
    seen = storage.revision
    storage.update(CONFIGMAPS, {**made, "data": {"a": "2"}})
    storage.create(PODS, pod("elsewhere"))
    changes = storage.events_since(CONFIGMAPS, seen)
    assert changes is not None
    assert [change.type for change in changes] == ["MODIFIED"]


def test_compaction_drops_history(storage: Storage) -> None:
    storage.create(CONFIGMAPS, _config())
    storage.compact()
    assert storage.events_since(CONFIGMAPS, 1) is None
    assert storage.events_since(CONFIGMAPS, storage.revision) == []


def test_history_is_bounded(storage: Storage) -> None:
    made = storage.create(CONFIGMAPS, _config())
    for count in range(HISTORY_LIMIT):
        made = storage.update(CONFIGMAPS, {**made, "data": {"a": str(count)}})
    assert storage.events_since(CONFIGMAPS, 1) is None
    changes = storage.events_since(CONFIGMAPS, storage.revision - HISTORY_LIMIT)
    assert changes is not None
    assert len(changes) == HISTORY_LIMIT


def test_admission_may_refuse_and_nothing_is_stored(storage: Storage) -> None:
    def refuse(resource: Resource, obj: Object) -> None:
        raise forbidden(resource, obj["metadata"]["name"], "no more")

    storage.admission.append(refuse)
    with pytest.raises(StatusError, match="is forbidden: no more"):
        storage.create(CONFIGMAPS, _config())
    assert storage.list(CONFIGMAPS) == []
