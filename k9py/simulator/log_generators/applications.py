"""Log lines of the shop's applications: access logs, JSON, logfmt, Java, a database, a crash; and a regression.

Pure. Mostly info, some warnings, few errors; durations have a long tail.
The regression: the good and the bad release do the same work, but the bad one has an error and a retry warning that the
good one has not, no longer reads the tax table from the cache, and is slow in shipping three times as often.
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


def _path(prng: Prng) -> str:
    return prng.choice(_PATHS).replace("{id}", str(1000 + prng.integer(9000)))


def _milliseconds(prng: Prng) -> int:
    fraction = prng.fraction()
    return int(3 + 40 * fraction + (900 * fraction**40))


def _level(prng: Prng) -> str:
    roll = prng.integer(1000)
    return "error" if roll < 7 else "warn" if roll < 45 else "info"


def _status(prng: Prng) -> int:
    roll = prng.integer(1000)
    return 503 if roll < 4 else 500 if roll < 7 else 404 if roll < 30 else 304 if roll < 120 else 200


def access_log(prng: Prng, moment: datetime) -> str:
    """Return an access log line in nginx format."""
    address = f"10.244.{prng.integer(8)}.{1 + prng.integer(250)}"
    size, spent = 180 + prng.integer(24_000), _milliseconds(prng)
    request = f"{prng.choice(_METHODS)} {_path(prng)} HTTP/1.1"
    return (
        f'{address} - - [{moment:%d/%b/%Y:%H:%M:%S} +0000] "{request}" {_status(prng)} {size} "-" '
        f'"{prng.choice(_AGENTS)}" {spent / 1000:.3f}'
    )


def json_line(prng: Prng, moment: datetime) -> str:
    """Return a JSON line."""
    level = _level(prng)
    message = prng.choice({"info": _NEWS, "warn": _WORRIES}.get(level, _TROUBLES))
    line: dict[str, object] = {
        "time": f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z",
        "level": level,
        "msg": message,
        "order": f"o-{100_000 + prng.integer(900_000)}",
        "amount": round(4 + prng.integer(24_000) / 100, 2),
        "currency": prng.choice(_CURRENCIES),
        "duration_ms": _milliseconds(prng),
        "trace_id": f"{prng.bits():016x}",
    }
    return json.dumps(line, separators=(",", ":"))


def logfmt(prng: Prng, moment: datetime) -> str:
    """Return a logfmt line."""
    level = _level(prng)
    message = "scrape failed, trying again" if level == "error" else "collected"
    return (
        f'ts={moment:%Y-%m-%dT%H:%M:%S}Z level={level} msg="{message}" series={400 + prng.integer(900)} '
        f"took={_milliseconds(prng)}ms"
    )


def java_line(prng: Prng, moment: datetime) -> str:
    """Return a line in the format of a Java service."""
    level = _level(prng).upper()
    thread = f"http-nio-8080-exec-{1 + prng.integer(10)}"
    text = f"{prng.choice(_METHODS)} {_path(prng)} {_status(prng)} {_milliseconds(prng)}ms"
    if level == "WARN":
        text = f"cache miss ratio {prng.integer(60) + 20}% over the last minute"
    elif level == "ERROR":
        text = f"query failed: statement timeout after {1000 + prng.integer(4000)}ms"
    stamp = f"{moment:%Y-%m-%d %H:%M:%S},{moment.microsecond // 1000:03d}"
    return f"{stamp} {level:<5} [{thread}] shop.RequestLog - {text}"


def plain_line(prng: Prng, moment: datetime) -> str:
    """Return a plain text line."""
    level = _level(prng).upper()
    if level == "INFO":
        return f"INFO handled {prng.choice(_METHODS)} {_path(prng)} in {_milliseconds(prng)}ms"
    return f"{level} {prng.choice(_WORRIES if level == 'WARN' else _TROUBLES)}"


_COLOURS = {"INFO": "32", "WARN": "1;33", "ERROR": "1;38;5;196"}


def coloured(prng: Prng, moment: datetime) -> str:
    """Return a line with ANSI colours, as applications write that log as to a terminal."""
    level = _level(prng).upper()
    colour = _COLOURS[level]
    spent = _milliseconds(prng)
    request = f"\x1b[1m{prng.choice(_METHODS)}\x1b[22m \x1b[4;36m{_path(prng)}\x1b[0m"
    slow = f"\x1b[38;2;255;140;0m{spent}ms\x1b[39m" if spent > 30 else f"{spent}ms"
    if level == "INFO":
        return f"\x1b[{colour}m{level:<5}\x1b[0m {request} \x1b[7m {_status(prng)} \x1b[27m {slow}"
    return f"\x1b[{colour}m{level:<5}\x1b[0m \x1b[3m{prng.choice(_WORRIES if level == 'WARN' else _TROUBLES)}\x1b[0m"


def database(prng: Prng, moment: datetime) -> str:
    """Return a line of a database's log."""
    stamp = f"{moment:%Y-%m-%d %H:%M:%S}.{moment.microsecond // 1000:03d} UTC"
    roll = prng.integer(20)
    if roll == 0:
        text = f"WARNING:  {prng.integer(40) + 60} of 100 connections in use"
    elif roll < 6:
        text = f"LOG:  checkpoint complete: wrote {prng.integer(4000)} buffers; sync={_milliseconds(prng)} ms"
    else:
        text = f"LOG:  duration: {200 + _milliseconds(prng)} ms  statement: SELECT * FROM orders WHERE id = $1"
    return f"{stamp} [{100 + prng.integer(400)}] {text}"


