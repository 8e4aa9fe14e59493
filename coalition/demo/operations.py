"""The operator's calls that the demo makes: the clock, and taking the brands on."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from coalition.demo.brands import Brand
from coalition.demo.home import Home
from coalition.demo.server import make_operator_token
from partner_sdk.client import PartnerClient
from partner_sdk.keys import public_key_text, read_private_key, write_new_private_key
from partner_sdk.wire.instants import format_instant

__all__ = ["Operator", "PartnerKeys"]


@dataclass(frozen=True, slots=True)
class PartnerKeys:
    """A brand's id at the hub, the id of its signing key, and a bearer key for trying things."""

    partner: str
    key: str
    bearer: str


class Operator:
    """Speaks to the hub with the operator's key."""

    def __init__(self, *, base_url: str, token: str) -> None:
        """`token` is the operator's bearer key."""
        self._client = PartnerClient(base_url, bearer=token)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def set_clock(self, instant: datetime) -> None:
        """Set the business clock of the test environment."""
        self._client.call("PUT", "/v1/test/clock", body={"instant": format_instant(instant)})

    def take_on(self, brand: Brand, *, home: Home) -> PartnerKeys:
        """Enter a brand, publish its agreement versions, register its keys, and let it go live.

        Safe to repeat: each call carries an idempotency key made of the brand's slug.
        """
        partner = self._post(
            "/v1/partners", {"slug": brand.slug, "name": brand.name}, f"partner-{brand.slug}"
        )["id"]
        for number, version in enumerate(brand.agreement(), start=1):
            body: dict[str, Any] = {
                "effective_from": format_instant(version.effective_from),
                "terms": version.terms,
            }
            if version.effective_to is not None:
                body["effective_to"] = format_instant(version.effective_to)
            self._post(
                f"/v1/partners/{partner}/agreements", body, f"agreement-{brand.slug}-{number}"
            )
        path = home.brand_key(brand.slug)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        key = read_private_key(path) if path.exists() else write_new_private_key(path)
        registered = self._post(
            f"/v1/partners/{partner}/keys",
            {"public_key": public_key_text(key), "label": "demo"},
            f"key-{brand.slug}",
        )
        bearer = self._post(
            f"/v1/partners/{partner}/bearer-keys", {"label": "demo"}, f"bearer-{brand.slug}"
        )
        for state in ("certified", "live"):
            self._post(
                f"/v1/partners/{partner}/state",
                {"state": state, "reason": "the demo's onboarding"},
                f"state-{brand.slug}-{state}",
            )
        return PartnerKeys(partner=partner, key=registered["id"], bearer=bearer["token"])

    def _post(self, path: str, body: Mapping[str, Any], key: str) -> dict[str, Any]:
        answer: dict[str, Any] = self._client.call("POST", path, body=body, idempotency_key=key)
        return answer


def write_partner_keys(path: Path, keys: Mapping[str, PartnerKeys]) -> None:
    """Keep the brands' ids and keys for the next run, readable by their owner only."""
    made = path.with_suffix(".new")
    made.touch(mode=0o600)
    made.write_text(json.dumps({slug: asdict(each) for slug, each in keys.items()}, indent=1))
    made.replace(path)


def read_partner_keys(path: Path) -> dict[str, PartnerKeys]:
    """Read what `write_partner_keys` wrote; nothing if there is nothing."""
    if not path.exists():
        return {}
    return {slug: PartnerKeys(**each) for slug, each in json.loads(path.read_text()).items()}


def operator_token(*, home: Home, database_url: str, environment: str) -> str:
    """The operator's bearer key: made once for this folder, readable by its owner only."""
    path = home.own / "operator.key"
    if not path.exists():
        made = path.with_suffix(".new")
        made.touch(mode=0o600)
        made.write_text(make_operator_token(database_url=database_url, environment=environment))
        made.replace(path)
    return path.read_text()
