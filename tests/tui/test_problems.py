"""Problems: the pane on home, the whole screen, the chain; what keys act on; acknowledging and muting."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from k9py.api.causes import CauseKind
from k9py.api.meta import ObjectRef
from k9py.api.severity import Severity
from k9py.diagnosis.finding import NextStep
from k9py.diagnosis.problem import Effect, UnreadKind
from k9py.simulator.server import Simulator
from k9py.tui.dialogs.undo import UndoDialog
from k9py.tui.screens.describe import DescribeScreen
from k9py.tui.screens.logs import LogScreen
from k9py.tui.screens.problem_chain import ProblemChainScreen
from k9py.tui.screens.problems import ProblemsScreen
from tests.factories.problems import CONFIG_MAP, missing_key, problem_of
from tests.tui.dashboard import CART, CHECKOUT, Dashboard, dashboard
from tests.tui.triage import FakeTriage

QUOTA = ObjectRef("ResourceQuota", "shop", "compute")


@pytest.fixture
def triage() -> FakeTriage:
    return FakeTriage()


@pytest.fixture
async def kdash(simulator: Simulator, tmp_path: Path, triage: FakeTriage) -> AsyncIterator[Dashboard]:
    async with dashboard(simulator, tmp_path, triage=triage) as running:
        yield running


async def test_the_pane_comes_with_the_first_problem_and_goes_with_the_last(
    kdash: Dashboard, triage: FakeTriage
) -> None:
    home = kdash.home
    await kdash.until(lambda: triage.leases == 1, "triage runs")
    assert home.problems not in home.panes()
    triage.find(missing_key())
    await kdash.until_text("! Problems · 1", "configmap/app-config", "has no key DB_URL", "✗ 1 problem")
    await kdash.until(lambda: home.active_pane is home.problems, "what is down has the focus")
    assert home.target() == CONFIG_MAP
    await kdash.until_text("explains 6: svc/web, ingress/shop, deploy/web", "suspect: changed by argocd")
    triage.find()
    home.body.problem_height._smaller_since = float("-inf")  # as if it had been small for long
    await kdash.until(lambda: home.problems not in home.panes(), "no pane")
    assert home.active_pane is home.rollouts
    assert not home.problems.display
    await kdash.press("a")
    await kdash.until_said("only a problem is acknowledged: there is none")


async def test_a_focus_that_a_person_has_moved_stays(kdash: Dashboard, triage: FakeTriage) -> None:
    home = kdash.home
    await kdash.press("2")
    triage.find(missing_key())
    await kdash.until_text("! Problems · 1")
    await kdash.pilot.pause(0.3)
    assert home.active_pane is home.rollouts
    await kdash.press("shift+tab", "shift+tab", "slash", *"nothing")
    await kdash.until(lambda: home.problems.filter_bar.text == "nothing", "the filter of Problems")
    await kdash.until_text("! Problems · 0 of 1", "2 Rollouts · 16")


async def test_enter_opens_the_chain_enter_there_an_object_and_esc_leads_back(
    kdash: Dashboard, triage: FakeTriage
) -> None:
    triage.find(missing_key())
    await kdash.press("exclamation_mark")
    screen = await kdash.until_screen(ProblemsScreen)
    await kdash.until(lambda: screen.selected_problem is not None, "the problem")
    await kdash.until_text("event Failed of pod/web-7f9-aa: Error: couldn't find key DB_URL", "└─ ✗ ▸ 3 pods")
    await kdash.press("enter")
    chain = await kdash.until_screen(ProblemChainScreen)
    await kdash.until_text("└─ ▸ 3 pods: container app cannot start", "Ingress shop: path / has no ready backend")
    await kdash.press("down", "down", "down", "down", "space")
    await kdash.until_text("pod/web-7f9-bb")
    assert chain.target() == ObjectRef("Pod", "shop", "web-7f9-aa")
    await kdash.press("home", "enter")
    described = await kdash.until_screen(DescribeScreen)
    assert described.subject == CONFIG_MAP
    await kdash.press("escape", "escape")
    await kdash.until(lambda: kdash.app.screen is screen, "back at the problems")
    triage.find()
    await kdash.until_text("looked at 1,204 objects, found nothing")
    await kdash.press("exclamation_mark")
    await kdash.until(lambda: kdash.app.screen is kdash.home, "the key that opened it closes it")


@pytest.mark.parametrize("on_home", [True, False])
async def test_a_key_acts_on_what_its_step_names_and_others_on_the_subject(
    kdash: Dashboard, triage: FakeTriage, on_home: bool
) -> None:
    steps = (NextStep("roll back to revision 5", "workload.undo", CHECKOUT, frozenset({CONFIG_MAP})),)
    triage.find(problem_of(CONFIG_MAP, "has no key DB_URL", Severity.STUCK, next_steps=steps))
    await kdash.until(lambda: kdash.home.problems in kdash.home.panes(), "the pane")
    if on_home:
        await kdash.press("shift+tab", "shift+tab")
    else:
        await kdash.press("exclamation_mark")
    await kdash.until_text("do       u roll back to revision 5 (deploy/checkout)", "u Undo deploy/checkout")
    await kdash.press("r")
    await kdash.until_said("a ConfigMap has no rollout")
    await kdash.press("u")
    dialog = await kdash.until_screen(UndoDialog)
    await kdash.until_text("Roll back Deployment", "checkout")
    await kdash.until(lambda: dialog.selected is not None and dialog.selected.number == 5, "revision 5")
    await kdash.press("escape")
    await kdash.press(*":undo", "enter")
    await kdash.until_screen(UndoDialog)
    await kdash.press("escape", "d")
    described = await kdash.until_screen(DescribeScreen)
    assert described.subject == CONFIG_MAP


async def test_the_failing_log_is_that_of_the_container_of_the_root(kdash: Dashboard, triage: FakeTriage) -> None:
    pods = kdash.connected.cluster.stores.pods.values()
    pod = next(pod.key for pod in pods if pod.name.startswith("cart-"))
    triage.find(problem_of(CART, "container app crashes", about=pod, kind=CauseKind.CRASH, container="app"))
    await kdash.press("exclamation_mark")
    await kdash.until_text("p read the log of the run before")
    await kdash.press("p")
    logs = await kdash.until_screen(LogScreen)
    assert logs.subject == pod
    assert logs.logs.source_filter.containers.names == {"app"}


async def test_an_acknowledged_problem_is_hidden_counted_and_back_with_another_severity(
    kdash: Dashboard, triage: FakeTriage
) -> None:
    quota = problem_of(QUOTA, "pods: 10 of 10 used")
    triage.find(missing_key(), quota)
    await kdash.press("exclamation_mark")
    screen = await kdash.until_screen(ProblemsScreen)
    await kdash.until(lambda: screen.pane.table.row_count == 2, "two problems")
    await kdash.press("a")
    await kdash.until(lambda: screen.pane.table.row_count == 1, "one is hidden")
    assert screen.target() == QUOTA
    await kdash.until_text("Problems · 1 · 1 acknowledged · A shows them", "▲ 1 problem  1 acknowledged")
    await kdash.press("A")
    await kdash.until_text("MARK", "acknowledged", "Problems · 1 · 1 acknowledged · A hides them")
    assert [row.key.name.split()[0] for row in screen.pane.table.shown_rows][-1] == "ConfigMap/app-config"
    triage.find(missing_key(), problem_of(QUOTA, "pods: 10 of 10 used", Severity.DEGRADED))
    await kdash.until_text("▼ 1 problem")
    await kdash.press("A", "a")
    await kdash.until_text("2 acknowledged")
    triage.find(missing_key(), quota)
    await kdash.until_text("▲ 1 problem  1 acknowledged", "resourcequota/compute")


async def test_muted_checks_are_counted_faults_of_the_file_reported_and_unread_kinds_named(
    simulator: Simulator, tmp_path: Path, triage: FakeTriage
) -> None:
    config = tmp_path / "config.toml"
    config.write_text('[triage]\nmute = ["service-health", "servic-health"]\n')
    async with dashboard(
        simulator, tmp_path, triage=triage, config_path=config, monochrome=True, size=(120, 30)
    ) as kdash:
        await kdash.until_said('config.toml: line 2: no check "servic-health": did you mean "service-health"?')
        unread = (UnreadKind("Secret", "", "forbidden"),)
        note = problem_of(QUOTA, "nearly used up", Severity.INFO)
        triage.find(note, problem_of(CART, "no ready endpoints", check="service-health"), unread=unread)
        await kdash.until_text("1 muted")
        assert kdash.home.problems not in kdash.home.panes()
        await kdash.press("exclamation_mark")
        await kdash.until_text("found nothing else · 1 muted · 1 note · Secret not read: forbidden", "A shows them")
        await kdash.press("A")
        await kdash.until_text("nearly used up")  # worth knowing, and neither counted nor shown on home
        await kdash.until_text("muted by service-health", 'no check "servic-health"')
        assert " problem" not in kdash.text.splitlines()[0]


async def test_rows_and_the_answer_name_the_root_that_explains_them(kdash: Dashboard, triage: FakeTriage) -> None:
    cause = problem_of(CONFIG_MAP, "has no key DB_URL", Severity.STUCK)
    explained = problem_of(CHECKOUT, "stuck", Severity.STUCK)
    service = problem_of(ObjectRef("Service", "shop", "checkout"), "stuck", Severity.STUCK)
    effects = (Effect(explained.root, (CHECKOUT,), (Effect(service.root, service.objects),)),)
    triage.find(replace(cause, effects=effects, explained=2))
    text = "ConfigMap app-config has no key DB_URL"
    home = kdash.home

    def says(row: object) -> bool:
        return any(text in cell.text for cell in getattr(row, "cells", ()))

    await kdash.until(lambda: says(home.rollouts.rows[CHECKOUT]), "the row of the rollout")
    await kdash.until(lambda: says(home.services.rows[service.subject]), "the row of the service")
    await kdash.until_text(f"■ stuck    deploy/checkout: {text}; still served by 3 old pods")
    assert not says(home.rollouts.rows[CART])


@pytest.mark.parametrize("size", [(80, 24), (120, 30)])
async def test_the_whole_cause_is_readable_on_a_small_terminal(
    simulator: Simulator, tmp_path: Path, triage: FakeTriage, size: tuple[int, int]
) -> None:
    cause = "0/9 nodes are available: " + ", ".join(
        f"{at} node(s) had untolerated taint {{team-{at}: x}}" for at in range(9)
    )
    async with dashboard(simulator, tmp_path, triage=triage, size=size) as kdash:
        triage.find(problem_of(CART, cause, Severity.DOWN), missing_key())
        await kdash.press("exclamation_mark")
        screen = await kdash.until_screen(ProblemsScreen)
        await kdash.until(lambda: screen.pane.table.row_count == 2, "two problems")
        await kdash.until(lambda: cause in " ".join(kdash.text.replace("▌", " ").split()), "the cause")
