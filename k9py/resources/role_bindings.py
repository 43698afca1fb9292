"""What the rows of RoleBinding and ClusterRoleBinding share: the role, and who has it."""

from __future__ import annotations

from collections.abc import Iterable

from k9py.api.meta import KubeObject, KubeStruct
from k9py.resources.cells import AGE, AGE_CELL, NAME, muted_cell, name_cell, object_row, text_cell
from k9py.resources.resource import RowContext
from k9py.views.values import Column, Row


class RoleRef(KubeStruct, frozen=True):
    """rbac/v1 RoleRef."""

    kind: str = ""
    name: str = ""


class Subject(KubeStruct, frozen=True):
    """rbac/v1 Subject; `kind` is User, Group or ServiceAccount."""

    kind: str = ""
    name: str = ""
    namespace: str = ""


class Binding(KubeObject, frozen=True):
    """A binding of either kind."""

    role_ref: RoleRef = RoleRef()
    subjects: tuple[Subject, ...] | None = None


COLUMNS = (
    NAME,
    Column("role", "ROLE", min_width=12, max_width=80, priority=1, sort_key="R"),
    AGE,
    Column("users", "USERS", min_width=8, max_width=60, priority=3, sort_key="U"),
    Column("groups", "GROUPS", min_width=8, max_width=60, priority=4, sort_key="M"),
    Column("accounts", "SERVICEACCOUNTS", min_width=8, max_width=60, priority=2, sort_key="E"),
)


def row(binding: Binding, context: RowContext) -> Row:
    """Return the row of a binding."""
    subjects = binding.subjects or ()
    accounts = (f"{subject.namespace}/{subject.name}" for subject in subjects if subject.kind == "ServiceAccount")
    return object_row(
        binding,
        (
            name_cell(binding),
            text_cell(f"{binding.role_ref.kind}/{binding.role_ref.name}"),
            AGE_CELL,
            muted_cell(", ".join(_names(subjects, "User")), none=""),
            muted_cell(", ".join(_names(subjects, "Group")), none=""),
            muted_cell(", ".join(accounts), none=""),
        ),
    )


def _names(subjects: Iterable[Subject], kind: str) -> list[str]:
    return [subject.name for subject in subjects if subject.kind == kind]
