"""What one service said before a release and what it says after: a regression to be found in its logs.

Pure. Both speak of the same work. After the release there is an error that was not there before and a warning about
trying again, the tax table is no longer read from the cache, and shipping is slow three times as often.
"""

import json
from datetime import datetime

from k9py.simulator.nodes.chance import Prng

BEFORE_IMAGE = "registry.example.com/shop/checkout:2.8.2"
AFTER_IMAGE = "registry.example.com/shop/checkout:2.9.0"

_STEPS = ("cart priced", "stock reserved", "address checked", "order placed", "receipt handed to email")


def before(chance: Prng, moment: datetime) -> str:
    """One thing done by the release that was good."""
    roll = chance.below(100)
    if roll < 5:
        return _slow_shipping(chance, moment)
    if roll < 25:
        return _line(chance, moment, "info", "tax table read from the cache", rows=400 + chance.below(40))
    return _step(chance, moment)


def after(chance: Prng, moment: datetime) -> str:
    """One thing done by the release that is not."""
    roll = chance.below(100)
    if roll < 15:
        return _slow_shipping(chance, moment)
    if roll < 20:
        voucher = f"V-{1000 + chance.below(9000)}"
        return _line(chance, moment, "error", "could not apply the voucher: discount is below zero", voucher=voucher)
    if roll < 28:
        attempt = f"retrying payment authorisation, attempt {2 + chance.below(2)} of 3: bank answered 409"
        return _line(chance, moment, "warn", attempt)
    return _step(chance, moment)


def _slow_shipping(chance: Prng, moment: datetime) -> str:
    spent = 1200 + chance.below(3000)
    return _line(chance, moment, "warn", f"slow answer from shipping: {spent} ms, carrier rates taken from yesterday")


def _step(chance: Prng, moment: datetime) -> str:
    return _line(chance, moment, "info", chance.one_of(_STEPS), duration_ms=3 + chance.below(60))


def _line(chance: Prng, moment: datetime, level: str, message: str, **fields: object) -> str:
    line: dict[str, object] = {
        "time": f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z",
        "level": level,
        "msg": message,
        "order": f"o-{100_000 + chance.below(900_000)}",
        **fields,
        "trace_id": f"{chance.bits():016x}",
    }
    return json.dumps(line, separators=(",", ":"))
