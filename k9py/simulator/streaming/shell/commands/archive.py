"""tar: creates, lists and extracts archives of the container's files, through Python's tarfile; gzip where asked.

Invariant: names may have any bytes (surrogate escapes). An archive is written while it is made, a member at a time.
"""

import asyncio
import gzip
import io
import posixpath
import tarfile

from k9py.simulator.streaming.shell.commands.text import opened
from k9py.simulator.streaming.shell.filesystem import AnyNode, Directory, File, Link, error_text
from k9py.simulator.streaming.shell.pipes import ByteWriter, read_all
from k9py.simulator.streaming.shell.process import CommandError, Process, command, options_of

_PIECE = 32 * 1024
_FLAGS = "cxtzhmpvPko"
_LONG = {
    "create": "c", "extract": "x", "list": "t", "file": "f", "directory": "C", "gzip": "z", "dereference": "h",
    "null": "0", "files-from": "T", "no-same-permissions": "o", "no-same-owner": "o", "touch": "m", "verbose": "v",
    "warning": "W", "ignore-failed-read": "o", "exclude": "X",
}  # fmt: skip


@command("tar")
async def tar(process: Process) -> int:
    arguments = list(process.arguments[1:])
    if arguments and not arguments[0].startswith("-"):
        arguments[0] = f"-{arguments[0]}"
    options, operands = options_of(arguments, _FLAGS + "0", "fCTWX", _LONG)
    directory = process.path(options.get("C", ".")) if "C" in options else process.directory
    if "C" in options:
        try:
            process.files.directory(directory)
        except OSError as error:
            raise CommandError(f"{options['C']}: Cannot open: {error_text(error)}", 2) from None
    if "c" in options:
        return await _create(process, directory, options, operands)
    if "x" in options or "t" in options:
        return await _extract(process, directory, options, operands)
    raise CommandError("You must specify one of the '-Acdtrux', '--delete' or '--test-label' options", 2)


class _Output:
    """Where an archive is written: the standard output, or a file at the end."""

    def __init__(self, process: Process, target: str, *, is_compressed: bool) -> None:
        self._process = process
        self._target = target
        self._held = bytearray()
        self._is_whole = is_compressed or target != "-"
        self._is_compressed = is_compressed

    async def write(self, data: bytes) -> None:
        if self._is_whole:
            self._held += data
            return
        await self._process.stdout.write(data)

    async def finish(self) -> None:
        content = gzip.compress(bytes(self._held), 1) if self._is_compressed else bytes(self._held)
        if self._target != "-":
            self._process.files.write(self._process.path(self._target), content, self._process.machine.now())
        elif self._is_whole:
            await self._process.stdout.write(content)


async def _create(process: Process, directory: str, options: dict[str, str], operands: list[str]) -> int:
    names = list(operands)
    if "T" in options:
        content = (await read_all(opened(process, options["T"]))).decode("utf-8", "surrogateescape")
        names += list(filter(None, content.split("\0" if "0" in options else "\n")))
    if not names:
        raise CommandError("Cowardly refusing to create an empty archive", 2)
    output, status, is_told = _Output(process, options.get("f", "-"), is_compressed="z" in options), 0, False
    for name in names:
        path = name if name.startswith("/") else f"{directory.rstrip('/')}/{name}"
        if name.startswith("/") and not is_told:
            await process.complain("Removing leading `/' from member names")
            is_told = True
        try:
            entries = list(process.files.walk(path.rstrip("/") or "/"))
        except OSError as error:
            await process.complain(f"{name}: Cannot stat: {error_text(error)}")
            status = 2
            continue
        for entry, node in entries:
            member = (name.rstrip("/") or "/") + entry[len(path.rstrip("/") or "/") :]
            if "h" in options and isinstance(node, Link):
                status = max(status, await _add_followed(process, output, entry, member))
                continue
            await _add(output, member, node)
    if status:
        await process.complain("Exiting with failure status due to previous errors")
    await output.write(bytes(tarfile.RECORDSIZE))
    await output.finish()
    return status


async def _add_followed(process: Process, output: ByteWriter, path: str, member: str) -> int:
    """Add what a link leads to instead of the link."""
    try:
        real = process.files.real_path(path)
        for entry, node in process.files.walk(real):
            await _add(output, member + entry[len(real) :], node)
    except OSError as error:
        await process.complain(f"{member}: Cannot stat: {error_text(error)}")
        return 2
    return 0


async def _add(output: ByteWriter, member: str, node: AnyNode) -> None:
    header = tarfile.TarInfo(member.lstrip("/") or "./")
    header.mode, header.uid, header.gid, header.mtime = node.mode, node.owner, node.group, int(node.modified)
    header.uname = "root" if not node.owner else ""
    content = b""
    match node:
        case File(content=content):
            header.size = len(content)
        case Directory():
            header.type = tarfile.DIRTYPE
            header.name = f"{header.name.rstrip('/')}/"
        case Link(target=target):
            header.type, header.linkname = tarfile.SYMTYPE, target
        case _:
            header.type = tarfile.CHRTYPE
    await output.write(header.tobuf(tarfile.GNU_FORMAT, "utf-8", "surrogateescape"))
    for at in range(0, len(content), _PIECE):
        await output.write(content[at : at + _PIECE])
        await asyncio.sleep(0)
    await output.write(bytes(-len(content) % tarfile.BLOCKSIZE))


async def _extract(process: Process, directory: str, options: dict[str, str], operands: list[str]) -> int:
    content = await read_all(opened(process, options.get("f", "-")))
    status, now = 0, process.machine.now()
    try:
        with tarfile.open(fileobj=io.BytesIO(content), mode="r:*", errors="surrogateescape") as archive:
            for member in archive:
                name = member.name.lstrip("/")
                if operands and not any(name == wanted or name.startswith(f"{wanted}/") for wanted in operands):
                    continue
                if "t" in options or "v" in options:
                    await process.print(name + ("/" if member.isdir() else ""))
                if "t" in options:
                    continue
                if ".." in name.split("/"):
                    await process.complain(f"{member.name}: Member name contains '..'")
                    status = 2
                    continue
                modified = now if "m" in options else float(member.mtime)
                try:
                    _put(process, archive, member, posixpath.join(directory, name), modified)
                except OSError as error:
                    await process.complain(f"{name}: Cannot open: {error_text(error)}")
                    status = 2
                await asyncio.sleep(0)
    except (tarfile.TarError, EOFError, gzip.BadGzipFile) as error:
        raise CommandError(f"This does not look like a tar archive: {error}", 2) from None
    return status


def _put(process: Process, archive: tarfile.TarFile, member: tarfile.TarInfo, path: str, modified: float) -> None:
    files = process.files
    path = path.rstrip("/")
    files.make_directory(posixpath.dirname(path) or "/", modified, parents=True)
    if member.isdir():
        files.make_directory(path, modified, parents=True)
        files.directory(path).mode = member.mode
    elif member.issym():
        files.add(path, Link(mode=0o777, modified=modified, target=member.linkname), replace=True)
    elif member.isreg():
        source = archive.extractfile(member)
        content = b"" if source is None else source.read()
        files.add(path, File(mode=member.mode, modified=modified, content=content), replace=True)
