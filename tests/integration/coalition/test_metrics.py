"""Metrics of several processes are told by any one of them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from coalition.metrics import exposition, observe_request

_CODE = """
import sys
from coalition.metrics import exposition, observe_request
observe_request(method="PUT", route="/v1/sales/{id}", status=201, seconds=0.003)
if sys.argv[1] == "tell":
    sys.stdout.write(exposition()[0].decode())
"""


def test_counts_of_processes_that_ended_are_added_up(tmp_path: Path) -> None:
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    for what in ("count", "count", "tell"):
        done = subprocess.run(
            [sys.executable, "-c", _CODE, what],
            env=environment, capture_output=True, text=True, check=True,
        )  # fmt: skip
    labels = 'method="PUT",route="/v1/sales/{id}",status="201"'
    assert f"coalition_http_requests_total{{{labels}}} 3.0" in done.stdout


def test_a_single_process_tells_its_own() -> None:
    observe_request(method="GET", route="/alone", status=200, seconds=0.2)
    body, content_type = exposition()
    assert b'route="/alone"' in body
    assert content_type.startswith("text/plain")
