"""Reading what a connection is set to, from the wire and from the database; every fault named."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from typing import Any
from zoneinfo import available_timezones

from adapters.contract import Manifest, Secrets, Settings
from coalition.checkouts.domain import MEMBER_BY
from coalition.errors import FieldError, HubError
from coalition.outgoing.targets import TargetRefused, parse_target
from coalition.sales.domain import TENDER_KINDS

MAX_ENTRIES = 500
"""Of one mapping."""
MAX_TEXT = 200
MAX_SECRET = 10_000
SIGNING = "signing"
_SETTINGS = ("currency", "time_zone", "store_url", "categories", "tenders", "member_by", "options")


def to_document(settings: Settings) -> dict[str, Any]:
    """Settings as JSON."""
    document = asdict(settings)
    document["member_by"] = list(settings.member_by)
    return document


def from_document(document: Mapping[str, Any]) -> Settings:
    """Settings as they were stored."""
    return Settings(**{**document, "member_by": tuple(document["member_by"])})


def changed_settings(
    *, settings: Settings, changes: Mapping[str, Any], manifest: Manifest, allow_private: bool
) -> Settings:
    """Settings with the changes given; others stay.

    Raises:
        HubError: `validation_failed`, with a pointer for every wrong place.
    """
    given = {name: changes[name] for name in _SETTINGS if name in changes}
    faults = list(_faults(given, manifest, allow_private=allow_private))
    if faults:
        raise HubError(
            "validation_failed", "The connection cannot be set so.", errors=tuple(faults)
        )
    if "member_by" in given:
        given["member_by"] = tuple(given["member_by"])
    return replace(settings, **given)


def read_secrets(given: Mapping[str, Any], manifest: Manifest) -> Secrets:
    """Secrets by the names that the platform has.

    Raises:
        HubError: `validation_failed`: a name that the platform does not have, or no secret in it.
    """
    faults = []
    for name, value in given.items():
        at = f"/secrets/{name[:64]}"
        if name not in manifest.secrets:
            known = ", ".join(sorted(manifest.secrets)) or "none"
            faults.append(FieldError(at, f"is no secret of {manifest.title}; there are: {known}"))
        elif not isinstance(value, str) or not 1 <= len(value) <= MAX_SECRET:
            faults.append(FieldError(at, f"must be a text of 1 to {MAX_SECRET} characters"))
    if faults:
        raise HubError("validation_failed", "The secrets cannot be used.", errors=tuple(faults))
    secrets = {name: _lines(value) for name, value in given.items()}
    signing = (secrets.pop(SIGNING),) if SIGNING in secrets else ()
    return Secrets(signing, secrets)


def _lines(secret: str) -> str:
    """A PEM key that came in one line, with `\\n` for the ends of its lines, as it was."""
    return secret.replace("\\n", "\n") if secret.startswith("-----BEGIN ") else secret


def _faults(
    given: Mapping[str, Any], manifest: Manifest, *, allow_private: bool
) -> Iterator[FieldError]:
    if "time_zone" in given and given["time_zone"] not in available_timezones():
        yield FieldError("/time_zone", "must be an IANA time zone, such as Europe/Bucharest")
    if given.get("store_url"):
        try:
            parse_target(given["store_url"], allow_private=allow_private)
        except TargetRefused as refused:
            yield FieldError("/store_url", refused.why)
    for name in ("categories", "tenders", "options"):
        yield from _mapping_faults(name, given.get(name, {}))
    for key, value in given.get("tenders", {}).items():
        if value not in TENDER_KINDS:
            kinds = ", ".join(TENDER_KINDS)
            yield FieldError(f"/tenders/{key[:64]}", f"must be one of {kinds}")
    for key in given.get("options", {}):
        if key not in manifest.options and key not in _HUB_OPTIONS:
            known = ", ".join(sorted({*manifest.options, *_HUB_OPTIONS}))
            yield FieldError(f"/options/{key[:64]}", f"is no option here; there are: {known}")
    ways = given.get("member_by", ())
    if len(set(ways)) != len(ways) or not set(ways) <= set(MEMBER_BY):
        yield FieldError("/member_by", f"must be some of {', '.join(MEMBER_BY)}, each once")


#: `hook_url`: the address as the platform was told it, where a proxy hides it from the hub.
_HUB_OPTIONS = frozenset({"hook_url"})


def _mapping_faults(name: str, mapping: Mapping[str, Any]) -> Iterator[FieldError]:
    if len(mapping) > MAX_ENTRIES:
        yield FieldError(f"/{name}", f"must have at most {MAX_ENTRIES} entries")
    for key, value in mapping.items():
        if not 1 <= len(key) <= MAX_TEXT or not isinstance(value, str):
            yield FieldError(f"/{name}/{key[:64]}", "must be texts by texts")
        elif not 1 <= len(value) <= MAX_TEXT or not value.isprintable():
            yield FieldError(f"/{name}/{key[:64]}", f"must be 1 to {MAX_TEXT} printable characters")
