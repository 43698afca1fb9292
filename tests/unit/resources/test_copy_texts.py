"""What is copied of objects; a name from a cluster is never a command."""

from __future__ import annotations

import shlex

import pytest

from k9py.api.meta import ObjectRef
from k9py.api.resource_type import ResourceType
from k9py.api.resource_types import STANDARD, ResourceTypes
from k9py.resources.copy_texts import kubectl_commands, names, namespaced_names

WEB = ObjectRef("Deployment", "shop", "web")
NODE = ObjectRef("Node", "", "node-1")
CERTIFICATE = ObjectRef("Certificate", "shop", "tls", "cert-manager.io")
TYPES = ResourceTypes(
    (*STANDARD, ResourceType("cert-manager.io", "v1", "certificates", "Certificate", ref_group="cert-manager.io"))
)


def test_several_objects_are_one_per_line() -> None:
    assert names((WEB, NODE)) == "web\nnode-1"
    assert namespaced_names((WEB, NODE)) == "shop/web\nnode-1"
    assert kubectl_commands((WEB, NODE), TYPES, "prod").splitlines() == [
        "kubectl --context prod -n shop get deployments.apps web -o yaml",
        "kubectl --context prod get nodes node-1 -o yaml",
    ]


@pytest.mark.parametrize(
    ("types", "resource"), [(TYPES, "certificates.cert-manager.io"), (STANDARD, "certificate.cert-manager.io")]
)
def test_a_type_is_named_with_its_group(types: ResourceTypes, resource: str) -> None:
    assert kubectl_commands((CERTIFICATE,), types, "") == f"kubectl -n shop get {resource} tls -o yaml"


@pytest.mark.parametrize("context", ["a b", "x; rm -rf /", "$(id)", "'", "arn:aws:eks:eu-1:1:cluster/x"])
def test_a_command_is_quoted_so_that_a_shell_reads_the_same_words(context: str) -> None:
    command = kubectl_commands((WEB,), TYPES, context)
    assert shlex.split(command)[:3] == ["kubectl", "--context", context]


def test_a_name_reaches_the_terminal_without_control_characters() -> None:
    odd = ObjectRef("Pod", "shop", "a\x1b[2J\nb")
    assert names((odd,)) == "a b"
