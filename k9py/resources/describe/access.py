"""Who may do what: ServiceAccounts, Roles, bindings. And PriorityClass and CustomResourceDefinition."""

from __future__ import annotations

from collections.abc import Iterator

from k9py.api.standard_types import standard_type
from k9py.resources.describe.describer import DescribeContext, Describer, Description, RelatedRequest, Unread
from k9py.resources.describe.json_fields import (
    JsonObject,
    list_at,
    object_at,
    objects_at,
    scalar_text,
    text_at,
    texts_at,
)
from k9py.resources.describe.lines import unknown_line, value_line
from k9py.views.describe import DescribeLine, line, section
from k9py.views.values import Tone

_SECRETS = "secrets"
_TOKEN = "kubernetes.io/service-account-token"


def _account_requests(body: JsonObject) -> tuple[RelatedRequest, ...]:
    selector = f"type={_TOKEN}"
    secret = standard_type("", "Secret")
    return (RelatedRequest(_SECRETS, secret, text_at(body, "metadata", "namespace"), field_selector=selector),)


def _service_account(body: JsonObject, context: DescribeContext) -> Description:
    head = (
        line(
            "image pull secrets", ", ".join(text_at(s, "name") for s in objects_at(body, "imagePullSecrets")) or "none"
        ),
        line("mountable secrets", ", ".join(text_at(s, "name") for s in objects_at(body, "secrets")) or "none"),
        _token_line(body, context),
        line("automount token", scalar_text(body.get("automountServiceAccountToken")) or "true (default)"),
    )
    return Description(head)


def _token_line(body: JsonObject, context: DescribeContext) -> DescribeLine:
    secrets = context.objects(_SECRETS)
    if isinstance(secrets, Unread):
        return unknown_line("tokens", secrets)
    metadata = object_at(body, "metadata")
    names = [
        text_at(secret, "metadata", "name")
        for secret in secrets
        if text_at(object_at(secret, "metadata", "annotations"), "kubernetes.io/service-account.name")
        == text_at(metadata, "name")
        and text_at(object_at(secret, "metadata", "annotations"), "kubernetes.io/service-account.uid")
        == text_at(metadata, "uid")
    ]
    return line("tokens", ", ".join(names) or "none")


# -- roles and bindings -----------------------------------------------------------------------------------------------


def _role(body: JsonObject, context: DescribeContext) -> Description:
    aggregated = list_at(body, "aggregationRule", "clusterRoleSelectors")
    rules = [shown for rule in objects_at(body, "rules") for shown in _rule_lines(rule)]
    return Description(
        (line("aggregated from", ", ".join(map(scalar_text, aggregated))),),
        urgent=(section("Policy rules", rules or [line("", "none", Tone.MUTED)]),),
    )


def _rule_lines(rule: JsonObject) -> Iterator[DescribeLine]:
    """Yield a line for each resource: what may be done to it."""
    verbs = f"[{texts_at(rule, 'verbs').replace(', ', ' ')}]"
    names = texts_at(rule, "resourceNames")
    limited = f", resource names [{names}]" if names else ""
    for group in list_at(rule, "apiGroups") or [""]:
        for resource in list_at(rule, "resources"):
            suffix = f".{scalar_text(group)}" if group else ""
            yield line(f"{scalar_text(resource)}{suffix}", f"verbs {verbs}{limited}")
    if urls := texts_at(rule, "nonResourceURLs"):
        yield line(urls, f"verbs {verbs}, non-resource URLs")


def _binding(body: JsonObject, context: DescribeContext) -> Description:
    subjects = (
        line(text_at(subject, "kind"), f"{text_at(subject, 'name')}{_of_namespace(subject)}")
        for subject in objects_at(body, "subjects")
    )
    head = (line("role", f"{text_at(body, 'roleRef', 'kind')}/{text_at(body, 'roleRef', 'name')}"),)
    return Description(head, urgent=(section("Subjects", subjects),))


def _of_namespace(subject: JsonObject) -> str:
    namespace = text_at(subject, "namespace")
    return f" of namespace {namespace}" if namespace else ""


# -- PriorityClass and CustomResourceDefinition -----------------------------------------------------------------------


def _priority_class(body: JsonObject, context: DescribeContext) -> Description:
    return Description(
        (
            value_line("value", body, "value"),
            line("global default", "true" if body.get("globalDefault") is True else "false"),
            line("preemption policy", text_at(body, "preemptionPolicy") or "PreemptLowerPriority"),
            value_line("description", body, "description"),
        )
    )


def _definition(body: JsonObject, context: DescribeContext) -> Description:
    spec = object_at(body, "spec")
    names = object_at(spec, "names")
    head = (
        value_line("group", spec, "group"),
        value_line("kind", names, "kind"),
        value_line("plural", names, "plural"),
        value_line("singular", names, "singular"),
        line("short names", texts_at(names, "shortNames")),
        line("categories", texts_at(names, "categories")),
        value_line("scope", spec, "scope"),
        value_line("conversion", spec, "conversion", "strategy"),
        line("stored versions", texts_at(body, "status", "storedVersions")),
    )
    versions = []
    for version in objects_at(spec, "versions"):
        flags = [word for word in ("served", "storage", "deprecated") if version.get(word) is True]
        subresources = ", ".join(object_at(version, "subresources"))
        columns = ", ".join(text_at(column, "name") for column in objects_at(version, "additionalPrinterColumns"))
        parts = (
            ", ".join(flags) or "not served",
            f"subresources {subresources}" if subresources else "",
            f"columns {columns}" if columns else "",
            text_at(version, "deprecationWarning"),
        )
        versions.append(line(text_at(version, "name"), " · ".join(filter(None, parts))))
    return Description(head, urgent=(section("Versions", versions),))


DESCRIBERS = (
    Describer("ServiceAccount", _service_account, _account_requests),
    Describer("Role", _role),
    Describer("ClusterRole", _role),
    Describer("RoleBinding", _binding),
    Describer("ClusterRoleBinding", _binding),
    Describer("PriorityClass", _priority_class),
    Describer("CustomResourceDefinition", _definition),
)
