"""Read the objects of a file, or of the files in a directory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from k9py.api.text import printable
from k9py.operations.manifest import MOST_BYTES, Document, ManifestError, read_documents

SUFFIXES: Final = (".yaml", ".yml", ".json")
"""As kubectl's (cli-runtime, `FileExtensions`)."""
_MOST_FILES: Final = 2000


def read_path(path: Path, *, recursive: bool) -> tuple[Document, ...]:
    """Return the objects of a file, or of all manifests in a directory by name. Blocks: call it in a thread.

    Args:
        recursive: the directories in it too.

    Raises:
        ManifestError: a file cannot be read or is no manifest, or there are no objects.
    """
    try:
        files = list(_files(path, recursive)) if path.is_dir() else [path]
    except OSError as error:
        raise _unreadable(path, error) from error
    if len(files) > _MOST_FILES:
        raise ManifestError(f"{printable(str(path))} has more than {_MOST_FILES} manifests", "name a part of it")
    documents = tuple(document for file in files for document in read_documents(_read(file), str(file)))
    if not documents:
        what = "no manifests (*.yaml, *.yml, *.json)" if path.is_dir() and not files else "no objects"
        hint = "-R reads its directories too" if path.is_dir() and not recursive else ""
        raise ManifestError(f"{printable(str(path))} has {what}", hint)
    return documents


def _files(path: Path, recursive: bool) -> Iterator[Path]:
    for entry in sorted(path.rglob("*") if recursive else path.iterdir()):
        if entry.suffix in SUFFIXES and entry.is_file():
            yield entry


def _read(path: Path) -> str:
    try:
        if path.stat().st_size > MOST_BYTES:
            raise ManifestError(f"{printable(str(path))} is larger than {MOST_BYTES >> 20} MiB", "")
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ManifestError(f"{printable(str(path))} is not UTF-8", "") from error
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: OSError) -> ManifestError:
    return ManifestError(f"{printable(str(path))}: {error.strerror or error}", "check the path")
