"""Routes of the verifier: the hash of the verify.py in bundles, published apart from them."""

from __future__ import annotations

from coalition.http import fields
from coalition.http.endpoint import Answer, RequestContext, Routes
from coalition.http.schemas import AnswerSchema
from partner_sdk.wire import verifier

routes = Routes(tag="Statements")

_NAME = "verify.py"


class VerifierAnswer(AnswerSchema):
    """The program that every bundle carries."""

    name = fields.Text(max_length=20, required=True)
    sha256 = fields.Text(max_length=64, pattern="[0-9a-f]{64}", required=True)
    bytes = fields.WholeNumber(min=1, required=True)


@routes.endpoint(
    "GET",
    "/v1/verifier",
    caller="public",
    mode="read",
    answer=VerifierAnswer,
    summary="Describe the verifier that bundles carry",
    description="A verifier cannot vouch for itself: compare the SHA-256 of yours with this one, "
    "and with the one in the documents.",
)
def get_verifier(context: RequestContext) -> Answer:  # noqa: ARG001 - every handler has it
    """Name, length and hash of verify.py."""
    return Answer({"name": _NAME, "sha256": verifier.SHA256, "bytes": len(verifier.SOURCE)})


@routes.endpoint(
    "GET",
    "/v1/verifier/verify.py",
    caller="public",
    mode="read",
    answer_type="text/x-python; charset=utf-8",
    summary="Fetch the verifier",
    description="The bytes that every bundle carries.",
)
def get_verifier_file(context: RequestContext) -> Answer:  # noqa: ARG001 - every handler has it
    """verify.py itself."""
    return Answer(verifier.SOURCE)


@routes.endpoint(
    "GET",
    "/.well-known/coalition-verifier",
    caller="public",
    mode="read",
    answer_type="text/plain; charset=utf-8",
    summary="Fetch the verifier's hash for sha256sum",
    description="One line, as `sha256sum --check` reads it.",
)
def get_verifier_hash(context: RequestContext) -> Answer:  # noqa: ARG001 - every handler has it
    """The hash as a line of a checksum file."""
    return Answer(f"{verifier.SHA256}  {_NAME}\n".encode())
