"""Every action is complete, and nothing is named twice."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from k9py.actions.action import Action, ActionScope, ActionTarget
from k9py.actions.keys import key_display
from k9py.actions.registry import ACTIONS, BUILT_IN, BY_ID, CLI_VERBS, DEFAULT_KEYS
from k9py.api.meta import ObjectRef
from k9py.cli.commands import COMMANDS
from k9py.tui.bindings import kind_actions
from k9py.tui.screens.targets import applies_to

README = Path(__file__).parents[3] / "README.md"
NOT_IN_README = {
    ActionScope.DIALOG,
    ActionScope.BUTTONS,
    ActionScope.LIST,
    ActionScope.CHOICES,
    ActionScope.FORM,
    ActionScope.CHOICE,
    ActionScope.COMMAND_LINE,
    ActionScope.SOURCES,
    ActionScope.QUESTION,
    ActionScope.NUMBER,
    ActionScope.FILTER_BAR,
    ActionScope.HELP,
    ActionScope.TEXT_VIEW,
    ActionScope.DIFF_VIEW,
    ActionScope.DIFF_SCREEN,
}
"""Their keys are named where they are used: in the dialog, or in the line above the text."""
TABLE_SCOPES = (
    ActionScope.OPERATION,
    ActionScope.CLUSTER,
    ActionScope.SCREEN,
    ActionScope.PANES,
    ActionScope.ROWS,
    ActionScope.APP,
    ActionScope.TABLE,
)


def test_ids_commands_and_verbs_are_unique() -> None:
    all_names = [
        word for action in ACTIONS if action.command for word in (action.command.name, *action.command.aliases)
    ]
    verbs = [action.cli.name for action in ACTIONS if action.cli]
    for names in ([action.id for action in ACTIONS], all_names, verbs):
        assert [name for name, count in Counter(names).items() if count > 1] == []


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.id)
def test_an_action_says_what_it_does_and_is_run_by_exactly_one_thing(action: Action) -> None:
    assert re.fullmatch(r"[a-z_]+\.[a-z0-9_]+", action.id)
    assert 1 <= len(action.title.split()) <= 3
    assert action.help
    assert not action.help.endswith(".")
    assert DEFAULT_KEYS.fill(action.help)
    assert bool(action.run) + bool(action.native) == (action.scope is not ActionScope.CLI)
    assert action.keys or action.command or action.cli, "nobody can run it"
    assert action.writes or not action.operation, "what is done inside a container writes without an operation"
    assert not action.writes or action.permission is not None


def test_a_scope_binds_no_key_twice() -> None:
    for scope in ActionScope:
        if scope in (ActionScope.HOME, ActionScope.KIND):
            continue  # Space marks in Rollouts and narrows in Services; keys of a kind: the test below
        keys = [key for action in BUILT_IN.in_scope(scope) for key in action.keys]
        assert len(keys) == len(set(keys)), scope


@pytest.mark.parametrize("kind", ["CronJob", "Job", "Node", "Pod"])
def test_keys_of_a_kind_are_free_where_its_tables_bind_them(kind: str) -> None:
    ref = ObjectRef(kind, "", "")
    own = kind_actions(BUILT_IN, ref)
    keys = [key for action in own for key in action.keys]
    assert keys
    assert len(keys) == len(set(keys))
    others = BUILT_IN.in_scope(ActionScope.WORKLOAD, ActionScope.POD, ActionScope.OBJECT, *TABLE_SCOPES)
    taken = {key for action in others if applies_to(action, ref) for key in action.keys}
    assert taken.isdisjoint(keys), "an action that is possible on this kind would lose its key"


def test_places_in_the_footer_are_unique() -> None:
    places = Counter(action.footer for action in ACTIONS if action.footer is not None)
    assert [place for place, count in places.items() if count > 1] == []


def test_every_verb_of_the_shell_is_an_action() -> None:
    assert {str(command.name) for command in COMMANDS} == set(CLI_VERBS)


def test_only_a_listed_binding_has_a_group() -> None:
    assert BUILT_IN.group_of("workload.scale") is BY_ID["workload.scale"].group
    assert BUILT_IN.group_of("table.sort_name") is not None
    assert BUILT_IN.group_of("somebody.else") is None
    assert BUILT_IN.group_of(None) is None


@pytest.mark.parametrize(
    ("action_id", "kind", "has_one_revision", "reason"),
    [
        ("workload.scale", "DaemonSet", False, "a DaemonSet cannot be scaled"),
        ("workload.zero", "DaemonSet", False, "a DaemonSet cannot be scaled"),
        ("workload.scale", "StatefulSet", False, ""),
        ("workload.pause", "StatefulSet", False, "only a Deployment can"),
        ("workload.resume", "Deployment", False, ""),
        ("workload.undo", "Deployment", True, "only one revision"),
        ("workload.diff", "Deployment", True, "only one revision"),
        ("workload.undo", "Deployment", False, ""),
        ("workload.restart", "DaemonSet", True, ""),
        ("object.logs", "Job", False, ""),
        ("object.previous_logs", "CronJob", False, ""),
        ("object.logs", "ReplicaSet", False, ""),
        ("object.logs", "ConfigMap", False, "a ConfigMap has no logs"),
        ("object.logs", "Node", False, "a Node has no logs of its own"),
    ],
)
def test_an_action_refuses_what_it_is_not_possible_on(
    action_id: str, kind: str, has_one_revision: bool, reason: str
) -> None:
    target = ActionTarget(ObjectRef(kind, "shop", "cart"), "uid", has_one_revision=lambda: has_one_revision)
    refused = BY_ID[action_id].allowed(target)
    assert refused is None if not reason else reason in str(refused)


def keys_in_readme() -> set[str]:
    """Return what is in backticks in the first column of README's tables of keys."""
    named: set[str] = set()
    is_key_table = False
    for line in README.read_text(encoding="utf-8").splitlines():
        is_key_table = line.startswith("|") and (is_key_table or line.startswith("| key |"))
        if is_key_table:
            named.update(re.findall(r"`([^`]+)`", line.split(" | ")[0]))
    return named


