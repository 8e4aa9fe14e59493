"""Use cases of accounting: taking windows over, estimating, rolling forward, proving."""

from settlement.accounting.service.estimating import back_test, make_estimate
from settlement.accounting.service.flows import take_windows
from settlement.accounting.service.proving import BooksFinding, check_books, check_continuity
from settlement.accounting.service.refusals import AccountingRefused
from settlement.accounting.service.rolling import RollRow, roll_forward, totals

__all__ = [
    "AccountingRefused",
    "BooksFinding",
    "RollRow",
    "back_test",
    "check_books",
    "check_continuity",
    "make_estimate",
    "roll_forward",
    "take_windows",
    "totals",
]
