"""What a verification found: which file, which line, what is wrong with it."""

from dataclasses import dataclass, field
from typing import Literal

__all__ = ["Code", "Finding", "Findings"]

#: container: the ZIP around the files; signature: statement.json.p7s; chain: certificates;
#: root: not the trusted root; hash: not the bytes that were signed; line: the two renderings
#: differ or a line contradicts itself; sum: totals; merkle: the lines' tree; continuity: the
#: statement before; proof: the proof of a line is not one;
#: pdf: the PDF is not one that was signed as a statement's is, with the statement in it;
#: log: the proof that the statement is in the log does not hold.
Code = Literal[
    "container",
    "signature",
    "chain",
    "root",
    "statement",
    "hash",
    "line",
    "sum",
    "merkle",
    "continuity",
    "proof",
    "pdf",
    "log",
]
_LIMIT = 100


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong; ``line`` is the statement's line number, where it is a line."""

    file: str
    line: int | None
    code: Code
    message: str

    def __str__(self) -> str:
        """Render as ``file:line: message (code)``."""
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"{place}: {self.message} ({self.code})"


@dataclass(slots=True)
class Findings:
    """Collects findings, each once and at most a hundred of them."""

    found: list[Finding] = field(default_factory=list)

    def add(self, code: Code, file: str, message: str, *, line: int | None = None) -> None:
        """Note one finding."""
        finding = Finding(file, line, code, message)
        if finding not in self.found and len(self.found) < _LIMIT:
            self.found.append(finding)

    def against(self, *files: str) -> bool:
        """Whether anything was found against one of these files."""
        return any(finding.file in files for finding in self.found)
