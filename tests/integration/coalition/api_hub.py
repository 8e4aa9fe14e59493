"""Calls of the operator that tests of the API need again and again."""

from __future__ import annotations

import base64
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.hub_http import Caller, public_bytes


def key_text() -> str:
    """A new public key as the API takes it."""
    return base64.b64encode(public_bytes(Ed25519PrivateKey.generate())).decode()


def code_of(answer: Any) -> str:
    """The code of a problem document."""
    assert answer.content_type == "application/problem+json", answer.get_data(as_text=True)
    return str(answer.json["code"])


def add_partner(operator: Caller, slug: str, *states: str) -> dict[str, Any]:
    """A partner entered through the API and brought through states."""
    document: dict[str, Any] = operator.send(
        "POST", "/v1/partners", {"slug": slug, "name": slug.title()}
    ).json
    for state in states:
        document = operator.send(
            "POST",
            f"/v1/partners/{document['id']}/state",
            {"state": state, "reason": "for the test"},
        ).json
    return document
