"""The file that a bundle grows in, held by one process at a time and made to last."""

import fcntl
import os
import tempfile
from pathlib import Path
from typing import IO, BinaryIO

__all__ = ["COPY_BYTES", "BundleBusy", "open_part", "open_spool", "sync", "sync_folder"]

#: How much is copied, and kept before it is written, at once.
COPY_BYTES = 1 << 20
#: The second rendering and the salts wait in memory up to here, then in an unnamed file.
_SPOOL_BYTES = 4 << 20


class BundleBusy(RuntimeError):  # noqa: N818 - the name says it
    """Another process is writing the same bundle."""


def open_part(part: Path) -> BinaryIO:
    """Open and lock the part file; one left by a kill is emptied and used.

    Raises:
        BundleBusy: a living process holds it.
    """
    while True:
        handle = os.open(part, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(handle)
            raise BundleBusy(f"{part} is being written by another process") from error
        # Between opening and locking, the former writer may have renamed the file into place.
        if part.exists() and os.fstat(handle).st_ino == part.stat().st_ino:
            os.ftruncate(handle, 0)
            return os.fdopen(handle, "wb", buffering=COPY_BYTES)
        os.close(handle)


def open_spool(folder: Path) -> IO[bytes]:
    """Open an unnamed file that is memory while it is small."""
    # Beside the bundle, not in /tmp: that may be memory. Closed by `BundleWriter.close`.
    return tempfile.SpooledTemporaryFile(_SPOOL_BYTES, dir=str(folder))


def sync(path: Path, flags: int) -> None:
    """Make a file or a folder survive a power cut; ``flags`` are those to open it with."""
    handle = os.open(path, flags)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_folder(*, folder: Path) -> None:
    """Make the bundles of a folder, written with ``durable=False``, survive a power cut."""
    for path in folder.glob("*.zip"):
        sync(path, os.O_RDONLY)
    sync(folder, os.O_RDONLY | os.O_DIRECTORY)
