"""The table of problems says what a reader needs."""

import re

import pytest

from partner_sdk import errors
from partner_sdk.wire.problems import PROBLEMS, FieldError, Problem, problem_document


@pytest.mark.parametrize("code", PROBLEMS)
def test_each_problem_has_a_status_a_title_and_an_advice(code: str) -> None:
    kind = PROBLEMS[code]
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", code)
    assert 400 <= kind.status <= 599
    assert not kind.title.endswith(".")
    assert kind.what_to_do.endswith(".")
    assert kind.retryable is (code in RETRYABLE)


RETRYABLE = {
    "conflict_retry",
    "idempotency_in_progress",
    "internal_error",
    "rate_limited",
    "service_unavailable",
}


@pytest.mark.parametrize("code", PROBLEMS)
def test_each_problem_becomes_an_exception_with_all_it_says(code: str) -> None:
    document = problem_document(
        code=code,
        detail="The till is on fire.",
        errors=[FieldError("/lines/0/amount", "must be text")],
        request_id="req_1",
        extra={"available": 3},
    )
    error = errors.error_of(Problem.from_wire(document))
    assert isinstance(error, errors.CoalitionError)
    assert (error.code, error.status, error.request_id) == (code, PROBLEMS[code].status, "req_1")
    assert error.errors == (FieldError("/lines/0/amount", "must be text"),)
    assert error.problem.extra == {"available": 3}
    assert str(error) == f"{code}: The till is on fire."


def test_a_problem_document_names_its_page_and_stays_itself() -> None:
    document = problem_document(code="member_frozen", extra={"status": 200, "since": "x"})
    assert document["type"] == "/problems/member_frozen"
    assert document["status"] == 409
    assert document["since"] == "x"
    assert "errors" not in document


def test_what_a_till_acts_upon_has_a_class_of_its_own() -> None:
    def kind_of(code: str) -> type:
        return type(errors.error_of(Problem.from_wire(problem_document(code=code))))

    assert kind_of("insufficient_points") is errors.InsufficientPoints
    assert kind_of("member_not_found") is errors.MemberNotFound
    assert kind_of("spend_locked") is errors.SpendingForbidden
    assert kind_of("hold_expired") is errors.HoldExpired
    assert kind_of("signature_stale") is errors.AuthenticationFailed
    assert kind_of("validation_failed") is errors.ValidationFailed
    assert kind_of("internal_error") is errors.HubUnavailable
    assert kind_of("payload_too_large") is errors.RequestRejected


def test_a_field_of_a_newer_hub_does_no_harm() -> None:
    problem = Problem.from_wire({"code": "brand_new", "status": 418, "new": {"a": 1}})
    assert problem.extra == {"new": {"a": 1}}
    assert isinstance(errors.error_of(problem), errors.RequestRejected)
