"""The scenes of the pictures: scenario, size and keys.

To add a picture, write an async function that operates the dashboard, and add a line to `SCENES`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

from k9py.api.meta import ObjectRef
from k9py.api.write_request import WriteRequest
from k9py.runtime.background_jobs import JobState
from k9py.tui.dialogs.dialog import Dialog
from k9py.tui.dialogs.editor import EditorDialog
from tests.factories.background_jobs import FakeJob
from tests.tui.dashboard import CART, CHECKOUT, Dashboard

CORPUS = "corpus:"
ROOMY = (160, 45)
SMALL = (80, 24)
LARGE = (250, 60)
PAYMENTS = ObjectRef("Deployment", "shop", "payments")
AUTOSCALED = ObjectRef("Deployment", "shop", "autoscaled")
RELEASE = {
    "serviceAccountName": "cart",
    "containers": [
        {
            "name": "app",
            "image": "registry.example.com/shop/cart:3.3.0",
            "env": [
                {"name": "CART_TTL", "value": "45m"},
                {"name": "DB_URL", "valueFrom": {"secretKeyRef": {"name": "cart-db", "key": "url"}}},
            ],
            "resources": {"limits": {"memory": "512Mi"}},
        }
    ],
}
"""A release that changes more than the image."""


@dataclass(frozen=True, slots=True)
class PictureScene:
    """A picture: `name` is its file's stem; `scenario` is one of the simulator, or CORPUS and the name of a case."""

    name: str
    scenario: str
    work: Callable[[Dashboard], Awaitable[None]]
    size: tuple[int, int] = ROOMY
    light: bool = False
    monochrome: bool = False


async def home(kdash: Dashboard) -> None:
    await kdash.select(CHECKOUT)
    await _settle(kdash)


async def home_of_payments(kdash: Dashboard) -> None:
    await kdash.select(PAYMENTS)
    await _settle(kdash)


async def small(kdash: Dashboard) -> None:
    await kdash.select(CHECKOUT)


async def undo(kdash: Dashboard) -> None:
    await kdash.select(CHECKOUT)
    await kdash.press("u")
    await kdash.until_text("2.7.1")


async def confirm(kdash: Dashboard) -> None:
    await undo(kdash)
    await kdash.press("enter")
    await kdash.confirm()


async def cohorts(kdash: Dashboard) -> None:
    await kdash.select(PAYMENTS)
    await kdash.press("enter")
    await kdash.until_text("Revisions", "Old pods", "exit 1", "log")


async def difference(kdash: Dashboard) -> None:
    await kdash.connected.connection.send(WriteRequest(CART, {"spec": {"template": {"spec": RELEASE}}}), dry_run=False)
    await kdash.select(CART)
    await kdash.press("enter")
    await kdash.advance_until(lambda: "Old pods" in kdash.text, "old pods beside new ones")
    await kdash.press("D")
    await kdash.until_text("env CART_TTL", "memory limit")


async def warnings(kdash: Dashboard) -> None:
    await kdash.select(AUTOSCALED)
    await kdash.press("s", *["up"] * 4)
    await kdash.until_text("will overwrite this", "dry run passed")


async def logs(kdash: Dashboard) -> None:
    await kdash.select(CHECKOUT)
    await kdash.press("l")
    await _settle(kdash)
    await kdash.until_text("gone", "1 waiting")


async def logs_filtered(kdash: Dashboard) -> None:
    await kdash.select(CART)
    await kdash.press("l")
    await _settle(kdash)
    await kdash.press("ampersand", *_typed("level>=warn"), "enter", "plus", "slash", *"retrying", "enter")
    await kdash.until_text("of context", "/retrying")


async def logs_wrapped(kdash: Dashboard) -> None:
    await kdash.select(CART)
    await kdash.press("l")
    await _settle(kdash)
    await kdash.press("w", "t", "t", "up", "up", "up", "m", "up", "up", "m", "enter")
    await kdash.until_text("trace_id: ")


async def patterns(kdash: Dashboard) -> None:
    await kdash.select(CHECKOUT)
    await kdash.press("l")
    await kdash.until_text("gone", "voucher")


async def sources(kdash: Dashboard) -> None:
    await kdash.select(CHECKOUT)
    await kdash.press("l")
    await _settle(kdash)
    await kdash.until_text("waiting to start")
    await kdash.press("x")
    await kdash.until(lambda: isinstance(kdash.app.screen, Dialog), "the dialog")


async def pods(kdash: Dashboard) -> None:
    await _open(kdash, "po")
    await kdash.until_text("pods · ", "load-test", "Mi")


async def containers(kdash: Dashboard) -> None:
    await _open(kdash, "po -n batch")
    await kdash.until_text("reports-")
    await kdash.press("slash", *"reports", "enter")
    await kdash.until_text("1 of ")
    await kdash.press("enter")
    await kdash.until_text("Containers", "OOMKilled", "Mi")


async def tree(kdash: Dashboard) -> None:
    await kdash.select(CHECKOUT)
    await kdash.press("x")
    await kdash.until_text("ReplicaSet/", "Pod/", "Ingress/")


async def problems(kdash: Dashboard) -> None:
    await kdash.press("exclamation_mark")
    await kdash.until_text("stock-config", "explains")


async def chain(kdash: Dashboard) -> None:
    await problems(kdash)
    await kdash.press("enter")
    await kdash.until_text("└─", "Ingress front")


async def home_of_problems(kdash: Dashboard) -> None:
    await kdash.until_text("Problems", "node/node-003")
    await _settle(kdash)


