"""Discovery in its three forms: per group, aggregated (v2), and a minimal OpenAPI document.

Invariant: everything derives from `RESOURCES`. The OpenAPI documents have no types: just enough for kubectl to see that
dryRun and fieldValidation are supported.
"""

from typing import Any

from k9py.simulator.apiserver.request import IncomingRequest
from k9py.simulator.apiserver.responses import ApiResponse, json_response
from k9py.simulator.registry.encoding import encode
from k9py.simulator.registry.resources import RESOURCES, Resource, Subresource

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


def discovery(request: IncomingRequest) -> ApiResponse | None:
    """Return the response to a discovery path, None for any other path."""
    aggregated = _wants_aggregated(request.accept)
    match [part for part in request.path.split("/") if part]:
        case ["version"]:
            return json_response(VERSION)
        case ["api"]:
            if aggregated:
                return _aggregated(core=True)
            return json_response({"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []})
        case ["apis"]:
            if aggregated:
                return _aggregated(core=False)
            return json_response({"kind": "APIGroupList", "apiVersion": "v1", "groups": [_group(g) for g in _groups()]})
        case ["apis", group] if group in _groups():
            return json_response({"kind": "APIGroup", "apiVersion": "v1", **_group(group)})
        case ["api", "v1"]:
            return json_response(_resource_list("", "v1"))
        case ["apis", group, version] if (group, version) in _group_versions():
            return json_response(_resource_list(group, version))
        case ["openapi", "v3"]:
            return json_response({"paths": {_openapi_path(g, v): _openapi_link(g, v) for g, v in _group_versions()}})
        case ["openapi", "v3", "api", "v1"]:
            return json_response(_openapi("", "v1"))
        case ["openapi", "v3", "apis", group, version] if (group, version) in _group_versions():
            return json_response(_openapi(group, version))
        case _:
            return None


def _wants_aggregated(accept: str) -> bool:
    return "as=APIGroupDiscoveryList" in accept and "v=v2" in accept.replace("v=v2beta1", "")


def _group_versions() -> list[tuple[str, str]]:
    return list(dict.fromkeys((resource.group, resource.version) for resource in RESOURCES))


def _groups() -> list[str]:
    return [group for group, _ in _group_versions() if group]


def _group(group: str) -> dict[str, Any]:
    versions = [{"groupVersion": f"{g}/{v}", "version": v} for g, v in _group_versions() if g == group]
    return {"name": group, "versions": versions, "preferredVersion": versions[0]}


def _resource_list(group: str, version: str) -> dict[str, Any]:
    entries: list[dict[str, Any]] = []
    for resource in RESOURCES:
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


def _aggregated(*, core: bool) -> ApiResponse:
    items: list[dict[str, Any]] = []
    for group, version in _group_versions():
        if core != (group == ""):
            continue
        resources = [_aggregated_resource(r) for r in RESOURCES if (r.group, r.version) == (group, version)]
        metadata = {"name": group} if group else {}
        version_entry = {"version": version, "resources": resources, "freshness": "Current"}
        items.append({"metadata": metadata, "versions": [version_entry]})
    listed = {"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {}, "items": items}
    return ApiResponse(body=encode(listed) + b"\n", content_type=AGGREGATED)


def _aggregated_resource(resource: Resource) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "resource": resource.plural,
        "responseKind": {"group": "", "version": "", "kind": resource.kind},
        "scope": "Namespaced" if resource.namespaced else "Cluster",
        "singularResource": resource.singular,
        "verbs": list(resource.verbs),
    }
    if resource.short_names:
        entry["shortNames"] = list(resource.short_names)
    if resource.categories:
        entry["categories"] = list(resource.categories)
    if resource.subresources:
        entry["subresources"] = [_aggregated_subresource(sub) for sub in resource.subresources]
    return entry


def _aggregated_subresource(sub: Subresource) -> dict[str, Any]:
    kind = {"group": sub.group, "version": sub.version, "kind": sub.kind}
    return {"subresource": sub.name, "responseKind": kind, "verbs": list(sub.verbs)}


def _openapi_path(group: str, version: str) -> str:
    return f"apis/{group}/{version}" if group else f"api/{version}"


def _openapi_link(group: str, version: str) -> dict[str, str]:
    return {"serverRelativeURL": f"/openapi/v3/{_openapi_path(group, version)}"}


def _openapi(group: str, version: str) -> dict[str, Any]:
    parameters = [
        {"name": name, "in": "query", "schema": {"type": "string", "uniqueItems": True}}
        for name in ("dryRun", "fieldManager", "fieldValidation")
    ]
    paths = {}
    for resource in RESOURCES:
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
