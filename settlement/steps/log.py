"""Logging: statements, agreement versions and certificates become records of the public log.

The records and the checkpoint over them are committed first; the files that partners fetch are
derived from them. A killed run finds what it signed and goes on from there.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy import Connection

from partner_sdk.wire import ids
from partner_sdk.wire.archive import SIGNATURE, STATEMENT, read_entry
from partner_sdk.wire.tlog.records import agreement_record, certificate_record, statement_record
from settlement import hub
from settlement.log import service
from settlement.log.service import NewRecord, RecordChanged
from settlement.steps.night import Night
from settlement.store import statements


def log(*, night: Night, claim: Connection, business_date: date) -> dict[str, Any]:
    """Add the night to the log, sign its state, and put it where partners fetch it.

    Raises LogBehind, LogForked, LogKeyMissing and RecordChanged.
    """
    coalition = hub.read_coalition(connection=claim)
    with night.database.transaction() as connection:
        found, signer = service.open_log(
            connection=connection,
            name=service.STATEMENTS,
            origin=night.log_origin(
                coalition=coalition.name,
                environment=coalition.environment,
                name=service.STATEMENTS,
            ),
            keys=night.log_keys,
            now=night.wall(),
        )
        folder = night.logs_folder / found.folder_name
        # Before anything is added: what is missing must not be filled with something else.
        service.require_sound(connection=connection, log=found, folder=folder)
        added = service.append(
            connection=connection,
            log=found,
            records=[
                *_certificates(night),
                *_agreements(connection),
                *_statements(night, connection, business_date),
            ],
            now=night.wall(),
        )
        checkpoint = service.sign(
            connection=connection,
            log=found,
            signer=signer,
            beside=service.next_signer(log=found, keys=night.log_keys),
            folder=folder,
            business_date=business_date,
            now=night.wall(),
        )
    night.observe(business_date, "log:signed")
    service.publish(database=night.database, log=found, folder=folder)
    night.observe(business_date, "log:published")
    return {"records": added, "size": checkpoint.size, "root": checkpoint.root.hex()}


def _certificates(night: Night) -> Iterator[NewRecord]:
    for role, certificate in night.keystore.certificates():
        der = certificate.public_bytes(Encoding.DER)
        yield NewRecord(certificate_record(role=role, der=der))


def _agreements(connection: Connection) -> Iterator[NewRecord]:
    for each in hub.read_agreements(connection=connection):
        record = agreement_record(
            agreement_id=ids.encode("agr", each.id),
            version=each.version,
            terms_sha256=each.terms_sha256.hex(),
        )
        yield NewRecord(record)


def _statements(night: Night, connection: Connection, business_date: date) -> list[NewRecord]:
    found = []
    for each in statements.read_window_statements(
        connection=connection, business_date=business_date
    ):
        if each.issued is None:
            continue
        content, signature = _signed(night.config.data_folder / each.issued.path)
        if sha256(content).hexdigest() != each.issued.sha256:
            raise RecordChanged(f"{each.issued.path} is not the statement that was issued")
        record = statement_record(
            statement_id=each.plan.public_id, statement=content, signature=signature
        )
        found.append(NewRecord(record, business_date))
    # By their bytes: the order tells nothing about whose they are.
    return sorted(found, key=lambda each: sha256(each.content).digest())


def _signed(path: Path) -> tuple[bytes, bytes]:
    with path.open("rb") as stream:
        return (
            read_entry(stream=stream, name=STATEMENT),
            read_entry(stream=stream, name=SIGNATURE),
        )
