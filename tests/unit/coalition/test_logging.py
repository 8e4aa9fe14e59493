"""Logs: one JSON object a line, with the request's id, without secrets."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from coalition.logging import bind_request, clear_request, configure_logging, logger


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()
    clear_request()


def _lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_a_line_has_time_level_facts_and_the_requests_id(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure_logging()
    bind_request(request_id="req_1")
    logger("a.b").info("sale_posted", points=40)
    clear_request()
    logger("a.b").debug("not at this level")
    (line,) = _lines(capsys)
    assert line["request_id"] == "req_1"
    assert (line["event"], line["points"], line["level"]) == ("sale_posted", 40, "info")
    assert str(line["timestamp"]).endswith("Z")


def test_lines_of_other_libraries_come_out_the_same_way(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(level="warning")
    logging.getLogger("other").warning("slow: %s ms", 7)
    (line,) = _lines(capsys)
    assert (line["event"], line["logger"]) == ("slow: 7 ms", "other")


def test_secrets_are_masked_by_name_and_by_their_looks(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging()
    token = "chl_test_" + "a" * 32 + "_abc123"
    logger("x").info(
        f"called with {token}",
        headers={"Authorization": "Bearer hidden", "accept": "json"},
        database_url="postgresql://u:hidden@h/d",
        also="postgresql://u:hidden@h/d",
        texts=["whsec_hidden", f"cho_live_{'b' * 32}_abc123"],
        email="hidden@example.com",
    )
    said = capsys.readouterr().err
    assert "hidden" not in said
    assert "aaaa" not in said
    assert "bbbb" not in said
    line = json.loads(said)
    assert line["headers"] == {"Authorization": "***", "accept": "json"}
    assert line["also"] == "postgresql://u:***@h/d"
    assert line["texts"] == ["whsec_***", "cho_live_***"]


def test_an_exception_is_told_without_the_values_of_its_variables(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure_logging()
    try:
        secret = "hidden"
        raise ValueError(len(secret))
    except ValueError:
        logger("x").exception("failed")
    (line,) = _lines(capsys)
    assert "ValueError: 6" in str(line["exception"])
    assert '"hidden' not in json.dumps(line["exception"]).replace('secret = \\"hidden', "")


def test_people_can_have_it_in_plain_text(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(output="console")
    logger("x").info("hello", password="hidden", points=3)
    said = capsys.readouterr().err
    assert "hello" in said
    assert "hidden" not in said
