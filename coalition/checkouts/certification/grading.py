"""From what was tried to grades. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from coalition.checkouts.certification.domain import Graded, failed, passed

__all__ = [
    "Points",
    "Signatures",
    "grade_earning",
    "grade_guest",
    "grade_old_revision",
    "grade_signatures",
    "grade_spend",
    "grade_taken_back",
    "grade_time",
    "grade_twice",
]

_BY_PROBLEM = {
    "wrong_currency": "State orders in the agreement's currency: look at the currency of the "
    "connection and at its options, or have the operator add an agreement in the other.",
    "agreement_not_in_force": "The operator has to put an agreement of yours in force.",
    "cap_reached": "You may issue no points now: cover your position, or ask the operator.",
    "validation_failed": "Look at the settings that the detail names: currency, time zone, "
    "categories, tenders.",
    "malformed": "The platform tells something that its adapter does not know: show the operator.",
}
_SETTINGS = "Look at the connection's currency, time zone and mappings."
_NOTHING_EARNED = (
    "Map the order's categories to those of your agreement (--category), or have the operator add "
    "a rule for them."
)
_MEND_SECRET = "Compare the signing secret with the platform's, and rotate it here if they differ."  # noqa: S105 - a text
_MEND_CLOCK = (
    "Have it send another; if that is refused too, set the clocks right: theirs, or the hub's."
)
_MEND_ASKING = "Look at the store's address, at the credentials, and at their rights."
_SEE_EARN = "Mend the case `earn` first."


@dataclass(frozen=True, slots=True)
class Signatures:
    """What was tried at the door.

    `taken` are the scenarios whose samples were, `refused` says why one was not; `unsigned` why
    none can be signed. `let_in` are samples of strangers that were taken, `kept_out` counts those
    that were not. `told` says whether a message of the platform's own was taken, since the secrets
    are what they are; `last_refusal` is its last one, where that was refused. `silent`: a till's
    questions leave no message in state test.
    """

    taken: tuple[str, ...] = ()
    refused: str | None = None
    unsigned: str | None = None
    let_in: tuple[str, ...] = ()
    kept_out: int = 0
    told: bool = False
    last_refusal: str | None = None
    silent: bool = False


@dataclass(frozen=True, slots=True)
class Points:
    """The points of an order after each statement of it; or why one was refused.

    `source` is where the order is from, for the report. `problem` is a code of the hub's.
    """

    source: str
    after: tuple[int, ...] = ()
    problem: str | None = None
    detail: str | None = None


def grade_signatures(tried: Signatures, *, hook: str) -> Graded:
    """Samples are taken, strangers are not, and the platform itself was heard."""
    case = "signed"
    if tried.let_in:
        found = f"a message that another signed is taken: {', '.join(tried.let_in)}"
        return failed(case, found, "Show the operator: the adapter lets strangers in.")
    if tried.refused is not None:
        return failed(case, f"a sample is refused: {tried.refused}", _MEND_SECRET)
    if tried.last_refusal is not None:
        found = f"the platform's last message was refused: {tried.last_refusal}"
        late = tried.last_refusal.startswith(("stale", "from_the_future"))
        return failed(case, found, _MEND_CLOCK if late else _MEND_SECRET)
    if not tried.told and not tried.silent:
        found = "the platform has sent nothing since the secrets were set"
        mend = f"Have it send a message to {hook}: place a paid order in its test mode."
        return failed(case, found, mend)
    told = [f"{tried.kept_out} messages of strangers were refused"] if tried.kept_out else []
    if tried.taken:
        told.insert(0, f"samples were taken ({', '.join(tried.taken)})")
    if tried.unsigned is not None:
        told.append(f"only the platform can sign ({tried.unsigned})")
    if tried.told:
        told.append("the platform's own messages are taken")
    return passed(case, "; ".join(told))


def grade_time(took: Sequence[float], *, limit_ms: int, title: str) -> Graded:
    """The slowest answer against the platform's patience; `took` is in seconds."""
    case = "in_time"
    if not took:
        found = f"only the platform can sign, and so only it can tell; it waits {limit_ms} ms"
        return Graded(case, "not_for_it", found)
    slowest = max(took) * 1000
    found = f"answered in {slowest:.0f} ms at most; {title} waits {limit_ms} ms"
    if slowest > limit_ms:
        return failed(case, found, "Show the operator: the hub needs more processes or disks.")
    return passed(case, found)


def grade_twice(tried: Points, *, door: str | None, kept_twice: bool) -> Graded:
    """One order told twice; `door`: how both deliveries of one message were answered."""
    case = "twice"
    if kept_twice:
        return failed(case, f"it is kept twice ({door})", "Show the operator: mend the adapter.")
    refusal = _refused(case, tried)
    if refusal is not None:
        return refusal
    first, second = tried.after
    at_door = f"both deliveries are answered {door} and kept once; " if door else ""
    found = f"{at_door}{tried.source}: {first} points after the first, {second} after the second"
    if first != second:
        return failed(case, found, "Show the operator: mend the adapter.")
    return passed(case, found)


