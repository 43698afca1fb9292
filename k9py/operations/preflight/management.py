"""Who manages the object and will revert the change: Argo CD, Flux, Helm, or a file given to `kubectl apply`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from k9py.api.kinds import LAST_APPLIED
from k9py.api.text import printable
from k9py.operations.plan import PreflightWarning, WarningLevel

_FLUX_LABELS: Final = {
    "kustomize.toolkit.fluxcd.io/name": "kustomization",
    "helm.toolkit.fluxcd.io/name": "Helm release",
}
_FIELD_MANAGERS: Final = {
    "argocd-controller": "Argo CD",
    "argocd-application-controller": "Argo CD",
    "kustomize-controller": "Flux",
    "helm-controller": "Flux",
    "helm": "Helm",
}


def managed(obj: Mapping[str, Any]) -> Iterator[PreflightWarning]:
    """Warn that Argo CD, Flux or Helm manages the object and will overwrite the change."""
    meta = obj.get("metadata") or {}
    labels, notes = meta.get("labels") or {}, meta.get("annotations") or {}
    managers = {_FIELD_MANAGERS.get(str(entry.get("manager"))) for entry in meta.get("managedFields") or ()}
    argo = notes.get("argocd.argoproj.io/tracking-id") or labels.get("argocd.argoproj.io/instance")
    flux = next((f"{what} {labels[label]}" for label, what in _FLUX_LABELS.items() if labels.get(label)), "")
    release = notes.get("meta.helm.sh/release-name") or ""
    if argo or "Argo CD" in managers:
        name = f" (application {printable(str(argo).partition(':')[0])})" if argo else ""
        message = f"Argo CD manages it{name} and may revert it immediately: change its source too"
        yield PreflightWarning(WarningLevel.DANGER, "gitops", message)
    elif flux or "Flux" in managers:
        name = f" ({printable(flux)})" if flux else ""
        message = f"Flux manages it{name} and will revert it: change its source too"
        yield PreflightWarning(WarningLevel.DANGER, "gitops", message)
    elif release or "Helm" in managers or labels.get("app.kubernetes.io/managed-by") == "Helm":
        name = f" release {printable(str(release))}" if release else ""
        yield PreflightWarning(WarningLevel.CAUTION, "helm", f"Helm{name} manages it: its next upgrade overwrites this")


def applied(obj: Mapping[str, Any], *, field: str, what: str) -> Iterator[PreflightWarning]:
    """Warn that the next `kubectl apply` reverts the change to its file.

    kubectl 1.37 warns only about `rollout undo`, whatever the file contains; replicas or an image may be missing in the
    file, and then an apply keeps them.

    Args:
        field: the part of `spec` that is changed: `template` or `replicas`.
        what: its name for a person.
    """
    meta = obj.get("metadata") or {}
    file = (meta.get("annotations") or {}).get(LAST_APPLIED)
    if file is not None and _file_has(str(file), field):
        message = f"it was made with kubectl apply: the next apply reverts {what} to its file; change that too"
        yield PreflightWarning(WarningLevel.CAUTION, "applied", message)
        return
    for entry in meta.get("managedFields") or ():
        owned = ((entry.get("fieldsV1") or {}).get("f:spec") or {}) if entry.get("operation") == "Apply" else {}
        if f"f:{field}" in owned and str(entry.get("manager")) not in _FIELD_MANAGERS:
            who = printable(str(entry.get("manager")))
            message = f"{who} applies {what} (server-side): its next apply conflicts with this or reverts it"
            yield PreflightWarning(WarningLevel.CAUTION, "applied", message)
            return


def _file_has(file: str, field: str) -> bool:
    try:
        return field in msgspec.json.decode(file)["spec"]
    except (msgspec.DecodeError, UnicodeError, KeyError, TypeError):
        return True  # it was applied: the content of the file is unknown, so it may contain this
