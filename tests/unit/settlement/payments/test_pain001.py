"""pain.001.001.09: the schema's essentials, held against what is written."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from lxml import etree

from settlement.payments.domain.accounts import Account
from settlement.payments.files.pain001 import NAMESPACE, Batch, Transfer, render_pain001

CLEARING = Account("DE89370400440532013000", "COBADEFFXXX", "Clearing House")
BAKERY = Account("GB82WEST12345698765432", None, "Pâine & Co <Ștefan>")
NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)

# Children in the schema's order; what is required is marked with `!`.
ORDER = {
    "CstmrCdtTrfInitn": ["GrpHdr!", "PmtInf!"],
    "GrpHdr": ["MsgId!", "CreDtTm!", "Authstn", "NbOfTxs!", "CtrlSum", "InitgPty!"],
    "PmtInf": [
        "PmtInfId!", "PmtMtd!", "BtchBookg", "NbOfTxs", "CtrlSum", "PmtTpInf", "ReqdExctnDt!",
        "PoolgAdjstmntDt", "Dbtr!", "DbtrAcct!", "DbtrAgt!", "InstrForDbtrAgt", "UltmtDbtr",
        "ChrgBr", "ChrgsAcct", "ChrgsAcctAgt", "CdtTrfTxInf!",
    ],
    "CdtTrfTxInf": [
        "PmtId!", "PmtTpInf", "Amt!", "XchgRateInf", "ChrgBr", "MndtRltdInf", "ChqInstr",
        "UltmtDbtr", "IntrmyAgt1", "CdtrAgt", "CdtrAgtAcct", "Cdtr", "CdtrAcct", "UltmtCdtr",
        "InstrForCdtrAgt", "InstrForDbtrAgt", "Purp", "RgltryRptg", "Tax", "RltdRmtInf", "RmtInf",
    ],
    "DbtrAcct": ["Id!", "Tp", "Ccy", "Nm", "Prxy"],
    "PmtId": ["InstrId", "EndToEndId!", "UETR"],
    "CdtrRefInf": ["Tp", "Ref"],
}  # fmt: skip


def written(*batches: Batch) -> etree._Element:
    content = render_pain001(
        message_id="20260301-0123456789abcdef", created_at=NOW, initiator="Coalition",
        batches=batches,
    )  # fmt: skip
    return etree.fromstring(content)


def texts(root: etree._Element, path: str) -> list[str | None]:
    steps = "/".join(f"{{{NAMESPACE}}}{step}" for step in path.split("/"))
    return [each.text for each in root.findall(f".//{steps}")]


BATCH = Batch(
    "EUR",
    CLEARING,
    date(2026, 3, 2),
    (Transfer("RF6426030100010EUR", 700_000, BAKERY), Transfer("RF2", 12_340_000, CLEARING)),
)


def test_elements_are_in_the_schemas_order_and_none_is_missing() -> None:
    for element in written(BATCH).iter():
        name = etree.QName(element).localname
        if name not in ORDER:
            continue
        allowed = [each.removesuffix("!") for each in ORDER[name]]
        children = [etree.QName(child).localname for child in element]
        assert children == sorted(children, key=allowed.index)
        assert {each.removesuffix("!") for each in ORDER[name] if each[-1] == "!"} <= {*children}


def test_sums_and_counts_are_those_of_the_transfers() -> None:
    root = written(BATCH)
    assert texts(root, "NbOfTxs") == ["2", "2"]
    assert texts(root, "CtrlSum") == ["13.04", "13.04"]
    assert texts(root, "Amt/InstdAmt") == ["0.70", "12.34"]


def test_each_transfer_carries_its_reference_both_ways() -> None:
    root = written(BATCH)
    assert texts(root, "PmtId/EndToEndId") == ["RF6426030100010EUR", "RF2"]
    assert texts(root, "CdtrRefInf/Ref") == ["RF6426030100010EUR", "RF2"]
    assert texts(root, "CdtrRefInf/Tp/CdOrPrtry/Cd") == ["SCOR", "SCOR"]


def test_names_are_written_as_they_are_and_no_longer_than_banks_take_them() -> None:
    long = Account(BAKERY.iban, None, "Ș" * 100)
    root = written(Batch("EUR", CLEARING, date(2026, 3, 2), (Transfer("RF1", 1, long),)))
    assert texts(root, "Cdtr/Nm") == ["Ș" * 70]
    assert texts(written(BATCH), "Cdtr/Nm")[0] == "Pâine & Co <Ștefan>"


def test_euros_go_by_sepa_and_other_currencies_do_not() -> None:
    lei = Batch("RON", CLEARING, date(2026, 3, 2), (Transfer("RF3", 5_000_000, BAKERY),))
    root = written(BATCH, lei)
    assert texts(root, "PmtTpInf/SvcLvl/Cd") == ["SEPA"]
    assert texts(root, "ChrgBr") == ["SLEV", "SHAR"]
    assert texts(root, "DbtrAcct/Ccy") == ["EUR", "RON"]
    assert texts(root, "GrpHdr/NbOfTxs") == ["3"]


def test_a_currency_without_cents_is_written_without_them() -> None:
    yen = Batch("JPY", CLEARING, date(2026, 3, 2), (Transfer("RF3", 5_000_000, BAKERY),))
    assert texts(written(yen), "Amt/InstdAmt") == ["5"]


def test_the_same_facts_are_the_same_bytes() -> None:
    assert etree.tostring(written(BATCH)) == etree.tostring(written(BATCH))


def test_a_file_of_nothing_is_not_written() -> None:
    with pytest.raises(ValueError, match="has transfers"):
        written()
