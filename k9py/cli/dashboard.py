"""Start the dashboard: build its options from the command line and run it on uvloop if available."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable
from contextlib import ExitStack, suppress

from textual.app import App

from k9py import __version__
from k9py.cli.clusters import embedded_cluster
from k9py.cli.command_line import Arguments
from k9py.cli.exit_guard import ExitGuard
from k9py.config.log_buffer import log_buffer_bytes
from k9py.config.paths import audit_file, config_file, crash_file, draft_directory, log_directory, tables_file
from k9py.config.table_state import TableState
from k9py.config.terminal import detect_clipboard, notification_mode, redraws_per_second, wants_color
from k9py.kube import child_processes
from k9py.kube.options import ConnectOptions
from k9py.operations.audit import make_private_directory
from k9py.runtime.clock import SystemClock
from k9py.tui.app.kdash_app import KdashApp
from k9py.tui.options import AppOptions, connect_lazily
from k9py.views.exit_codes import ExitCode

EXIT_DEFECT = 70
"""Internal error (EX_SOFTWARE)."""


def run_dashboard(arguments: Arguments) -> int:
    """Run until the user quits; return the exit code.

    Raises:
        ConfigError: unknown demo, or an invalid environment variable.
    """
    guard = ExitGuard(terminal=sys.stdin.fileno())
    guard.add_cleanup(child_processes.kill_all)
    with ExitStack() as stack:
        stack.callback(guard.close)
        connect = ConnectOptions(kubeconfig=arguments.kubeconfig, context=arguments.context)
        connector = connect_lazily
        embedded = embedded_cluster(arguments.demo, arguments.replay)
        if embedded is not None:
            stack.enter_context(embedded)
            guard.add_cleanup(embedded.remove_directory)
            connect, connector = embedded.options, embedded.connect
        app = KdashApp(
            AppOptions(
                connect=connect,
                connector=connector,
                namespaces=arguments.namespaces or (embedded.scope if embedded is not None else ()),
                all_namespaces=arguments.all_namespaces,
                read_only=arguments.read_only or (embedded is not None and embedded.is_replay),
                is_replay=embedded is not None and embedded.is_replay,
                audit_path=audit_file(os.environ),
                embedded=embedded.label if embedded is not None else "",
                clock=embedded.clock if embedded is not None else SystemClock(),
                history=embedded.history if embedded is not None else (),
                monochrome=not wants_color(os.environ, no_color=arguments.no_color),
                theme=arguments.theme,
                redraws_per_second=redraws_per_second(os.environ),
                notify=notification_mode(os.environ),
                log_directory=log_directory(os.environ),
                draft_directory=draft_directory(os.environ),
                config_path=config_file(os.environ),
                environ=os.environ,
                log_buffer=log_buffer_bytes(os.environ),
                clipboard=detect_clipboard(os.environ),
                table_state=TableState(tables_file(os.environ)),
            )
        )
        guard.set_terminal_restorer(app.restore_terminal)
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(run_app(app, guard, mouse=arguments.mouse))
        if app.exit_notice:
            with suppress(OSError):  # the terminal is closed
                print(f"kdash: {app.exit_notice}", file=sys.stderr, flush=True)
        if guard.signal_number:  # a signal during the start may have caused any failure
            return 128 + guard.signal_number
        if app.crash:
            _report(app.crash)
            return EXIT_DEFECT
        done = ExitCode.DONE if app.operations.is_audited else ExitCode.NOT_AUDITED
        return app.return_code or done


def _report(crash: str) -> None:
    """Save the crash report and print where it is."""
    print(f"kdash: internal error: {crash.strip().splitlines()[-1]}", file=sys.stderr)
    path = crash_file(os.environ)
    try:
        make_private_directory(path.parent)
        path.write_text(f"kdash {__version__}, Python {sys.version}\n{crash}", encoding="utf-8")
        path.chmod(0o600)
    except OSError as error:
        why = error.strerror or str(error)
        print(f"  could not write the crash report to {path}: {why}\n{crash}", file=sys.stderr)
    else:
        print(
            f"  hint: your changes are in the audit file next to it; please report this error with {path}",
            file=sys.stderr,
        )


async def run_app(app: App[int], guard: ExitGuard, *, mouse: bool = False) -> None:
    """Run the app; a closed terminal or a signal ends it in order."""
    with guard.guard_loop(lambda code: app.exit(None, code)):
        await app.run_async(mouse=mouse)


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Return uvloop's loop factory if it is installed, None for asyncio's own loop."""
    try:
        import uvloop
    except ImportError:
        return None
    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory
