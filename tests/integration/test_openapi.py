"""The published description and the hub under gunicorn agree, whatever is sent.

schemathesis makes requests from `/openapi.json`, good ones and bad ones, follows what they make,
and holds every answer against the description, with all of its checks.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from coalition.config import Config
from coalition.db.engine import create_engine_for
from coalition.db.migrate import upgrade
from coalition.supervisor import Supervisor
from partner_sdk.wire.ids import encode
from tests.coalition_world import FUEL_TERMS, World
from tests.hub_http import HttpHub

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Served:
    """A hub on a socket: who may call it, and ids of what it holds."""

    address: str
    tokens: dict[str, str]
    known: dict[str, str]


@pytest.fixture
def served(empty_database_url: str, tmp_path: Path) -> Iterator[Served]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    config = Config(
        database_url=empty_database_url,
        data_folder=tmp_path / "data",
        secret_key=b"0123456789abcdef" * 2,
        bind=f"127.0.0.1:{port}",
        log_level="error",
        webhook_private_hosts=True,
    )
    engine = create_engine_for(empty_database_url)
    upgrade(engine)
    tokens, known = _fill(engine, config)
    engine.dispose()
    with Supervisor(config=config, jobs=False) as hub:
        yield Served(hub.base_url, tokens, known)


def _fill(engine: Engine, config: Config) -> tuple[dict[str, str], dict[str, str]]:
    """A coalition with something of everything, so that calls get past "no such thing"."""
    world = World(engine)
    world.partner("grocer")
    world.partner("fuel", FUEL_TERMS)
    hub = HttpHub(world, replace(config, log_format="console"))
    callers = {slug: hub.caller(slug) for slug in ("grocer", "operator")}
    grocer = callers["grocer"]

    def made(method: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
        response = grocer.send(method, path, body)
        assert response.status_code == 201, response.get_data()
        return dict(response.get_json())

    member = made("POST", "/v1/members", {"reference": "C-1", "email": "ann@example.org"})
    who = {"id": member["id"]}
    sale = world.sale_body(None, ("food", "1", "500.00")) | {"member": who}
    made("PUT", "/v1/sales/s-1", sale)
    subscription = made(
        "POST", "/v1/webhooks", {"url": "http://127.0.0.1:9/x", "types": ["hold.expired"]}
    )
    known = {
        "member_id": member["id"],
        "number": member["cards"][0]["number"],
        "partner_id": encode("prt", world.ids["grocer"]),
        "sale_id": "s-1",
        "hold_id": made("POST", "/v1/holds", {"member": who, "points": 5})["id"],
        "redemption_id": made("POST", "/v1/redemptions", {"member": who, "points": 5})["id"],
        "subscription_id": subscription["id"],
    }
    return {slug: each.token for slug, each in callers.items()}, known


def _run(served: Served, folder: Path, slug: str, examples: int, *more: str) -> None:
    """Let schemathesis loose as one caller; all it has to say is in the failure."""
    settings = (ROOT / "schemathesis.toml").read_text()
    settings += "\n[parameters]\n"
    settings += "".join(
        f'"path.{name}" = {json.dumps(value)}\n' for name, value in served.known.items()
    )
    settings_file = folder / "schemathesis.toml"
    settings_file.write_text(settings)
    command = [
        sys.executable, "-m", "schemathesis.cli", "--config-file", str(settings_file),
        "run", f"{served.address}/openapi.json", "--checks", "all", "--no-color",
        "--header", f"Authorization: Bearer {served.tokens[slug]}",
        "--max-examples", str(examples), "--seed", "1", "--generation-database", "none",
        "--request-timeout", "20", *more,
    ]  # fmt: skip
    environment = {
        **os.environ,
        "SCHEMATHESIS_HOOKS": "tests.integration.schemathesis_hooks",
        "PYTHONPATH": str(ROOT),
    }
    ran = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout[-8000:] + ran.stderr[-2000:]
    assert "Tested: 0" not in ran.stdout


def test_partner_and_operator_find_nothing_that_the_description_does_not_say(
    served: Served, tmp_path: Path
) -> None:
    _run(served, tmp_path, "grocer", 1)
    own = r"^/(v1/(partners|positions|test|lots)|health)"
    _run(served, tmp_path, "operator", 1, "--include-path-regex", own)


@pytest.mark.prove
@pytest.mark.parametrize("slug", ["grocer", "operator"])
def test_many_requests_find_nothing_either(served: Served, tmp_path: Path, slug: str) -> None:
    _run(served, tmp_path, slug, 100)
