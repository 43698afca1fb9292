"""`kdash` with event loop monitoring: `python -m tests.bench.watched_kdash REPORT [kdash's own arguments]`.

A thread watches a heartbeat on the loop: every block longer than `LONG` is written to REPORT when it ends, as a JSON
line: seconds since the start, length in ms, CPU ms of this process in that time, and the main thread's stack,
innermost first. The heartbeat costs about 2% of a core.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import threading
import time
import traceback
from collections import Counter
from collections.abc import Coroutine
from pathlib import Path
from types import FrameType
from typing import Any, Final

from k9py.cli.main import main as kdash

BEAT: Final = 0.001
LONG: Final = 0.010

_began: Final = time.monotonic()


class Heartbeat:
    """Beats on the loop; a thread records the main thread's stack while a beat is late."""

    def __init__(self, report: Path) -> None:
        self._report = report.open("w")
        self._beat_at = time.monotonic()
        self._cpu_at = time.thread_time()
        self._places: Counter[str] = Counter()
        self._main = threading.main_thread().ident or 0
        self._gc_began = self._gc_cpu = 0.0
        gc.callbacks.append(self._collected)

    def start(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._beat_at = time.monotonic()
        self._beat()
        threading.Thread(target=self._look, daemon=True).start()

    def _beat(self) -> None:
        now = time.monotonic()
        late = now - self._beat_at - BEAT
        if late > LONG:
            places, self._places = self._places, Counter()
            worked = min(late, time.thread_time() - self._cpu_at)
            self._write(
                at=round(now - _began, 2),
                ms=round(late * 1e3, 1),
                cpu=round(worked * 1e3, 1),
                where=[p for p, _ in places.most_common(3)],
            )
        elif self._places:
            self._places = Counter()
        self._beat_at, self._cpu_at = now, time.thread_time()
        self._loop.call_later(BEAT, self._beat)

    def _look(self) -> None:
        while True:
            time.sleep(0.003)
            if time.monotonic() - self._beat_at > LONG / 2:
                frame = sys._current_frames().get(self._main)
                self._places[_where(frame)] += 1
                del frame

    def _collected(self, phase: str, fields: dict[str, int]) -> None:
        if phase == "start":
            self._gc_began, self._gc_cpu = time.monotonic(), time.thread_time()
        elif (spent := time.monotonic() - self._gc_began) > LONG:
            self._write(
                at=round(time.monotonic() - _began, 2),
                ms=round(spent * 1e3, 1),
                cpu=round((time.thread_time() - self._gc_cpu) * 1e3, 1),
                where=[f"gc generation {fields['generation']}, {fields['collected']} collected"],
            )

    def _write(self, **fields: Any) -> None:
        print(json.dumps(fields), file=self._report, flush=True)


def _where(frame: FrameType | None) -> str:
    steps: list[str] = []
    for frame_, line in traceback.walk_stack(frame):
        file = frame_.f_code.co_filename.rpartition("/site-packages/")[2].rpartition("/k9py/")[2]
        if not steps or "k9py/" in frame_.f_code.co_filename or "textual/" in file:
            steps.append(f"{file}:{line} {frame_.f_code.co_qualname}")
        if len(steps) == 7:
            break
    return " < ".join(steps)


def main() -> None:
    heartbeat = Heartbeat(Path(sys.argv[1]))
    run = asyncio.Runner.run

    def watched_run(runner: asyncio.Runner, work: Coroutine[Any, Any, Any], **options: Any) -> Any:
        async def watched() -> Any:
            heartbeat.start()
            return await work

        return run(runner, watched(), **options)

    asyncio.Runner.run = watched_run  # type: ignore[method-assign, assignment]
    kdash(sys.argv[2:])


if __name__ == "__main__":
    main()
