"""Running a Markdown page as its reader would: files saved, commands typed in one shell.

- A fenced block after a paragraph that ends in "Save as `NAME`:" is a file.
- A `bash` block is typed; a `text` block right after it is what the shell then shows.
- An `sh` block prepares the reader's machine, or a new shell; a test's machine is prepared already.

In what is shown, `…` stands for any text within a line, alone on a line for any lines; ids, keys
and card numbers stand for any other of their kind.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

_FENCE = re.compile(r"^```(?P<language>\w*)\n(?P<content>.*?)^```$", re.DOTALL | re.MULTILINE)
_SAVE = re.compile(r"Save\s+(?:this\s+)?as\s+`(?P<name>[^`]+)`:\s*$")
_MARK = "@@ block"
# What differs from run to run, by its own form.
_VARYING = re.compile(
    r"\b(?P<prefix>mem|prt|agr|lot|hld|red|stm|evt|key|sub|mov|psn|rel|pay|bnk|dsp|ent)"
    r"_[0-9a-z]{26}\b"
    r"|\b(?P<token>ch[lo]_test)_\w+"
    r"|\b(?P<card>97)\d{14}\b"
    r"|(?P<hash>\b)[0-9a-f]{64}\b"
)


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block, where it stands, and the text before it."""

    language: str
    content: str
    line: int
    before: str


@dataclass(frozen=True, slots=True)
class Step:
    """Commands typed at once, and what is said to be shown; None: nothing is said of it."""

    place: str
    commands: str
    shown: str | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a step really showed; `status` None: it was never reached."""

    step: Step
    status: int | None
    output: str


def blocks_of(markdown: str) -> list[Block]:
    """The fenced blocks of a page, in order."""
    found, end = [], 0
    for match in _FENCE.finditer(markdown):
        found.append(
            Block(
                language=match["language"],
                content=match["content"],
                line=markdown.count("\n", 0, match.start()) + 1,
                before=markdown[end : match.start()].strip(),
            )
        )
        end = match.end()
    return found


def files_of(blocks: list[Block]) -> dict[str, str]:
    """The files that the page asks to save."""
    found = {}
    for block in blocks:
        match = _SAVE.search(block.before)
        if match is not None:
            found[match["name"]] = block.content
    return found


def steps_of(page: str, blocks: list[Block], *, typed: Collection[str] = ("bash",)) -> list[Step]:
    """The commands of the page in the blocks that are typed, each with what is shown after them."""
    steps: list[Step] = []
    last = None
    for block in blocks:
        if block.language in typed:
            steps.append(Step(f"{page}:{block.line}", block.content, None))
        elif block.language == "text" and last is not None and not block.before:
            steps[-1] = Step(steps[-1].place, steps[-1].commands, block.content)
        last = block if block.language in typed else None
    return steps


def walk(
    *, steps: list[Step], folder: Path, environment: Mapping[str, str], seconds: float
) -> list[Outcome]:
    """Type all steps in one bash, stopping at the first that fails."""
    script = ["set -e -o pipefail"]
    for number, step in enumerate(steps):
        script += [_marking(number), step.commands.rstrip("\n")]
    script.append(_marking(len(steps)))
    path = folder / ".walk.sh"
    path.write_text("\n".join(script) + "\n")
    with (folder / ".walk.out").open("w+") as said:
        done = subprocess.run(
            ["bash", str(path)],
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
            timeout=seconds,
            check=False,
        )
        said.seek(0)
        parts = re.split(rf"\n{_MARK} \d+\n", said.read())[1:]
    reached = len(parts) - 1
    return [
        Outcome(
            step,
            (0 if number < reached else done.returncode) if number < len(parts) else None,
            parts[number] if number < len(parts) else "",
        )
        for number, step in enumerate(steps)
    ]


def _marking(number: int) -> str:
    # What comes before may have ended without a newline.
    return f"printf '\\n{_MARK} {number}\\n'"


def plain(text: str) -> str:
    """Text without what differs from run to run, and without blanks at the ends of lines."""
    lines = _VARYING.sub(lambda match: f"<{match.lastgroup}>", text).strip("\n").splitlines()
    return "\n".join(line.rstrip() for line in lines)


def agrees(*, shown: str, output: str) -> bool:
    """Whether an output is what the page shows."""
    lines = [
        r"[\s\S]*" if line == "…" else re.escape(line).replace("…", ".*")
        for line in plain(shown).splitlines()
    ]
    return re.fullmatch("\n".join(lines), plain(output)) is not None
