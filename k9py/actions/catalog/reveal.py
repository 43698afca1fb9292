"""Show a value of a Secret, and the managedFields, in the YAML of an object."""

from __future__ import annotations

from typing import Final

from k9py.actions.action import Action, ActionScope, HelpGroup

REVEAL: Final = Action(
    "yaml.reveal",
    "Reveal",
    "Show one value of a Secret decoded (audited), or hide it",
    keys=("v",),
    group=HelpGroup.TEXT,
    scope=ActionScope.YAML,
    native="reveal",
    footer=41,
)
MANAGED_FIELDS: Final = Action(
    "yaml.managed_fields",
    "Managed fields",
    "Fold or unfold managedFields",
    keys=("m",),
    group=HelpGroup.TEXT,
    scope=ActionScope.YAML,
    native="managed_fields",
    footer=42,
)
ACTIONS: Final = (REVEAL, MANAGED_FIELDS)
