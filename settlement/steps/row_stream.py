"""A stream of lists of rows, handed out statement by statement."""

from __future__ import annotations

from collections.abc import Iterator

from settlement.steps.plan import IncompleteLines
from settlement.store.stream import Rows


class RowStream:
    """A stream of lists of rows, handed out statement by statement."""

    def __init__(self, chunks: Iterator[Rows]) -> None:
        self._chunks = chunks
        self._rest: Rows = []

    def take(self, count: int) -> Iterator[Rows]:
        """Exactly the next `count` rows, in lists. Raises IncompleteLines if there are fewer."""
        while count:
            chunk = self._rest or next(self._chunks, [])
            if not chunk:
                raise IncompleteLines(f"{count} lines of a statement have no details")
            self._rest = chunk[count:]
            head = chunk[:count] if self._rest else chunk
            count -= len(head)
            yield head

    def skip(self, count: int) -> None:
        """Pass over the next `count` rows."""
        for _ in self.take(count):
            pass

    def expect_end(self) -> None:
        """Raises IncompleteLines if a row is left that no statement asked for."""
        if self._rest or next(self._chunks, []):
            raise IncompleteLines("there are more lines than the statements have")

    def close(self) -> None:
        """Let go of the cursor."""
        close = getattr(self._chunks, "close", None)
        if close is not None:
            close()
