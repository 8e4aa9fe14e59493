"""The folder where files are dropped, and where they go: `done/`, `refused/`."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final, Literal

SUFFIX: Final = ".csv"
MOST_NAME_BYTES: Final = 200
"""Of a name: its report's, and its own where it is not the first, are a little longer."""
_LONGEST_ROW: Final = 64 * 1024


class NoFile(Exception):  # noqa: N818 - the name says it
    """There is no plain file of that name (any more)."""


class TooLarge(Exception):  # noqa: N818 - the name says it
    """It has more bytes than a file may have."""


class DropFolder:
    """A folder that others write to; links in it are not followed, folders not looked into."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def names(self, *, limit: int) -> list[str]:
        """Files that may be read, by name: they end in `.csv`, and no dot is before it."""
        with os.scandir(self.path) as entries:
            found = [
                entry.name
                for entry in entries
                if entry.name.lower().endswith(SUFFIX)
                and not entry.name.startswith(".")
                and entry.is_file(follow_symlinks=False)
            ]
        return sorted(found)[:limit]

    def stamp(self, name: str) -> str:
        """Another one for another file of that name, or other content. Raises NoFile."""
        try:
            found = (self.path / name).lstat()
        except OSError as error:
            raise NoFile(name) from error
        return f"{found.st_ino}-{found.st_size}-{found.st_mtime_ns}"

    def first_line(self, name: str) -> bytes:
        """The first line, or what there is of it. Raises NoFile."""
        with self._open(name) as stream:
            return stream.readline(_LONGEST_ROW)

    @contextmanager
    def copy(self, name: str, *, most_bytes: int) -> Iterator[IO[bytes]]:
        """A copy that nobody else can change while it is read; it is gone with the process.

        Raises:
            NoFile, TooLarge.
        """
        with tempfile.TemporaryFile() as spool, self._open(name) as stream:
            if os.fstat(stream.fileno()).st_size > most_bytes:
                raise TooLarge
            shutil.copyfileobj(stream, spool)
            yield spool

    def put_away(self, name: str, *, to: Literal["done", "refused"], report: str) -> str:
        """Move a file with its report; gives the name that it has there.

        The report is there first: a file that was moved has one. Nothing is written over.
        """
        folder = self.path / to
        folder.mkdir(exist_ok=True)
        # By its number, and no link: whoever drops files must not choose where reports go.
        there = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            target = _free(there, name)
            part = f".{target}.txt.part"
            flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
            with os.fdopen(os.open(part, flags, 0o644, dir_fd=there), "wb") as stream:
                stream.write(report.encode())
                stream.flush()
                os.fsync(stream.fileno())
            os.rename(part, f"{target}.txt", src_dir_fd=there, dst_dir_fd=there)
            os.rename(self.path / name, target, dst_dir_fd=there)
        except FileNotFoundError:
            raise NoFile(name) from None
        finally:
            os.close(there)
        return target

    @contextmanager
    def _open(self, name: str) -> Iterator[IO[bytes]]:
        try:
            number = os.open(self.path / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError as error:
            raise NoFile(name) from error
        with os.fdopen(number, "rb") as stream:
            if not stat.S_ISREG(os.fstat(number).st_mode):
                raise NoFile(name)
            yield stream


def is_fit(name: str) -> bool:
    """Whether a name can be written down, and be given to a report."""
    return name.isprintable() and len(os.fsencode(name)) <= MOST_NAME_BYTES


def shown(name: str) -> str:
    """An unfit name, as far as it can be shown."""
    return "".join(each if each.isprintable() else "?" for each in name)[:MOST_NAME_BYTES]


def lines_of(stream: IO[bytes]) -> Iterator[bytes]:
    """All lines of a file from its start; one that is too long comes in pieces."""
    stream.seek(0)
    while line := stream.readline(_LONGEST_ROW):
        yield line


def _free(folder: int, name: str) -> str:
    """A name that no file has in a folder, given by its number."""
    taken = set(os.listdir(folder))
    stem, suffix = Path(name).stem, Path(name).suffix
    target, number = name, 1
    while target in taken:
        number += 1
        target = f"{stem}.{number}{suffix}"
    return target
