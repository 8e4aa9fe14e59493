"""Once, however often it is sent: keys, replays, refusals, and what is kept as evidence."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import text

from coalition.config import Config
from coalition.db.database import Database
from coalition.directory import Clocks
from coalition.errors import HubError
from coalition.jobs.job import JobContext, RepeatedJob
from coalition.jobs.registry import load_jobs
from partner_sdk.wire import ids
from tests.coalition_world import World
from tests.hub_http import BASE, Caller, HttpHub
from tests.integration.coalition.http import probe
from tests.integration.coalition.http.test_authentication import code

NOTE = {"note": "hello"}


def rows(world: World, sql: str) -> list[Any]:
    """What the database holds."""
    with world.database.autocommit() as connection:
        return list(connection.execute(text(sql)))


def notes(world: World) -> int:
    """How many notes were kept."""
    return len(rows(world, "SELECT 1 FROM party_event WHERE kind = 'note'"))


def test_the_same_request_again_gets_the_first_answer_and_does_nothing(
    world: World, grocer: Caller
) -> None:
    first = grocer.sign("POST", "/v1/probe/notes", NOTE, key="k-1")
    again = grocer.sign("POST", "/v1/probe/notes", NOTE, key="k-1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.get_data() == first.get_data()
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert notes(world) == 1


def test_the_same_key_for_another_request_is_refused(world: World, grocer: Caller) -> None:
    grocer.send("POST", "/v1/probe/notes", NOTE, key="k-1")
    other = grocer.send("POST", "/v1/probe/notes", {"note": "other"}, key="k-1")
    assert (other.status_code, code(other)) == (422, "idempotency_key_reused")
    elsewhere = grocer.send("POST", "/v1/probe/slow", NOTE, key="k-1")
    assert code(elsewhere) == "idempotency_key_reused"
    assert notes(world) == 1


def test_a_key_is_its_partners_own(world: World, grocer: Caller, bakery: Caller) -> None:
    assert grocer.send("POST", "/v1/probe/notes", NOTE, key="k-1").status_code == 201
    response = bakery.send("POST", "/v1/probe/notes", {"note": "mine"}, key="k-1")
    assert response.status_code == 201
    assert "Idempotency-Replayed" not in response.headers
    assert notes(world) == 2


@pytest.mark.parametrize("key", ["", "a b", "ü", "x" * 65, "nonce:x", "a,b"])
def test_a_key_that_is_none_is_refused(world: World, grocer: Caller, key: str) -> None:
    headers = {"Authorization": f"Bearer {grocer.token}", "Content-Type": "application/json"}
    client = grocer.hub.app.test_client()
    environ = {"HTTP_IDEMPOTENCY_KEY": key} if key else {}
    response = client.post(
        "/v1/probe/notes",
        base_url=BASE,
        headers=headers,
        data=b'{"note":"x"}',
        environ_overrides=environ,
    )
    assert (response.status_code, code(response)) == (400, "idempotency_key_missing")
    assert notes(world) == 0


def test_while_the_first_runs_the_second_is_told_to_wait(world: World, grocer: Caller) -> None:
    answers: list[int] = []
    thread = threading.Thread(
        target=lambda: answers.append(
            grocer.send("POST", "/v1/probe/slow", NOTE, key="k-1").status_code
        )
    )
    thread.start()
    assert probe.entered.wait(20)
    second = grocer.send("POST", "/v1/probe/slow", NOTE, key="k-1")
    assert (second.status_code, code(second)) == (409, "idempotency_in_progress")
    assert second.get_json()["retryable"] is True
    assert second.headers["Retry-After"]
    probe.go_on.set()
    thread.join()
    assert answers == [201]
    third = grocer.send("POST", "/v1/probe/slow", NOTE, key="k-1")
    assert third.headers["Idempotency-Replayed"] == "true"
    assert notes(world) == 1


@pytest.mark.parametrize("refuses", [False, True])
def test_one_that_the_first_overtook_gets_the_answer_of_the_first_and_leaves_nothing(
    world: World, grocer: Caller, *, refuses: bool
) -> None:
    """It looked for a saved answer a moment too early, and then found the key's lock free."""

    def save_the_first(database: Database) -> None:
        with database.autocommit() as connection:
            connection.execute(text("INSERT INTO idempotency SELECT * FROM first"))
        if refuses:
            raise HubError("insufficient_points", "The first took them.", available=0)

    probe.overtake[:] = [save_the_first]
    first = grocer.sign("POST", "/v1/probe/overtaken", NOTE, key="k-1")
    with world.database.autocommit() as connection:
        connection.execute(text("CREATE TABLE first AS SELECT * FROM idempotency"))
        connection.execute(text("DELETE FROM idempotency"))
    try:
        late = grocer.sign("POST", "/v1/probe/overtaken", NOTE, key="k-1")
    finally:
        with world.database.autocommit() as connection:
            connection.execute(text("DROP TABLE first"))
    assert (first.status_code, late.status_code) == (201, 201)
    assert late.get_data() == first.get_data()
    assert late.headers["Idempotency-Replayed"] == "true"
    assert (len(probe.runs), notes(world)) == (2, 1)
    assert len(rows(world, "SELECT 1 FROM signed_request")) == 1


