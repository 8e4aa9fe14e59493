"""Looking at a log in tests, by the slow definitions."""

from __future__ import annotations

import base64
import json
from pathlib import Path

from sqlalchemy import Engine, text

from settlement.log.domain import Log
from settlement.log.service import STATEMENTS, read_log
from settlement.steps.night import Night
from tests.slow_log import note_is_signed, tile_files, tree_hash


def the_log(night: Night) -> Log:
    """The log of statements."""
    with night.database.transaction() as connection:
        found = read_log(connection=connection, name=STATEMENTS)
    assert found is not None
    return found


def folder_of(night: Night) -> Path:
    """Where its files are."""
    return night.logs_folder / the_log(night).folder_name


def records_of(engine: Engine) -> list[bytes]:
    """Every record, in order."""
    with engine.connect() as connection:
        return list(
            connection.scalars(text("SELECT content FROM settlement.log_record ORDER BY leaf_no"))
        )


def kinds_of(engine: Engine) -> list[str]:
    """The kinds of the records, in order."""
    return [json.loads(record)["kind"] for record in records_of(engine)]


def checkpoints_of(engine: Engine) -> list[tuple[int, bytes]]:
    """Every checkpoint as (size, note), by size."""
    query = "SELECT size, note FROM settlement.log_checkpoint ORDER BY size"
    with engine.connect() as connection:
        return [(row.size, bytes(row.note)) for row in connection.execute(text(query))]


def files_in(folder: Path) -> dict[str, bytes]:
    """Every tile and bundle below the folder."""
    found = (folder / "tile").rglob("*")
    return {str(p.relative_to(folder)): p.read_bytes() for p in found if p.is_file()}


def require_whole(night: Night, engine: Engine) -> None:
    """What lies in the folder is, byte for byte, the log of the database by its definitions."""
    log, records, folder = the_log(night), records_of(engine), folder_of(night)
    wanted: dict[str, bytes] = {}
    for size, note in checkpoints_of(engine):
        assert note_is_signed(note, name=log.origin, public_key=log.public_key)
        origin, count, root = note.decode().split("\n")[:3]
        assert (origin, int(count)) == (log.origin, size)
        assert base64.b64decode(root) == tree_hash(records[:size])
        wanted |= tile_files(records[:size])
    replaced = [name for name in wanted if name.partition(".p/")[0] in wanted and ".p/" in name]
    for name in replaced:
        del wanted[name]
    assert files_in(folder) == wanted
    assert (folder / "checkpoint").read_bytes() == checkpoints_of(engine)[-1][1]


def forget_log_after(engine: Engine, *, size: int) -> None:
    """Leave the log's tables as a backup taken at that size has them."""
    records = records_of(engine)[:size]
    with engine.begin() as connection:
        connection.execute(text("SET session_replication_role = replica"))
        for table, column in (("log_record", "leaf_no"), ("log_checkpoint", "size")):
            sign = ">=" if column == "leaf_no" else ">"
            connection.execute(text(f"DELETE FROM settlement.{table} WHERE {column} {sign} {size}"))
        connection.execute(text("DELETE FROM settlement.log_tile"))
        connection.execute(text(f"UPDATE settlement.log SET published_size = {size}"))
        for name, content in tile_files(records).items():
            _, level, rest = name.split("/", 2)
            if level != "entries":
                connection.execute(
                    text("INSERT INTO settlement.log_tile VALUES (1, :level, :no, :hashes)"),
                    {"level": int(level), "no": int(rest.split(".")[0]), "hashes": content},
                )