def starved(prng: Prng, moment: datetime) -> str:
    """Return a line of an application that waits for a dependency."""
    return f"WARN not ready: no connection to db.data:5432 (attempt {1 + prng.integer(90)}), answering 503 on /ready"


def crash(name: str) -> tuple[str, ...]:
    """Return the last lines of an application that cannot start."""
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
    """Return the last lines of a failing database migration."""
    return (
        f"INFO {name}: 41 of 42 migrations are applied",
        f"INFO {name}: applying 0042_add_payment_links",
        f'ERROR {name}: 0042_add_payment_links: column "link" of relation "payments" already exists',
        f"INFO {name}: rolled back, nothing was changed",
    )


BEFORE_IMAGE = "registry.example.com/shop/checkout:2.8.2"
AFTER_IMAGE = "registry.example.com/shop/checkout:2.9.0"

_STEPS = ("cart priced", "stock reserved", "address checked", "order placed", "receipt handed to email")


def good_release(prng: Prng, moment: datetime) -> str:
    """Return a line of the good release."""
    roll = prng.integer(100)
    if roll < 5:
        return _slow_shipping(prng, moment)
    if roll < 25:
        return _line(prng, moment, "info", "tax table read from the cache", rows=400 + prng.integer(40))
    return _step(prng, moment)


def bad_release(prng: Prng, moment: datetime) -> str:
    """Return a line of the bad release."""
    roll = prng.integer(100)
    if roll < 15:
        return _slow_shipping(prng, moment)
    if roll < 20:
        voucher = f"V-{1000 + prng.integer(9000)}"
        return _line(prng, moment, "error", "could not apply the voucher: discount is below zero", voucher=voucher)
    if roll < 28:
        attempt = f"retrying payment authorisation, attempt {2 + prng.integer(2)} of 3: bank answered 409"
        return _line(prng, moment, "warn", attempt)
    return _step(prng, moment)


def _slow_shipping(prng: Prng, moment: datetime) -> str:
    spent = 1200 + prng.integer(3000)
    return _line(prng, moment, "warn", f"slow answer from shipping: {spent} ms, carrier rates taken from yesterday")


def _step(prng: Prng, moment: datetime) -> str:
    return _line(prng, moment, "info", prng.choice(_STEPS), duration_ms=3 + prng.integer(60))


def _line(prng: Prng, moment: datetime, level: str, message: str, **fields: object) -> str:
    line: dict[str, object] = {
        "time": f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z",
        "level": level,
        "msg": message,
        "order": f"o-{100_000 + prng.integer(900_000)}",
        **fields,
        "trace_id": f"{prng.bits():016x}",
    }
    return json.dumps(line, separators=(",", ":"))
