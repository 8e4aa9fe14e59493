"""Routes of the signers' certificates: what verifiers look up, for everybody."""

from __future__ import annotations

from coalition.errors import HubError
from coalition.http.endpoint import Answer, RequestContext, Routes
from settlement.signing import KeysMissing
from settlement.signing.publication import JWKS, REVOKED, ROOT, SIGNERS, published

routes = Routes(tag="Keys")

_PEM = "application/x-pem-file"


@routes.endpoint(
    "GET",
    "/.well-known/coalition-root.pem",
    caller="public",
    mode="read",
    answer_type=_PEM,
    summary="Fetch the root certificate",
    description="To be compared with the one that you got otherwise: this one proves nothing.",
    problems=("not_found",),
)
def get_root(context: RequestContext) -> Answer:
    """The root, as PEM."""
    return _file(context, ROOT)


@routes.endpoint(
    "GET",
    "/.well-known/coalition-signers.pem",
    caller="public",
    mode="read",
    answer_type=_PEM,
    summary="Fetch the certificates of all signers",
    description="Of those that sign and of those that signed once, the oldest first.",
    problems=("not_found",),
)
def get_signers(context: RequestContext) -> Answer:
    """Every signer and issuer, as PEM."""
    return _file(context, SIGNERS)


@routes.endpoint(
    "GET",
    "/.well-known/jwks.json",
    caller="public",
    mode="read",
    answer_type="application/jwk-set+json",
    summary="Fetch the signers as a JWK set",
    description="RFC 7517; each key has its certificates in `x5c`, the signer's first.",
    problems=("not_found",),
)
def get_jwks(context: RequestContext) -> Answer:
    """Every signer, as JWKs."""
    return _file(context, JWKS)


@routes.endpoint(
    "GET",
    "/.well-known/coalition-revoked.pem",
    caller="public",
    mode="read",
    answer_type=_PEM,
    summary="Fetch the list of revoked signers",
    description="A CRL that the root signed, for `--crl` of the verifiers. 404: none was revoked.",
    problems=("not_found",),
)
def get_revoked(context: RequestContext) -> Answer:
    """The list of revoked signers, as PEM."""
    return _file(context, REVOKED)


def _file(context: RequestContext, name: str) -> Answer:
    try:
        content = published(folder=context.hub.config.data_folder / "keys", name=name)
    except KeysMissing:
        content = None
    if not content:
        raise HubError("not_found", "There is none.")
    return Answer(content)
