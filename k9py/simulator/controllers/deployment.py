"""The Deployment controller: rolling updates, recreate, pause and resume, scaling, history.

Invariant: it writes Deployments' status and revision annotation and their ReplicaSets, never pods. One `reconcile`
takes one step, as in the real controller; the resulting ReplicaSet change triggers the next. Order of steps:
Kubernetes' `deployment_controller.go`, `sync.go`, `rolling.go` and `recreate.go`.
"""

from typing import Any

from k9py.simulator.controllers import deployment_replicasets, rolling_update
from k9py.simulator.controllers import deployment_status as rules
from k9py.simulator.controllers.deployment_status import rollout_status, scaled_status
from k9py.simulator.controllers.events import EventRecorder
from k9py.simulator.controllers.hashing import TEMPLATE_HASH_LABEL, comparable_template, template_hash
from k9py.simulator.controllers.owner_references import controller_of, key_of, owner_reference
from k9py.simulator.controllers.pod_state import is_finished
from k9py.simulator.controllers.work_queue import Key
from k9py.simulator.registry.resources import DEPLOYMENTS, PODS, REPLICASETS
from k9py.simulator.registry.storage import StorageEvent
from k9py.simulator.state import SimulatorState

Object = dict[str, Any]


class DeploymentController:
    """Reconciles Deployments."""

    def __init__(self, state: SimulatorState) -> None:
        self._state = state
        self._storage = state.storage
        self._events = EventRecorder(state, "deployment-controller")

    def keys(self, change: StorageEvent) -> list[Key]:
        """Return the Deployments a change affects."""
        if change.resource is DEPLOYMENTS:
            return [key_of(change.obj)]
        if change.resource is REPLICASETS:
            return self._owner_key(change.obj)
        # A pod matters when it ends: Recreate waits for the last old one.
        if change.resource is PODS and (change.type == "DELETED" or is_finished(change.obj)):
            owner = controller_of(change.obj)
            if owner is not None and owner["kind"] == "ReplicaSet":
                replica_set = self._storage.get(REPLICASETS, change.obj["metadata"]["namespace"], owner["name"])
                return [] if replica_set is None else self._owner_key(replica_set)
        return []

    @staticmethod
    def _owner_key(replica_set: Object) -> list[Key]:
        owner = controller_of(replica_set)
        if owner is None or owner["kind"] != "Deployment":
            return []
        return [(replica_set["metadata"]["namespace"], owner["name"])]

    def reconcile(self, key: Key) -> float | None:
        """Take one step; return seconds until the progress deadline has to be checked."""
        deployment = self._storage.get(DEPLOYMENTS, *key)
        if deployment is None:
            return None
        if deployment["metadata"].get("deletionTimestamp"):
            self._write_scaled_status(deployment)
            return None
        deployment = self._with_paused_condition(deployment)
        if deployment["spec"].get("paused") or self._was_scaled(deployment):
            self._scale_only(deployment)
            return None
        if rolling_update.is_rolling(deployment):
            return self._roll(deployment)
        return self._recreate(deployment)

    # -- strategies ----------------------------------------------------------------------------------------------

    def _roll(self, deployment: Object) -> float | None:
        deployment, new = self._new_replica_set(deployment, create=True)
        if new is None or self._scale_up_new(deployment, new) or self._scale_down_old(deployment, new):
            return self._write_rollout_status(deployment)
        if rules.is_complete(deployment, deployment.get("status") or {}):
            self._clean_up_history(deployment)
        return self._write_rollout_status(deployment)

    def _scale_up_new(self, deployment: Object, new: Object) -> bool:
        wanted, current = rolling_update.replicas_of(deployment), rolling_update.replicas_of(new)
        if current == wanted:
            return False
        if current > wanted:
            return self._scale(deployment, new, wanted)
        total = deployment_replicasets.total_spec_replicas(self._replica_sets(deployment))
        return self._scale(deployment, new, rolling_update.new_replicas(deployment, total, current))

    def _scale_down_old(self, deployment: Object, new: Object) -> bool:
        everything = self._replica_sets(deployment)
        old = self._old(everything, new)
        if not deployment_replicasets.total_spec_replicas(old):
            return False
        least = rolling_update.replicas_of(deployment) - rolling_update.max_unavailable(deployment)
        new_unavailable = rolling_update.replicas_of(new) - deployment_replicasets.total_status_count(
            [new], "availableReplicas"
        )
        room = deployment_replicasets.total_spec_replicas(everything) - least - new_unavailable
        if room <= 0:
            return False
        cleaned = self._scale_down_unhealthy(deployment, old, room)
        everything = self._replica_sets(deployment)
        spare = deployment_replicasets.total_status_count(everything, "availableReplicas") - least
        freed = 0
        for target in deployment_replicasets.oldest_first(self._old(everything, new)):
            if freed >= spare:
                break
            current = rolling_update.replicas_of(target)
            if current:
                step = min(current, spare - freed)
                self._scale(deployment, target, current - step)
                freed += step
        return cleaned + freed > 0

    def _scale_down_unhealthy(self, deployment: Object, old: list[Object], room: int) -> int:
        """Scale down unhealthy old pods first: that costs no availability."""
        cleaned = 0
        for target in deployment_replicasets.oldest_first(old):
            if cleaned >= room:
                break
            current = rolling_update.replicas_of(target)
            unhealthy = current - deployment_replicasets.total_status_count([target], "availableReplicas")
            if not current or unhealthy <= 0:
                continue
            step = min(room - cleaned, unhealthy)
            self._scale(deployment, target, current - step)
            cleaned += step
        return cleaned

    def _recreate(self, deployment: Object) -> float | None:
        deployment, new = self._new_replica_set(deployment, create=False)
        old = self._old(self._replica_sets(deployment), new)
        to_stop = deployment_replicasets.active(old)
        for target in to_stop:
            self._scale(deployment, target, 0)
        if to_stop:
            return self._write_rollout_status(deployment)
        if any(not is_finished(pod) for target in old for pod in self._pods(target)):
            return self._write_rollout_status(deployment)
        if new is None:
            deployment, new = self._new_replica_set(deployment, create=True)
        if new is not None:
            self._scale(deployment, new, rolling_update.replicas_of(deployment))
        if rules.is_complete(deployment, deployment.get("status") or {}):
            self._clean_up_history(deployment)
        return self._write_rollout_status(deployment)

    # -- pause and scale -----------------------------------------------------------------------------------------

    def _with_paused_condition(self, deployment: Object) -> Object:
        if rules.progress_deadline(deployment) is None:
            return deployment
        status: Object = deployment.get("status") or {}
        current = rules.find(status.get("conditions") or (), rules.PROGRESSING)
        if current is not None and current["reason"] == rules.TIMED_OUT:
            return deployment
        was_paused = current is not None and current["reason"] == rules.PAUSED
        paused = bool(deployment["spec"].get("paused"))
        if paused == was_paused:
            return deployment
        reason, message = (
            (rules.PAUSED, "Deployment is paused") if paused else ("DeploymentResumed", "Deployment is resumed")
        )
        changed = rules.condition(rules.PROGRESSING, "Unknown", reason, message, self._state.clock.now())
        conditions = rules.with_condition(status.get("conditions") or (), changed)
        return self._write_status(deployment, {**status, "conditions": conditions})

    def _was_scaled(self, deployment: Object) -> bool:
        wanted = rolling_update.replicas_of(deployment)
        for replica_set in deployment_replicasets.active(self._replica_sets(deployment)):
            desired = rolling_update.desired_annotation(replica_set)
            if desired is not None and desired != wanted:
                return True
        return False

    def _scale_only(self, deployment: Object) -> None:
        deployment, new = self._new_replica_set(deployment, create=False)
        self._scale_proportionally(deployment, new)
        if deployment["spec"].get("paused"):
            self._clean_up_history(deployment)
        self._write_scaled_status(deployment)

    def _scale_proportionally(self, deployment: Object, new: Object | None) -> None:
        """Scale all ReplicaSets to the Deployment's replicas in total, in proportion to their sizes."""
        everything = self._replica_sets(deployment)
        old = self._old(everything, new)
        wanted = rolling_update.replicas_of(deployment)
        only = deployment_replicasets.active_or_latest(new, old)
        if only is not None:
            self._scale(deployment, only, wanted)
            return
        if deployment_replicasets.is_saturated(deployment, new):
            for target in deployment_replicasets.active(old):
                self._scale(deployment, target, 0)
            return
        if not rolling_update.is_rolling(deployment):
            return
        targets = deployment_replicasets.active(everything)
        to_add = (
            wanted + rolling_update.max_surge(deployment) if wanted else 0
        ) - deployment_replicasets.total_spec_replicas(targets)
        newest_first = to_add > 0
        targets = sorted(deployment_replicasets.oldest_first(targets), key=_created, reverse=newest_first)
        targets.sort(key=lambda rs: -rolling_update.replicas_of(rs))
        sizes, added = [], 0
        for target in targets:
            share = rolling_update.proportion(target, deployment, to_add, added)
            sizes.append(rolling_update.replicas_of(target) + share)
            added += share
        if sizes:
            sizes[0] = max(0, sizes[0] + to_add - added)
        for target, size in zip(targets, sizes, strict=True):
            self._scale(deployment, target, size)

    @staticmethod
    def _needs_annotations(deployment: Object, replica_set: Object) -> bool:
        current = replica_set["metadata"].get("annotations") or {}
        return any(current.get(k) != v for k, v in deployment_replicasets.replica_annotations(deployment).items())

    def _scale(self, deployment: Object, replica_set: Object, size: int) -> bool:
        """Scale a ReplicaSet; return whether its size changed."""
        current = rolling_update.replicas_of(replica_set)
        if size == current and not self._needs_annotations(deployment, replica_set):
            return False
        metadata = replica_set["metadata"]
        annotations = {**(metadata.get("annotations") or {}), **deployment_replicasets.replica_annotations(deployment)}
        self._storage.update(
            REPLICASETS,
            {
                **replica_set,
                "metadata": {**metadata, "annotations": annotations},
                "spec": {**replica_set["spec"], "replicas": size},
            },
        )
        if size == current:
            return False
        direction = "up" if size > current else "down"
        self._record_scaling(deployment, f"Scaled {direction} replica set {metadata['name']} from {current} to {size}")
        return True

    def _record_scaling(self, deployment: Object, message: str) -> None:
        self._events.record(deployment, "Normal", "ScalingReplicaSet", message)

    # -- ReplicaSets and history ---------------------------------------------------------------------------------

    def _replica_sets(self, deployment: Object) -> list[Object]:
        owned = self._storage.owned_by(deployment["metadata"]["uid"])
        return [obj for resource, obj in owned if resource is REPLICASETS]

    @staticmethod
    def _old(replica_sets: list[Object], new: Object | None) -> list[Object]:
        uid = new["metadata"]["uid"] if new else None
        return [rs for rs in replica_sets if rs["metadata"]["uid"] != uid]

    def _pods(self, replica_set: Object) -> list[Object]:
        owned = self._storage.owned_by(replica_set["metadata"]["uid"])
        return [obj for resource, obj in owned if resource is PODS]

    def _new_replica_set(self, deployment: Object, *, create: bool) -> tuple[Object, Object | None]:
        """Return the Deployment and its new ReplicaSet with the latest revision number (created if `create`)."""
        everything = self._replica_sets(deployment)
        new = deployment_replicasets.find_new(deployment, everything)
        old = self._old(everything, new)
        revision = max((deployment_replicasets.revision_of(rs) for rs in old), default=0) + 1
        if new is None:
            return self._create_replica_set(deployment, revision, everything) if create else (deployment, None)
        wanted = deployment_replicasets.with_deployment_annotations(deployment, new, revision, exists=True)
        min_ready = deployment["spec"].get("minReadySeconds", 0)
        if new["spec"].get("minReadySeconds", 0) != min_ready:
            wanted = {**wanted, "spec": {**wanted["spec"], "minReadySeconds": min_ready}}
        if wanted is not new:
            return deployment, self._storage.update(REPLICASETS, wanted)
        status: Object = deployment.get("status") or {}
        if rules.progress_deadline(deployment) is not None and not rules.find(
            status.get("conditions") or (), rules.PROGRESSING
        ):
            status = self._with_progress(status, "FoundNewReplicaSet", f'Found new replica set "{_name(new)}"')
        number = new["metadata"]["annotations"][deployment_replicasets.REVISION]
        return self._write_revision(deployment, number, status), new

    def _create_replica_set(
        self, deployment: Object, revision: int, current: list[Object]
    ) -> tuple[Object, Object | None]:
        status: Object = deployment.get("status") or {}
        template = deployment["spec"]["template"]
        suffix = template_hash(template, status.get("collisionCount") or 0)
        name = f"{_name(deployment)}-{suffix}"
        namespace = deployment["metadata"]["namespace"]
        taken = self._storage.get(REPLICASETS, namespace, name)
        if taken is not None:
            if comparable_template(taken["spec"]["template"]) != comparable_template(template):
                status = {**status, "collisionCount": (status.get("collisionCount") or 0) + 1}
                deployment = self._write_status(deployment, status)
            return deployment, None
        size = rolling_update.new_replicas(deployment, deployment_replicasets.total_spec_replicas(current), 0)
        replica_set = self._storage.create(
            REPLICASETS, replica_set_for(deployment, suffix, size=size, revision=revision)
        )
        if size:
            self._record_scaling(deployment, f"Scaled up replica set {name} from 0 to {size}")
        if rules.progress_deadline(deployment) is not None:
            status = self._with_progress(status, "NewReplicaSetCreated", f'Created new replica set "{name}"')
        return self._write_revision(deployment, str(revision), status), replica_set

    def _with_progress(self, status: Object, reason: str, message: str) -> Object:
        step = rules.condition(rules.PROGRESSING, "True", reason, message, self._state.clock.now())
        return {**status, "conditions": rules.with_condition(status.get("conditions") or (), step)}

    def _clean_up_history(self, deployment: Object) -> None:
        """Delete the oldest revisions beyond the limit, unless they still have pods."""
        limit = deployment["spec"].get("revisionHistoryLimit")
        if limit is None:
            return
        everything = self._replica_sets(deployment)
        old = self._old(everything, deployment_replicasets.find_new(deployment, everything))
        old.sort(key=deployment_replicasets.revision_of)
        for replica_set in old[: max(0, len(old) - limit)]:
            status: Object = replica_set.get("status") or {}
            generation = replica_set["metadata"].get("generation", 0)
            if status.get("replicas") or rolling_update.replicas_of(replica_set):
                continue
            if generation <= status.get("observedGeneration", 0):
                self._storage.delete(REPLICASETS, replica_set["metadata"]["namespace"], _name(replica_set))

    # -- writing status ------------------------------------------------------------------------------------------

    def _write_scaled_status(self, deployment: Object) -> None:
        everything = self._replica_sets(deployment)
        new = deployment_replicasets.find_new(deployment, everything)
        self._write_status(deployment, scaled_status(deployment, everything, new, self._state.clock.now()))

    def _write_rollout_status(self, deployment: Object) -> float | None:
        everything = self._replica_sets(deployment)
        new = deployment_replicasets.find_new(deployment, everything)
        now = self._state.clock.now()
        status = rollout_status(deployment, everything, new, now)
        self._write_status(deployment, status)
        progressing = rules.find(status["conditions"], rules.PROGRESSING)
        return rules.seconds_until_deadline(deployment, status, progressing, now)

    def _write_status(self, deployment: Object, status: Object) -> Object:
        return self._storage.update(DEPLOYMENTS, {**deployment, "status": status}, status_only=True)

    def _write_revision(self, deployment: Object, revision: str, status: Object) -> Object:
        metadata = deployment["metadata"]
        annotations = {**(metadata.get("annotations") or {}), deployment_replicasets.REVISION: revision}
        changed = {**deployment, "metadata": {**metadata, "annotations": annotations}, "status": status}
        # A real cluster writes it through the status subresource, so the generation stays.
        return self._storage.update(DEPLOYMENTS, changed, bump_generation=False)


