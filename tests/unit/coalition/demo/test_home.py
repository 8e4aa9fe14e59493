"""A reset removes what the demo made, and nothing else."""

from pathlib import Path

import pytest

from coalition.config import ConfigError
from coalition.demo.home import Home


def test_a_reset_removes_what_the_demo_made_and_leaves_the_rest(tmp_path: Path) -> None:
    for name in ("demo", "postgres", "statements", "of-others"):
        (tmp_path / name).mkdir()
    (tmp_path / "root.pem").touch()
    Home(tmp_path).reset(own_database=True)
    assert [path.name for path in tmp_path.iterdir()] == ["of-others"]


def test_a_reset_of_nothing_is_nothing(tmp_path: Path) -> None:
    Home(tmp_path / "var").reset(own_database=True)


def test_a_reset_refuses_a_coalition_that_the_demo_did_not_make(tmp_path: Path) -> None:
    (tmp_path / "postgres").mkdir()
    with pytest.raises(ConfigError, match="did not make"):
        Home(tmp_path).reset(own_database=True)
    assert (tmp_path / "postgres").exists()


def test_a_reset_does_not_touch_a_database_that_was_given(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="DATABASE_URL"):
        Home(tmp_path).reset(own_database=False)
