"""``1c.txt``: the statement as a bank statement for 1C, ``1CClientBankExchange`` 1.03.

The account is the party's with the clearing house, named by the party's id and the currency, for
an account of 1C has one. Windows-1251, as the
format's header says; letters that it lacks lose their marks (``ș`` becomes ``s``), and a file that
still does not fit is UTF-8, which its header then says.
"""

import unicodedata
from collections.abc import Iterator
from datetime import date

from partner_sdk.wire.amounts import format_micros, minor_digits
from partner_sdk.wire.lines import clean_text
from settlement.rendering.facts import DerivedFacts
from settlement.rendering.postings import Posting, postings_of

__all__ = ["render_onec"]


def render_onec(facts: DerivedFacts) -> bytes:
    """Return the file: a line a value, CR LF."""
    try:
        return _text(facts, "Windows").encode("windows-1251")
    except UnicodeEncodeError:
        return _text(facts, "UTF-8").encode()


def _text(facts: DerivedFacts, encoding: str) -> str:
    lines = [
        "1CClientBankExchange",
        "ВерсияФормата=1.03",
        f"Кодировка={encoding}",
        *_body(facts),
        "КонецФайла",
    ]
    text = "".join(f"{clean_text(line)}\r\n" for line in lines)
    return _without_marks(text) if encoding == "Windows" else text


def _body(facts: DerivedFacts) -> Iterator[str]:
    statement = facts.statement
    postings = postings_of(statement=statement)
    day = _day(statement.window.business_date)
    received = sum(p.amount_micros for p in postings if p.amount_micros > 0)
    paid = -sum(p.amount_micros for p in postings if p.amount_micros < 0)
    span = (f"ДатаНачала={day}", f"ДатаКонца={day}", f"РасчСчет={_account(facts)}")
    yield f"Отправитель={statement.coalition_name}"
    yield f"Получатель={statement.party.name}"
    yield f"ДатаСоздания={statement.issued_at:%d.%m.%Y}"
    yield f"ВремяСоздания={statement.issued_at:%H:%M:%S}"
    yield from span
    yield "СекцияРасчСчет"
    yield from span
    yield f"НачальныйОстаток={_amount(facts, statement.opening_micros)}"
    yield f"ВсегоПоступило={_amount(facts, received)}"
    yield f"ВсегоСписано={_amount(facts, paid)}"
    yield f"КонечныйОстаток={_amount(facts, statement.closing_micros)}"
    yield "КонецРасчСчет"
    for posting in postings:
        yield from _document(facts, posting, day)


def _document(facts: DerivedFacts, posting: Posting, day: str) -> Iterator[str]:
    """Yield one posting: the party pays or is paid, the other side is the counterparty."""
    statement = facts.statement
    own = (
        _account(facts),
        facts.profile.account_holder or statement.party.name,
        facts.profile.tax_id,
    )
    other = (posting.counterparty, posting.name, None)
    receives = posting.amount_micros > 0
    yield "СекцияДокумент=Банковский ордер"
    yield f"Номер={posting.number}"
    yield f"Дата={day}"
    yield f"Сумма={_amount(facts, abs(posting.amount_micros))}"
    for side, moved, (account, name, tax_id) in (
        ("Плательщик", "ДатаСписано", other if receives else own),
        ("Получатель", "ДатаПоступило", own if receives else other),
    ):
        yield f"{side}Счет={account}"
        yield f"{moved}={day}"
        yield f"{side}={name}"
        yield f"{side}ИНН={tax_id or ''}"
        yield f"{side}1={name}"
    yield "ВидОплаты=01"
    yield (
        f"НазначениеПлатежа=Выписка № {statement.statement_no} от {day}: "
        f"{posting.kind}, {posting.name}"
    )
    yield "КонецДокумента"


def _account(facts: DerivedFacts) -> str:
    return f"{facts.statement.party.id}-{facts.statement.currency}"


def _amount(facts: DerivedFacts, micros: int) -> str:
    return format_micros(micros, min_digits=minor_digits(facts.statement.currency))


def _day(text: str) -> str:
    return f"{date.fromisoformat(text):%d.%m.%Y}"


def _without_marks(text: str) -> str:
    """Take the marks off letters that Windows-1251 lacks; its own (й, ї, ё) keep theirs."""
    bare = {
        ord(character): unicodedata.normalize("NFKD", character)[0]
        for character in set(text)
        if not _fits(character)
    }
    return text.translate(bare)


def _fits(character: str) -> bool:
    try:
        character.encode("windows-1251")
    except UnicodeEncodeError:
        return False
    return True