def replica_set_for(deployment: Object, suffix: str, *, size: int, revision: int) -> Object:
    """Return the ReplicaSet for a Deployment's current template."""
    metadata = deployment["metadata"]
    template = deployment["spec"]["template"]
    labels = {**((template.get("metadata") or {}).get("labels") or {}), TEMPLATE_HASH_LABEL: suffix}
    selector = deployment["spec"]["selector"]
    spec: Object = {"replicas": size}
    if deployment["spec"].get("minReadySeconds"):
        spec["minReadySeconds"] = deployment["spec"]["minReadySeconds"]
    spec["selector"] = {
        **selector,
        "matchLabels": {**(selector.get("matchLabels") or {}), TEMPLATE_HASH_LABEL: suffix},
    }
    spec["template"] = {**template, "metadata": {**(template.get("metadata") or {}), "labels": labels}}
    replica_set: Object = {
        "kind": "ReplicaSet",
        "apiVersion": "apps/v1",
        "metadata": {
            "name": f"{metadata['name']}-{suffix}",
            "namespace": metadata["namespace"],
            "labels": labels,
            "ownerReferences": [owner_reference(DEPLOYMENTS, deployment)],
        },
        "spec": spec,
        "status": {"replicas": 0},
    }
    return deployment_replicasets.with_deployment_annotations(deployment, replica_set, revision, exists=False)


def _name(obj: Object) -> str:
    return str(obj["metadata"]["name"])


def _created(obj: Object) -> str:
    return str(obj["metadata"]["creationTimestamp"])
