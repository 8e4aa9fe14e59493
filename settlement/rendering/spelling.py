"""Values → their spelling in a line file, remembered: the same few texts come again and again."""

from datetime import UTC, datetime, timedelta

from partner_sdk.wire.amounts import format_micros6
from partner_sdk.wire.lines import FEE_KINDS, clean_text, csv_field, json_field
from settlement.rendering.rows import Conversion

__all__ = [
    "CACHE_LIMIT",
    "Contexts",
    "Minutes",
    "Moneys",
    "Prices",
    "Texts",
    "adjustment",
    "spell",
    "with_dispute",
    "without_ids",
]

#: Caches are dropped beyond this many entries, so that memory stays constant.
CACHE_LIMIT = 10_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ZERO = "0.000000"

#: What a line has in common with many others: document_kind, kind, reason, issuer, redeemer,
#: counterparty, campaign, agreement, agreement_version.
ContextKey = tuple[
    str | None,
    str,
    str | None,
    str | None,
    str | None,
    str | None,
    str | None,
    str | None,
    str | None,
]


def spell(text: str | None) -> tuple[str, str]:
    """Return a text as JSON and as CSV."""
    cleaned = clean_text(text) if text else None
    return json_field(cleaned), csv_field(cleaned)


class Texts(dict[str | None, tuple[str, str]]):
    """Text that repeats (stores, tills) → its JSON and its CSV spelling."""

    def __missing__(self, text: str | None) -> tuple[str, str]:
        found = self[text] = spell(text)
        return found


class Prices(dict[int | None, tuple[str, str]]):
    """Micros of a price → its JSON and its CSV spelling."""

    def __missing__(self, micros: int | None) -> tuple[str, str]:
        found = self[micros] = spell(None if micros is None else format_micros6(micros))
        return found


class Minutes(dict[int, str]):
    """Minutes since 1970 → RFC 3339 up to the minute."""

    def __missing__(self, minute: int) -> str:
        found = self[minute] = (_EPOCH + timedelta(minutes=minute)).isoformat()[:17]
        return found


class Moneys(dict[int, tuple[str, str]]):
    """Net micros → the end of a line, from ``gross`` on, as JSON and as CSV."""

    def __init__(self, *, currency: str, fee: bool) -> None:
        super().__init__()
        self._rest_j = f',"currency":"{currency}","fx_rate":"1","settlement_net":'
        self._rest = f"{currency},1"
        self._fee = fee

    def __missing__(self, net: int) -> tuple[str, str]:
        found = self[net] = self._spell(net, self._rest_j, self._rest, format_micros6(net))
        return found

    def converted(self, net: int, conversion: Conversion) -> tuple[str, str]:
        """The same for a line in another currency than the statement's."""
        return self._spell(
            net,
            f',"currency":"{conversion.currency}","fx_rate":"{conversion.rate}","settlement_net":',
            f"{conversion.currency},{conversion.rate}",
            format_micros6(conversion.settlement_micros),
        )

    def _spell(self, net: int, rest_j: str, rest: str, settled: str) -> tuple[str, str]:
        amount = format_micros6(net)
        gross, fee = (_ZERO, format_micros6(-net)) if self._fee else (amount, _ZERO)
        return (
            (
                f'"gross":"{gross}","fee":"{fee}","net":"{amount}"{rest_j}"{settled}"'
                ',"dispute":null}'
            ),
            f"{gross},{fee},{amount},{rest},{settled},",
        )


#: Sums (lines, points, net received, net paid): a list, for it is added to a million times.
_Spelled = tuple[list[int], Moneys, str, str, str, str, str, str]


class Contexts(dict[ContextKey, _Spelled]):
    """Contexts met so far → what the rendering loop needs of them, ready to be unpacked."""

    def __init__(self, *, currency: str, texts: Texts) -> None:
        super().__init__()
        self._texts = texts
        self._fees = Moneys(currency=currency, fee=True)
        self._others = Moneys(currency=currency, fee=False)

    def __missing__(self, key: ContextKey) -> _Spelled:
        document_kind, kind, reason, issuer, redeemer, counterparty, campaign, agreement, no = key
        texts = self._texts
        document_j, document = texts[document_kind]
        kind_j, kind_c = texts[kind]
        reason_j, reason_c = texts[reason]
        issuer_j, issuer = texts[issuer]
        redeemer_j, redeemer = texts[redeemer]
        counterparty_j, counterparty = texts[counterparty]
        campaign_j, campaign = texts[campaign]
        agreement_j, agreement = texts[agreement]
        no_j, no = texts[no]
        parties_j = (
            f'"issuer":{issuer_j},"redeemer":{redeemer_j},"counterparty":{counterparty_j}'
            f',"campaign":{campaign_j},"agreement":{agreement_j},"agreement_version":{no_j}'
        )
        found = self[key] = (
            [0, 0, 0, 0],
            self._fees if kind in FEE_KINDS else self._others,
            f'"document_kind":{document_j}',
            document,
            f'"kind":{kind_j},"reason":{reason_j}',
            f"{kind_c},{reason_c}",
            parties_j,
            f"{issuer},{redeemer},{counterparty},{campaign},{agreement},{no}",
        )
        return found

    def drop_amounts(self) -> None:
        """Forget amounts if there are many."""
        for moneys in (self._fees, self._others):
            if len(moneys) > CACHE_LIMIT:
                moneys.clear()


def adjustment(statement: str, line: str | None) -> tuple[str, str]:
    statement_j, statement = spell(statement)
    line_j, line = spell(line)
    return f'"adjusts_statement":{statement_j},"adjusts_line":{line_j}', f"{statement},{line}"


def without_ids(line: str, line_c: str) -> tuple[str, str]:
    """Take the ids off a closing line: it stands for no movement, member or lot."""
    none = "0" * 26
    for prefix in ("mov_", "mem_", "lot_"):
        line = line.replace(f'"{prefix}{none}"', "null")
        line_c = line_c.replace(f"{prefix}{none}", "")
    return line, line_c


def with_dispute(line: str, line_c: str, dispute: str) -> tuple[str, str]:
    """Name the dispute of an entry in the last column, which is empty on all other lines."""
    return f'{line.removesuffix("null}")}"{dispute}"}}', line_c + dispute
