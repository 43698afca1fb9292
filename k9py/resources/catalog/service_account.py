"""ServiceAccount (core/v1): how many Secrets and image pull Secrets it names."""

from __future__ import annotations

from k9py.api.configuration import ServiceAccount
from k9py.api.kinds import SERVICE_ACCOUNT
from k9py.resources.cells import AGE, AGE_CELL, NAME, count_cell, muted_cell, name_cell, object_row
from k9py.resources.resource import Resource, RowContext
from k9py.views.values import Column, Row

COLUMNS = (
    NAME,
    Column("secrets", "SECRETS", align_right=True, min_width=4, max_width=7, priority=2, sort_key="E"),
    Column("pull_secrets", "IMAGE PULL SECRETS", min_width=8, max_width=60, priority=3, sort_key="I"),
    AGE,
)


def row(account: ServiceAccount, context: RowContext) -> Row:
    """Return the row of a ServiceAccount."""
    pull_secrets = ",".join(secret.name for secret in account.image_pull_secrets or ())
    return object_row(
        account,
        (name_cell(account), count_cell(len(account.secrets or ())), muted_cell(pull_secrets), AGE_CELL),
    )


RESOURCES = (Resource(SERVICE_ACCOUNT, COLUMNS, row),)
