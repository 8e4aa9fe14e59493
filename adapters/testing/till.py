"""A shop whose tills ask and wait: what a synchronous platform sends, and how it reads answers."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Literal, get_args

from adapters.contract import Reply, Request
from adapters.testing.shop import Purchase, Shop

#: What may be wrong with the proof of who sends.
Forgery = Literal[
    "expired", "not_yet", "endless", "issuer", "audience", "key", "no_algorithm", "shared_secret"
]


@dataclass(frozen=True, slots=True)
class Heard:
    """What a till makes of an answer; sums in minor units.

    `accepted`: the platform goes on. `applied` and `rejected`: what is paid with points, by offer.
    `offered`: what could be. `members`: the accounts that were found.
    """

    accepted: bool
    points: int | None = None
    applied: tuple[int, ...] = ()
    rejected: tuple[int, ...] = ()
    offered: tuple[int, ...] = ()
    members: tuple[str, ...] = ()


class Till(Shop):
    """A synchronous platform's class says how each question is written, and reads the answers."""

    #: What can be wrong with this platform's proof.
    forgeries: ClassVar[tuple[Forgery, ...]] = get_args(Forgery)

    @abstractmethod
    def inquire(
        self, *, key: str, member: str, purchase: Purchase, offers: tuple[int, ...] = ()
    ) -> Request:
        """What does a member have, and do these offers on the check stand?"""

    @abstractmethod
    def search(self, *, key: str, phone: str | None = None, email: str | None = None) -> Request:
        """Who has this phone or e-mail address?"""

    @abstractmethod
    def redeem(
        self, *, key: str, member: str, purchase: Purchase, offers: tuple[int, ...]
    ) -> Request:
        """Pay these sums with points."""

    @abstractmethod
    def accrue(self, *, key: str, member: str | None, purchase: Purchase) -> Request:
        """Earn on a check."""

    @abstractmethod
    def reverse(
        self, *, key: str, member: str | None, reverses: str, minor: int | None = None
    ) -> Request:
        """Undo what was done by a key: all, or so much of a redemption."""

    @abstractmethod
    def other(self, *, key: str, member: str) -> Request:
        """A question of the platform that the contract has no kind for."""

    @abstractmethod
    def forged(self, request: Request, how: Forgery) -> Request:
        """The same, with something wrong with the proof of who sends."""

    @abstractmethod
    def heard(self, reply: Reply, request: Request) -> Heard:
        """Read an answer.

        Raises:
            AssertionError: it is not in the platform's form.
        """
