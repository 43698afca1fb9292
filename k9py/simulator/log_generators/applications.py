"""How the shop's applications write their lines: access logs, JSON, logfmt, Java, a database, a crash.

Pure. Mostly good news, some warnings, few errors; durations have a long tail, as real ones do.

What one service said before a release and what it says after: a regression to be found in its logs.

Pure. Both speak of the same work. After the release there is an error that was not there before and a warning about
trying again, the tax table is no longer read from the cache, and shipping is slow three times as often.
"""

import json
from datetime import datetime

from k9py.simulator.log_generators.prng import Prng

_PATHS = (
    "/", "/products", "/products/{id}", "/cart", "/cart/items", "/checkout", "/search?q=tea", "/search?q=lamp",
    "/api/v1/orders/{id}", "/api/v1/stock/{id}", "/account", "/static/app.js", "/healthz",
)  # fmt: skip
_METHODS = ("GET", "GET", "GET", "GET", "POST", "PUT")
_AGENTS = (
    "Mozilla/5.0 (X11; Linux x86_64) Firefox/145.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 19_1 like Mac OS X) Safari/605.1.15",
    "shop-app/7.3 (Android 16)",
    "kube-probe/1.36",
)
_NEWS = ("order placed", "payment authorised", "cart updated", "stock reserved", "receipt sent", "session refreshed")
_WORRIES = (
    "slow answer from payments, retrying",
    "rate limit near for upstream currency",
    "stock level differs from the warehouse's",
    "retrying after connection reset by peer",
)
_TROUBLES = ("payment declined by the bank", "deadline exceeded calling shipping", "no carrier for this address")
_CURRENCIES = ("EUR", "USD", "JPY", "GBP")


def _path(chance: Prng) -> str:
    return chance.choice(_PATHS).replace("{id}", str(1000 + chance.integer(9000)))


def _milliseconds(chance: Prng) -> int:
    fraction = chance.fraction()
    return int(3 + 40 * fraction + (900 * fraction**40))


def _level(chance: Prng) -> str:
    roll = chance.integer(1000)
    return "error" if roll < 7 else "warn" if roll < 45 else "info"


def _status(chance: Prng) -> int:
    roll = chance.integer(1000)
    return 503 if roll < 4 else 500 if roll < 7 else 404 if roll < 30 else 304 if roll < 120 else 200


def access_log(chance: Prng, moment: datetime) -> str:
    """One request, as nginx logs it."""
    address = f"10.244.{chance.integer(8)}.{1 + chance.integer(250)}"
    size, spent = 180 + chance.integer(24_000), _milliseconds(chance)
    request = f"{chance.choice(_METHODS)} {_path(chance)} HTTP/1.1"
    return (
        f'{address} - - [{moment:%d/%b/%Y:%H:%M:%S} +0000] "{request}" {_status(chance)} {size} "-" '
        f'"{chance.choice(_AGENTS)}" {spent / 1000:.3f}'
    )


def json_line(chance: Prng, moment: datetime) -> str:
    """One thing done, as a JSON object."""
    level = _level(chance)
    message = chance.choice({"info": _NEWS, "warn": _WORRIES}.get(level, _TROUBLES))
    line: dict[str, object] = {
        "time": f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z",
        "level": level,
        "msg": message,
        "order": f"o-{100_000 + chance.integer(900_000)}",
        "amount": round(4 + chance.integer(24_000) / 100, 2),
        "currency": chance.choice(_CURRENCIES),
        "duration_ms": _milliseconds(chance),
        "trace_id": f"{chance.bits():016x}",
    }
    return json.dumps(line, separators=(",", ":"))


def logfmt(chance: Prng, moment: datetime) -> str:
    """One measurement, as key=value pairs."""
    level = _level(chance)
    message = "scrape failed, trying again" if level == "error" else "collected"
    return (
        f'ts={moment:%Y-%m-%dT%H:%M:%S}Z level={level} msg="{message}" series={400 + chance.integer(900)} '
        f"took={_milliseconds(chance)}ms"
    )


def java_line(chance: Prng, moment: datetime) -> str:
    """One request, as a Java service logs it."""
    level = _level(chance).upper()
    thread = f"http-nio-8080-exec-{1 + chance.integer(10)}"
    text = f"{chance.choice(_METHODS)} {_path(chance)} {_status(chance)} {_milliseconds(chance)}ms"
    if level == "WARN":
        text = f"cache miss ratio {chance.integer(60) + 20}% over the last minute"
    elif level == "ERROR":
        text = f"query failed: statement timeout after {1000 + chance.integer(4000)}ms"
    stamp = f"{moment:%Y-%m-%d %H:%M:%S},{moment.microsecond // 1000:03d}"
    return f"{stamp} {level:<5} [{thread}] shop.RequestLog - {text}"


def plain_line(chance: Prng, moment: datetime) -> str:
    """One request, in plain words."""
    level = _level(chance).upper()
    if level == "INFO":
        return f"INFO handled {chance.choice(_METHODS)} {_path(chance)} in {_milliseconds(chance)}ms"
    return f"{level} {chance.choice(_WORRIES if level == 'WARN' else _TROUBLES)}"


