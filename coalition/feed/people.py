"""Who of the operator's people acts: proven by a key, never by a name alone."""

from __future__ import annotations

from sqlalchemy import Connection

from coalition.errors import HubError
from coalition.feed.facts import OperatorFacts
from coalition.partners.keys import is_well_formed, token_sha256
from coalition.partners.store import load_bearer_keys


def find_operator(*, connection: Connection, token: str) -> OperatorFacts:
    """The person who holds an operator's key.

    Raises:
        HubError: `key_unknown` for a mistyped, unknown or partner's key, `key_revoked`.
    """
    key = None
    if is_well_formed(token):
        key = load_bearer_keys(connection=connection).get(token_sha256(token))
    if key is None or key.person is None:
        raise HubError("key_unknown", "This is not a key of one of the operator's people.")
    if key.revoked_at is not None:
        raise HubError("key_revoked", f"The key of {key.person} was revoked.")
    return OperatorFacts(person=key.person, key_id=key.key_id)
