"""RoleBinding (rbac.authorization.k8s.io/v1): the role, and who has it."""

from __future__ import annotations

from typing import ClassVar

from k9py.api.kinds import Kind
from k9py.api.standard_types import standard_type
from k9py.resources.resource import Resource
from k9py.resources.role_bindings import COLUMNS, Binding, row


class RoleBinding(Binding, frozen=True):
    """A RoleBinding."""

    KIND: ClassVar[str] = "RoleBinding"


RESOURCES = (Resource(Kind(standard_type("rbac.authorization.k8s.io", "RoleBinding"), RoleBinding), COLUMNS, row),)