def test_a_refusal_leaves_nothing_and_the_same_request_may_come_again(
    world: World, grocer: Caller
) -> None:
    for _ in range(2):
        response = grocer.sign("POST", "/v1/probe/refused", NOTE, key="k-1")
        assert (response.status_code, code(response)) == (409, "insufficient_points")
        assert response.get_json()["available"] == 5
    assert len(probe.runs) == 2
    assert notes(world) == 0
    assert rows(world, "SELECT 1 FROM idempotency") == []
    assert rows(world, "SELECT 1 FROM signed_request") == []


def test_a_fault_leaves_nothing_and_says_nothing_of_what_is_inside(
    world: World, grocer: Caller
) -> None:
    response = grocer.sign("POST", "/v1/probe/broken", NOTE, key="k-1")
    assert (response.status_code, code(response)) == (500, "internal_error")
    assert b"hunter2" not in response.get_data()
    assert b"RuntimeError" not in response.get_data()
    assert notes(world) == 0
    assert rows(world, "SELECT 1 FROM idempotency") == []


def test_what_others_got_in_the_way_of_is_run_again(world: World, grocer: Caller) -> None:
    response = grocer.sign("POST", "/v1/probe/stale", NOTE)
    assert response.get_json() == {"runs": 3}
    assert notes(world) == 1


def test_what_never_succeeds_ends_in_a_retryable_refusal(grocer: Caller) -> None:
    response = grocer.sign("POST", "/v1/probe/never", NOTE)
    assert (response.status_code, code(response)) == (409, "conflict_retry")
    assert response.get_json()["retryable"] is True


def test_the_signed_request_is_kept_as_evidence(world: World, grocer: Caller) -> None:
    response = grocer.sign("POST", "/v1/probe/notes", NOTE, key="k-1")
    (row,) = rows(world, "SELECT * FROM signed_request")
    assert ids.encode("req", row.request_id) == response.headers["Request-Id"]
    assert row.key_id == grocer.key_id
    assert bytes(row.body) == b'{"note": "hello"}'
    assert row.method == "POST"
    assert row.target == BASE + "/v1/probe/notes"
    assert set(row.headers) == {
        "content-digest",
        "idempotency-key",
        "signature",
        "signature-input",
    }


def test_reading_and_bearer_keys_leave_no_evidence(world: World, grocer: Caller) -> None:
    grocer.sign("GET", "/v1/webhooks")
    grocer.send("POST", "/v1/probe/notes", NOTE)
    assert rows(world, "SELECT 1 FROM signed_request") == []


def test_a_captured_put_sent_again_changes_nothing(world: World, grocer: Caller) -> None:
    headers, body = grocer.signed_headers("PUT", "/v1/probe/notes", NOTE)
    client = grocer.hub.app.test_client()
    answers = [
        client.put("/v1/probe/notes", base_url=BASE, headers=headers, data=body) for _ in range(2)
    ]
    assert [each.status_code for each in answers] == [200, 200]
    assert answers[1].headers["Idempotency-Replayed"] == "true"
    assert notes(world) == 1
    assert grocer.sign("PUT", "/v1/probe/notes", NOTE).status_code == 200
    assert notes(world) == 2


def test_a_captured_post_sent_again_changes_nothing(world: World, grocer: Caller) -> None:
    headers, body = grocer.signed_headers("POST", "/v1/probe/notes", NOTE)
    client = grocer.hub.app.test_client()
    for _ in range(3):
        response = client.post("/v1/probe/notes", base_url=BASE, headers=headers, data=body)
        assert response.status_code == 201
    assert notes(world) == 1


def test_a_captured_request_that_was_refused_never_succeeds(world: World, grocer: Caller) -> None:
    client = grocer.hub.app.test_client()
    headers, body = grocer.signed_headers("POST", "/v1/probe/notes", NOTE)

    def send() -> tuple[int, str | None]:
        answer = client.post("/v1/probe/notes", base_url=BASE, headers=headers, data=body)
        return answer.status_code, code(answer) if answer.status_code >= 400 else None

    world.set_party("grocer", state="closed")
    assert send() == (409, "partner_state_forbids")
    world.set_party("grocer", state="live")
    # What was refused a moment ago would be taken now.
    assert send() == (409, "request_replayed")
    assert notes(world) == 0
    assert grocer.sign("POST", "/v1/probe/notes", NOTE, key="k-1").status_code == 201
    assert notes(world) == 1


