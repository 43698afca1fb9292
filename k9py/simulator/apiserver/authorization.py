"""Authentication and authorization: tokens to users, users to rules, and the self-subject reviews.

Invariant: a request is allowed only by a rule; errors are worded as RBAC's. To add a user for a test, call
`Access.add`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from k9py.simulator import status_errors
from k9py.simulator.apiserver.request import IncomingRequest, RequestTarget, UserInfo
from k9py.simulator.apiserver.responses import ApiResponse, json_response
from k9py.simulator.clock import timestamp
from k9py.simulator.registry.cache import Object
from k9py.simulator.registry.resources import NAMESPACES, Resource
from k9py.simulator.state import SimulatorState

_PUBLIC_PATHS = ("/healthz", "/livez", "/readyz", "/version")  # anonymous requests
_DISCOVERY_PATHS = (*_PUBLIC_PATHS, "/api", "/apis", "/openapi")  # every authenticated user
# What system:discovery and system:public-info-viewer list in a rules review.
_DISCOVERY_RULE_PATHS = (
    "/api", "/api/*", "/apis", "/apis/*", "/healthz", "/livez", "/openapi", "/openapi/*", "/readyz", "/version",
    "/version/",
)  # fmt: skip
_PUBLIC_RULE_PATHS = ("/healthz", "/livez", "/readyz", "/version", "/version/")
_ONE_NAME = re.compile(r"metadata\.name==?([^,=!]+)")
NO_RULE_RESOLUTION = "webhook authorizer does not support user rule resolution"


@dataclass(frozen=True, slots=True)
class Rule:
    """Allow verbs on resources (`pods`, `pods/log`, `*`) of API groups.

    `namespaces` None: cluster-wide. `names`: only the objects of these names; empty: all.
    """

    verbs: tuple[str, ...]
    groups: tuple[str, ...]
    resources: tuple[str, ...]
    namespaces: tuple[str, ...] | None = None
    names: tuple[str, ...] = ()

    def allows(self, verb: str, group: str, resource: str, namespace: str, name: str = "") -> bool:
        def covers(held: tuple[str, ...], wanted: str) -> bool:
            return "*" in held or wanted in held

        if self.namespaces is not None and namespace not in self.namespaces:
            return False
        if self.names and name not in self.names:
            return False
        subresource = resource.partition("/")[2]
        return (
            covers(self.verbs, verb)
            and covers(self.groups, group)
            and (covers(self.resources, resource) or bool(subresource and f"*/{subresource}" in self.resources))
        )


EVERYTHING = (Rule(("*",), ("*",), ("*",)),)
_AUTHENTICATED_RULES = (
    Rule(("create",), ("authorization.k8s.io",), ("selfsubjectaccessreviews", "selfsubjectrulesreviews")),
    Rule(("create",), ("authentication.k8s.io",), ("selfsubjectreviews",)),
)


def viewer_rules(*namespaces: str) -> tuple[Rule, ...]:
    """Return the rules of the recorded restricted user: read some kinds in its namespaces and scale Deployments."""
    return (
        Rule(("get", "list", "watch"), ("",), ("pods", "services", "events", "pods/log"), namespaces),
        Rule(("get", "list", "watch"), ("apps",), ("deployments", "replicasets"), namespaces),
        Rule(("get", "patch", "update"), ("apps",), ("deployments/scale",), namespaces),
    )


class Access:
    """The users of one cluster and their rules."""

    def __init__(self) -> None:
        self._users: dict[str, UserInfo] = {}
        self._rules: dict[str, tuple[Rule, ...]] = {}
        self._unlisted_rules: dict[str, tuple[Rule, ...]] = {}

    def add(self, token: str, user: UserInfo, rules: tuple[Rule, ...], unlisted: tuple[Rule, ...] = ()) -> None:
        """Register a bearer token for a user.

        Args:
            token: the token.
            user: the user.
            rules: what RBAC allows.
            unlisted: what a webhook authorizer allows beyond that: it decides each request but lists no rules, so that
                rules reviews are incomplete.
        """
        self._users[token] = user
        self._rules[user.name] = rules
        self._unlisted_rules[user.name] = unlisted

    def revoke(self, token: str) -> None:
        """Revoke a token; requests with it get 401, as with an expired one."""
        self._users.pop(token, None)

    def authenticate(self, authorization: str, path: str) -> UserInfo:
        """Return the user of an Authorization header.

        Raises:
            StatusError: 401.
        """
        scheme, _, token = authorization.partition(" ")
        user = self._users.get(token.strip()) if scheme.lower() == "bearer" else None
        if user is not None:
            return user
        if not authorization and path.rstrip("/") in _PUBLIC_PATHS:
            return UserInfo("system:anonymous", ("system:unauthenticated",))
        raise status_errors.unauthorized()

    def allows(self, user: UserInfo, verb: str, group: str, resource: str, namespace: str, name: str = "") -> bool:
        """Return whether a user may use a verb on a resource.

        Args:
            user: the user.
            verb: as authorization names it (`list`, `deletecollection` ...).
            group: "" for the core group.
            resource: the plural, with the subresource after a slash.
            namespace: "" at the cluster scope.
            name: of the object, "" for a collection.
        """
        rules = (*_AUTHENTICATED_RULES, *self._rules.get(user.name, ()), *self._unlisted_rules.get(user.name, ()))
        return any(rule.allows(verb, group, resource, namespace, name) for rule in rules)

    def allows_path(self, user: UserInfo, path: str) -> bool:
        """Return whether a user may GET a non-resource path."""
        if any(rule.allows("get", "*", "*", "") for rule in self._rules.get(user.name, ())):
            return True
        return any(path == prefix or path.startswith(prefix + "/") for prefix in _DISCOVERY_PATHS)

    def check(self, user: UserInfo, target: RequestTarget, query: Mapping[str, str] | None = None) -> None:
        """Refuse a request that no rule allows.

        A collection that a field selector (in the query) limits to one name counts as the object of that name.

        Raises:
            StatusError: 403.
        """
        resource = target.resource
        if resource is None:
            return
        plural = f"{resource.plural}/{target.subresource}" if target.subresource else resource.plural
        namespace = target.name if resource is NAMESPACES else target.namespace
        name = target.name or _selected_name((query or {}).get("fieldSelector", ""))
        if self.allows(user, target.verb, resource.group, plural, namespace, name):
            return
        where = f'in the namespace "{namespace}"' if namespace else "at the cluster scope"
        what = f'cannot {target.verb} resource "{plural}" in API group "{resource.group}" {where}'
        raise status_errors.forbidden(resource, target.name, f'User "{user.name}" {what}')

    def check_create(self, user: UserInfo, target: RequestTarget) -> None:
        """Refuse a stream whose user may not `create` it, whatever its method: a WebSocket is opened with GET.

        Since Kubernetes 1.35 (AuthorizePodWebsocketUpgradeCreatePermission); RBAC gives no reason here.

        Raises:
            StatusError: 403.
        """
        resource = target.resource
        if resource is None:
            return
        plural = f"{resource.plural}/{target.subresource}"
        if not self.allows(user, "create", resource.group, plural, target.namespace, target.name):
            raise status_errors.forbidden(resource, target.name, "")

    def rules_in(self, user: UserInfo, namespace: str) -> list[Rule]:
        """Return the rules of a user that apply in a namespace, without unlisted ones."""
        rules = (*_AUTHENTICATED_RULES, *self._rules.get(user.name, ()))
        return [rule for rule in rules if rule.namespaces is None or namespace in rule.namespaces]

    def has_unlisted_rules(self, user: UserInfo) -> bool:
        return bool(self._unlisted_rules.get(user.name))


def _selected_name(field_selector: str) -> str:
    match = _ONE_NAME.fullmatch(field_selector.strip())
    return "" if match is None else match.group(1)


def answer_review(state: SimulatorState, access: Access, request: IncomingRequest, body: Object) -> ApiResponse:
    """Answer a SelfSubjectAccessReview, SelfSubjectRulesReview or SelfSubjectReview.

    Raises:
        StatusError: 400 for a rules review without a namespace.
    """
    resource: Resource = request.resource
    spec: Mapping[str, Any] = body.get("spec") or {}
    answer: Object = {"kind": resource.kind, "apiVersion": resource.api_version, "metadata": {}}
    match resource.kind:
        case "SelfSubjectAccessReview":
            answer |= {"spec": spec, "status": _access_status(access, request.user, spec)}
        case "SelfSubjectRulesReview":
            answer |= {"spec": {}, "status": _rules_status(access, request.user, spec.get("namespace", ""))}
        case _:
            answer["metadata"] = {"creationTimestamp": timestamp(state.clock.now())}
            info = {"username": request.user.name, "groups": [*request.user.groups, "system:authenticated"]}
            answer["status"] = {"userInfo": info}
    return json_response(answer, 201)


def _access_status(access: Access, user: UserInfo, spec: Mapping[str, Any]) -> dict[str, Any]:
    attributes = spec.get("resourceAttributes")
    if attributes is None:
        path = (spec.get("nonResourceAttributes") or {}).get("path", "")
        return {"allowed": access.allows_path(user, path)}
    resource = attributes.get("resource", "")
    if attributes.get("subresource"):
        resource = f"{resource}/{attributes['subresource']}"
    allowed = access.allows(
        user,
        attributes.get("verb", ""),
        attributes.get("group", ""),
        resource,
        attributes.get("namespace", ""),
        attributes.get("name", ""),
    )
    return {"allowed": allowed}


def _rules_status(access: Access, user: UserInfo, namespace: str) -> dict[str, Any]:
    if not namespace:
        raise status_errors.bad_request("no namespace on request")
    rules = []
    for rule in access.rules_in(user, namespace):
        listed = {"verbs": list(rule.verbs), "apiGroups": list(rule.groups), "resources": list(rule.resources)}
        rules.append(listed | ({"resourceNames": list(rule.names)} if rule.names else {}))
    paths = [{"verbs": ["get"], "nonResourceURLs": list(held)} for held in (_PUBLIC_RULE_PATHS, _DISCOVERY_RULE_PATHS)]
    if access.allows_path(user, "/metrics"):
        paths.insert(0, {"verbs": ["*"], "nonResourceURLs": ["*"]})
    status: dict[str, Any] = {"resourceRules": rules, "nonResourceRules": paths, "incomplete": False}
    if access.has_unlisted_rules(user):
        status |= {"incomplete": True, "evaluationError": NO_RULE_RESOLUTION}
    return status
