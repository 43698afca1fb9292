"""Whose a change-cause is, on the rollout's screen, in the undo dialog, and in what is confirmed."""

from __future__ import annotations

from k9py.api.workloads import CHANGE_CAUSE
from k9py.api.write_request import WriteRequest
from k9py.rollouts.revisions import current_revision
from k9py.tui.dialogs.undo import UndoDialog
from k9py.tui.screens.rollout import RolloutScreen
from tests.tui.dashboard import CART, Dashboard
from tests.tui.test_writing import converged, stored

NEWER = "registry.example.com/shop/cart:9.9.9"


async def set_by_somebody(kdash: Dashboard) -> int:
    """Set the image as `kubectl set image` does, which writes no change-cause; return the revision before."""
    queries = kdash.connected.cluster.queries
    before = current_revision(queries.revisions_of(CART))
    assert before is not None
    assert before.change_cause
    name = stored(kdash, CART)["spec"]["template"]["spec"]["containers"][0]["name"]
    containers = [{"name": name, "image": NEWER}]
    patch = {"spec": {"template": {"spec": {"containers": containers}}}}
    await kdash.connected.connection.send(WriteRequest(CART, patch), dry_run=False)

    def is_seen() -> bool:
        current = current_revision(queries.revisions_of(CART))
        return current is not None and current.number > before.number

    await kdash.advance_until(is_seen, "the next revision")
    return before.number


async def test_an_inherited_cause_is_shown_as_the_one_of_the_revision_before(kdash: Dashboard) -> None:
    before = await set_by_somebody(kdash)
    await kdash.select(CART)
    await kdash.press("u")
    await kdash.until_screen(UndoDialog)
    await kdash.until_text(f"(from revision {before})")
    await kdash.press("escape")
    await kdash.until(lambda: kdash.app.screen is kdash.home, "back at home")
    await kdash.press("enter")
    await kdash.until_screen(RolloutScreen)
    await kdash.until_text(f"(from revision {before})")


async def test_set_image_shows_and_writes_the_command_as_the_cause(kdash: Dashboard) -> None:
    await kdash.select(CART)
    await kdash.press("colon", *f"image app={NEWER}", "enter")
    confirm = await kdash.confirm()
    names = [what for what, _, _ in confirm.question.before_after]
    cause = f"kdash set-image deploy/cart app={NEWER}"
    assert "change-cause" in names
    await kdash.until_text("change-cause", "kdash set-image deploy/cart")
    await kdash.press("tab", "enter")
    await converged(kdash, CART)
    assert stored(kdash, CART)["metadata"]["annotations"][CHANGE_CAUSE] == cause
    current = current_revision(kdash.connected.cluster.queries.revisions_of(CART))
    assert current is not None
    assert current.own_cause == cause
