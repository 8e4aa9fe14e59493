"""The code of the how-to pages does what they say."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from partner_sdk.keys import write_new_private_key
from partner_sdk.testing import HubSimulator
from tests.docs.pages import DOCS
from tests.docs.walkthrough import blocks_of


def test_the_till_of_the_how_to_works_as_written(tmp_path: Path) -> None:
    page = (DOCS / "how-to" / "integrate-a-till.md").read_text("utf-8")
    code = "".join(each.content for each in blocks_of(page) if each.language == "python")
    (tmp_path / "till.py").write_text(code, "utf-8")
    key = write_new_private_key(tmp_path / "till.pem")
    with HubSimulator() as hub:
        hub.register_key("key_till", key.public_key())
        done = subprocess.run(
            [sys.executable, "-W", "error", "till.py"],
            cwd=tmp_path,
            env={
                "COALITION_URL": hub.url,
                "COALITION_KEY_ID": "key_till",
                "COALITION_PRIVATE_KEY": "till.pem",
                "PYTHONPATH": str(DOCS.parent),
            },
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "earned 40",
        "change -9",
        "she can pay up to 0.31",
        "paid 0.20",
        "sent 1 set aside 0",
    ]
