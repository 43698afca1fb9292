"""Parse why the API server refuses to create an object: the texts of its admission plugins and of validation.

Sources, in kubernetes/kubernetes: plugin/pkg/admission (limitranger, serviceaccount, priority, podnodeselector,
podtolerationrestriction, imagepolicy, runtimeclass), staging/src/k8s.io/apiserver/pkg/admission/plugin (resourcequota,
webhook, policy/validating, namespace/lifecycle), staging/src/k8s.io/pod-security-admission. The prefixes are those of
the controllers: controller_utils.go, stateful_pod_control.go, cronjob_controllerv2.go.
To parse another text: a pattern in `_PATTERNS` and, where it is a new kind, a `RefusalKind`.
Invariant: every text has a refusal; what no pattern matches is OTHER with the text itself. All texts are printable.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from k9py.api.lazy_pattern import lazy_pattern
from k9py.api.text import printable, shorten

_PREFIX: Final = lazy_pattern(
    r"^(?:\(combined from similar events\): )?"
    r"(?:Error creating(?: job)?: |[Cc]reate (?:Pod|Claim) \S+ (?:for Pod \S+ )?in \S+ \S+ failed error: )?"
    r"(?:failed to create PVC \S+: )?"
)
_FORBIDDEN: Final = lazy_pattern(r'^(?P<resource>[a-z.]+) "[^"]*" is forbidden: ')


class RefusalKind(Enum):
    """What refuses an object."""

    QUOTA_EXCEEDED = auto()
    QUOTA_UNSPECIFIED = auto()  # the quota demands requests or limits that the pod lacks
    QUOTA_UNKNOWN = auto()  # the quota has not been counted yet, or cannot be
    LIMIT_RANGE = auto()
    POD_SECURITY = auto()
    WEBHOOK_DENIED = auto()
    WEBHOOK_FAILED = auto()  # it cannot be called
    SERVICE_ACCOUNT = auto()
    PRIORITY_CLASS = auto()
    RUNTIME_CLASS = auto()
    POLICY = auto()  # ValidatingAdmissionPolicy
    INVALID = auto()
    NAMESPACE = auto()  # being terminated, or gone
    IMAGE_POLICY = auto()
    OTHER = auto()


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an object was refused; all texts are printable.

    Args:
        name: of what refuses it, or of what is missing: quota, webhook, ServiceAccount, policy; "" when there is none.
        text: the API server's words, without its prefix.
        resource: the plural of what was refused: `pods`, `persistentvolumeclaims`.
        requested, used, limit: of QUOTA_EXCEEDED, by entry: `requests.cpu` → `400m`.
        binding: of POLICY.
    """

    kind: RefusalKind
    name: str = ""
    text: str = ""
    resource: str = "pods"
    requested: tuple[tuple[str, str], ...] = ()
    used: tuple[tuple[str, str], ...] = ()
    limit: tuple[tuple[str, str], ...] = ()
    binding: str = ""


