"""The hash of verify.py, published apart from the bundles that carry it."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pytest
from sqlalchemy import Engine

from coalition.config import Config
from partner_sdk import cli
from partner_sdk.wire import verifier
from tests.coalition_world import World
from tests.hub_http import HttpHub


def test_the_hub_publishes_the_verifier_and_its_hash_to_everybody(
    engine: Engine, config: Config
) -> None:
    client = HttpHub(World(engine), config).app.test_client()
    told = client.get("/v1/verifier")
    assert told.status_code == 200
    assert told.json == {
        "name": "verify.py",
        "sha256": sha256(verifier.SOURCE).hexdigest(),
        "bytes": len(verifier.SOURCE),
    }
    assert client.get("/v1/verifier/verify.py").data == verifier.SOURCE
    line = client.get("/.well-known/coalition-verifier")
    assert line.data == f"{verifier.SHA256}  verify.py\n".encode()
    assert line.headers["Content-Type"].startswith("text/plain")


def test_the_sdk_tells_this_releases_verifier_from_another(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["verifier-hash"]) == 0
    assert capsys.readouterr().out == f"{verifier.SHA256}\n"
    file = tmp_path / "verify.py"
    file.write_bytes(verifier.SOURCE)
    assert cli.main(["verifier-hash", str(file)]) == 0
    file.write_bytes(verifier.SOURCE + b"\n")
    assert cli.main(["verifier-hash", str(file)]) == 1
    assert cli.main(["verifier-hash", str(tmp_path / "nowhere.py")]) == 2
