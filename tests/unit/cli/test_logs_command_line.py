"""The command line of `kdash logs` before anything is connected: what is refused, with which message."""

from __future__ import annotations

import click
import pytest

from k9py.cli.logs.command import label_selector
from k9py.cli.main import main
from k9py.cli.targets import ObjectArgument, parse_log_target


def run(capsys: pytest.CaptureFixture[str], *argv: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as exit_info:
        main(["logs", *argv])
    captured = capsys.readouterr()
    assert isinstance(exit_info.value.code, int)
    return exit_info.value.code, captured.out, captured.err


@pytest.mark.parametrize(
    ("texts", "kind"),
    [
        (("deploy/x",), "Deployment"),
        (("sts", "x"), "StatefulSet"),
        (("ds/x",), "DaemonSet"),
        (("svc/x",), "Service"),
        (("services", "x"), "Service"),
        (("pod/x",), "Pod"),
        (("po/x",), "Pod"),
        (("rs/x",), "ReplicaSet"),
        (("job", "x"), "Job"),
        (("cronjobs.batch/x",), "CronJob"),
    ],
)
def test_objects_with_logs_have_kubectls_names(texts: tuple[str, ...], kind: str) -> None:
    assert parse_log_target(texts) == ObjectArgument(kind, "x")


def test_a_bare_name_may_be_of_any_of_these_kinds() -> None:
    named = parse_log_target(("checkout",))
    assert named is not None
    assert (named.kind, named.name) == ("", "checkout")
    assert {"Deployment", "CronJob", "Pod"} < set(named.among)


def test_nothing_is_named_where_labels_say_it() -> None:
    assert parse_log_target(()) is None


@pytest.mark.parametrize(
    "text",
    ["app=web", "app==web,tier!=cache", "app in (web, api),!legacy", "example.com/part", "app=", "x notin (a)", "n>1"],
)
def test_a_label_selector_is_taken_as_the_api_reads_it(text: str) -> None:
    assert label_selector(text) == text


@pytest.mark.parametrize(
    "text", ["", "=web", "app in web", "app=web,", "app=we b", "-a=b", "app in ()x", "app=web;b=c"]
)
def test_an_invalid_label_selector_is_refused(text: str) -> None:
    with pytest.raises(click.BadParameter):
        label_selector(text)


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        ([], "Name what to read"),
        (["node/x"], "'node/x' is a Node, not a pod, service or workload: use deploy/NAME"),
        (["certificates/x"], "is not a pod, service or workload: use"),
        (["deploy/x", "sts/y"], "Only one object is allowed"),
        (["deploy/x", "-l", "app=web"], "cannot be combined"),
        (["-l", "app=we b"], "is not a label selector"),
        (["deploy/x", "-p", "-f"], "-p and -f cannot be combined"),
        (["deploy/x", "--raw", "-o", "json"], "--raw prints lines as written"),
        (["deploy/x", "--since", "soon"], "is not a duration"),
        (["deploy/x", "--since", "0"], "is less than a second"),
        (["deploy/x", "--tail", "-1"], "-1"),
        (["deploy/x", "--max-streams", "0"], "--max-streams"),
        (["deploy/x", "--include", "a(b"], "--include 'a(b' is not a valid regular expression: missing )"),
        (["deploy/x", "--include", "level>=loud"], "is not valid"),
        (["deploy/x", "--exclude", " "], "--exclude needs a query"),
        (["deploy/x", "--highlight", "a(b"], "is not a regular expression"),
        (["deploy/x", "--highlight", ""], "--highlight needs a regular expression"),
        (["deploy/x", "-o", "text"], "'text' is not one of"),
        (["deploy/x", "-n", "No_Name"], "not a valid namespace name"),
        (["deploy/../x"], "needs exactly one name"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_exit_code_2(
    capsys: pytest.CaptureFixture[str], argv: list[str], says: str
) -> None:
    code, out, err = run(capsys, *argv)
    assert (code, out) == (2, "")
    assert says in err
