"""A custom resource in the same set as its CustomResourceDefinition, in any order."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from k9py.cli.apply import apply_files
from k9py.cli.command_line import WriteOptions
from k9py.simulator.clock import RealClock
from k9py.simulator.server import Simulator
from tests.cli.shell import Shell
from tests.contract.scene import QuickTime

MANIFESTS = """
apiVersion: example.com/v1
kind: Widget
metadata: {name: w, namespace: shop}
spec: {size: 3}
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {plural: widgets, singular: widget, kind: Widget, listKind: WidgetList}
  versions:
  - name: v1
    served: true
    storage: true
    schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
"""


async def test_a_set_that_defines_its_own_type_is_applied_at_once(tmp_path: Path) -> None:
    (tmp_path / "set.yaml").write_text(MANIFESTS)
    with Simulator("shop-quiet", RealClock(speed=50)) as simulator:
        shell = Shell(simulator, tmp_path, clock=QuickTime(simulator))
        for options in (WriteOptions(dry_run=True), WriteOptions(yes=True)):
            ran = await shell.run(partial(apply_files, names=[str(tmp_path / "set.yaml")], options=options))
            assert ran.code == 0, ran.err
            shown = ran.out + ran.err
            assert "its type is created by this set" in shown
            assert "your permission" not in shown
    assert "Widget.example.com shop/w created" in ran.out