_PATTERNS: Final[tuple[tuple[RefusalKind, re.Pattern[str]], ...]] = (
    # Texts that quote others come first: a webhook may deny with the words of a quota.
    (
        RefusalKind.WEBHOOK_DENIED,
        lazy_pattern(r'admission webhook "(?P<name>[^"]+)" denied the request:? ?(?P<text>.*)$', re.S),
    ),
    (RefusalKind.WEBHOOK_FAILED, lazy_pattern(r'failed calling webhook "(?P<name>[^"]+)": (?P<text>.*)$', re.S)),
    (
        RefusalKind.POLICY,
        lazy_pattern(
            r"ValidatingAdmissionPolicy '(?P<name>[^']+)' with binding '(?P<binding>[^']+)' denied request: "
            r"(?P<text>.*)$",
            re.S,
        ),
    ),
    (
        RefusalKind.POLICY,
        lazy_pattern(r"policy '(?P<name>[^']+)' with binding '(?P<binding>[^']+)' denied request: (?P<text>.*)$", re.S),
    ),
    (
        RefusalKind.QUOTA_EXCEEDED,
        lazy_pattern(
            r"exceeded quota: (?P<name>[^,]+), requested: (?P<requested>.+), used: (?P<used>.+), "
            r"limited: (?P<limit>.+?)\.?$",
            re.S,
        ),
    ),
    (RefusalKind.QUOTA_UNSPECIFIED, lazy_pattern(r"failed quota: (?P<name>[^:]+): (?P<text>.+)$", re.S)),
    (RefusalKind.QUOTA_UNKNOWN, lazy_pattern(r"(?P<text>status unknown for quota: (?P<name>[^,]+), .+)$", re.S)),
    (
        RefusalKind.QUOTA_UNKNOWN,
        lazy_pattern(r"(?P<text>insufficient quota to (?:match these scopes|consume): .+)$", re.S),
    ),
    (RefusalKind.POD_SECURITY, lazy_pattern(r'violates PodSecurity "(?P<name>[^"]+)": (?P<text>.+)$', re.S)),
    (
        RefusalKind.LIMIT_RANGE,
        lazy_pattern(
            r"(?P<text>\[?(?:(?:minimum|maximum) \S+ usage per |\S+ max limit to request ratio per ).+)$", re.S | re.I
        ),
    ),
    (RefusalKind.SERVICE_ACCOUNT, lazy_pattern(r'serviceaccounts? "(?P<name>[^"]+)" not found')),
    (RefusalKind.PRIORITY_CLASS, lazy_pattern(r"no PriorityClass with name (?P<name>\S+) was found")),
    (RefusalKind.RUNTIME_CLASS, lazy_pattern(r'RuntimeClass "(?P<name>[^"]+)" not found')),
    (
        RefusalKind.NAMESPACE,
        lazy_pattern(r"(?P<text>unable to create new content in namespace (?P<name>\S+) because .+)$"),
    ),
    (RefusalKind.NAMESPACE, lazy_pattern(r'(?P<text>namespaces? "(?P<name>[^"]+)" (?:not found|is being terminated))')),
    (RefusalKind.IMAGE_POLICY, lazy_pattern(r"(?P<text>image policy webhook backend denied .+)$", re.S)),
    (RefusalKind.INVALID, lazy_pattern(r'^(?P<kind>\w+) "[^"]*" is invalid: (?P<text>.+)$', re.S)),
)

_OTHER_NAMES: Final = lazy_pattern(r"certificate is valid for .{120,}, not (?=[\w.-]+$)", re.S)
"""The many names of a certificate that lacks the one that was called (crypto/x509 HostnameError)."""


def parse_refusal(message: str) -> Refusal:
    """Return what refused an object.

    Args:
        message: of a FailedCreate event or a ReplicaFailure condition; names of generated pods are left out.
    """
    text = _PREFIX.sub("", message, count=1)
    forbidden = _FORBIDDEN.search(text)
    resource = printable(forbidden["resource"]) if forbidden else "pods"
    text = text[forbidden.end() :] if forbidden else text
    text = _OTHER_NAMES.sub("certificate is not valid for ", text)
    for kind, pattern in _PATTERNS:
        match = pattern.search(text)
        if match is None:
            continue
        parts = match.groupdict()
        return Refusal(
            kind,
            printable(parts.get("name") or ""),
            shorten(parts.get("text") or text),
            resource,
            requested=_amounts(parts.get("requested") or ""),
            used=_amounts(parts.get("used") or ""),
            limit=_amounts(parts.get("limit") or ""),
            binding=printable(parts.get("binding") or ""),
        )
    return Refusal(RefusalKind.OTHER, "", shorten(text), resource)


def _amounts(text: str) -> tuple[tuple[str, str], ...]:
    """Parse `pods=1,requests.cpu=400m`."""
    pairs = (part.partition("=") for part in printable(text).split(","))
    return tuple((name.strip(), value.strip()) for name, _, value in pairs if name.strip())
