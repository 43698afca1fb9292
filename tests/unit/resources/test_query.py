"""What is typed to list resources, as a value; and errors that say what to type instead."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from k9py.api.resource_type import ResourceType
from k9py.api.resource_types import STANDARD, ResourceTypes
from k9py.resources.query import QueryError, ResourceQuery, UnknownTypeError, names_a_type, parse_query

CERTIFICATE = ResourceType("cert-manager.io", "v1", "certificates", "Certificate", ref_group="cert-manager.io")
TYPES = ResourceTypes((*STANDARD, CERTIFICATE))
NAMESPACES = {"shop", "checkout", "a", "b"}


def parse(line: str) -> ResourceQuery:
    return parse_query(line, TYPES, is_namespace=NAMESPACES.__contains__)


def named(name: str) -> ResourceType:
    found = TYPES.find(name)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("line", "plural"),
    [
        ("po", "pods"),
        ("Pod", "pods"),
        ("pods.v1", "pods"),
        ("dp", "deployments"),
        ("deployments.v1.apps", "deployments"),
        ("deploy.apps", "deployments"),
        ("deploy.v1.apps", "deployments"),
        ("po.v1", "pods"),
        ("ing", "ingresses"),
        ("sec", "secrets"),
        ("jo", "jobs"),
        ("no", "nodes"),
        ("certificates.cert-manager.io", "certificates"),
    ],
)
def test_a_type_has_many_names(line: str, plural: str) -> None:
    assert parse(line).type.plural == plural


QUERY = ResourceQuery((named("pods"),))


@pytest.mark.parametrize(
    ("line", "query"),
    [
        ("pods shop", replace(QUERY, namespaces=("shop",))),
        ("pods a,b", replace(QUERY, namespaces=("a", "b"))),
        ("pods checkout", replace(QUERY, namespaces=("checkout",))),
        ("pods checkout-7d-x", replace(QUERY, name="checkout-7d-x")),
        ("pods shop checkout", replace(QUERY, namespaces=("shop",), name="checkout")),
        ("pods checkout -n shop", replace(QUERY, namespaces=("shop",), name="checkout")),
        ("pods -A checkout", replace(QUERY, all_namespaces=True, name="checkout")),
        ("pods new/web", replace(QUERY, namespaces=("new",), name="web")),
        ("pod/web", replace(QUERY, name="web")),
        ("pod/web shop", replace(QUERY, namespaces=("shop",), name="web")),
        ("pods -n a -n b -n a", replace(QUERY, namespaces=("a", "b"))),
        ("pods -na --namespace=b", replace(QUERY, namespaces=("a", "b"))),
        ("pods --all-namespaces", replace(QUERY, all_namespaces=True)),
        ("pods -l app=cart", replace(QUERY, label_selector="app=cart")),
        ("pods app=cart", replace(QUERY, label_selector="app=cart")),
        ("pods -l x=y,z in (a, b) shop", replace(QUERY, label_selector="x=y,z in (a, b)", namespaces=("shop",))),
        ("pods -l 'z notin (a)' -l app", replace(QUERY, label_selector="z notin (a),app")),
        ("pods -l app = web, tier", replace(QUERY, label_selector="app = web, tier")),
        ("pods -lapp=x", replace(QUERY, label_selector="app=x")),
        ("pods --field-selector status.phase!=Running", replace(QUERY, field_selector="status.phase!=Running")),
        ("nodes shop", ResourceQuery((named("nodes"),), name="shop")),
        ("clusterrole system:node", ResourceQuery((named("clusterroles"),), name="system:node")),
        ("po,svc", ResourceQuery((named("pods"), named("services")))),
    ],
)
def test_a_line_is_a_query(line: str, query: ResourceQuery) -> None:
    assert parse(line) == query


def test_a_category_is_all_its_types() -> None:
    assert {"pods", "services", "deployments"} < {resource_type.plural for resource_type in parse("all").types}


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("", "no resource type"),
        ("podz", 'unknown resource type "podz"'),
        ("bindings", "bindings cannot be listed"),
        ("pods -x", 'unknown option "-x"'),
        ("pods -n", "-n needs a value"),
        ("pods -n Shop_", '"Shop_" is not a valid namespace name'),
        ("pods -A -n shop", "-n and -A exclude each other"),
        ("pods -A=x", 'unknown option "-A=x"'),
        ("pods -l app=web,", "not a label selector: a label expected, not the end"),
        ("pods -l 'app in web'", 'not a label selector: "\\(" expected, not "web"'),
        ("pods --field-selector phase", 'not a field selector: "phase" has no operator'),
        ("pods 'web", "a quotation mark is not closed"),
        ("pods web\\", 'nothing follows the last "'),
        ("pods web api", '"api" is one name too many'),
        ("pods ../x", '".." is not a valid namespace name'),
        ("pods shop/..", '".." is not a valid name of an object'),
        ("pod/", '"" is not a valid name'),
        ("nodes a/b", "not in a namespace"),
        ("all/web", "needs one type"),
    ],
)
def test_what_is_wrong_is_refused_with_a_way_out(line: str, problem: str) -> None:
    with pytest.raises(QueryError, match=problem) as refused:
        parse(line)
    assert refused.value.hint


def test_an_unknown_type_names_the_nearest() -> None:
    with pytest.raises(UnknownTypeError) as unknown:
        parse("podz")
    assert unknown.value.nearest[0] == "pods"
    assert unknown.value.hint.startswith("did you mean pods")


@pytest.mark.parametrize("word", ["foo", "pdo", "cm1", "gizmo"])
def test_short_words_have_three_nearest_names_too(word: str) -> None:
    assert len(set(TYPES.nearest(word))) == 3


@pytest.mark.parametrize(
    ("word", "is_type"),
    [("po", True), ("pod/x", True), ("all", True), ("bindings", True), ("scale", False), ("", False), ("po,x", False)],
)
def test_the_first_word_decides_whether_a_line_is_about_resources(word: str, is_type: bool) -> None:
    assert names_a_type(word, TYPES) is is_type


def problem_of(line: str) -> str:
    try:
        parse_query(line, TYPES, is_namespace=lambda _: False)
    except QueryError as error:
        return error.message
    return ""


@given(st.text(st.sampled_from("pods shop/-nAl=,()!'\"\\\u202e"), max_size=30))
def test_every_line_is_a_query_or_refused_in_printable_text(line: str) -> None:
    assert problem_of(f"pods {line}").isprintable()
