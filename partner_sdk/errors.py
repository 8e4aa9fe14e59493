# ruff: noqa: N818 - the names say what happened
"""Everything that can go wrong with the hub, in one tree rooted at ``CoalitionError``.

A problem document becomes an ``ApiError``; codes that a till acts upon have classes of their
own, the others fall to the class of their status. ``retryable`` is already spent: the client has
retried within its bounds before it raises.
"""

from partner_sdk.wire.problems import FieldError, Problem

__all__ = [
    "AccessDenied",
    "ApiError",
    "AuthenticationFailed",
    "CoalitionError",
    "Conflict",
    "ConnectionFailed",
    "HoldExpired",
    "HubUnavailable",
    "InsufficientPoints",
    "MemberNotFound",
    "NotFound",
    "RequestRejected",
    "SpendingForbidden",
    "TimedOut",
    "TransportError",
    "UnexpectedAnswer",
    "ValidationFailed",
    "WebhookInvalid",
    "error_of",
]


class CoalitionError(Exception):
    """The root: catch this to catch everything that the SDK raises about the hub."""


class TransportError(CoalitionError):
    """No answer came; whether the hub did the work is not known. Sending again is safe."""


class ConnectionFailed(TransportError):
    """The hub could not be reached, or the connection broke."""


class TimedOut(TransportError):
    """The hub did not answer in time."""


class UnexpectedAnswer(CoalitionError):
    """The answer is not what a hub sends; is ``base_url`` right, is there a proxy?"""


class WebhookInvalid(CoalitionError):
    """The delivery is not proven to come from the hub, or it is too old."""


class ApiError(CoalitionError):
    """The hub answered with a problem document."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(f"{problem.code}: {problem.detail}")
        self.problem = problem

    @property
    def code(self) -> str:
        return self.problem.code

    @property
    def status(self) -> int:
        return self.problem.status

    @property
    def errors(self) -> tuple[FieldError, ...]:
        return self.problem.errors

    @property
    def request_id(self) -> str | None:
        return self.problem.request_id

    @property
    def retryable(self) -> bool:
        return self.problem.retryable

    @property
    def what_to_do(self) -> str:
        return self.problem.what_to_do


class RequestRejected(ApiError):
    """400, 405, 413, 415 …: the request itself is wrong."""


class AuthenticationFailed(ApiError):
    """401: the key, the signature or the clock."""


class AccessDenied(ApiError):
    """403: not yours to do."""


class NotFound(ApiError):
    """404: no such thing, or not yours to see."""


class MemberNotFound(NotFound):
    """No such member or card."""


class Conflict(ApiError):
    """409: the state of things does not allow it."""


class InsufficientPoints(Conflict):
    """The member cannot spend that many points."""


class HoldExpired(Conflict):
    """The hold is over; its points are free again."""


class SpendingForbidden(Conflict):
    """The member is frozen, closed or has locked spending."""


class ValidationFailed(ApiError):
    """422: ``errors`` names the fields."""


class HubUnavailable(ApiError):
    """429 and 5xx: the hub cannot answer now."""


_BY_CODE: dict[str, type[ApiError]] = {
    "card_not_found": MemberNotFound,
    "hold_expired": HoldExpired,
    "insufficient_points": InsufficientPoints,
    "member_closed": SpendingForbidden,
    "member_frozen": SpendingForbidden,
    "member_not_found": MemberNotFound,
    "spend_locked": SpendingForbidden,
}
_BY_STATUS: dict[int, type[ApiError]] = {
    401: AuthenticationFailed,
    403: AccessDenied,
    404: NotFound,
    409: Conflict,
    422: ValidationFailed,
    429: HubUnavailable,
}


def error_of(problem: Problem) -> ApiError:
    """Return the exception that stands for a problem document."""
    found = _BY_CODE.get(problem.code) or _BY_STATUS.get(problem.status)
    if found is None:
        found = HubUnavailable if problem.status >= 500 else RequestRejected
    return found(problem)
