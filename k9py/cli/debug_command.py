"""`kdash debug`: its command line. Importing this imports nothing heavy."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

import click

from k9py.cli.command_line import (
    WriteOptions,
    merge_arguments,
    parse_duration,
    subcommand,
    with_output_formats,
)
from k9py.cli.debug_options import DebugOptions
from k9py.cli.operation_targets import NamedTarget, parse_typed_names
from k9py.cli.remote.command import COMMAND, CommandAfterDashes
from k9py.cli.remote.targets import parse_container_target

PROFILES: Final = ("general", "baseline", "restricted", "netadmin", "sysadmin")
_EXAMPLES: Final = """\
kdash debug web-0                                      a shell beside the pod's containers
kdash debug web-0 --image nicolaka/netshoot:v0.13 --profile netadmin --target app
kdash debug deploy/web --copy-to web-debug --set-image app=app:debug
kdash debug web-0 --copy-to web-debug -c app -- sh     the copy runs sh in place of app
kdash debug node/node-1 -n kube-system                 a shell on the node; its pod is removed afterwards
kdash debug --list                                     what was left over
"""


_REMOVES: Final = "Remove a copy or node pod after its session.  [default: a node pod; asks about a copy]"
_COPY_FLAGS: Final = (
    ("--keep-labels", "labels", "The copy keeps the labels: Services send it traffic."),
    ("--keep-annotations", "annotations", "The copy keeps the annotations."),
    ("--keep-liveness", "liveness", "The copy keeps the liveness probes."),
    ("--keep-readiness", "readiness", "The copy keeps the readiness probes."),
    ("--keep-startup", "startup", "The copy keeps the startup probes."),
)


def _with_copy_options(function: Any) -> Any:
    for flag, name, text in reversed(_COPY_FLAGS):
        function = click.option(flag, name, is_flag=True, help=text)(function)
    for option in (
        click.option("--replace", "replaces", is_flag=True, help="Delete the pod once its copy is created."),
        click.option("--same-node", is_flag=True, help="Bind the copy to the pod's node."),
        click.option(
            "--keep-init-containers/--no-init-containers",
            "init_containers",
            default=True,
            help="The copy runs the init containers.  [default: keep]",
        ),
        click.option(
            "--share-processes/--no-share-processes",
            "shares_processes",
            default=None,
            help="All containers of the copy see each other's processes.  [default: share]",
        ),
        click.option(
            "--set-image",
            "images",
            multiple=True,
            metavar="CONTAINER=IMAGE",
            help="Image of a container of the copy, * for all; repeatable.",
        ),
        click.option("--copy-to", metavar="NAME", default="", help="Debug a copy of the pod with this name."),
    ):
        function = option(function)
    return function


@subcommand("debug", examples=_EXAMPLES, cls=CommandAfterDashes)
@click.argument("operands", nargs=-1, metavar="POD | KIND/NAME | node/NAME")
@click.option("--image", metavar="IMAGE", default="", help="Image of the debug container.  [default: config]")
@click.option("--profile", type=click.Choice(PROFILES), help="What it may do.  [default: config]")
@click.option("--target", metavar="CONTAINER", default="", help="See the processes of this container.")
@click.option("-c", "--container", metavar="NAME", default="", help="Name of the debug container; of a copy, which.")
@click.option("--env", "environment", multiple=True, metavar="NAME=VALUE", help="Set a variable; repeatable.")
@click.option("--image-pull-policy", "pull_policy", type=click.Choice(("Always", "IfNotPresent", "Never")))
@click.option("--arguments-only", "is_arguments", is_flag=True, help="Give COMMAND to the entry point of the image.")
@_with_copy_options
@click.option("-i", "--stdin", "stdin", is_flag=True, help="Attach to it.  [default: at a terminal]")
@click.option("-t", "--tty", "tty", is_flag=True, help="With a terminal; needs -i.  [default: at a terminal]")
@click.option("--no-attach", is_flag=True, help="Only create it, and print its name.")
@click.option("--rm/--no-rm", "removes", default=None, help=_REMOVES)
@click.option("--list", "lists", is_flag=True, help="List the pods that were created for debugging and are left over.")
@click.option("--dry-run", is_flag=True, help="Server-side dry run: show the change, write nothing.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask for confirmation; required without a terminal.")
@click.option("--timeout", type=parse_duration, default="10m", show_default=True, metavar="TIME", help="Time to start.")
@with_output_formats("text", "json", writes=True)
def debug(context: click.Context, /, operands: Sequence[str], **given: Any) -> None:
    """Run `kdash debug`."""
    lists = given.pop("lists")
    kept = tuple(name for name in (*(name for _, name, _ in _COPY_FLAGS), "init_containers") if given.pop(name))
    stdin, tty, no_attach = given.pop("stdin"), given.pop("tty"), given.pop("no_attach")
    if tty and not stdin:
        raise click.UsageError("-t needs -i: a terminal without input shows nothing.")
    if given["removes"] and no_attach:
        raise click.UsageError("--rm and --no-attach exclude each other: the pod is removed after its session.")
    if stdin and no_attach:
        raise click.UsageError("-i and --no-attach exclude each other.")
    options = DebugOptions(
        image=given.pop("image"),
        profile=given.pop("profile") or "",
        target=given.pop("target"),
        container=given.pop("container"),
        command=context.meta.get(COMMAND, ()),
        is_arguments=given.pop("is_arguments"),
        environment=_pairs(given.pop("environment"), "NAME=VALUE"),
        pull_policy=given.pop("pull_policy") or "",
        attaches=False if no_attach else True if stdin else None,
        removes=given.pop("removes"),
        copy_to=given.pop("copy_to"),
        images=_pairs(_split(given.pop("images")), "CONTAINER=IMAGE"),
        shares_processes=given.pop("shares_processes"),
        same_node=given.pop("same_node"),
        replaces=given.pop("replaces"),
        kept=kept,
    )
    write = WriteOptions(dry_run=given.pop("dry_run"), yes=given.pop("yes"), wait=False, timeout=given.pop("timeout"))
    namespace = given["namespace"]
    arguments = merge_arguments(context, given)
    from k9py.cli import debug as core
    from k9py.cli.session import run

    if lists:
        if operands:
            raise click.UsageError("--list takes no object.")
        context.exit(run(arguments, lambda invocation: core.list_leftovers(invocation, namespace or "")))
    named = _named(operands)
    _check(options, named)
    context.exit(run(arguments, lambda invocation: core.debug(invocation, named, options, write)))


def _named(operands: Sequence[str]) -> NamedTarget:
    if not operands:
        raise click.UsageError("Name a pod, a workload or a node: kdash debug web-0, deploy/web or node/node-1.")
    if len(operands) > 1:
        raise click.UsageError(f"Name one object, and the command after --: {operands[0]} -- {operands[1]}")
    from k9py.api.resource_types import STANDARD  # decodes: not for the help

    if "/" not in operands[0] and STANDARD.find(operands[0]) is None:
        return parse_container_target(operands)
    return parse_typed_names(operands, bare_type="pod")[0]


def _check(options: DebugOptions, named: NamedTarget) -> None:
    """Refuse what kubectl refuses: options that have no meaning together."""
    is_node = named.kind.lower() in ("node", "nodes", "no")
    only_copies = {
        "--replace": options.replaces,
        "--same-node": options.same_node,
        "--set-image": bool(options.images),
        "--share-processes": options.shares_processes is not None,
        "--keep-…": bool(set(options.kept) - {"init_containers"}),
    }
    for flag, is_given in only_copies.items():
        if is_given and not options.is_copy:
            raise click.UsageError(f"{flag} needs --copy-to.")
    if is_node and options.is_copy:
        raise click.UsageError("--copy-to is for pods: a node has no copy.")
    if options.target and (options.is_copy or is_node):
        raise click.UsageError("--target is for a debug container in the pod; in a copy use --share-processes.")


def _split(words: Iterable[str]) -> Iterable[str]:
    return (part for word in words for part in word.split(","))


def _pairs(words: Iterable[str], form: str) -> tuple[tuple[str, str], ...]:
    pairs = []
    for word in words:
        name, equals, value = word.partition("=")
        if not name or not equals or (form.endswith("IMAGE") and not value):
            raise click.UsageError(f"{word!r} is not {form}.")
        pairs.append((name, value))
    return tuple(pairs)
