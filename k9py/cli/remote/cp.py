"""Copy files from or to a container from a shell.

Invariants: standard output has nothing but a file that is copied to it; progress is drawn on standard error, and only
on a terminal. The exit code is 0 only if everything was copied; links that are left out, as by kubectl, are reported
and do not change it.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator

from k9py.api.errors import RefusedError
from k9py.api.plural import count_noun
from k9py.api.quantities import size_text
from k9py.api.text import printable
from k9py.cli.process import streaming_output
from k9py.cli.remote.copy_progress import CopyBar
from k9py.cli.session import Invocation, explain_not_found, open_session
from k9py.operations.access_records import AccessRecord
from k9py.remote.descriptors import read_descriptor
from k9py.remote.files.copying import Copy, CopyOptions, CopyRequest, FoundContainer
from k9py.remote.files.endpoints import parse_endpoint, remote_word
from k9py.remote.files.local_tree import PART_SUFFIX
from k9py.remote.files.progress import CopyProgress, Reason
from k9py.remote.files.remote_command import check_is_there, failure
from k9py.remote.files.upload import Upload, UploadOptions
from k9py.remote.terminal_text import OutputWriter
from k9py.remote.transfer import transfer
from k9py.session import ClusterSession
from k9py.views.exit_codes import ExitCode, exit_code_of_write


def copy_request(
    source: str,
    destination: str,
    container: str,
    resumes: bool,
    keeps_attributes: bool,
    follows_links: bool,
    retries: int,
) -> CopyRequest:
    """Return what a command line asks for. Raises RefusedError."""
    options = CopyOptions(container, resumes, keeps_attributes, follows_links, retries)
    return CopyRequest(parse_endpoint(source), parse_endpoint(destination), options)


async def copy(invocation: Invocation, request: CopyRequest) -> int:
    """Copy; return the exit code. Raises KdashError."""
    console = invocation.console
    async with open_session(invocation) as session:
        task = Copy(session, request)
        if request.local.is_stream and (request.options.resumes or request.options.retries):
            raise RefusedError("standard input and output cannot be continued", "name a file in place of -")
        with explain_not_found(task.ref):
            found = await task.find()
        if note := found.chosen.note(is_terminal=console.err.isatty()):
            console.print_err(f"kdash: {note}")
        if request.local.is_stream:
            return await _copy_stream(invocation, session, task, found)
        async with CopyBar(console.err, invocation.clock, task.progress):
            try:
                record = await task.run(found)
            except BaseException as error:
                hint = what_is_there(request, task.progress, error)
                if hint:
                    console.print_err(f"kdash: {hint}")
                raise
        _report_copied(invocation, request, task.progress, found)
        return _report(invocation, request, task.progress, record)


def _report_copied(invocation: Invocation, request: CopyRequest, progress: CopyProgress, found: FoundContainer) -> None:
    """Report how much was copied, and from or to which pod; nothing where all was there already."""
    files = progress.files - progress.kept_files
    if progress.kept_files and not files:
        return
    parts = [size_text(progress.bytes - progress.kept_bytes)]
    if files != 1:
        parts.insert(0, count_noun(files, "file"))
    if progress.kept_bytes:
        parts.append(f"{size_text(progress.kept_bytes)} were there already")
    pod = f"{printable(found.container.pod)} ({printable(found.container.container)})"
    where = f"{'from' if request.is_download else 'to'} pod {pod}"
    invocation.console.print_err(f"kdash: copied {', '.join(parts)} {where}")


def what_is_there(request: CopyRequest, progress: CopyProgress, error: BaseException) -> str:
    """Return what a copy that has ended too soon has left, and how to continue; "" if that says nothing."""
    if not progress.bytes or isinstance(error, RefusedError):
        return ""
    is_tree = progress.total_files != 1
    files = f"{count_noun(progress.files, 'file')} complete, " if is_tree and request.is_download else ""
    # Nobody knows how much of what was sent the container has written.
    there = (
        f"{files}{size_text(progress.bytes)} are here" if request.is_download else f"{size_text(progress.bytes)} sent"
    )
    part = f"the current file ends with {PART_SUFFIX}"
    if is_tree and not request.is_download:
        part = "the last file may be cut"
    return f"{there}; {part}; --resume continues"


def _report(invocation: Invocation, request: CopyRequest, progress: CopyProgress, record: AccessRecord) -> int:
    """Report what was left out; return the exit code."""
    console = invocation.console
    for line in (*progress.left_out_lines(), *progress.warnings):
        console.print_err(f"kdash: {'warning' if line in progress.warnings else 'left out'}: {printable(line)}")
    if Reason.LINK in progress.left_out_counts and request.is_download and not request.options.follows_links:
        console.print_err("  hint: -L copies what symlinks point to")
    if progress.has_unsafe:
        console.print_err("kdash: refused names that lead out of the destination: do not trust this container")
    code = ExitCode.DONE
    if progress.has_refused:
        code = ExitCode.REFUSED
    elif progress.has_failed:
        code = ExitCode.UNKNOWN
    if request.options.resumes and progress.kept_files:
        console.print_err(f"kdash: complete already: {progress.kept_files:,} of {count_noun(progress.files, 'file')}")
    if record.problem:
        console.print_err(f"kdash: the audit record is incomplete: {printable(record.problem)}")
    return exit_code_of_write(code, record.problem)


async def _copy_stream(invocation: Invocation, session: ClusterSession, task: Copy, found: FoundContainer) -> int:
    """Copy one file to standard output, or standard input to one file."""
    console, request, remote = invocation.console, task.request, task.request.remote
    async with task.recorded(found) as record:
        if request.is_download:
            console.out.flush()
            writer, stderr = OutputWriter(console.out.fileno()), bytearray()

            async def keep(data: bytes) -> None:
                stderr.extend(data[: 4096 - len(stderr)])

            try:
                words = ("cat", remote_word(remote.path))
                async with session.connection.open_exec(found.container, words) as stream:
                    with streaming_output():
                        end = await transfer(stream, None, writer.write, keep, lambda _: None)
            finally:
                writer.close()
            check_is_there("cat", end, bytes(stderr))
            if end.exit_code != 0:
                raise failure(end, bytes(stderr), f"{printable(remote.path)} cannot be read")
        else:
            upload = Upload(session.connection, found.container, "", remote.path, UploadOptions(), task.progress)
            await upload.run_stream(_standard_input())
            _report_copied(invocation, request, task.progress, found)
    return _report(invocation, request, task.progress, record)


async def _standard_input() -> AsyncIterator[bytes]:
    descriptor = sys.stdin.fileno()
    while data := await read_descriptor(descriptor):
        yield data
