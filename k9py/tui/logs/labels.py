"""Short labels of a log's sources: as short as they stay distinct, the revision first where there are several.

Pure. `r7 98ffd/app` is container app of a pod of revision 7 whose name ends in 98ffd.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from k9py.logs.source import LogTarget


@dataclass(frozen=True, slots=True)
class Labels:
    """How the sources of one subject are labelled.

    Args:
        subject: name of the object whose logs they are.
        owners: there are pods of several workloads, so the label keeps the workload's name.
        revisions: there are pods of several revisions.
        containers: there are several containers.
        names: of revisions, by `LogTarget.revision`, such as "revision 7"; a missing one is shown as it is.
    """

    subject: str = ""
    owners: bool = False
    revisions: bool = False
    containers: bool = False
    names: Mapping[str, str] = field(default_factory=dict)

    def label(self, target: LogTarget) -> str:
        """Return the label of a source."""
        owner, end = _split_name(target, self.subject)
        pod = f"{owner}-{end}" if self.owners and owner else end
        where = f"{pod}/{target.container}" if self.containers else pod
        if not self.revisions or not target.revision:
            return where
        name = self.names.get(target.revision, target.revision)
        return f"{name.replace('revision ', 'r')} {where}"


def labels_for(targets: Iterable[LogTarget], subject: str, names: Mapping[str, str] | None = None) -> Labels:
    """Return the labels that keep these sources distinct."""
    targets = tuple(targets)
    return Labels(
        subject=subject,
        owners=len({_split_name(target, subject)[0] for target in targets}) > 1,
        revisions=len({target.revision for target in targets}) > 1,
        containers=len({target.container for target in targets}) > 1,
        names=names or {},
    )


def _split_name(target: LogTarget, subject: str) -> tuple[str, str]:
    """Split a pod's name into the prefix of its workload and its own suffix."""
    owner, hashed, end = target.pod.rpartition(f"-{target.revision}-") if target.revision else ("", "", "")
    if hashed and owner:
        return owner, end
    end = target.pod[len(subject) + 1 :]
    # Pods of a StatefulSet keep their whole name: a lone number would look like part of the line.
    if subject and target.pod.startswith(f"{subject}-") and not end.isdecimal():
        return subject, end
    return "", target.pod