_COLOURS = {"INFO": "32", "WARN": "1;33", "ERROR": "1;38;5;196"}


def coloured(chance: Prng, moment: datetime) -> str:
    """One request, with the colours an application that takes its log for a terminal puts in."""
    level = _level(chance).upper()
    colour = _COLOURS[level]
    spent = _milliseconds(chance)
    request = f"\x1b[1m{chance.choice(_METHODS)}\x1b[22m \x1b[4;36m{_path(chance)}\x1b[0m"
    slow = f"\x1b[38;2;255;140;0m{spent}ms\x1b[39m" if spent > 30 else f"{spent}ms"
    if level == "INFO":
        return f"\x1b[{colour}m{level:<5}\x1b[0m {request} \x1b[7m {_status(chance)} \x1b[27m {slow}"
    return f"\x1b[{colour}m{level:<5}\x1b[0m \x1b[3m{chance.choice(_WORRIES if level == 'WARN' else _TROUBLES)}\x1b[0m"


def database(chance: Prng, moment: datetime) -> str:
    """One entry of a database's log."""
    stamp = f"{moment:%Y-%m-%d %H:%M:%S}.{moment.microsecond // 1000:03d} UTC"
    roll = chance.integer(20)
    if roll == 0:
        text = f"WARNING:  {chance.integer(40) + 60} of 100 connections in use"
    elif roll < 6:
        text = f"LOG:  checkpoint complete: wrote {chance.integer(4000)} buffers; sync={_milliseconds(chance)} ms"
    else:
        text = f"LOG:  duration: {200 + _milliseconds(chance)} ms  statement: SELECT * FROM orders WHERE id = $1"
    return f"{stamp} [{100 + chance.integer(400)}] {text}"


def starved(chance: Prng, moment: datetime) -> str:
    """One complaint of an application that waits for what it needs."""
    return f"WARN not ready: no connection to db.data:5432 (attempt {1 + chance.integer(90)}), answering 503 on /ready"


def crash(name: str) -> tuple[str, ...]:
    """Return the last words of an application that cannot start."""
    return (
        f"INFO {name}: starting",
        f"INFO {name}: reading /etc/{name}/settings.yaml",
        f"ERROR {name}: could not start: PAYMENT_URL is not set",
        "Traceback (most recent call last):",
        '  File "/app/main.py", line 41, in <module>',
        "    run(load_settings())",
        '  File "/app/settings.py", line 17, in load_settings',
        '    return Settings(payment_url=os.environ["PAYMENT_URL"])',
        '  File "<frozen os>", line 717, in __getitem__',
        "KeyError: 'PAYMENT_URL'",
    )


def migration(name: str) -> tuple[str, ...]:
    """Return the last words of a migration of a database that does not go through."""
    return (
        f"INFO {name}: 41 of 42 migrations are applied",
        f"INFO {name}: applying 0042_add_payment_links",
        f'ERROR {name}: 0042_add_payment_links: column "link" of relation "payments" already exists',
        f"INFO {name}: rolled back, nothing was changed",
    )


BEFORE_IMAGE = "registry.example.com/shop/checkout:2.8.2"
AFTER_IMAGE = "registry.example.com/shop/checkout:2.9.0"

_STEPS = ("cart priced", "stock reserved", "address checked", "order placed", "receipt handed to email")


def good_release(chance: Prng, moment: datetime) -> str:
    """One thing done by the release that was good."""
    roll = chance.integer(100)
    if roll < 5:
        return _slow_shipping(chance, moment)
    if roll < 25:
        return _line(chance, moment, "info", "tax table read from the cache", rows=400 + chance.integer(40))
    return _step(chance, moment)


def bad_release(chance: Prng, moment: datetime) -> str:
    """One thing done by the release that is not."""
    roll = chance.integer(100)
    if roll < 15:
        return _slow_shipping(chance, moment)
    if roll < 20:
        voucher = f"V-{1000 + chance.integer(9000)}"
        return _line(chance, moment, "error", "could not apply the voucher: discount is below zero", voucher=voucher)
    if roll < 28:
        attempt = f"retrying payment authorisation, attempt {2 + chance.integer(2)} of 3: bank answered 409"
        return _line(chance, moment, "warn", attempt)
    return _step(chance, moment)


def _slow_shipping(chance: Prng, moment: datetime) -> str:
    spent = 1200 + chance.integer(3000)
    return _line(chance, moment, "warn", f"slow answer from shipping: {spent} ms, carrier rates taken from yesterday")


def _step(chance: Prng, moment: datetime) -> str:
    return _line(chance, moment, "info", chance.choice(_STEPS), duration_ms=3 + chance.integer(60))


def _line(chance: Prng, moment: datetime, level: str, message: str, **fields: object) -> str:
    line: dict[str, object] = {
        "time": f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z",
        "level": level,
        "msg": message,
        "order": f"o-{100_000 + chance.integer(900_000)}",
        **fields,
        "trace_id": f"{chance.bits():016x}",
    }
    return json.dumps(line, separators=(",", ":"))
