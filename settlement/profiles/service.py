"""Setting and reading finance profiles."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from settlement.profiles import store
from settlement.profiles.domain import DEFAULT_PROFILE, Profile
from settlement.profiles.store import StoredProfile
from settlement.profiles.wire import profile_document, read_profile


def set_profile(
    *, connection: Connection, party_no: int, profile: Profile, set_by: str, now: datetime
) -> None:
    """Have a profile hold from the next statement on; `now` is wall time.

    Setting what holds already adds no version.
    """
    if read_profile_of(connection=connection, party_no=party_no) == profile:
        return
    stored = StoredProfile(profile_document(profile), set_by, now)
    store.insert_profile(connection=connection, party_no=party_no, stored=stored)


def read_profile_of(*, connection: Connection, party_no: int) -> Profile:
    """The profile that holds for a party; the default where it has none."""
    found = store.read_newest(connection=connection, party_no=party_no).get(party_no)
    return DEFAULT_PROFILE if found is None else read_profile(found.document)


def read_profiles(*, connection: Connection) -> dict[int, Profile]:
    """The profiles that hold, of all parties that have one, by number."""
    found = store.read_newest(connection=connection)
    return {party_no: read_profile(stored.document) for party_no, stored in found.items()}
