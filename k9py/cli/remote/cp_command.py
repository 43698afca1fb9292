"""`kdash cp` as click sees it.

Invariant: importing this imports nothing heavy.
"""

from __future__ import annotations

from typing import Any, Final

import click

from k9py.cli.command_line import merge_arguments, subcommand, with_output_formats

_EXAMPLES: Final = """\
kdash cp web-7d9-x2x:/var/log/app.log .       a file into this directory
kdash cp deploy/web:/etc/app ./app -L         a mounted ConfigMap: follow its links
kdash cp ./conf shop/web-7d9-x2x:/tmp -c app  a directory into /tmp
kdash cp --resume web-0:/data/heap.hprof .    continue where it stopped
kdash cp web-0:/etc/hosts -                   to standard output
"""
_EPILOG: Final = """\b
Paths:
  POD:PATH, NAMESPACE/POD:PATH, KIND/NAME:PATH, NAMESPACE/KIND/NAME:PATH
  KIND/NAME is the newest ready pod of a workload. A local path that has a
  colon begins with / or ./. A directory is copied to a local path under
  that name, and into a directory of the container, as kubectl cp does.

\b
Files that exist are replaced, as by cp and kubectl cp. A file has its name
only when it is complete; until then its name ends with .kdash-part.
Symlinks of the container are left out and listed, unless -L follows them there.
A directory needs tar in the image; a file cat or tar, to write it dd or tar.
"""


@subcommand("cp", examples=_EXAMPLES, epilog=_EPILOG)
@click.argument("source", metavar="SRC")
@click.argument("destination", metavar="DST")
@click.option(
    "-L", "--dereference", "follows_links", is_flag=True, help="Copy what symlinks in the container point to."
)
@click.option(
    "--resume", is_flag=True, help="Continue a broken transfer; files with the same size and time are not copied again."
)
@click.option(
    "--retries",
    type=click.IntRange(min=-1),
    default=0,
    show_default=True,
    metavar="NUMBER",
    help="Attempts after a lost connection, each continues; -1: no limit.",
)
@click.option("--no-preserve", is_flag=True, help="Do not keep permissions, nor in a container the owner.")
@click.option(
    "-c", "--container", metavar="NAME", default="", help="Container; default: the pod's default one, else the first."
)
@with_output_formats()
def cp(
    context: click.Context,
    /,
    source: str,
    destination: str,
    container: str,
    no_preserve: bool,
    retries: int,
    resume: bool,
    follows_links: bool,
    **given: Any,
) -> None:
    """Run `kdash cp`."""
    arguments = merge_arguments(context, given)
    from k9py.cli.remote import cp as core
    from k9py.cli.session import run

    request = core.copy_request(source, destination, container, resume, not no_preserve, follows_links, retries)
    context.exit(run(arguments, lambda invocation: core.copy(invocation, request)))
