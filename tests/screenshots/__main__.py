"""Draw the pictures: `python -m tests.screenshots [NAME ...]`; all of them by default.

The cluster's clock is manual and its random generator seeded, so that a picture changes only when the product does.
"""

from __future__ import annotations

import asyncio
import re
import sys
import tempfile
from pathlib import Path

import resvg_py

from k9py.simulator.clock import ManualClock
from k9py.simulator.scenarios.recorded import Recording
from k9py.simulator.server import Simulator
from tests.corpus.cases import cases
from tests.screenshots.scenes import CORPUS, SCENES, PictureScene
from tests.tui.dashboard import dashboard

FOLDER = Path(__file__).resolve().parents[2] / "screenshots"
FONT = "DejaVu Sans Mono"
PNG_WIDTH = 1600


async def draw(scene: PictureScene) -> str:
    """Return the scene as SVG."""
    with tempfile.TemporaryDirectory() as folder, _cluster(scene) as simulator:
        async with dashboard(
            simulator, Path(folder), size=scene.size, light=scene.light, monochrome=scene.monochrome
        ) as running:
            await scene.work(running)
            await running.pilot.pause()
            return plain_fonts(running.app.export_screenshot(title=f"kdash: {scene.name}"))


def _cluster(scene: PictureScene) -> Simulator:
    """Return the cluster of a scene: a scenario, or a case of the corpus."""
    if not scene.scenario.startswith(CORPUS):
        return Simulator(scene.scenario, ManualClock())
    case = next(each for each in cases("faults") if each.name == scene.scenario.removeprefix(CORPUS))
    return Simulator(recording=Recording(case.objects, case.at, case.logs))


def plain_fonts(svg: str) -> str:
    """Use local fonts: the exported picture would fetch one from the network."""
    svg = re.sub(r"@font-face \{.*?\}", "", svg, flags=re.DOTALL)
    return svg.replace("Fira Code", f"{FONT}, Menlo, Consolas")


def main(names: list[str]) -> int:
    known = {scene.name: scene for scene in SCENES}
    unknown = [name for name in names if name not in known]
    if unknown:
        print(f"no such picture: {', '.join(unknown)}; there are {', '.join(known)}", file=sys.stderr)
        return 2
    FOLDER.mkdir(exist_ok=True)
    for scene in [known[name] for name in names] or SCENES:
        svg = asyncio.run(draw(scene))
        target = FOLDER / f"{scene.name}.svg"
        target.write_text(svg, encoding="utf-8")
        target.with_suffix(".png").write_bytes(bytes(resvg_py.svg_to_bytes(svg_string=svg, width=PNG_WIDTH)))
        print(target.name)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
