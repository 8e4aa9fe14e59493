"""Lines in another currency than their statement's: whether they were converted right."""

import re

__all__ = ["is_converted"]

_RATE = re.compile(rb"(?:0|[1-9][0-9]{0,8})(?:\.([0-9]{0,9}[1-9]))?")


def is_converted(*, micros: int, rate: bytes, settled: int) -> bool:
    """Whether an amount at a rate makes the settled one, rounded half even to the micro."""
    found = _RATE.fullmatch(rate)
    if found is None:
        return False
    divisor: int = 10 ** len(found[1] or b"")
    whole, rest = divmod(micros * int(rate.replace(b".", b"")), divisor)
    if 2 * rest > divisor or (2 * rest == divisor and whole & 1):
        whole += 1
    return whole == settled
