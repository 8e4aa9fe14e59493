"""What `coalition doctor` looks at for checkouts: files that need somebody, platforms unheard."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final, Literal

from sqlalchemy import Connection

from coalition.checkouts.certification import doctor as certification
from coalition.checkouts.files.domain import ADVICE
from coalition.checkouts.files.store.told import list_troubles
from coalition.checkouts.polling.store import list_failing
from partner_sdk.wire.ids import encode

Grade = Literal["ok", "note", "wrong"]
Found = tuple[Grade, str, str, str]
"""Grade, what about, what was found, how to mend it."""

_USUAL: Final = timedelta(hours=1)
"""So long a file may wait for one before it, or for its end, before that is wrong."""
_REFUSED_FOR: Final = timedelta(days=7)
"""So long a refused file is told, if its number does not come meanwhile."""
_MOST_FAILURES: Final = 3
"""So often a platform may not answer before that is wrong: each look takes longer to come."""


def check(connection: Connection, now: datetime) -> Iterator[Found]:
    """Look at files that the pick-up left or refused, at platforms that cannot be asked, and at
    connections in test.

    `now` is wall time.
    """
    for each in list_troubles(connection=connection, refused_since=now - _REFUSED_FOR):
        waits = each.what == "waiting" or (each.what != "refused" and now - each.since < _USUAL)
        public = encode("con", each.connection_id)
        yield (
            "note" if waits else "wrong",
            f"files of {each.connection_name} ({public})",
            f"{each.count} {each.what} since {_at(each.since)}; {each.name}: {each.text}",
            f"{ADVICE[each.what]} All: GET /v1/connections/{public}/files",
        )
    for failing in list_failing(connection=connection, attempts=_MOST_FAILURES):
        public = encode("con", failing.connection_id)
        asked = f"failed {failing.attempts} times, asked up to {_at(failing.polled_until)}"
        yield (
            "wrong",
            f"polling of {failing.connection_name} ({public})",
            f"{asked}: {failing.problem}",
            f"GET /v1/connections/{public}/calls shows what was asked, and what was answered",
        )
    yield from certification.check(connection)


def _at(instant: datetime) -> str:
    return f"{instant:%Y-%m-%d %H:%M} UTC"
