"""What `coalition doctor` tells of connections that are still in test."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from sqlalchemy import Connection

from coalition.checkouts.certification.service import is_current, standing
from partner_sdk.wire.ids import encode


def check(connection: Connection) -> Iterator[tuple[Literal["ok", "note"], str, str, str]]:
    """Whether each was certified as it is set; nothing of it is wrong, for nothing is live."""
    for stored, last in standing(connection=connection):
        public = encode("con", stored.connection_id)
        about, again = (
            f"checkout {stored.name} ({public})",
            f"coalition connection certify {public}",
        )
        if last is None:
            yield "note", about, "in test, and never certified", again
        elif not is_current(last, stored):
            yield "note", about, "in test, and changed since it was certified", again
        elif not last.passed:
            failed = ", ".join(each.case for each in last.cases if each.grade == "failed")
            yield "note", about, f"in test, and failed: {failed}", f"{again} --last"
        else:
            live = f"when you are ready: coalition connection set {public} --state live"
            yield "ok", about, "in test, and certified", live
