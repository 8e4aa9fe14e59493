"""The use cases of the logs: what commands, routes and the night ask for."""

from settlement.log.domain import STATEMENTS, Conflict, Log, StoredCheckpoint
from settlement.log.errors import (
    LogBehind,
    LogError,
    LogForked,
    LogKeyMissing,
    RecordChanged,
)
from settlement.log.inspecting import LogReport, Trouble, check_log, find_trouble, report
from settlement.log.keys import (
    begin_again,
    begin_handover,
    end_handover,
    next_signer,
    open_log,
)
from settlement.log.publishing import publish, recover, rewrite
from settlement.log.reading import proof_of_statement, read_checkpoint
from settlement.log.store import read_log, set_cosignatures_needed
from settlement.log.witnessing import (
    Cosignatures,
    InvalidCosignature,
    WitnessKey,
    cosignatures,
    enough_cosignatures,
    submit,
)
from settlement.log.writing import NewRecord, append, require_sound, sign

__all__ = [
    "STATEMENTS",
    "Conflict",
    "Cosignatures",
    "InvalidCosignature",
    "Log",
    "LogBehind",
    "LogError",
    "LogForked",
    "LogKeyMissing",
    "LogReport",
    "NewRecord",
    "RecordChanged",
    "StoredCheckpoint",
    "Trouble",
    "WitnessKey",
    "append",
    "begin_again",
    "begin_handover",
    "check_log",
    "cosignatures",
    "end_handover",
    "enough_cosignatures",
    "find_trouble",
    "next_signer",
    "open_log",
    "proof_of_statement",
    "publish",
    "read_checkpoint",
    "read_log",
    "recover",
    "report",
    "require_sound",
    "rewrite",
    "set_cosignatures_needed",
    "sign",
    "submit",
]