def test_the_readme_names_the_keys_of_all_actions_and_no_others() -> None:
    named = keys_in_readme()
    keys = {key_display(key) for action in ACTIONS for key in action.keys}
    assert {key for key in named if not key.startswith(":")} - keys == set()
    missing = [
        action.id
        for action in ACTIONS
        if action.keys
        and action.scope not in NOT_IN_README
        and not re.match(r"(logs\.range|pane\.show)_", action.id)  # listed as ranges of digits
        and not named.intersection(map(key_display, action.keys))
    ]
    assert missing == []


def test_the_registry_imports_nothing_heavy() -> None:
    code = (
        "import sys, k9py.actions.registry, k9py.actions.commands; "
        "found = {'textual', 'rich', 'kubernetes_asyncio', 'aiohttp', 'msgspec'} & set(sys.modules); "
        "sys.exit(f'imported: {found}' if found else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def permissions_in_readme() -> set[tuple[str, str]]:
    """Return the verbs and resources in README's table of permissions."""
    text = README.read_text(encoding="utf-8")
    table = text[text.index("## Permissions") :].split("\n## ")[0]
    permissions: set[tuple[str, str]] = set()
    for line in table.splitlines():
        cells = [cell.strip() for cell in line.strip("| ").split(" | ")]
        if len(cells) == 3:
            verbs, resources = (re.findall(r"[a-z]+(?:/[a-z]+)?", cell) for cell in cells[1:])
            permissions |= {(verb, resource) for verb in verbs for resource in resources}
    return permissions


@pytest.mark.parametrize("action", [action for action in ACTIONS if action.permission], ids=lambda action: action.id)
def test_the_readme_lists_the_permission_that_an_action_needs(action: Action) -> None:
    assert action.permission is not None
    resource = action.permission.resource or "deployments"
    subresource = f"/{action.permission.subresource}" if action.permission.subresource else ""
    assert (action.permission.verb, f"{resource}{subresource}") in permissions_in_readme()
