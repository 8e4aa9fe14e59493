"""The tutorial, walked as it is written, on a machine with nothing but what it asks for.

The page about verifying goes on in the same shell: the hub is stopped by then, and not needed.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from coalition.db.embedded import EmbeddedServer, running_address
from tests.docs.pages import DOCS
from tests.docs.walkthrough import agrees, blocks_of, files_of, plain, steps_of, walk

PAGES = (
    DOCS / "tutorial" / "first-coalition.md",
    DOCS / "how-to" / "verify-a-statement.md",
)
_SECONDS = 540.0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture
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


def test_a_newcomers_walk_through_the_tutorial_works_as_written(home: Path) -> None:
    folder = home / "first-coalition"
    folder.mkdir()
    steps = []
    for page in PAGES:
        blocks = blocks_of(page.read_text("utf-8"))
        for name, content in files_of(blocks).items():
            (folder / name).write_text(content, "utf-8")
        steps += steps_of(page.name, blocks)
    programs = Path(sys.executable).parent
    outcomes = walk(
        steps=steps,
        folder=home,
        environment={
            "HOME": str(home),
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
            "COALITION_BIND": f"127.0.0.1:{_free_port()}",
            "TERM": "dumb",
            "LANG": "C.UTF-8",
        },
        seconds=_SECONDS,
    )
    log = (folder / "hub.log").read_text("utf-8")[-4000:]
    for outcome in outcomes:
        step = outcome.step
        where = (
            f"{step.place}\n{step.commands}\n--- the hub logged ---\n{log}\n"
            f"--- it showed ---\n{outcome.output}"
        )
        assert outcome.status == 0, where
        if step.shown is not None:
            assert agrees(shown=step.shown, output=outcome.output), (
                f"{where}--- the page shows ---\n{plain(step.shown)}"
            )


def test_only_the_set_up_of_the_tutorial_is_not_run() -> None:
    prepared = [each for each in blocks_of(PAGES[0].read_text("utf-8")) if each.language == "sh"]
    assert [each.content for each in prepared] == [
        'make setup\nexport PATH="$PWD/.venv/bin:$PATH"\n'
    ]
