"""pods/ephemeralcontainers: what may be written through it, as the API server validates it.

Pure. Invariant: a write changes the list of ephemeral containers and nothing else; containers are only added. Source:
`ValidatePodEphemeralContainersUpdate` and `validateEphemeralContainers`; `tests/wire/ephemeral-containers.json`.
"""

import re
from collections.abc import Mapping
from typing import Any

from k9py.simulator import status_errors
from k9py.simulator.registry.cache import Object
from k9py.simulator.status_errors import StatusCause

SUBRESOURCE = "ephemeralcontainers"
_FIELD = "spec.ephemeralContainers"
_FORBIDDEN = ("ports", "resources", "livenessProbe", "readinessProbe", "startupProbe", "lifecycle", "restartPolicy")
_NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_NAME_RULE = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with "
    "an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
)


def with_ephemeral_containers(old: Object, new: Object) -> Object:
    """Return the old pod with the ephemeral containers of a new one; other changes are ignored, as the server does."""
    containers = (new.get("spec") or {}).get("ephemeralContainers")
    spec = {key: value for key, value in old["spec"].items() if key != "ephemeralContainers"}
    if containers:
        spec["ephemeralContainers"] = containers
    return {**old, "metadata": new["metadata"] if "metadata" in new else old["metadata"], "spec": spec}


def check_ephemeral_containers(pod: Object, old: Object) -> None:
    """Refuse a list that is not valid, or that changes or lacks an existing container.

    Raises:
        StatusError: 422.
    """
    causes = _list_causes(pod["spec"])
    new = {container.get("name"): container for container in pod["spec"].get("ephemeralContainers") or ()}
    for container in old["spec"].get("ephemeralContainers") or ():
        name = container["name"]
        if name not in new:
            causes.append(_forbidden(f'existing ephemeral containers "{name}" may not be removed\n'))
        elif new[name] != container:
            causes.append(_forbidden(f'existing ephemeral containers "{name}" may not be changed\n'))
    if causes:
        raise status_errors.invalid("", "Pod", pod["metadata"]["name"], causes)


def creation_causes(spec: Mapping[str, Any]) -> list[StatusCause]:
    """Return what is wrong with the ephemeral containers of a new pod: that there are any."""
    return [_forbidden("cannot be set on create")] if spec.get("ephemeralContainers") else []


def _forbidden(why: str, field: str = _FIELD) -> StatusCause:
    return StatusCause("FieldValueForbidden", f"Forbidden: {why}", field)


def _list_causes(spec: Mapping[str, Any]) -> list[StatusCause]:
    causes: list[StatusCause] = []
    fixed = [container["name"] for field in ("initContainers", "containers") for container in spec.get(field) or ()]
    volumes = {volume["name"] for volume in spec.get("volumes") or ()}
    seen = set(fixed)
    for at, container in enumerate(spec.get("ephemeralContainers") or ()):
        here, name = f"{_FIELD}[{at}]", container.get("name") or ""
        if not name:
            causes.append(StatusCause("FieldValueRequired", "Required value", f"{here}.name"))
        elif not _NAME.fullmatch(name):
            causes.append(StatusCause("FieldValueInvalid", f'Invalid value: "{name}": {_NAME_RULE}', f"{here}.name"))
        elif name in seen:
            causes.append(StatusCause("FieldValueDuplicate", f'Duplicate value: "{name}"', f"{here}.name"))
        seen.add(name)
        if not (container.get("image") or "").strip():
            causes.append(StatusCause("FieldValueRequired", "Required value", f"{here}.image"))
        for number, mount in enumerate(container.get("volumeMounts") or ()):
            if mount.get("name") not in volumes:
                why = f'Not found: "{mount.get("name")}"'
                causes.append(StatusCause("FieldValueNotFound", why, f"{here}.volumeMounts[{number}].name"))
        target = container.get("targetContainerName")
        if target and target not in fixed:
            causes.append(StatusCause("FieldValueNotFound", f'Not found: "{target}"', f"{here}.targetContainerName"))
        causes += [
            _forbidden("cannot be set for an Ephemeral Container", f"{here}.{field}")
            for field in _FORBIDDEN
            if container.get(field) not in (None, [], {}) or (field == "lifecycle" and field in container)
        ]
    return causes
