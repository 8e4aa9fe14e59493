"""Variables of paths: how each is spelled, read and described, and what is missing if wrong."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from coalition.errors import HubError
from coalition.http.fields import Json, id_schema
from partner_sdk.wire import ids

_VARIABLE = re.compile(r"{([a-z_]+)}")


@dataclass(frozen=True, slots=True)
class PathType:
    """One kind of path variable. `read` raises ValueError for a text that names nothing."""

    read: Callable[[str], Any]
    schema: Json
    missing: str
    what: str


def public_id(prefix: str, missing: str, what: str) -> PathType:
    """A public id, read as UUID."""
    return PathType(lambda text: ids.decode(prefix, text), id_schema(prefix), missing, what)


def plain_text(pattern: str, missing: str, what: str, *, max_length: int) -> PathType:
    """Text that fits a pattern."""
    compiled = re.compile(pattern, re.ASCII)

    def read(text: str) -> str:
        if len(text) > max_length or compiled.fullmatch(text) is None:
            raise ValueError
        return text

    schema: Json = {"type": "string", "pattern": f"^{pattern}$", "maxLength": max_length}
    return PathType(read, schema, missing, what)


BY_NAME: Mapping[str, PathType] = {
    "member_id": public_id("mem", "member_not_found", "The member."),
    "partner_id": public_id("prt", "partner_not_found", "The partner."),
    "hold_id": public_id("hld", "hold_not_found", "The hold."),
    "redemption_id": public_id("red", "redemption_not_found", "The redemption."),
    "key_id": public_id("key", "not_found", "The key."),
    "subscription_id": public_id("sub", "webhook_not_found", "The subscription."),
    "event_id": public_id("evt", "event_not_found", "The event."),
    "connection_id": public_id("con", "connection_not_found", "The connection."),
    "spend_id": public_id("spd", "spend_not_found", "The spend."),
    "message_id": public_id("msg", "message_not_found", "The message."),
    "certification_id": public_id(
        "crt", "certification_not_found", "The report of a certification."
    ),
    "statement_id": public_id("stm", "statement_not_found", "The statement."),
    "dispute_id": public_id("dsp", "dispute_not_found", "The dispute."),
    "lot_id": public_id("lot", "not_found", "The lot."),
    "sale_id": plain_text(
        r"[A-Za-z0-9_~-][A-Za-z0-9._~-]{0,63}",
        "sale_not_found",
        "The partner's own id of the sale.",
        max_length=64,
    ),
    "number": plain_text("[0-9]{8,24}", "card_not_found", "The card's number.", max_length=24),
    "code": plain_text("[a-z_]{1,64}", "not_found", "The problem's code.", max_length=64),
}


def variables(path: str) -> tuple[str, ...]:
    """Names of the variables of `/v1/members/{member_id}`."""
    return tuple(_VARIABLE.findall(path))


def flask_rule(path: str) -> str:
    """The same path as Flask writes it."""
    return _VARIABLE.sub(r"<\1>", path)


def read_path(types: Mapping[str, PathType], found: Mapping[str, str]) -> dict[str, Any]:
    """Read the variables of a request's path.

    Raises:
        HubError: the code of what cannot exist under such a name.
    """
    values = {}
    for name, text in found.items():
        kind = types[name]
        try:
            values[name] = kind.read(text)
        except ValueError:
            raise HubError(kind.missing, f"Nothing has this {name}.") from None
    return values
