"""No secret gets into a capsule, wherever it stands in a cluster: each place has its own value, which is searched."""

from __future__ import annotations

import asyncio
import base64
import gzip
import json
import re
from collections.abc import Iterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from k9py.api.meta import ObjectRef
from k9py.capsule.capture import capture
from k9py.capsule.file import capsule_text
from k9py.capsule.markdown import report_lines
from k9py.cluster.change_history import FactChange, HistoryAction, HistoryEntry
from k9py.cluster.timeline import Timeline
from tests.factories.meta import NOW
from tests.factories.triage import triaging

_BASE64 = re.compile(r"[A-Za-z0-9+/]{40,}={0,2}")

Json = dict[str, Any]


class Seeds:
    """Values that must not be in a capsule, by the place where they stand."""

    def __init__(self) -> None:
        self.places: dict[str, str] = {}

    def __call__(self, place: str) -> str:
        """Return the value of a place."""
        return self.places.setdefault(place, f"Zx9{len(self.places):03d}qWcorrectHorse")

    def found_in(self, text: str) -> list[str]:
        """Return the places whose values are in a text, plain or encoded any number of times."""
        texts = list(_decoded(text))
        return [place for place, value in self.places.items() if any(value in each for each in texts)]


def _decoded(text: str) -> Iterator[str]:
    yield text
    for encoded in _BASE64.findall(text):
        try:
            raw = base64.b64decode(encoded, validate=True)
            yield from _decoded((gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw).decode())
        except (ValueError, OSError, EOFError):
            continue


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _zipped(value: Any) -> str:
    return base64.b64encode(gzip.compress(json.dumps(value).encode(), mtime=0)).decode()


def _object(kind: str, name: str, version: str = "v1", **content: Any) -> Json:
    metadata = {
        "name": name,
        "namespace": "shop",
        "uid": f"uid-{name}",
        "creationTimestamp": "2026-11-22T11:50:00Z",
        "generation": 1,
        **content.pop("metadata", {}),
    }
    return {"apiVersion": version, "kind": kind, "metadata": metadata, **content}


def _owned_by(kind: str, name: str) -> list[Json]:
    return [{"apiVersion": "apps/v1", "kind": kind, "name": name, "uid": f"uid-{name}", "controller": True}]


