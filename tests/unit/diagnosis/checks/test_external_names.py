"""Aliases of nothing."""

from __future__ import annotations

import pytest
from msgspec import structs

from k9py.api.kinds import SERVICE
from k9py.diagnosis.checks.external_names import service_external_name
from tests import factories as make
from tests.factories.graph import GraphOfObjects, findings_of


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("", "is an alias without an external name"),
        ("10.0.0.7", "external name 10.0.0.7 is an address: DNS does not resolve it as one"),
        ("db.data.svc.cluster.local", "is an alias of db.data, which does not exist; Service dbs does"),
        ("zebra.data.svc", "is an alias of zebra.data, which does not exist"),
        ("web.data.svc.cluster.local.", "is an alias of web.data, which does not exist; one exists in namespace shop"),
        ("db.prod.svc.cluster.local", "is an alias of db.prod, but namespace prod does not exist"),
        ("alias.shop.svc.cluster.local", "is an alias of itself"),
        ("dbs.data", "external name dbs.data is not complete: Service dbs is dbs.data.svc.cluster.local"),
        ("dbs.data.svc.cluster.local", "is an alias of dbs.data, which has no ready endpoints"),
        ("example.com", ""),
        ("api.example.com", ""),
        ("web.shop.svc.cluster.local", ""),
    ],
)
def test_aliases(name: str, message: str) -> None:
    alias = make.service("alias", selector={}, type_="ExternalName")
    alias = structs.replace(alias, spec=structs.replace(alias.spec, external_name=name))
    web, pod = make.service("web"), make.pod("web-1", labels={"app": "web"})
    namespaces = [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": each}} for each in ("shop", "data")]
    dbs = make.service("dbs", "data")
    graph = GraphOfObjects(alias, web, pod, make.endpoint_slice(web, [pod]), dbs, *namespaces)

    findings = findings_of(service_external_name, alias, graph)

    assert [finding.message for finding in findings] == ([message] if message else [])
    if name.startswith("dbs.data."):
        assert findings[0].is_effect
        assert findings[0].caused_by == (dbs.key,)


def test_an_alias_of_a_namespace_that_is_not_read_is_not_judged() -> None:
    alias = make.service("alias", selector={}, type_="ExternalName")
    alias = structs.replace(alias, spec=structs.replace(alias.spec, external_name="db.data.svc.cluster.local"))
    graph = GraphOfObjects(alias, unread={SERVICE.name: "", "Namespace": ""})

    assert findings_of(service_external_name, alias, graph) == ()
