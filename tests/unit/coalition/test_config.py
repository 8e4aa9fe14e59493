"""Configuration: read once, refused when it cannot work, documented from the same place."""

from __future__ import annotations

import base64
import dataclasses
import stat
from pathlib import Path

import pytest

from coalition.config import Config, ConfigError, read_config
from coalition.settings import child_environment, settings

SECRET = base64.b64encode(bytes(range(32))).decode()


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for each in settings():
        monkeypatch.delenv(each.variable, raising=False)
    monkeypatch.setenv("COALITION_DATA", str(tmp_path))


def test_without_any_variable_it_is_a_test_environment_on_an_embedded_database() -> None:
    config = read_config()
    assert (config.environment, config.database_url, config.currency) == ("test", None, "EUR")


def test_the_secret_of_a_test_environment_is_made_once_and_kept_private(tmp_path: Path) -> None:
    first, second = read_config(), read_config()
    assert first.secret_key == second.secret_key
    assert len(first.secret_key) == 32
    assert stat.S_IMODE((tmp_path / "secret.key").stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [tmp_path / "secret.key"]


def test_a_live_environment_needs_a_secret_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COALITION_ENV", "live")
    with pytest.raises(ConfigError, match="COALITION_SECRET is needed"):
        read_config()
    monkeypatch.setenv("COALITION_SECRET", SECRET)
    assert read_config().secret_key == bytes(range(32))


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("COALITION_ENV", "production"),
        ("COALITION_CURRENCY", "euro"),
        ("COALITION_TIME_ZONE", "Europe/Atlantis"),
        ("COALITION_FACE_VALUE", "0"),
        ("COALITION_FACE_VALUE", "1e-2"),
        ("COALITION_FIRST_DATE", "31.01.2026"),
        ("COALITION_SECRET", "c2hvcnQ="),
        ("COALITION_BIND", "8080"),
        ("COALITION_WORKERS", "0"),
        ("COALITION_WORKERS", "many"),
        ("COALITION_LOG_LEVEL", "loud"),
        ("COALITION_LOG_FORMAT", "xml"),
        ("DATABASE_URL", "mysql://a@b/c"),
    ],
)
def test_what_cannot_work_is_refused_with_the_variables_name(
    variable: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(ConfigError, match=variable):
        read_config()


def test_webhooks_to_private_hosts_are_for_test_environments_only() -> None:
    assert Config(webhook_private_hosts=True).webhook_private_hosts
    with pytest.raises(ConfigError, match="COALITION_WEBHOOK_PRIVATE_HOSTS"):
        Config(environment="live", webhook_private_hosts=True)


def test_an_empty_variable_counts_as_not_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COALITION_CURRENCY", "")
    assert read_config().currency == "EUR"


def test_each_purpose_and_environment_has_a_key_of_its_own() -> None:
    test, live = Config(secret_key=bytes(32)), Config(secret_key=bytes(32), environment="live")
    keys = {
        test.derived_key(purpose="cursors"),
        test.derived_key(purpose="contacts"),
        live.derived_key(purpose="cursors"),
    }
    assert len(keys) == 3
    assert all(len(key) == 32 for key in keys)
    with pytest.raises(ConfigError, match="COALITION_SECRET"):
        Config().derived_key(purpose="cursors")


def test_it_is_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Config().currency = "RON"  # type: ignore[misc]  # that is the point


def test_every_setting_has_a_variable_and_a_sentence() -> None:
    rows = settings()
    assert len({row.variable for row in rows}) == len(rows) == len(dataclasses.fields(Config))
    for row in rows:
        assert row.description.endswith("."), row.variable
        assert row.default, row.variable


def test_a_child_process_reads_the_very_same_configuration(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    config = Config(
        name="Колиция",
        secret_key=bytes(range(32)),
        data_folder=tmp_path,
        workers=3,
        webhook_private_hosts=True,
        database_url="postgresql://a@b/c",
    )
    for name, value in child_environment(config=config, extra={}).items():
        monkeypatch.setenv(name, value)
    assert read_config() == config
