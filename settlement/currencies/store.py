"""The SQL of currencies."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Numeric,
    and_,
    case,
    cast,
    func,
    insert,
    or_,
    select,
    tuple_,
)
from sqlalchemy.dialects.postgresql import insert as upsert

from settlement.currencies.domain import (
    OLDEST_OF_MEAN,
    PER_CURRENCY,
    RATE_SCALE,
    Policy,
    Quote,
    Rate,
)
from settlement.currencies.tables import currency_policy, fx_quote, pair_conversion, window_rate
from settlement.domain.conversion import PairConversion

_AT_ONCE = 500
_QUOTE = (
    fx_quote.c.source,
    fx_quote.c.base,
    fx_quote.c.quote,
    fx_quote.c.quoted_on,
    fx_quote.c.rate,
)
_POLICY = (
    currency_policy.c.effective_from,
    currency_policy.c.mode,
    currency_policy.c.method,
    currency_policy.c.source,
)


def converted(amount: ColumnElement[int], scaled: int) -> ColumnElement[int]:
    """SQL of `Rate.convert`: an amount above zero, converted and rounded half even to the micro."""
    product = cast(amount, Numeric) * scaled
    whole = func.div(product, RATE_SCALE, type_=Numeric())
    rest = (product - whole * RATE_SCALE) * 2
    up = or_(rest > RATE_SCALE, and_(rest == RATE_SCALE, func.mod(whole, 2) == 1))
    return cast(whole + case((up, 1), else_=0), BigInteger)


def converting(scaled: int) -> Callable[[ColumnElement[int]], ColumnElement[int]]:
    """The conversion by one rate, for sums over obligations."""
    return lambda amount: converted(amount, scaled)


def insert_quotes(*, connection: Connection, quotes: Iterable[Quote], imported_at: datetime) -> int:
    """Write quotes that are not there by source, pair and date; gives how many were new."""
    rows = [
        {
            "source": each.source,
            "base": each.base,
            "quote": each.quote,
            "quoted_on": each.quoted_on,
            "rate": each.rate,
            "imported_at": imported_at,
        }
        for each in quotes
    ]
    new = 0
    for at in range(0, len(rows), _AT_ONCE):
        written = connection.execute(
            upsert(fx_quote)
            .values(rows[at : at + _AT_ONCE])
            .on_conflict_do_nothing()
            .returning(fx_quote.c.quoted_on)
        )
        new += len(written.all())
    return new


def read_same_quotes(*, connection: Connection, quotes: Sequence[Quote]) -> tuple[Quote, ...]:
    """The quotes in the table that have the same source, pair and date as these."""
    found: list[Quote] = []
    key = tuple_(fx_quote.c.source, fx_quote.c.base, fx_quote.c.quote, fx_quote.c.quoted_on)
    keys = [(q.source, q.base, q.quote, q.quoted_on) for q in quotes]
    for at in range(0, len(keys), _AT_ONCE):
        rows = connection.execute(select(*_QUOTE).where(key.in_(keys[at : at + _AT_ONCE])))
        found.extend(Quote(*row) for row in rows)
    return tuple(found)


def read_usable_quotes(
    *, connection: Connection, source: str, currencies: tuple[str, str], business_date: date
) -> tuple[Quote, ...]:
    """The quotes between two currencies, either way, that a window could be converted by."""
    one, other = currencies
    rows = connection.execute(
        select(*_QUOTE).where(
            fx_quote.c.source == source,
            tuple_(fx_quote.c.base, fx_quote.c.quote).in_([(one, other), (other, one)]),
            fx_quote.c.quoted_on.between(business_date - OLDEST_OF_MEAN, business_date),
        )
    )
    return tuple(Quote(*row) for row in rows)


def read_quotes(
    *, connection: Connection, after: tuple[date, str, str, str] | None, limit: int
) -> tuple[Quote, ...]:
    """Quotes, newest first; `after` is the date, source and pair of the last one seen."""
    key = tuple_(fx_quote.c.quoted_on, fx_quote.c.source, fx_quote.c.base, fx_quote.c.quote)
    query = select(*_QUOTE).order_by(
        fx_quote.c.quoted_on.desc(),
        fx_quote.c.source.desc(),
        fx_quote.c.base.desc(),
        fx_quote.c.quote.desc(),
    )
    if after is not None:
        query = query.where(key < tuple_(*after))
    return tuple(Quote(*row) for row in connection.execute(query.limit(limit)))


def insert_policy(*, connection: Connection, policy: Policy, set_at: datetime) -> bool:
    """Write a policy; False if one begins on that date already."""
    written = connection.execute(
        upsert(currency_policy)
        .values(
            effective_from=policy.effective_from,
            mode=policy.mode,
            method=policy.method,
            source=policy.source,
            set_at=set_at,
        )
        .on_conflict_do_nothing()
        .returning(currency_policy.c.effective_from)
    )
    return written.one_or_none() is not None


def read_policies(*, connection: Connection) -> tuple[Policy, ...]:
    """Every policy, oldest first."""
    rows = connection.execute(select(*_POLICY).order_by(currency_policy.c.effective_from))
    return tuple(Policy(*row) for row in rows)


def read_policy(*, connection: Connection, business_date: date) -> Policy:
    """The policy of a window: the newest that began on its date or before."""
    row = connection.execute(
        select(*_POLICY)
        .where(currency_policy.c.effective_from <= business_date)
        .order_by(currency_policy.c.effective_from.desc())
        .limit(1)
    ).one_or_none()
    return PER_CURRENCY if row is None else Policy(*row)


def insert_window_rates(
    *, connection: Connection, business_date: date, rates: Iterable[Rate]
) -> None:
    """Keep the rates that a window is converted by."""
    rows = [
        {
            "business_date": business_date,
            "currency": rate.currency,
            "clearing": rate.clearing,
            "scaled": rate.scaled,
            "method": rate.method,
            "source": rate.source,
            "quoted_on": list(rate.quoted_on),
        }
        for rate in rates
    ]
    if rows:
        connection.execute(insert(window_rate), rows)


def read_window_rates(*, connection: Connection, business_date: date) -> Mapping[str, Rate]:
    """The rates that a window was converted by, by currency; none where nothing was."""
    rows = connection.execute(
        select(
            window_rate.c.currency,
            window_rate.c.clearing,
            window_rate.c.scaled,
            window_rate.c.method,
            window_rate.c.source,
            window_rate.c.quoted_on,
        ).where(window_rate.c.business_date == business_date)
    )
    return {row.currency: Rate(*row[:5], tuple(row.quoted_on)) for row in rows}


def insert_conversions(
    *,
    connection: Connection,
    business_date: date,
    currency: str,
    conversions: Iterable[PairConversion],
) -> None:
    """Keep what each pair's net in a currency was converted to."""
    rows = [
        {
            "business_date": business_date,
            "currency": currency,
            "a": each.a,
            "b": each.b,
            "net_micros": each.net_micros,
            "lines_micros": each.lines_micros,
            "converted_micros": each.converted_micros,
        }
        for each in conversions
    ]
    if rows:
        connection.execute(insert(pair_conversion), rows)
