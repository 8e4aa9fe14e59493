"""Answers of GraphQL are 200 for errors too: they are told apart, and name no content."""

from __future__ import annotations

import json
from typing import Any

import pytest

from adapters.contract import Answer, Headers, Malformed, NotNow
from adapters.graphql import data, graphql, refused


def answer(said: Any, status: int = 200) -> Answer:
    return Answer(status, Headers({}), json.dumps(said).encode())


def test_a_call_holds_query_and_variables_and_names_what_it_makes() -> None:
    call = graphql("/graphql/", "query($id: ID!) { x }", {"id": "7"}, "hld_1")
    assert (call.method, call.path, call.key) == ("POST", "/graphql/", "hld_1")
    assert json.loads(call.body) == {"query": "query($id: ID!) { x }", "variables": {"id": "7"}}


@pytest.mark.parametrize(
    ("errors", "told"),
    [
        ([{"message": "slower", "extensions": {"code": "THROTTLED"}}], "THROTTLED"),
        ([{"extensions": {"exception": {"code": "PermissionDenied"}}}], "PermissionDenied"),
        ([{"extensions": {"code": "Ann Example, 7 Main St"}}, {"message": "no"}], "unnamed"),
        ("trouble", "unnamed"),
        (1, "unnamed"),
        ({"code": "x"}, "unnamed"),
    ],
)
def test_errors_are_told_by_their_codes_and_are_no_facts(errors: Any, told: str) -> None:
    with pytest.raises(NotNow, match=f"Shop answered errors: {told}$"):
        data(answer({"errors": errors, "data": {"order": {}}}), "Shop")


@pytest.mark.parametrize(
    "wrong",
    [answer([]), answer({}), answer({"data": []}), answer({"data": {}}, 500), answer({}, 404)],
)
def test_what_holds_no_data_is_malformed(wrong: Answer) -> None:
    with pytest.raises(Malformed):
        data(wrong, "Shop")


def test_a_mutation_tells_by_codes_what_it_did_not_do() -> None:
    said = {"make": {"userErrors": [{"code": "TAKEN", "message": "…"}, {"message": "?"}]}}
    assert refused(said, "make", under="userErrors") == ["TAKEN", "None"]
    assert refused({"make": {"errors": []}}, "make") == []
    with pytest.raises(Malformed, match="make is not an object"):
        refused({"make": None}, "make")
