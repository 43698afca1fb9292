"""`kdash --once`, in this process, against the simulator over real HTTP."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from k9py.api.errors import RETRY_NOTE
from k9py.cli.demo import SCENARIOS
from k9py.cli.main import main
from k9py.cli.tables import fit_widths
from k9py.simulator.apiserver.authorization import Rule
from k9py.simulator.clock import ManualClock
from k9py.simulator.faults import Cut, Fault, Refuse, Replace, RequestMatch
from k9py.simulator.scenarios.loader import SCENARIO_NAMES
from k9py.simulator.server import Simulator
from k9py.views.overview import PlainTable
from k9py.views.values import Cell, Column, Tone
from tests.cli.shell import edit


def run(capsys: pytest.CaptureFixture[str], *argv: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as exit_info:
        main(["--once", *argv])
    captured = capsys.readouterr()
    assert isinstance(exit_info.value.code, int)
    return exit_info.value.code, captured.out, captured.err


@pytest.fixture
def shop() -> Iterator[Simulator]:
    with Simulator("shop-quiet") as running:
        yield running


def test_a_healthy_cluster_exits_0(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "--demo")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == "Services"
    assert "Rollouts" in lines
    assert any(line.split()[:4] == ["●", "shop", "checkout", "3/3"] for line in lines)


def test_a_failing_rollout_exits_1_and_is_named_first_with_its_cause(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "--demo=bad-release")
    assert code == 1
    first_rollout = out.splitlines()[out.splitlines().index("Rollouts") + 2]
    assert "stuck: image checkout:2.8.0 cannot be pulled" in first_rollout


def test_json_has_the_same_content(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "--demo=no-endpoints", "--output", "json")
    values = json.loads(out)
    assert code == values["exit_code"] == 1
    failing = [row["name"] for row in values["services"] if row["verdict"] == "failing"]
    assert failing == ["cart"]


def test_one_namespace_can_be_named(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "--demo", "-n", "data", "-o", "json")
    assert code == 0
    assert [row["name"] for row in json.loads(out)["rollouts"]] == ["db"]


def test_a_namespace_that_does_not_exist_is_not_healthy(
    capsys: pytest.CaptureFixture[str], shop: Simulator, tmp_path: Path
) -> None:
    config = str(shop.write_kubeconfig(tmp_path / "config"))
    code, out, err = run(capsys, "--kubeconfig", config, "-n", "shpo")
    assert (code, out) == (2, "")
    assert "no such namespace: shpo" in err
    code, out, err = run(capsys, "--kubeconfig", config, "-n", "shpo", "-n", "shop")
    assert (code, err) == (0, "kdash: no such namespace: shpo\n")
    assert "checkout" in out


def test_a_server_that_is_busy_for_a_moment_is_waited_for(
    capsys: pytest.CaptureFixture[str], shop: Simulator, tmp_path: Path
) -> None:
    shop.inject(Refuse(429, "TooManyRequests", "too many requests", retry_after=0), RequestMatch("watch", "services"))
    shop.inject(
        Refuse(429, "TooManyRequests", "too many requests", retry_after=0), RequestMatch("list", "pods"), times=2
    )
    code, out, err = run(capsys, "--kubeconfig", str(shop.write_kubeconfig(tmp_path / "config")))
    assert (code, err) == (0, "")
    assert "checkout" in out


def test_a_list_that_grew_too_old_is_read_again(
    capsys: pytest.CaptureFixture[str], shop: Simulator, tmp_path: Path
) -> None:
    shop.inject(Refuse(410, "Expired", "The provided continue parameter is too old"), RequestMatch("list", "pods"))
    code, out, err = run(capsys, "--kubeconfig", str(shop.write_kubeconfig(tmp_path / "config")))
    assert (code, err) == (0, "")
    assert "checkout" in out


@pytest.mark.parametrize(
    "fault",
    [Refuse(500, "InternalError", "leader changed"), Cut(10), Replace(502, b"<html>nginx</html>", "text/html")],
    ids=["500", "cut off", "a proxy's page"],
)
def test_an_error_that_ends_a_command_has_no_retry_hint(
    capsys: pytest.CaptureFixture[str], shop: Simulator, tmp_path: Path, fault: Fault
) -> None:
    shop.inject(fault, RequestMatch(), times=None)
    code, _, err = run(capsys, "--kubeconfig", str(shop.write_kubeconfig(tmp_path / "config")))
    assert code == 2
    assert "hint: " in err
    assert RETRY_NOTE not in err


def test_a_server_without_an_optional_kind_is_healthy_and_reports_what_is_unknown(
    capsys: pytest.CaptureFixture[str], shop: Simulator, tmp_path: Path
) -> None:
    shop.inject(
        Refuse(404, "NotFound", "404 page not found"), RequestMatch(resource="horizontalpodautoscalers"), times=None
    )
    code, out, err = run(capsys, "--kubeconfig", str(shop.write_kubeconfig(tmp_path / "config")))
    assert (code, err) == (0, "kdash: this server has no autoscaling/v2: HorizontalPodAutoscaler unknown\n")
    assert "checkout" in out


def test_a_server_without_a_required_kind_is_not_healthy_but_connected(
    capsys: pytest.CaptureFixture[str], shop: Simulator, tmp_path: Path
) -> None:
    shop.inject(Refuse(404, "NotFound", "404 page not found"), RequestMatch(resource="endpointslices"), times=None)
    config = str(shop.write_kubeconfig(tmp_path / "config"))
    code, out, err = run(capsys, "--kubeconfig", config, "-o", "json")
    values = json.loads(out)
    assert (code, values["exit_code"]) == (2, 2)
    assert values["health"]["missing_kinds"] == ["EndpointSlice"]
    assert {service["severity"] for service in values["services"]} == {"unknown"}
    assert "this server has no discovery.k8s.io/v1: EndpointSlice unknown" in err


def test_a_service_scaled_to_zero_is_down_and_exits_1(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    with Simulator("shop-quiet", ManualClock()) as shop:
        edit(shop, lambda spec: spec.update(replicas=0), ("Deployment", "shop", "cart"))
        shop.advance(60)
        code, out, _ = run(capsys, "--kubeconfig", str(shop.write_kubeconfig(tmp_path / "config")), "-o", "json")
    values = json.loads(out)
    assert (code, values["summary"]["services"]["down"], values["summary"]["rollouts"]["down"]) == (1, 1, 1)
    first = values["services"][0]
    assert (first["name"], first["severity"]) == ("cart", "down")
    assert first["findings"][0]["message"] == "scaled to 0 by shop-pipeline, was 3"


def test_who_may_list_and_not_watch_is_reported_all_the_same(
    capsys: pytest.CaptureFixture[str], shop: Simulator, tmp_path: Path
) -> None:
    shop.add_user("lister", (Rule(("get", "list"), ("*",), ("*",)),))
    config = str(shop.write_kubeconfig(tmp_path / "config", user="lister"))
    code, out, err = run(capsys, "--kubeconfig", config)
    assert code == 0
    assert "checkout" in out
    assert "The user lister may not watch" in err


def test_without_cluster_wide_rights_it_shows_the_contexts_namespace_and_is_reported(
    capsys: pytest.CaptureFixture[str], shop: Simulator, tmp_path: Path
) -> None:
    config = shop.write_kubeconfig(tmp_path / "config", user="viewer", namespace="shop")
    code, out, err = run(capsys, "--kubeconfig", str(config))
    assert code == 2, "what may not be read is not well"
    assert "showing namespace shop only" in err
    assert "StatefulSet" in err
    assert "checkout" in out


def test_a_server_that_is_not_there_exits_2_with_a_hint(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    with closing(socket.socket()) as reserved:
        reserved.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{reserved.getsockname()[1]}"
        with Simulator() as other:
            config = other.write_kubeconfig(tmp_path / "config", server=url)
        code, out, err = run(capsys, "--kubeconfig", str(config))
    assert (code, out) == (2, "")
    assert "refused" in err
    assert "hint:" in err


def test_refused_credentials_exit_2(capsys: pytest.CaptureFixture[str], shop: Simulator, tmp_path: Path) -> None:
    config = shop.write_kubeconfig(tmp_path / "config", user="nobody")
    code, out, err = run(capsys, "--kubeconfig", str(config))
    assert (code, out) == (2, "")
    assert "hint:" in err


@pytest.mark.parametrize("scenario", ["nope", "shop:5", "big:x", "big:0", "big:100001", "big:"])
def test_a_demo_we_do_not_have_is_refused_with_those_we_have(capsys: pytest.CaptureFixture[str], scenario: str) -> None:
    code, out, err = run(capsys, f"--demo={scenario}")
    assert (code, out) == (2, "")
    assert "bad-release" in err


def test_the_command_line_knows_the_simulators_scenarios() -> None:
    assert set(SCENARIOS) <= set(SCENARIO_NAMES)


def table(*columns: Column, cells: tuple[str, ...]) -> PlainTable:
    return PlainTable("T", columns, (tuple(Cell(text) for text in cells),), (Tone.OK,))


def test_a_narrow_terminal_loses_the_least_important_columns_and_cuts_the_one_that_grows() -> None:
    plain = table(
        Column("name", "NAME"),
        Column("ports", "PORTS", priority=4),
        Column("why", "WHY", priority=1, grow=True),
        cells=("checkout", "8080:30080", "w" * 90),
    )
    assert fit_widths(plain, None) == {0: 8, 1: 10, 2: 90}
    assert fit_widths(plain, 200) == {0: 8, 1: 10, 2: 90}
    narrow = fit_widths(plain, 60)
    assert set(narrow) == {0, 2}
    assert sum(narrow.values()) + 2 * 2 + 1 <= 60
    assert fit_widths(plain, 5) == {0: 8}


@pytest.mark.parametrize("command", [["--once"], ["status", "deploy/checkout"], ["history", "deploy/checkout"]])
def test_a_web_page_in_the_apis_place_is_reported_with_exit_code_2(
    capsys: pytest.CaptureFixture[str], shop: Simulator, tmp_path: Path, command: list[str]
) -> None:
    shop.inject(Replace(404, b"<html><center>nginx</center></html>", "text/html"), RequestMatch(), times=None)
    with pytest.raises(SystemExit) as caught:
        main([*command, "--kubeconfig", str(shop.write_kubeconfig(tmp_path / "config"))])
    err = capsys.readouterr().err
    assert "answered with an HTML page (404 from" in err
    assert "hint: Check the cluster's server in the kubeconfig: the address, and the path" in err
    assert caught.value.code == 2


def test_a_KUBECONFIG_that_leads_nowhere_is_named_with_exit_code_2(  # noqa: N802
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "gone"))
    code, _, err = run(capsys)
    assert code == 2
    assert f"KUBECONFIG names {tmp_path / 'gone'}, which does not exist" in err


def test_failing_pods_that_belong_to_nothing_exit_1_and_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "--demo=jobs", "-n", "batch")
    assert code == 1
    line = next(line for line in out.splitlines() if "other pods failing: " in line)
    assert "batch/load-test (" in line
    code, out, _ = run(capsys, "--demo=jobs", "-n", "batch", "--output", "json")
    values = json.loads(out)
    assert code == values["exit_code"] == 1
    owners = {pod["name"]: pod["owner"] for pod in values["other_pods"]}
    assert owners["load-test"] is None
    assert {"kind": "Job", "name": "migrate-2-9"} in owners.values()
