"""Short names of a log's sources: no longer than what tells them apart, the revision first where there are several.

Pure. `r7 98ffd/app` is container app of a pod of revision 7 whose name ends in 98ffd.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from k9py.logs.source import LogTarget


@dataclass(frozen=True, slots=True)
class Labels:
    """How the sources of one subject are named.

    Args:
        subject: the name of the object whose logs they are.
        owners: pods of several workloads are there, so what they have in common is not left out.
        revisions: pods of several revisions are there.
        containers: several containers are there.
        names: of revisions, by `LogTarget.revision`, such as "revision 7"; the bare value where it is not in here.
    """

    subject: str = ""
    owners: bool = False
    revisions: bool = False
    containers: bool = False
    names: Mapping[str, str] = field(default_factory=dict)

    def label(self, target: LogTarget) -> str:
        """Return the name of a source."""
        owner, end = _parted(target, self.subject)
        pod = f"{owner}-{end}" if self.owners and owner else end
        where = f"{pod}/{target.container}" if self.containers else pod
        if not self.revisions or not target.revision:
            return where
        name = self.names.get(target.revision, target.revision)
        return f"{name.replace('revision ', 'r')} {where}"


def labels_for(targets: Iterable[LogTarget], subject: str, names: Mapping[str, str] | None = None) -> Labels:
    """Return how to name these sources."""
    targets = tuple(targets)
    return Labels(
        subject=subject,
        owners=len({_parted(one, subject)[0] for one in targets}) > 1,
        revisions=len({one.revision for one in targets}) > 1,
        containers=len({one.container for one in targets}) > 1,
        names=names or {},
    )


def _parted(target: LogTarget, subject: str) -> tuple[str, str]:
    """Part a pod's name into what all pods of its workload begin with and what is its own."""
    owner, hashed, end = target.pod.rpartition(f"-{target.revision}-") if target.revision else ("", "", "")
    if hashed and owner:
        return owner, end
    end = target.pod[len(subject) + 1 :]
    # A StatefulSet's pods are known by their whole names; a lone number would be read as part of the line.
    if subject and target.pod.startswith(f"{subject}-") and not end.isdecimal():
        return subject, end
    return "", target.pod