def _template(place: str, seed: Seeds) -> Json:
    container = {
        "name": "app",
        "image": "app:1",
        "env": [
            {"name": "DB_PASSWORD", "value": seed(f"{place}: variable")},
            {"name": "DB_URL", "value": f"postgres://app:{seed(f'{place}: URL')}@db/app"},
            {"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "credentials", "key": "missing"}}},
            {"name": "SETTING", "valueFrom": {"configMapKeyRef": {"name": "settings", "key": "missing"}}},
        ],
        "command": ["sh", "-c", f"curl -H 'Authorization: Bearer {seed(f'{place}: header')}' http://api"],
        "args": ["--token", seed(f"{place}: argument"), f"--password={seed(f'{place}: flag')}"],
        "livenessProbe": {"exec": {"command": ["redis-cli", "-a", seed(f"{place}: probe")]}},
        "lifecycle": {"postStart": {"exec": {"command": ["sh", "-c", f"mysql -p{seed(f'{place}: hook')} app"]}}},
    }
    annotations = {"example.com/api-token": seed(f"{place}: annotation of the template")}
    return {"metadata": {"labels": {"app": "web"}, "annotations": annotations}, "spec": {"containers": [container]}}


def _configuration(seed: Seeds) -> Iterator[Json]:
    for name, secret_type in (("credentials", "Opaque"), ("registry", "kubernetes.io/dockerconfigjson")):
        copied = {
            "kind": "Secret",
            "data": {"a": _base64(seed(f"{name}: copy"))},
            "stringData": {"b": seed(f"{name}: copy of text")},
        }
        annotations = {
            "kubectl.kubernetes.io/last-applied-configuration": json.dumps(copied),
            "kapp.k14s.io/original": json.dumps(copied),
            "objectset.rio.cattle.io/applied": _zipped(copied),
            "example.com/encoded": _base64(json.dumps(copied)),
            "example.com/yaml": f"kind: Secret\ndata:\n  a: {_base64(seed(f'{name}: YAML'))}\n",
            "example.com/note": seed(f"{name}: annotation"),
        }
        auths = {"auths": {"registry": {"auth": _base64(f"app:{seed(f'{name}: registry')}")}}}
        yield _object(
            "Secret",
            name,
            type=secret_type,
            metadata={"annotations": annotations},
            data={"password": _base64(seed(f"{name}: data")), ".dockerconfigjson": _base64(json.dumps(auths))},
        )
    release = _base64(_zipped({"config": {"password": seed("Helm release")}}))
    labels = {"owner": "helm", "name": "web", "version": "3", "status": "deployed"}
    yield _object(
        "Secret",
        "sh.helm.release.v1.web.v3",
        type="helm.sh/release.v1",
        metadata={"labels": labels},
        data={"release": release},
    )
    token = {"token": _base64(seed("token of a ServiceAccount"))}
    yield _object("Secret", "account", type="kubernetes.io/service-account-token", data=token)
    copied = {"kind": "ConfigMap", "data": {"connection": seed("copy of a ConfigMap")}}
    yield _object(
        "ConfigMap",
        "settings",
        metadata={
            "annotations": {
                "kapp.k14s.io/original": json.dumps(copied),
                "objectset.rio.cattle.io/applied": _zipped(copied),
            }
        },
        data={"app.ini": f"login={seed('ConfigMap')}"},
        binaryData={"keystore": _base64(seed("binary ConfigMap"))},
    )


def _workloads(seed: Seeds) -> Iterator[Json]:
    annotations = {
        "deployment.kubernetes.io/revision": "2",
        "kubernetes.io/change-cause": f"helm upgrade --set password={seed('change cause')}",
        "objectset.rio.cattle.io/applied": _zipped({"spec": {"template": _template("Rancher", seed)}}),
        "kapp.k14s.io/original": json.dumps({"kind": "Deployment", "spec": {"template": _template("kapp", seed)}}),
    }
    selector = {"matchLabels": {"app": "web"}}
    stuck = {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}
    yield _object(
        "Deployment",
        "web",
        "apps/v1",
        metadata={"annotations": annotations},
        spec={"replicas": 1, "selector": selector, "template": _template("Deployment", seed)},
        status={
            "observedGeneration": 1,
            "replicas": 1,
            "updatedReplicas": 1,
            "unavailableReplicas": 1,
            "conditions": [{**stuck, "message": f"token={seed('condition of a Deployment')}"}],
        },
    )
    for number in (1, 2):
        made_at = {"creationTimestamp": f"2026-11-22T11:{40 + 5 * number}:00Z"}
        revision = {"deployment.kubernetes.io/revision": str(number)}
        owners = {"ownerReferences": _owned_by("Deployment", "web"), "annotations": revision, **made_at}
        spec = {"replicas": number - 1, "selector": selector, "template": _template(f"ReplicaSet {number}", seed)}
        yield _object("ReplicaSet", f"web-{number}", "apps/v1", metadata=owners, spec=spec, status={"replicas": 0})
        owners = {"ownerReferences": _owned_by("StatefulSet", "db"), **made_at}
        patch = {"spec": {"template": {"$patch": "replace", **_template(f"ControllerRevision {number}", seed)}}}
        yield _object("ControllerRevision", f"db-{number}", "apps/v1", metadata=owners, revision=number, data=patch)
    yield _object(
        "StatefulSet",
        "db",
        "apps/v1",
        spec={"replicas": 1, "selector": selector, "template": _template("StatefulSet", seed)},
        status={"observedGeneration": 1, "replicas": 1, "currentRevision": "db-1", "updateRevision": "db-2"},
    )
    job_spec = {"template": _template("CronJob", seed)}
    yield _object("CronJob", "tidy", "batch/v1", spec={"schedule": "* * * * *", "jobTemplate": {"spec": job_spec}})
    failed = {"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded"}
    condition = {**failed, "message": f"secret={seed('condition of a Job')}"}
    status = {"failed": 2, "conditions": [{**condition, "lastTransitionTime": "2026-11-22T11:55:00Z"}]}
    yield _object("Job", "migrate", "batch/v1", spec={"template": _template("Job", seed)}, status=status)


def _pod(seed: Seeds) -> Json:
    said = (
        f"password={seed('end of a container')} DB_PASSWORD: {seed('end of a container, YAML')}"
        f" --api-key {seed('end of a container, flag')}"
    )
    ended = {"exitCode": 1, "reason": "Error", "message": said, "finishedAt": "2026-11-22T11:58:05Z"}
    waiting = {"reason": "CrashLoopBackOff", "message": f"back-off 5m: --password {seed('waiting')}"}
    status = {
        "name": "app",
        "image": "app:1",
        "imageID": "",
        "restartCount": 9,
        "ready": False,
        "started": False,
        "state": {"waiting": waiting},
        "lastState": {"terminated": ended},
    }
    unready = {"type": "Ready", "status": "False", "lastTransitionTime": "2026-11-22T11:51:00Z"}
    return _object(
        "Pod",
        "web-2-a",
        metadata={
            "labels": {"app": "web"},
            "ownerReferences": _owned_by("ReplicaSet", "web-2"),
            "annotations": {"vault.hashicorp.com/agent-inject-token": seed("annotation of a pod")},
        },
        spec=_template("Pod", seed)["spec"],
        status={
            "phase": "Running",
            "startTime": "2026-11-22T11:50:00Z",
            "conditions": [{**unready, "message": f"TOKEN={seed('condition of a pod')}"}],
            "containerStatuses": [status],
        },
    )


def _events(seed: Seeds) -> Iterator[Json]:
    hook = f"mysql -p{seed('event of a hook')} app"
    messages = {
        "Unhealthy": f"Liveness probe failed: AUTH failed: password={seed('event')}",
        "FailedPostStartHook": f'Exec lifecycle hook ([sh -c {hook}]) for Container "app" in Pod "web-2-a" failed - '
        "error:"
        f" command 'sh -c mysql -p{seed('error of a hook')}' exited with 1: , message: \"\"",
        "Failed": f"Error: --api-key {seed('event, flag')} Authorization: Bearer {seed('event, header')}",
    }
    about = {"kind": "Pod", "name": "web-2-a", "namespace": "shop", "uid": "uid-web-2-a"}
    for reason, message in messages.items():
        yield _object(
            "Event",
            f"web-2-a.{reason.lower()}",
            type="Warning",
            reason=reason,
            message=message,
            involvedObject=about,
            firstTimestamp="2026-11-22T11:57:00Z",
            lastTimestamp="2026-11-22T11:59:00Z",
            count=3,
        )


def _others(seed: Seeds) -> Iterator[Json]:
    annotations = {"example.com/basic-auth-password": seed("annotation of a Service")}
    spec: Json = {"selector": {"app": "web"}, "ports": [{"port": 80}], "clusterIP": "10.0.0.2"}
    yield _object("Service", "web", metadata={"annotations": annotations}, spec=spec)
    snippet = f'proxy_set_header Authorization "Bearer {seed("snippet of an Ingress")}";'
    annotations = {"nginx.ingress.kubernetes.io/configuration-snippet": snippet}
    backend = {"service": {"name": "web", "port": {"number": 80}}}
    spec = {"rules": [{"http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]}}]}
    yield _object("Ingress", "web", "networking.k8s.io/v1", metadata={"annotations": annotations}, spec=spec)


def _logs(seed: Seeds) -> dict[str, list[str]]:
    line = (
        f"FATAL: cannot log in with password={seed('log')} api_key: {seed('log, YAML')} --token {seed('log, flag')}"
        f' Authorization: Bearer {seed("log, header")} {{"password":"{seed("log, JSON")}"}}'
    )
    return {
        "shop/web-2-a/app": [f"2026-11-22T11:58:04Z ERROR connect postgres://app:{seed('log, URL')}@db failed"],
        "shop/web-2-a/app/previous": ["2026-11-22T11:58:00Z starting", f"2026-11-22T11:58:04Z {line}"],
    }


def test_no_seeded_secret_is_in_a_capsule() -> None:
    seed = Seeds()
    objects = [*_configuration(seed), *_workloads(seed), _pod(seed), *_events(seed), *_others(seed)]
    logs = _logs(seed)
    action = {
        "time": "2026-11-22T11:40:00Z",
        "event": "begin",
        "action": "set-env",
        "kind": "Deployment",
        "name": "web",
    }
    changed = FactChange("column 2", "", f"password={seed('history')}")
    ref = ObjectRef("Deployment", "shop", "web", "apps")

    async def made() -> str:
        async with triaging(*objects, logs=logs) as cluster:
            cluster.history.restore([HistoryEntry(NOW, NOW, ref, "uid-web", "", HistoryAction.CHANGED, (changed,))])
            timeline = Timeline(cluster)
            entries = (await timeline.settled(NOW - timedelta(hours=6))).entries
            timeline.close()
            report = cluster.triage.report(NOW)
            assert report.problems
            assert entries
            session: Any = SimpleNamespace(connection=cluster.connection, context="shop")
            actions = [{**action, "env": f"PASSWORD={seed('action')}"}]
            capsule = await capture(session, cluster, report, entries, cluster.triage.logs(), actions=actions)
            return capsule_text(capsule, report_lines(capsule, report, NOW))

    text = asyncio.run(made())

    kinds = {str(each["kind"]) for each in objects}
    assert {kind for kind in kinds if f'"kind":"{kind}"' in text} == kinds
    assert "cannot log in with" in text
    assert len(seed.places) > 100
    assert seed.found_in(text) == []
