"""`kdash`: parse, hand over, turn every failure into a clear line and an exit code.

Invariant: `kdash --help` and `--version` import neither Textual nor kubernetes_asyncio nor aiohttp.
Exit codes: 0 all well; 1 something is failing (`--once`); 2 it could not be done or told.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

from k9py import __version__
from k9py.cli.options import Arguments, Output
from k9py.objects.errors import ConfigError, KdashError

EXIT_UNABLE = 2


@click.command(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option("--context", metavar="NAME", help="Context of the kubeconfig to use.")
@click.option("--kubeconfig", metavar="FILE", help="Kubeconfig file; default: $KUBECONFIG, ~/.kube/config, in-cluster.")
@click.option(
    "-n", "--namespace", "namespaces", metavar="NAME", multiple=True, help="Namespace to show; may be repeated."
)
@click.option("-A", "--all-namespaces", is_flag=True, help="Show all namespaces: the default where you may list them.")
@click.option(
    "--demo",
    is_flag=False,
    flag_value="shop",
    metavar="[=SCENARIO]",
    help="Open a demo cluster that runs inside this command: shop, bad-release, crashloop, no-endpoints, big[:PODS].",
)
@click.option("--readonly", "read_only", is_flag=True, help="Refuse every write.")
@click.option("--once", is_flag=True, help="Print services and rollouts and exit: 0 well, 1 failing, 2 could not tell.")
@click.option(
    "-o", "--output", type=click.Choice(["table", "json"]), default="table", show_default=True, help="Form of --once."
)
@click.option("--no-color", is_flag=True, help="No colours (NO_COLOR and TERM=dumb do the same).")
@click.option("--theme", type=click.Choice(["dark", "light"]), default="dark", show_default=True)
@click.version_option(__version__, "-V", "--version", prog_name="kdash")
@click.pass_context
def command(
    click_context: click.Context,
    context: str | None,
    kubeconfig: str | None,
    namespaces: tuple[str, ...],
    all_namespaces: bool,
    demo: str | None,
    read_only: bool,
    once: bool,
    output: Output,
    no_color: bool,
    theme: str,
) -> None:
    """Live services, rollouts and logs of a Kubernetes cluster; scale, restart and undo from the same screen.

    Without a cluster at hand: kdash --demo
    """
    arguments = Arguments(
        kubeconfig=kubeconfig,
        context=context,
        namespaces=tuple(dict.fromkeys(namespaces)),
        all_namespaces=all_namespaces,
        demo=demo,
        read_only=read_only,
        once=once,
        output=output,
        no_color=no_color,
        theme="light" if theme == "light" else "dark",
    )
    _check(
        arguments, output_given=click_context.get_parameter_source("output") == click.core.ParameterSource.COMMANDLINE
    )
    click_context.exit(_run(arguments))


def _check(arguments: Arguments, *, output_given: bool) -> None:
    """Refuse combinations that would silently ignore what was typed."""
    if arguments.all_namespaces and arguments.namespaces:
        raise click.UsageError("-n and -A exclude each other: name namespaces, or ask for all of them.")
    if arguments.demo is not None and (arguments.kubeconfig or arguments.context):
        raise click.UsageError("--demo brings its own cluster: leave out --kubeconfig and --context.")
    if output_given and not arguments.once:
        raise click.UsageError("--output belongs to --once: kdash --once --output json")
    for name in arguments.namespaces:
        if not _is_dns_label(name):
            raise click.UsageError(f"{name!r} is not a namespace name: lower-case letters, digits and '-', 63 at most.")


def _is_dns_label(name: str) -> bool:
    """Tell whether it is an RFC 1123 label, as namespace names are."""
    plain = name.replace("-", "a")
    return (
        0 < len(name) <= 63
        and name.isascii()
        and plain.isalnum()
        and name == name.lower()
        and name[0] != "-"
        and name[-1] != "-"
    )


def _run(arguments: Arguments) -> int:
    if arguments.once:
        from k9py.cli.once import run_once

        return run_once(arguments)
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise ConfigError("the dashboard needs a terminal", "for scripts: kdash --once, or kdash --once --output json")
    from k9py.cli.dashboard import run_dashboard

    return run_dashboard(arguments)


def main(argv: Sequence[str] | None = None) -> None:
    """Run `kdash` and exit the process; failures are told on standard error with a hint."""
    try:
        status = command.main(args=None if argv is None else list(argv), prog_name="kdash", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        status = EXIT_UNABLE
    except click.Abort:
        status = 130
    except KdashError as error:
        click.echo(f"kdash: {error.message}", err=True)
        if error.hint:
            click.echo(f"  hint: {error.hint}", err=True)
        status = EXIT_UNABLE
    except BrokenPipeError:
        status = EXIT_UNABLE
    except KeyboardInterrupt:
        status = 130
    sys.exit(status)
