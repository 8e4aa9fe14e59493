"""The tutorial, walked as it is written, on a machine with nothing but what it asks for.

The first chapter is walked once. What goes on from it does so in a new shell, in the folder that it
left: the page about verifying, with the hub stopped, and the chapter for finance teams.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from coalition.db.embedded import EmbeddedServer, running_address
from tests.docs.pages import DOCS
from tests.docs.walkthrough import (
    Outcome,
    agrees,
    blocks_of,
    files_of,
    plain,
    steps_of,
    walk,
)
from tests.poppler import needs_poppler

FIRST = DOCS / "tutorial" / "first-coalition.md"
FINANCE = DOCS / "tutorial" / "finance.md"
VERIFYING = DOCS / "how-to" / "verify-a-statement.md"
_SECONDS = 540.0


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody with a home folder and an address to serve at."""

    home: Path
    bind: str

    @property
    def folder(self) -> Path:
        """Where the pages are walked."""
        return self.home / "first-coalition"

    def walk(
        self, page: Path, *, typed: Collection[str] = ("bash",), within: Path | None = None
    ) -> list[Outcome]:
        """Walk a page in a shell of its own."""
        blocks = blocks_of(page.read_text("utf-8"))
        for name, content in files_of(blocks).items():
            (self.folder / name).write_text(content, "utf-8")
        return walk(
            steps=steps_of(page.name, blocks, typed=typed),
            folder=within or self.home,
            environment={
                "HOME": str(self.home),
                "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
                "COALITION_BIND": self.bind,
                "TERM": "dumb",
                "LANG": "C.UTF-8",
            },
            seconds=_SECONDS,
        )

    def hub_log(self) -> str:
        """The end of what the hub said."""
        log = self.folder / "hub.log"
        return log.read_text("utf-8")[-4000:] if log.exists() else ""


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """A reader's home folder; a hub that a failed walk left running there is stopped.

    Not below pytest's own temporary folder: another session closes that to other users, and run by
    root, PostgreSQL is another user.
    """
    made = Path(tempfile.mkdtemp(prefix="coalition-walk-"))
    yield made
    data = made / "first-coalition" / "var"
    for hub in _hubs_below(made):
        os.kill(hub, signal.SIGTERM)
    deadline = time.monotonic() + 60
    while _hubs_below(made) and time.monotonic() < deadline:
        time.sleep(0.1)
    if running_address(data_folder=data):
        EmbeddedServer(data_folder=data).stop()
    shutil.rmtree(made, ignore_errors=True)


def _hubs_below(home: Path) -> list[int]:
    """Processes of `coalition serve` that were started in this home."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes().split(b"\0")
            inside = (process / "cwd").readlink().is_relative_to(home)
        except OSError:
            continue
        if inside and b"serve" in command:
            found.append(int(process.name))
    return found


@pytest.fixture(scope="module")
def reader(home: Path) -> Reader:
    made = Reader(home, f"127.0.0.1:{_free_port()}")
    made.folder.mkdir()
    return made


@pytest.fixture(scope="module")
def first_chapter(reader: Reader) -> Sequence[Outcome]:
    """What walking the first chapter came to; the pages that go on from it need its folder."""
    return reader.walk(FIRST)


def _require_as_written(reader: Reader, outcomes: Sequence[Outcome]) -> None:
    assert outcomes
    for outcome in outcomes:
        step = outcome.step
        where = (
            f"{step.place}\n{step.commands}\n--- the hub logged ---\n{reader.hub_log()}\n"
            f"--- it showed ---\n{outcome.output}"
        )
        assert outcome.status == 0, where
        if step.shown is not None:
            assert agrees(shown=step.shown, output=outcome.output), (
                f"{where}--- the page shows ---\n{plain(step.shown)}"
            )


def test_a_newcomers_walk_through_the_tutorial_works_as_written(
    reader: Reader, first_chapter: Sequence[Outcome]
) -> None:
    _require_as_written(reader, first_chapter)


@pytest.mark.usefixtures("first_chapter")
def test_a_statement_is_verified_as_written_with_the_hub_switched_off(reader: Reader) -> None:
    assert not _hubs_below(reader.home)
    _require_as_written(reader, reader.walk(VERIFYING, within=reader.folder))


@needs_poppler
@pytest.mark.usefixtures("first_chapter")
def test_the_finance_chapter_goes_on_in_a_new_shell_and_works_as_written(reader: Reader) -> None:
    _require_as_written(reader, reader.walk(FINANCE, typed=("sh", "bash")))


def test_only_the_set_up_of_the_tutorial_is_not_run() -> None:
    prepared = [each for each in blocks_of(FIRST.read_text("utf-8")) if each.language == "sh"]
    assert [each.content for each in prepared] == [
        'make setup\nexport PATH="$PWD/.venv/bin:$PATH"\n'
    ]
