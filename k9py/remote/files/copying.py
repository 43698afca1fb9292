"""One copy as a person asks for it: the container is found, the access is recorded, a lost connection is retried.

Invariants: nothing runs in a container before the audit has stored it, and nothing in a read-only session. The audit
has the paths, never what is in the files. Both front ends and background jobs copy through `Copy`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

from k9py.api.errors import ConfigError, ConnectionFailedError, RefusedError
from k9py.api.meta import ObjectRef
from k9py.api.streams import ContainerRef
from k9py.api.text import printable
from k9py.operations.access_records import AccessRecord
from k9py.remote.containers import ChosenContainer, find_container
from k9py.remote.files.download import Download, DownloadOptions
from k9py.remote.files.endpoints import Endpoint, LocalEndpoint, RemoteEndpoint
from k9py.remote.files.progress import CopyProgress
from k9py.remote.files.upload import Upload, UploadOptions
from k9py.session import ClusterSession

FIRST_WAIT: Final = 1.0
LONGEST_WAIT: Final = 15.0
"""Seconds between two attempts."""


@dataclass(frozen=True, slots=True)
class CopyOptions:
    """How files are copied.

    Args:
        container: its name, "" for the default one.
        resumes: continue an earlier transfer.
        keeps_attributes: permissions are kept, and in a container the owner.
        follows_links: what symlinks in the container point to is copied in their place.
        retries: attempts after a lost connection; negative: until it is done.
    """

    container: str = ""
    resumes: bool = False
    keeps_attributes: bool = True
    follows_links: bool = False
    retries: int = 0


@dataclass(frozen=True, slots=True)
class FoundContainer:
    """The container that a copy is about.

    Args:
        pod: its pod.
        uid: of the pod.
        chosen: what it was chosen from.
    """

    container: ContainerRef
    pod: ObjectRef
    uid: str
    chosen: ChosenContainer


@dataclass(frozen=True, slots=True)
class CopyRequest:
    """What is copied: one of both is in a container."""

    source: Endpoint
    destination: Endpoint
    options: CopyOptions = field(default_factory=CopyOptions)

    @property
    def remote(self) -> RemoteEndpoint:
        """The path in the container."""
        for endpoint in (self.source, self.destination):
            if isinstance(endpoint, RemoteEndpoint):
                return endpoint
        raise ConfigError("both paths are on this machine", "name one in a container: POD:PATH or KIND/NAME:PATH")

    @property
    def local(self) -> LocalEndpoint:
        """The path on this machine."""
        for endpoint in (self.source, self.destination):
            if isinstance(endpoint, LocalEndpoint):
                return endpoint
        raise RefusedError("both paths are in containers", "copy to this machine first")

    @property
    def is_download(self) -> bool:
        """Whether it copies from a container."""
        return isinstance(self.source, RemoteEndpoint)


class Copy:
    """A copy that is checked, but has not begun. Raises RefusedError: it is none, or the session is read-only."""

    def __init__(self, session: ClusterSession, request: CopyRequest, progress: CopyProgress | None = None) -> None:
        self._session, self.request = session, request
        self.progress = progress or CopyProgress()
        self.container: ContainerRef | None = None
        self._remote, self._local = request.remote, request.local
        session.writer.accesses.refuse(f"copy {self._direction} {printable(str(self.ref))}")

    @property
    def ref(self) -> ObjectRef:
        """The object that was named."""
        remote = self._remote
        return ObjectRef(remote.kind, remote.namespace or self._session.namespace, remote.name)

    @property
    def _direction(self) -> str:
        return "from" if self.request.is_download else "to"

    async def find(self) -> FoundContainer:
        """Return the container. Raises KdashError."""
        chosen = await find_container(self._session, self.ref, self.request.options.container)
        pod = chosen.pod
        self.container = ContainerRef(pod.namespace, pod.name, chosen.container.name)
        return FoundContainer(self.container, pod.key, pod.metadata.uid, chosen)

    @asynccontextmanager
    async def recorded(self, found: FoundContainer) -> AsyncIterator[AccessRecord]:
        """Store in the audit that it begins, and how it ended. Raises KdashError."""
        request, container = self.request, found.container
        paths = (self._remote.path, self._local.path)
        words = ("cp", *(paths if request.is_download else reversed(paths)))
        async with self._session.writer.accesses.recorded(
            "copy",
            found.pod,
            f"copy {self._direction} {printable(container.pod)}",
            uid=found.uid,
            container=container.container,
            command=words,
        ) as record:
            yield record

    async def run(self, found: FoundContainer | None = None) -> AccessRecord:
        """Copy, and try again after lost connections. Raises KdashError.

        Args:
            found: of `find`, None: it is found first.
        """
        found = found or await self.find()
        async with self.recorded(found) as record:
            await self._run(self._transfer(found.container))
        return record

    def _transfer(self, container: ContainerRef) -> Download | Upload:
        options, remote, local = self.request.options, self._remote.path, self._local.path
        connection, progress = self._session.connection, self.progress
        if self.request.is_download:
            how = DownloadOptions(options.resumes, options.keeps_attributes, options.follows_links)
            return Download(connection, container, remote, local, how, progress)
        return Upload(
            connection, container, local, remote, UploadOptions(options.resumes, options.keeps_attributes), progress
        )

    async def _run(self, transfer: Download | Upload) -> None:
        progress, retries, wait = self.progress, self.request.options.retries, FIRST_WAIT
        while True:
            try:
                await transfer.run()
                return
            except ConnectionFailedError as error:
                if retries >= 0 and progress.attempt > retries:
                    raise
                progress.attempt += 1
                progress.waits_for = f"{printable(error.message)}: attempt {progress.attempt} follows"
            await self._session.clock.sleep(wait)
            progress.waits_for = ""
            wait = min(2 * wait, LONGEST_WAIT)