def grade_earning(
    tried: Sequence[Points],
    *,
    unasked: str | None,
    unread: Sequence[str],
    left_out: Sequence[str],
    days: int,
) -> Graded:
    """The orders that the shop tells are read, taken, and one at the least earns."""
    case = "earn"
    if unasked is not None:
        return failed(case, f"the shop cannot be asked for orders: {unasked}", _MEND_ASKING)
    if unread:
        found = f"{len(unread)} orders cannot be read: {unread[0]}"
        return failed(case, found, f"{_MEND_ASKING} Dead letters are in `connection show`.")
    for each in tried:
        refusal = _refused(case, each)
        if refusal is not None:
            return refusal
    if not tried:
        found = f"there is no paid order of the last {days} days to look at"
        if left_out:
            found += f"; {len(left_out)} were left out: {left_out[0]}"
        return failed(case, found, "Place a paid order in the shop's test mode, and run it again.")
    best = max(tried, key=lambda each: each.after[0])
    if best.after[0] == 0:
        return failed(case, f"{best.source} earns no points", _NOTHING_EARNED)
    count = f"{len(tried)} orders are taken; " if len(tried) > 1 else ""
    return passed(case, f"{count}{best.source} earns {best.after[0]} points")


def grade_old_revision(tried: Points) -> Graded:
    """An order, then an older state of it that is worth something else."""
    case = "old_revision"
    if (refusal := _refused(case, tried)) is not None:
        return refusal
    before, after = tried.after
    found = f"{tried.source}: {before} points, {after} after the older state"
    if before == 0:
        return failed(case, found, _SEE_EARN)
    if before != after:
        return failed(case, found, "Show the operator: the older state was believed.")
    return passed(case, found)


def grade_taken_back(case: str, tried: Points) -> Graded:
    """An order, then refunded or cancelled: fewer points, and of a cancelled one none."""
    if (refusal := _refused(case, tried)) is not None:
        return refusal
    before, after = tried.after
    found = f"{tried.source}: {before} points, {after} after it"
    if before == 0:
        return failed(case, found, _SEE_EARN)
    if after >= before or (case == "cancel" and after != 0):
        return failed(case, found, "Show the operator: points of what came back are kept.")
    return passed(case, found)


def grade_guest(tried: Points, *, outcome: str, guests: str) -> Graded:
    """A guest's order earns nothing; it is kept to be claimed, or left out, as is set."""
    case = "guest"
    if (refusal := _refused(case, tried)) is not None:
        return refusal
    if tried.after != (0,):
        found = f"{tried.source} earns {tried.after[0]} points for nobody"
        return failed(case, found, "Show the operator: mend the adapter.")
    kept = outcome != "guest"
    if kept != (guests == "keep"):
        found = f"guests: {guests}, and the order is {'kept' if kept else 'left out'}"
        return failed(case, found, "Show the operator: this should not be.")
    told = "kept, and can be claimed later" if kept else "left out, as the connection says"
    return passed(case, f"{tried.source}: {told}")


def grade_spend(
    *,
    code: str | None,
    same: bool,
    needs_order: bool,
    trouble: str | None,
    held: tuple[int, int, int] | None,
    refusal: str | None,
) -> Graded:
    """A code that was made and undone; points before, while held, and after."""
    case = "spend"
    if needs_order:
        found = "points pay on an open order there, and none is open"
        return failed(
            case,
            found,
            "Leave an order open there, so that the platform tells of it, and run it again.",
        )
    if trouble is not None:
        left = f"; look whether {code} is still there" if code else ""
        mend = f"{_MEND_ASKING} It must be allowed to write{left}."
        return failed(case, f"the platform made no code, or kept it: {trouble}", mend)
    if not same:
        return failed(case, "a repetition made a second code", "Show the operator.")
    if held is None:
        return failed(case, f"no points can be held: {refusal}", _SEE_EARN)
    before, while_held, after = held
    found = f"{before} points, {while_held} while some are held, {after} after they are let go"
    if not (while_held < before == after):
        return failed(case, found, "Show the operator: points are lost or spent twice.")
    made = f"{code} was made and taken back, each twice; " if code else ""
    return passed(case, made + found)


def _refused(case: str, tried: Points) -> Graded | None:
    if tried.problem is None:
        return None
    found = f"{tried.source} is refused: {tried.problem}: {tried.detail or ''}".rstrip(": ")
    return failed(case, found, _BY_PROBLEM.get(tried.problem, _SETTINGS))