async def timeline(kdash: Dashboard) -> None:
    await kdash.select(PAYMENTS)
    await kdash.press("T", "space")
    await kdash.until_text("payments", "recommendations", "began")
    await kdash.until(lambda: "reading" not in kdash.text, "the whole timeline")


async def jobs(kdash: Dashboard) -> None:
    """Forwards, a download and an operation; not real ones: their ports and bytes would differ each time."""
    began = kdash.app.options.clock.now() - timedelta(minutes=7)
    forward = FakeJob(title="deploy/checkout 8080→8080", progress="3 connections, 1.2 MiB · checkout-6d5f7c9b8-96gbq")
    forward.url = forward.detail = "http://127.0.0.1:8080"
    forward.facts = [
        ("8080", "http://127.0.0.1:8080"),
        ("pod", "checkout-6d5f7c9b8-96gbq"),
        ("connections", "3 open, 128 in all, 1 cut, 0 failed"),
        ("sent", "84 KiB"),
        ("received", "1.2 MiB"),
        ("moves", "1"),
    ]
    forward.quit_question = "3 connections are open"
    waiting = FakeJob(title="sts/db 5432→5432", state=JobState.WAITING, progress="0 connections, 0 B")
    waiting.detail = "none of 3 pods is ready: db-0: container db is not ready yet"
    download = FakeJob("download", "cart-7c9d:/var/log/app.tar", progress="42 % of 80 MiB", fraction=0.42)
    restart = FakeJob("restart", "4 objects", progress="2 of 4 · 1 of 3 available", fraction=0.33)
    ended = FakeJob("drain", "node/node-3", state=JobState.DONE, progress="drained in 48s")
    for job in (forward, waiting, download, restart, ended):
        job.started_at = began
        kdash.app.jobs.add(job)
    await kdash.press("J")
    await kdash.until_text("1 Jobs · 5", "3 open, 128 in all", "1 waits")


async def describe(kdash: Dashboard) -> None:
    await kdash.select(CHECKOUT)
    await kdash.press("enter")
    await kdash.until_text("New pods")
    await kdash.press("1", "d")
    await kdash.until_text("Container app", "Findings")


async def events(kdash: Dashboard) -> None:
    await _open(kdash, "events")
    await kdash.until_text("events · ", "BackoffLimitExceeded")


async def nodes(kdash: Dashboard) -> None:
    await _open(kdash, "nodes")
    await kdash.until_text("SchedulingDisabled", "Memory", "%")


async def edit(kdash: Dashboard) -> None:
    await kdash.select(CHECKOUT)
    await kdash.press("e")
    editor = await kdash.until_screen(EditorDialog)
    editor.area.load_text(editor.text.replace("replicas: 3", "replicas: 5").replace("cpu: 100m", "cpu: 250m"))
    await kdash.press("ctrl+s")
    await kdash.confirm()
    await kdash.until_text("replicas")


async def palette(kdash: Dashboard) -> None:
    await kdash.press("colon", *"chec")
    await kdash.until_text("Deployment in shop", "Pod in shop")


async def _open(kdash: Dashboard, line: str) -> None:
    """Type a line after `:`."""
    await kdash.press("colon", *_typed(line))
    await kdash.press("enter")


def _typed(text: str) -> list[str]:
    """Return the keys that type a text."""
    named = {"-": "minus", "=": "equals_sign", ">": "greater_than_sign", ".": "full_stop", " ": "space", "/": "slash"}
    return [named.get(letter, letter) for letter in text]


async def _settle(kdash: Dashboard) -> None:
    """Wait until log lines are on the screen."""
    await kdash.until(lambda: "GET " in kdash.text or "order" in kdash.text, "log lines")


SCENES = (
    PictureScene("bad-release", "bad-release", home),
    PictureScene("shop", "shop-quiet", home),
    PictureScene("cohorts", "crashloop", cohorts),
    PictureScene("pods", "jobs", pods),
    PictureScene("containers", "jobs", containers, size=(120, 36)),
    PictureScene("tree", "bad-release", tree, size=(120, 36)),
    PictureScene("problems", f"{CORPUS}hops/four", problems, size=(120, 30)),
    PictureScene("chain", f"{CORPUS}hops/four", chain, size=(120, 36)),
    PictureScene("failures", "failures", home_of_problems),
    PictureScene("timeline", "crashloop", timeline, size=(120, 30)),
    PictureScene("jobs", "bad-release", jobs, size=(120, 30)),
    PictureScene("describe", "bad-release", describe, size=(120, 36)),
    PictureScene("events", "jobs", events, size=(120, 36)),
    PictureScene("nodes", "jobs", nodes, size=(160, 24)),
    PictureScene("edit", "shop-quiet", edit, size=(120, 36)),
    PictureScene("palette", "bad-release", palette, size=(120, 36)),
    PictureScene("difference", "shop-quiet", difference),
    PictureScene("warnings", "failures", warnings),
    PictureScene("undo", "bad-release", undo),
    PictureScene("confirm", "bad-release", confirm),
    PictureScene("logs", "bad-release", logs),
    PictureScene("logs-filtered", "bad-release", logs_filtered, size=(120, 36)),
    PictureScene("logs-unfolded", "bad-release", logs_wrapped, size=(120, 36)),
    PictureScene("logs-sources", "bad-release", sources, size=(120, 36)),
    PictureScene("patterns", "regression", patterns),
    PictureScene("patterns-small", "regression", patterns, size=SMALL),
    PictureScene("crashloop", "crashloop", home_of_payments),
    PictureScene("small", "bad-release", small, size=SMALL),
    PictureScene("large", "bad-release", home, size=LARGE),
    PictureScene("light", "bad-release", home, light=True),
    PictureScene("no-colour", "bad-release", home, monochrome=True),
)
