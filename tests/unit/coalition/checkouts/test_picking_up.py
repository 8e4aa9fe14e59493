"""Looking for files again and again: what passes is waited for, and only what is new is told."""

from __future__ import annotations

import pytest

from coalition.checkouts.files.cli import keep_looking
from coalition.checkouts.files.domain import FileOutcome
from coalition.errors import HubError


def test_what_passes_is_waited_for_and_only_news_are_told(
    capsys: pytest.CaptureFixture[str],
) -> None:
    held = FileOutcome("2.csv", "held", None, "waits for number 1 of s1")
    script: list[Exception | list[FileOutcome]] = [
        HubError("conflict_retry", "Another process picks up these files just now."),
        [held],
        OSError("the folder is away"),
        HubError("connection_not_live", "The connection is paused."),
        [held],
        [FileOutcome("1.csv", "taken", None, "3 orders"), held],
        HubError("connection_closed", "The connection is closed."),
    ]
    steps = iter(script)
    waited: list[None] = []

    def look() -> list[FileOutcome]:
        step = next(steps)
        if isinstance(step, Exception):
            raise step
        return step

    with pytest.raises(HubError) as ended:
        keep_looking(look=look, wait=lambda: waited.append(None))
    assert ended.value.code == "connection_closed"
    assert len(waited) == len(script) - 1
    said = capsys.readouterr()
    assert said.out.splitlines() == [
        "held        2.csv  waits for number 1 of s1",
        "taken       1.csv  3 orders",
    ]
    assert said.err.splitlines() == [
        "not looked at: Another process picks up these files just now.",
        "not looked at: OSError",
        "not looked at: The connection is paused.",
    ]
