"""A release whose pods are ready and whose logs are not well.

There are errors and retries that were not there before, one line has gone, one comes three times as often: see
`nodes/release_voices.py`. Invariant: nothing but the logs tells. The rollout of `checkout` is under way when the
scenario is loaded, old pods beside new ones, and goes on for some ten minutes, because each new pod must be ready for
a while before the next one comes.
"""

from dataclasses import replace

from k9py.simulator.nodes.release_voices import AFTER_IMAGE, BEFORE_IMAGE
from k9py.simulator.scenarios import shop
from k9py.simulator.scenarios.catalogue import SHOP, App, Release
from k9py.simulator.scenarios.lived import fast_forward
from k9py.simulator.state import SimulatorState

_PAST = 400.0  # seconds
_RELEASE_AFTER = 20.0
_MIN_READY = 240

NEW = Release(AFTER_IMAGE.rpartition(":")[2], "release 2.9: one-page checkout", 0.0)
OLD = Release(BEFORE_IMAGE.rpartition(":")[2], "instalments", 21.0)


def checkout() -> App:
    """Return the shop's checkout with the release before, in more replicas and with more patience."""
    app = shop.app_named("checkout")
    return replace(app, releases=(*app.releases, OLD), replicas=4, deadline=900, min_ready=_MIN_READY)


def seed(state: SimulatorState) -> None:
    """Write the shop as it is six minutes after the release."""
    fast_forward(state, _begin, _release, _PAST)


def _begin(state: SimulatorState) -> None:
    shop.write(state, [checkout() if app.name == "checkout" else app for app in SHOP])
    shop.settle(state)


async def _release(state: SimulatorState) -> None:
    await state.clock.sleep(_RELEASE_AFTER)
    shop.release(state, checkout(), NEW)
