"""Discovery in its three forms: per group, aggregated (v2), and a minimal OpenAPI document.

Invariant: everything derives from the server's `ResourceTable`, on every request. The OpenAPI
documents have no types: just enough for kubectl to see that dryRun and fieldValidation are supported.
"""

from typing import Any

from k9py.simulator.apiserver.request import IncomingRequest
from k9py.simulator.apiserver.responses import ApiResponse, json_response
from k9py.simulator.apiserver.served_apis import METRICS_GROUP, ServedApis
from k9py.simulator.registry.custom_resources import version_priority
from k9py.simulator.registry.encoding import encode
from k9py.simulator.registry.resource_table import ResourceTable
from k9py.simulator.registry.resources import Resource, Subresource

AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"

VERSION = {
    "major": "1",
    "minor": "36",
    "emulationMajor": "1",
    "emulationMinor": "36",
    "minCompatibilityMajor": "1",
    "minCompatibilityMinor": "35",
    "gitVersion": "v1.36.2",
    "gitCommit": "",
    "gitTreeState": "",
    "buildDate": "1970-01-01T00:00:00Z",
    "goVersion": "",
    "compiler": "",
    "platform": "linux/amd64",
}


def discovery(resources: ResourceTable, apis: ServedApis, request: IncomingRequest) -> ApiResponse | None:
    """Return the response to a discovery path, None for any other path."""
    aggregated = apis.aggregated_discovery and _wants_aggregated(request.accept)
    match [part for part in request.path.split("/") if part]:
        case ["version"]:
            return json_response(VERSION)
        case ["api"]:
            if aggregated:
                return _aggregated(resources, apis, core=True)
            return json_response({"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []})
        case ["apis"]:
            if aggregated:
                return _aggregated(resources, apis, core=False)
            groups = [_group(resources, apis, group) for group in _groups(resources, apis)]
            return json_response({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups})
        case ["apis", group] if group in _groups(resources, apis):
            return json_response({"kind": "APIGroup", "apiVersion": "v1", **_group(resources, apis, group)})
        case ["api", "v1"]:
            return json_response(_resource_list(resources, "", "v1"))
        case ["apis", group, version] if (group, version) in _group_versions(resources):
            return json_response(_resource_list(resources, group, version))
        case ["openapi", "v3"]:
            paths = {_openapi_path(g, v): _openapi_link(g, v) for g, v in _group_versions(resources)}
            return json_response({"paths": paths})
        case ["openapi", "v3", "api", "v1"]:
            return json_response(_openapi(resources, "", "v1"))
        case ["openapi", "v3", "apis", group, version] if (group, version) in _group_versions(resources):
            return json_response(_openapi(resources, group, version))
        case _:
            return None


def _wants_aggregated(accept: str) -> bool:
    return "as=APIGroupDiscoveryList" in accept and "v=v2" in accept.replace("v=v2beta1", "")


def _group_versions(resources: ResourceTable) -> list[tuple[str, str]]:
    return list(dict.fromkeys((resource.group, resource.version) for resource in resources))


def _groups(resources: ResourceTable, apis: ServedApis) -> list[str]:
    """Return the groups in order: those of other servers (APIServices of low priority) last."""
    groups = dict.fromkeys(resource.group for resource in resources if resource.group)
    aggregated = dict.fromkeys((METRICS_GROUP, *(name.partition("/")[0] for name in apis.unavailable)))
    others = [group for group in groups if group not in aggregated]
    unavailable = {name.partition("/")[0] for name in apis.unavailable}
    return [*others, *(group for group in aggregated if group in groups or group in unavailable)]


def _versions(resources: ResourceTable, apis: ServedApis, group: str) -> list[str]:
    """Return a group's versions, the preferred one first: built-in ones in table order, others by their priority."""
    versions = [version for held, version in _group_versions(resources) if held == group]
    unavailable = (name.split("/") for name in apis.unavailable)
    versions += [version for held, version in unavailable if held == group and version not in versions]
    custom = any(resource.custom is not None for resource in resources if resource.group == group)
    return sorted(versions, key=version_priority, reverse=True) if custom else versions


def _group(resources: ResourceTable, apis: ServedApis, group: str) -> dict[str, Any]:
    versions = [{"groupVersion": f"{group}/{v}", "version": v} for v in _versions(resources, apis, group)]
    return {"name": group, "versions": versions, "preferredVersion": versions[0]}


def _resource_list(resources: ResourceTable, group: str, version: str) -> dict[str, Any]:
    entries: list[dict[str, Any]] = []
    for resource in resources:
        if (resource.group, resource.version) != (group, version):
            continue
        entry: dict[str, Any] = {
            "name": resource.plural,
            "singularName": resource.singular,
            "namespaced": resource.namespaced,
            "kind": resource.kind,
            "verbs": list(resource.verbs),
        }
        if resource.short_names:
            entry["shortNames"] = list(resource.short_names)
        if resource.categories:
            entry["categories"] = list(resource.categories)
        entries.append(entry)
        for sub in resource.subresources:
            entry = {"name": f"{resource.plural}/{sub.name}", "singularName": "", "namespaced": resource.namespaced}
            if sub.group:
                entry |= {"group": sub.group, "version": sub.version}
            entries.append(entry | {"kind": sub.kind, "verbs": list(sub.verbs)})
    group_version = f"{group}/{version}" if group else version
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group_version, "resources": entries}


def _aggregated(resources: ResourceTable, apis: ServedApis, *, core: bool) -> ApiResponse:
    items: list[dict[str, Any]] = []
    for group in ("",) if core else _groups(resources, apis):
        versions: list[dict[str, Any]] = []
        for version in _versions(resources, apis, group):
            if apis.is_unavailable(group, version):  # nothing is known of it
                versions.append({"version": version, "freshness": "Stale"})
                continue
            served = [_aggregated_resource(r) for r in resources if (r.group, r.version) == (group, version)]
            versions.append({"version": version, "resources": served, "freshness": "Current"})
        items.append({"metadata": {"name": group} if group else {}, "versions": versions})
    listed = {"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {}, "items": items}
    return ApiResponse(body=encode(listed) + b"\n", content_type=AGGREGATED)


def _aggregated_resource(resource: Resource) -> dict[str, Any]:
    # A real server names group and version only for custom resources and for kinds of another group.
    group, version = (resource.group, resource.version) if resource.custom is not None else ("", "")
    entry: dict[str, Any] = {
        "resource": resource.plural,
        "responseKind": {"group": group, "version": version, "kind": resource.kind},
        "scope": "Namespaced" if resource.namespaced else "Cluster",
        "singularResource": resource.singular,
        "verbs": list(resource.verbs),
    }
    if resource.short_names:
        entry["shortNames"] = list(resource.short_names)
    if resource.categories:
        entry["categories"] = list(resource.categories)
    if resource.subresources:
        entry["subresources"] = [_aggregated_subresource(sub, group, version) for sub in resource.subresources]
    return entry


def _aggregated_subresource(sub: Subresource, group: str, version: str) -> dict[str, Any]:
    kind = {"group": sub.group or group, "version": sub.version or version, "kind": sub.kind}
    return {"subresource": sub.name, "responseKind": kind, "verbs": list(sub.verbs)}


def _openapi_path(group: str, version: str) -> str:
    return f"apis/{group}/{version}" if group else f"api/{version}"


def _openapi_link(group: str, version: str) -> dict[str, str]:
    return {"serverRelativeURL": f"/openapi/v3/{_openapi_path(group, version)}"}


def _openapi(resources: ResourceTable, group: str, version: str) -> dict[str, Any]:
    parameters = [
        {"name": name, "in": "query", "schema": {"type": "string", "uniqueItems": True}}
        for name in ("dryRun", "fieldManager", "fieldValidation")
    ]
    paths = {}
    for resource in resources:
        if (resource.group, resource.version) != (group, version) or "patch" not in resource.verbs:
            continue
        namespaced = "namespaces/{namespace}/" if resource.namespaced else ""
        paths[f"/{_openapi_path(group, version)}/{namespaced}{resource.plural}/{{name}}"] = {
            "patch": {
                "parameters": parameters,
                "responses": {"200": {"description": "OK"}},
                "x-kubernetes-action": "patch",
                "x-kubernetes-group-version-kind": {"group": group, "version": version, "kind": resource.kind},
            }
        }
    information = {"title": "Kubernetes", "version": VERSION["gitVersion"]}
    return {"openapi": "3.0.0", "info": information, "paths": paths, "components": {"schemas": {}}}
