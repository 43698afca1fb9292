"""The pod template that a ReplicaSet or ControllerRevision holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from k9py.api.errors import RefusedError
from k9py.api.workloads import POD_TEMPLATE_HASH


def revision_template(revision_obj: Mapping[str, Any]) -> dict[str, Any]:
    """Return the pod template of a raw ReplicaSet or ControllerRevision, as the workload would have it.

    Raises:
        RefusedError: it holds none.
    """
    if "data" in revision_obj:
        template = (((revision_obj.get("data") or {}).get("spec")) or {}).get("template")
    else:
        template = (revision_obj.get("spec") or {}).get("template")
    if not isinstance(template, Mapping) or not template.get("spec"):
        raise RefusedError("that revision holds no pod template", "choose another one")
    result: dict[str, Any] = {key: value for key, value in template.items() if key != "$patch"}
    metadata = dict(result.get("metadata") or {})
    labels = dict(metadata.get("labels") or {})
    if POD_TEMPLATE_HASH in labels:
        del labels[POD_TEMPLATE_HASH]
        metadata["labels"] = labels
        result["metadata"] = metadata
    return result
