"""`kdash debug`: create what is needed, attach to it, report how it ended, remove what has to be removed.

Invariant: a pod on a node is removed whatever ends the session, unless --no-rm or --no-attach says otherwise.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import replace
from typing import Any, Final

from k9py.api.errors import RefusedError
from k9py.api.meta import ObjectRef
from k9py.api.text import printable
from k9py.api.times import age, parse_rfc3339
from k9py.cli.command_line import WriteOptions
from k9py.cli.console import Console
from k9py.cli.debug_options import DebugOptions
from k9py.cli.operation_targets import NamedTarget
from k9py.cli.operations import resolve, run_for_results
from k9py.cli.remote.execute import HUNG_UP
from k9py.cli.remote.targets import resolve_container_target
from k9py.cli.session import CommandSession, Invocation, explain_not_found, open_session
from k9py.cli.targets import ObjectArgument
from k9py.config.debug_settings import DebugSettings
from k9py.config.settings import read_settings
from k9py.operations.debugging.pods import Copy, DebugContainer
from k9py.operations.debugging.profiles import Kept
from k9py.operations.debugging.removing import leftovers
from k9py.operations.result import OperationResult
from k9py.operations.target import TargetSnapshot
from k9py.remote.debug_candidates import debug_candidates
from k9py.remote.debugging import (
    DebugPod,
    debug_pod_of,
    how_it_ended,
    open_debug,
    removed_afterwards,
)
from k9py.remote.leave_keys import LEAVE_KEYS
from k9py.remote.terminal import LEFT, LocalTerminal, TerminalClosedError, run_interactively
from k9py.session import ClusterSession
from k9py.views.exit_codes import ExitCode
from k9py.views.pod_status import pod_status

_CONTAINER: Final = "debug-container"
_COPY: Final = "debug-copy"
_NODE: Final = "node-shell"
_COLUMNS: Final = ("NAMESPACE", "NAME", "NODE", "STATUS", "AGE")


async def debug(invocation: Invocation, named: NamedTarget, options: DebugOptions, write: WriteOptions) -> int:
    """Debug a pod, a workload's newest pod that is not ready (else the newest), or a node.

    Args:
        named: a bare name is that of a pod, else of another object that has pods.

    Returns:
        The exit code of the session. Raises KdashError.
    """
    console = invocation.console
    wants = console.is_interactive if options.attaches is None else options.attaches
    wants = wants and not invocation.arguments.json
    attaches = wants and not write.dry_run  # a dry run shows what the command would create without --dry-run
    if attaches and not console.is_interactive:
        hint = "leave out -i to only create it, and use kdash exec with it"
        raise RefusedError("a debugging session needs a terminal", hint)
    if options.removes and not wants:
        raise RefusedError("--rm removes the pod after a session, which needs a terminal", "leave out --rm")
    async with open_session(invocation) as session:
        settings = read_settings(invocation.config_path).settings.debug
        target, operation_id, inputs = await _chosen(invocation, session, named, options, settings, wants)
        created: list[OperationResult] = []
        async with AsyncExitStack() as stack:
            try:
                code, results = await run_for_results(
                    invocation,
                    session,
                    operation_id,
                    [TargetSnapshot(target)],
                    write,
                    on_results=created.extend,
                    **inputs,
                )
                created[:] = results
            finally:
                where = _created(created)
                is_removed = _is_removed(operation_id, options)
                if where is not None and attaches and is_removed:
                    await stack.enter_async_context(_removed(invocation, session, where))
            if where is None or not attaches:
                if not invocation.arguments.json:
                    _explain_access(console, created, runs_shell=not (options.command or options.container))
                return code
            result = created[-1]
            if result.end is None or not result.end.is_expected:
                return code or ExitCode.UNKNOWN
            session_code = await _attached(invocation, session, where)
            if operation_id == _COPY and not is_removed:
                await _offer_removal(invocation, session, where, options)
            elif operation_id == _NODE and not is_removed:
                console.print_err(_stays("pod", where))
            return session_code


def _is_removed(operation_id: str, options: DebugOptions) -> bool:
    """Return whether what is created is removed whatever ends the session: a copy only if --rm says so."""
    if operation_id == _NODE:
        return options.removes is not False
    return operation_id == _COPY and options.removes is True


async def _chosen(
    invocation: Invocation,
    session: CommandSession,
    named: NamedTarget,
    options: DebugOptions,
    settings: DebugSettings,
    attaches: bool,
) -> tuple[ObjectRef, str, dict[str, Any]]:
    """Return the object to debug, the operation, and its inputs; print which pod of a workload is taken, and why."""
    if isinstance(named, ObjectArgument):
        ref = await resolve_container_target(session, named)
    else:
        ref = await resolve(session, named)
    is_node = ref.kind == "Node" and not ref.group
    container = DebugContainer(
        image=options.image,
        name=options.container,
        profile=options.profile or (settings.profile_on_node if is_node else settings.profile),
        command=options.command,
        is_arguments=options.is_arguments,
        environment=dict(options.environment),
        pull_policy=options.pull_policy,
        stdin=attaches,
        tty=attaches,
    )
    if is_node:
        container = replace(container, image=container.image or settings.image_on_node)
        namespace = invocation.arguments.namespace or settings.node_namespace or session.namespace
        return (
            ref,
            _NODE,
            {
                "container": container,
                "namespace": namespace,
                "waits": attaches,
                "is_removed": attaches and options.removes is not False,
            },
        )
    with explain_not_found(ref):
        candidates = await debug_candidates(session, ref)
    if note := candidates.note:
        invocation.console.print_err(f"kdash: {note}")
    pod = candidates.pods[0]
    if not options.is_copy:
        container = replace(container, image=container.image or settings.image)
        return pod.key, _CONTAINER, {"container": container, "target": options.target, "waits": attaches}
    if not (container.image or container.command or options.images):
        container = replace(container, image=settings.image)
    how = Copy(
        name=options.copy_to,
        images=dict(options.images),
        shares_processes=options.shares_processes,
        same_node=options.same_node,
        replaces=options.replaces,
        kept=Kept(**{name: name in options.kept for name in Kept.__dataclass_fields__}),
        is_removed=attaches and options.removes is True,
        is_offered=attaches and options.removes is None,
    )
    return pod.key, _COPY, {"container": container, "how": how, "waits": attaches}


def _created(results: Sequence[OperationResult]) -> DebugPod | None:
    """Return what was created, None when nothing was."""
    return debug_pod_of(results[-1]) if results else None


def _explain_access(console: Console, results: Sequence[OperationResult], *, runs_shell: bool) -> None:
    """Print how to enter what nothing is attached to, and how to remove it.

    Args:
        runs_shell: it is a new container that runs what its image starts: mostly a shell.
    """
    written = results[-1].written if results else None
    if written is None or written.dry_run:
        return
    key, container = written.plan.key, printable(written.plan.container)
    pod, namespace = f"pod/{printable(key.name)}", printable(key.namespace)
    if container and runs_shell:
        text = "a shell has no input and ends at once: to enter it later, start it with -- sleep 1d"
        console.print_err(f"kdash: {text}")
    elif container:
        console.print_err(f"kdash: to enter it: kdash exec {pod} -n {namespace} -c {container} -it -- sh")
    if written.plan.request.verb == "create":  # a debug container cannot be removed
        console.print_err(f"kdash: to remove it: kdash delete {pod} -n {namespace}")


@asynccontextmanager
async def _removed(invocation: Invocation, session: ClusterSession, where: DebugPod) -> AsyncIterator[None]:
    """Remove the pod at the end, and print what became of it."""

    def report(text: str, _is_left_over: bool) -> None:
        with suppress(OSError):  # the terminal may be gone
            invocation.console.print_err(f"kdash: {text}")

    async with removed_afterwards(session, where, report):
        yield


async def _attached(invocation: Invocation, session: ClusterSession, where: DebugPod) -> int:
    """Give the terminal to the container; return its exit code."""
    console = invocation.console
    ended = await how_it_ended(session, where, waits=False)
    if ended is None:
        try:
            async with open_debug(session, where) as stream:
                console.print_err(f"{where.title} · {LEAVE_KEYS} leaves it")
                if where.hint:
                    console.print_err(where.hint)
                async with LocalTerminal(sys.stdin.fileno()) as terminal:
                    end = await run_interactively(stream, terminal)
        except TerminalClosedError:
            return HUNG_UP
        if end is LEFT:
            console.print_err(f"kdash: {printable(end.message)}")
            return ExitCode.DONE
        ended = await how_it_ended(session, where)
    else:
        name = printable(where.container.container)
        console.print_err(f"kdash: {name} has ended already; kdash logs pod/{printable(where.ref.name)} -c {name}")
    if ended is None:
        name = printable(where.container.container)
        console.print_err(f"kdash: {name} still runs, or its end is not known")
        return ExitCode.DONE
    return ended.exit_code


def _stays(what: str, where: DebugPod) -> str:
    name, namespace = printable(where.ref.name), printable(where.ref.namespace)
    return f"kdash: the {what} stays; to remove it: kdash delete pod/{name} -n {namespace}"


async def _offer_removal(
    invocation: Invocation, session: ClusterSession, where: DebugPod, options: DebugOptions
) -> None:
    """Remove a copy if that is wanted."""
    console, name = invocation.console, printable(where.ref.name)
    removes = options.removes
    if removes is None:
        removes = await console.confirm(f"Delete the copy {name}?")
    if not removes:
        console.print_err(_stays("copy", where))
        return
    async with _removed(invocation, session, where):
        pass


async def list_leftovers(invocation: Invocation, namespace: str) -> int:
    """Print the pods that were created for debugging, in a namespace or in all. Raises KdashError."""
    console, now = invocation.console, invocation.clock.now()
    async with open_session(invocation) as session:
        found = await leftovers(session.connection, namespace)
    if invocation.arguments.json:
        console.print_json(
            [
                {
                    "namespace": printable(each.ref.namespace),
                    "name": printable(each.ref.name),
                    "node": printable(each.node),
                    "status": printable(pod_status(each.pod).text),
                    "created": printable(each.created),
                }
                for each in found
            ]
        )
        return ExitCode.DONE
    if not found:
        console.print_err("kdash: no pods for debugging are left over")
        return ExitCode.DONE
    rows: list[tuple[str, ...]] = [_COLUMNS]
    for each in found:
        created = parse_rfc3339(each.created)
        since = "?" if created is None else age(created, now)
        cells = (each.ref.namespace, each.ref.name, each.node or "<none>", pod_status(each.pod).text, since)
        rows.append(tuple(map(printable, cells)))
    widths = [max(len(row[at]) for row in rows) for at in range(len(_COLUMNS))]
    for row in rows:
        console.print("   ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    return ExitCode.DONE
