"""The scenarios: a cluster's initial objects and the events that follow.

Names, as on the command line: `shop` (the default), `bad-release`, `crashloop`, `failures`, `regression`,
`no-endpoints`, `jobs`, `big` or `big:N`; for tests, `shop-quiet`, in which nothing happens later, and `bare`: three
nodes and the namespace `shop`. To add one, write a function that fills the storage and add it to `_SCENARIOS`.
"""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from k9py.simulator.background_tasks import BackgroundTasks
from k9py.simulator.scenarios import big as _big
from k9py.simulator.scenarios import failing_workloads as _failures
from k9py.simulator.scenarios import incidents as _regression
from k9py.simulator.scenarios import incidents as _troubles
from k9py.simulator.scenarios import jobs as _jobs
from k9py.simulator.scenarios import shop as _shop
from k9py.simulator.state import SimulatorState

DEFAULT = "shop"
_BIG = "big"


@dataclass(frozen=True, slots=True)
class _Scenario:
    seed: Callable[[SimulatorState], object]
    happening: Callable[[SimulatorState], Coroutine[Any, Any, None]] | None = None  # runs after loading


_SCENARIOS = {
    DEFAULT: _Scenario(_shop.seed, _shop.release_after_a_while),
    "shop-quiet": _Scenario(_shop.seed),
    "bad-release": _Scenario(_troubles.bad_release),
    "crashloop": _Scenario(_troubles.crashloop),
    "failures": _Scenario(_failures.seed),
    "regression": _Scenario(_regression.seed),
    "bare": _Scenario(_shop.bare),
    "no-endpoints": _Scenario(_troubles.no_endpoints),
    "jobs": _Scenario(_jobs.seed),
}
SCENARIO_NAMES = (*_SCENARIOS, _BIG)


def check_scenario(name: str) -> None:
    """Check the name of a scenario.

    Raises:
        ValueError: no such scenario; the message lists the scenarios.
    """
    if name in _SCENARIOS:
        return
    kind, _, number = name.partition(":")
    if kind != _BIG or (number and not number.isdigit()):
        raise ValueError(f"no scenario {name!r}; there are {', '.join(SCENARIO_NAMES)} and {_BIG}:N")
    if not 1 <= int(number or _big.DEFAULT_PODS) <= _big.MAX_PODS:
        raise ValueError(f"{_BIG}:N takes 1 to {_big.MAX_PODS} pods, not {number}")


def load_scenario(name: str, state: SimulatorState) -> BackgroundTasks:
    """Fill a cluster and start the scenario's own events on the running loop.

    Raises:
        ValueError: no such scenario.
    """
    check_scenario(name)
    scenario = _SCENARIOS.get(name)
    if scenario is None:
        number = name.partition(":")[2]
        _big.big(state, int(number or _big.DEFAULT_PODS))
        return BackgroundTasks(())
    scenario.seed(state)
    return BackgroundTasks(() if scenario.happening is None else [scenario.happening(state)])