def test_refused_by_the_endpoint_itself_it_is_not_run_a_second_time(
    world: World, grocer: Caller
) -> None:
    client = grocer.hub.app.test_client()
    headers, body = grocer.signed_headers("POST", "/v1/probe/refused", NOTE)
    found = [
        client.post("/v1/probe/refused", base_url=BASE, headers=headers, data=body)
        for _ in range(2)
    ]
    assert [code(each) for each in found] == ["insufficient_points", "request_replayed"]
    assert len(probe.runs) == 1


def test_refused_signatures_are_forgotten_once_they_are_too_old(
    world: World, grocer: Caller, config: Config
) -> None:
    grocer.sign("POST", "/v1/probe/refused", NOTE, key="k-1")
    for minutes, left in ((14, 1), (16, 0)):
        keep_house(world, config, "forget-refused", timedelta(minutes=minutes))
        assert len(rows(world, "SELECT 1 FROM refused_request")) == left


def test_an_answer_is_given_again_for_its_time_and_its_key_is_good_for_nothing_ever_after(
    world: World, grocer: Caller, config: Config
) -> None:
    grocer.sign("POST", "/v1/probe/notes", NOTE, key="k-1")
    grocer.sign("PUT", "/v1/probe/notes", NOTE)
    kept = "SELECT 1 FROM idempotency WHERE answer IS NOT NULL"
    days = timedelta(days=config.answer_days)
    hour = timedelta(hours=1)
    for later, answers in ((hour / 5, 2), (hour, 1), (days - hour, 1), (days + hour, 0)):
        keep_house(world, config, "forget-answers", later)
        assert len(rows(world, kept)) == answers, later
    (row,) = rows(world, "SELECT * FROM idempotency")
    assert (row.key, row.request_hmac, row.kept_until) == ("k-1", None, None)
    for body in (NOTE, {"note": "other"}):
        again = grocer.sign("POST", "/v1/probe/notes", body, key="k-1")
        assert (again.status_code, code(again)) == (409, "idempotency_answer_gone")
    assert notes(world) == 2, "what was done is done again"


def keep_house(world: World, config: Config, name: str, after: timedelta) -> None:
    """Run a job of the hub's housekeeping when so much time is over."""
    (job,) = (job for job in load_jobs() if job.name == name)
    assert isinstance(job, RepeatedJob)
    context = JobContext(
        config=config,
        database=world.database,
        directory=world.directory,
        clocks=Clocks(wall=partial(_same, datetime.now(UTC) + after)),
    )
    with world.database.transaction() as connection:
        job.run(context, connection)


def _same(instant: datetime) -> datetime:
    return instant


def test_a_saved_secret_is_sealed_and_still_answered(world: World, grocer: Caller) -> None:
    first = grocer.sign("POST", "/v1/probe/secret", NOTE, key="k-1")
    again = grocer.sign("POST", "/v1/probe/secret", NOTE, key="k-1")
    assert first.get_json() == again.get_json() == {"secret": probe.secrets_given[0]}
    assert len(probe.secrets_given) == 1
    (row,) = rows(world, "SELECT answer FROM idempotency")
    assert probe.secrets_given[0].encode() not in bytes(row.answer)


def test_an_endpoint_with_its_own_unit_of_work_is_given_the_evidence(grocer: Caller) -> None:
    signed = grocer.sign("PUT", "/v1/probe/own/till-1.2~3", NOTE).get_json()
    assert signed["sale"] == "till-1.2~3"
    assert signed["same"] is True
    assert signed["evidence"] == [
        "body",
        "headers",
        "key_id",
        "method",
        "party_no",
        "received_at",
        "request_id",
        "target",
    ]
    assert grocer.send("PUT", "/v1/probe/own/1", NOTE).get_json()["evidence"] is None


def test_of_many_at_once_with_one_key_exactly_one_does_the_work(
    world: World, hub: HttpHub, grocer: Caller
) -> None:
    statuses: list[int] = []

    def send() -> None:
        response = grocer.sign("POST", "/v1/probe/notes", NOTE, key="same")
        statuses.append(response.status_code)

    threads = [threading.Thread(target=send) for _ in range(12)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert set(statuses) <= {201, 409}
    assert 201 in statuses
    assert notes(world) == 1
