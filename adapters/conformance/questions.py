"""A till that waits: every question, repeated, refused and undone, in the platform's own form."""

from __future__ import annotations

from adapters.conformance.base import Base, needs
from adapters.conformance.hub import TinyHub
from adapters.contract import Capability, Outcome, Question, Rejected, Reply, Request
from adapters.testing.shop import Item, Purchase
from adapters.testing.till import Heard, Till

C = Capability
ANN = "card-0077"


class QuestionCases(Base):
    """Cases of synchronous platforms."""

    def till(self) -> tuple[Till, TinyHub]:
        """A till, and a hub that knows Ann, who has 1000 points, and nobody else."""
        shop = self.new_shop()
        assert isinstance(shop, Till), "the shop of a synchronous platform is a Till"
        hub = self.new_hub(shop)
        hub.desk.everybody = False
        hub.desk.members[ANN] = 1000
        hub.desk.contacts |= {"+15550177": ANN, "ann@example.com": ANN}
        return shop, hub

    def told(self, till: Till, hub: TinyHub, request: Request) -> Heard:
        """Ask, and read the answer as the till does."""
        return till.heard(self.asked(till, hub, request), request)

    def asked(self, till: Till, hub: TinyHub, request: Request) -> Reply:
        """Ask."""
        return hub.answer(request, till.now)

    def check(self, till: Till, *minor: int) -> Purchase:
        """What a guest is about to pay."""
        return till.buy(self.basket(*(minor or (2000,))), customer=ANN)

    @needs(C.SYNCHRONOUS)
    def test_a_till_is_told_what_a_member_has_and_what_could_be_paid_with_it(self) -> None:
        till, hub = self.till()
        heard = self.told(till, hub, till.inquire(key="k1", member=ANN, purchase=self.check(till)))
        assert (heard.accepted, heard.points) == (True, 1000)
        assert max(heard.offered, default=0) == 1000, "not all that is possible is offered"
        small = till.inquire(key="k2", member=ANN, purchase=self.check(till, 350))
        assert max(self.told(till, hub, small).offered, default=0) == 350, "more than is to pay"

    @needs(C.SYNCHRONOUS)
    def test_a_member_is_found_by_phone_and_by_e_mail_and_nobody_by_another(self) -> None:
        till, hub = self.till()
        for contact in ({"phone": "+15550177"}, {"email": "ann@example.com"}):
            heard = self.told(till, hub, till.search(key="k1", **contact))
            assert (heard.accepted, heard.members) == (True, (f"mem_{ANN}",))
        heard = self.told(till, hub, till.search(key="k2", phone="+15550199"))
        assert heard.members == (), "somebody is found who is not there"
        found = till.inquire(key="k3", member=f"mem_{ANN}", purchase=self.check(till))
        assert self.told(till, hub, found).points == 1000, "who was found is not known"

    @needs(C.SYNCHRONOUS)
    def test_points_pay_exactly_what_was_asked(self) -> None:
        for minor in (1, 10, 29, 57, 110, 435, 820, 1000):
            till, hub = self.till()
            redeem = till.redeem(key="k1", member=ANN, purchase=self.check(till), offers=(minor,))
            heard = self.told(till, hub, redeem)
            assert (heard.accepted, heard.applied, heard.rejected) == (True, (minor,), ())
            assert hub.desk.members[ANN] == 1000 - minor, "another sum was spent"
            assert heard.points == 1000 - minor, "the till is told another balance"

    @needs(C.SYNCHRONOUS)
    def test_several_sums_are_spent_together_or_not_at_all(self) -> None:
        till, hub = self.till()
        check = self.check(till)
        both = till.redeem(key="k1", member=ANN, purchase=check, offers=(500, 400))
        assert self.told(till, hub, both).applied == (500, 400)
        assert hub.desk.members[ANN] == 100
        more = till.redeem(key="k2", member=ANN, purchase=check, offers=(50, 60))
        heard = self.told(till, hub, more)
        assert (heard.applied, heard.rejected) == ((), (50, 60)), "a part was taken for paid"
        assert hub.desk.members[ANN] == 100

    @needs(C.SYNCHRONOUS)
    def test_too_few_points_pay_nothing_and_the_till_is_told(self) -> None:
        till, hub = self.till()
        check = self.check(till)
        redeem = till.redeem(key="k1", member=ANN, purchase=check, offers=(1001,))
        heard = self.told(till, hub, redeem)
        assert (heard.applied, heard.rejected) == ((), (1001,)), "the till takes it for paid"
        assert hub.desk.members[ANN] == 1000
        inquire = till.inquire(key="k2", member=ANN, purchase=check, offers=(600, 600))
        heard = self.told(till, hub, inquire)
        assert (heard.applied, heard.rejected) == ((600,), (600,)), "more stands than there is"
        assert hub.desk.members[ANN] == 1000, "asking spent something"

    @needs(C.SYNCHRONOUS)
    def test_a_check_earns_and_its_amounts_are_exact(self) -> None:
        for minor in ((1999, 435, 29), (10, 20, 57), (820, 1, 1)):
            till, hub = self.till()
            items = [Item(f"L{i}", each, tax=each // 10) for i, each in enumerate(minor, 1)]
            purchase = till.buy(items, customer=ANN)
            request = till.accrue(key="k1", member=ANN, purchase=purchase)
            assert self.told(till, hub, request).accepted
            sale = hub.sales[till.order_id(purchase)]
            assert [line.amount.micros for line in sale.lines] == [m * 10_000 for m in minor]
            assert hub.desk.members[ANN] == 1000 + sum(minor) // 100
            assert sale.member is not None, "the member is lost"

    @needs(C.SYNCHRONOUS)
    def test_the_same_key_gets_the_same_answer_and_is_done_once(self) -> None:
        till, hub = self.till()
        check = self.check(till)
        redeem = till.redeem(key="k1", member=ANN, purchase=check, offers=(300,))
        accrue = till.accrue(key="k2", member=ANN, purchase=check)
        undo = till.reverse(key="k3", member=ANN, reverses="k1")
        answers = [self.asked(till, hub, request) for request in (redeem, accrue, undo)]
        left = hub.desk.members[ANN]
        assert left == 1020, "something was not done"
        till.now += till.step * 90
        for request, answer in zip((redeem, accrue, undo), answers, strict=True):
            for again in (request, till.redelivered(request)):
                assert self.asked(till, hub, again) == answer, "the answer is another"
        assert hub.desk.members[ANN] == left, "a repetition was done again"
        other = till.redeem(key="k4", member=ANN, purchase=check, offers=(300,))
        self.asked(till, hub, other)
        assert hub.desk.members[ANN] == left - 300, "another key was taken for a repetition"

    @needs(C.SYNCHRONOUS)
    def test_one_key_of_two_members_is_two_operations(self) -> None:
        till, hub = self.till()
        hub.desk.members["card-0078"] = 1000
        check = self.check(till)
        for member in (ANN, "card-0078"):
            request = till.redeem(key="k1", member=member, purchase=check, offers=(300,))
            assert self.told(till, hub, request).applied == (300,)
            assert hub.desk.members[member] == 700, "the second was taken for the first"

    @needs(C.SYNCHRONOUS)
    def test_an_unknown_member_is_told_so_whatever_is_asked(self) -> None:
        till, hub = self.till()
        check = self.check(till)
        for request in (
            till.inquire(key="k1", member="nobody-01", purchase=check),
            till.redeem(key="k2", member="nobody-01", purchase=check, offers=(300,)),
            till.accrue(key="k3", member="nobody-01", purchase=check),
        ):
            assert not self.told(till, hub, request).accepted, "nobody is taken for a member"
            assert 400 <= self.asked(till, hub, request).status < 500
        assert hub.sales == {}

    @needs(C.SYNCHRONOUS, C.GUEST)
    def test_a_guest_earns_nothing_and_is_accepted(self) -> None:
        till, hub = self.till()
        purchase = till.buy(self.basket(2000), customer=None)
        accrue = till.accrue(key="k1", member=None, purchase=purchase)
        assert self.told(till, hub, accrue).accepted
        assert hub.sales[till.order_id(purchase)].member is None
        undo = till.reverse(key="k2", member=None, reverses="k1")
        assert self.told(till, hub, undo).accepted
        assert hub.points(till.order_id(purchase)) == 0

    @needs(C.SYNCHRONOUS)
    def test_what_is_undone_is_as_if_it_had_not_been(self) -> None:
        till, hub = self.till()
        check = self.check(till)
        self.asked(till, hub, till.redeem(key="k1", member=ANN, purchase=check, offers=(300,)))
        self.asked(till, hub, till.accrue(key="k2", member=ANN, purchase=check))
        for key, undone in (("k3", "k1"), ("k4", "k2")):
            request = till.reverse(key=key, member=ANN, reverses=undone)
            assert self.told(till, hub, request).accepted
        assert hub.desk.members[ANN] == 1000
        again = till.accrue(key="k5", member=ANN, purchase=check)
        assert self.told(till, hub, again).accepted
        assert hub.desk.members[ANN] == 1020, "a check that is paid anew does not earn"

    @needs(C.SYNCHRONOUS)
    def test_a_part_of_a_redemption_can_be_undone(self) -> None:
        till, hub = self.till()
        check = self.check(till)
        self.asked(till, hub, till.redeem(key="k1", member=ANN, purchase=check, offers=(300, 200)))
        part = till.reverse(key="k2", member=ANN, reverses="k1", minor=200)
        assert self.told(till, hub, part).accepted
        assert hub.desk.members[ANN] == 700
        rest = till.reverse(key="k3", member=ANN, reverses="k1")
        assert self.told(till, hub, rest).accepted
        assert hub.desk.members[ANN] == 1000

    @needs(C.SYNCHRONOUS)
    def test_undoing_what_is_not_known_is_refused_until_it_is(self) -> None:
        till, hub = self.till()
        check = self.check(till)
        undo = till.reverse(key="k2", member=ANN, reverses="k1")
        assert not self.told(till, hub, undo).accepted, "something unknown was undone"
        self.asked(till, hub, till.redeem(key="k1", member=ANN, purchase=check, offers=(300,)))
        assert self.told(till, hub, undo).accepted, "the first refusal was remembered"
        assert hub.desk.members[ANN] == 1000

    @needs(C.SYNCHRONOUS)
    def test_undoing_twice_by_two_keys_is_refused(self) -> None:
        till, hub = self.till()
        check = self.check(till)
        self.asked(till, hub, till.redeem(key="k1", member=ANN, purchase=check, offers=(300,)))
        self.asked(till, hub, till.accrue(key="k2", member=ANN, purchase=check))
        for number, undone in enumerate(("k1", "k2")):
            first = till.reverse(key=f"a{number}", member=ANN, reverses=undone)
            second = till.reverse(key=f"b{number}", member=ANN, reverses=undone)
            assert self.told(till, hub, first).accepted
            assert not self.told(till, hub, second).accepted, "it was undone twice"
            assert self.told(till, hub, first).accepted
        third = till.reverse(key="c1", member=ANN, reverses="a0")
        assert not self.told(till, hub, third).accepted, "a reversal was undone"
        assert hub.desk.members[ANN] == 1000

    @needs(C.SYNCHRONOUS)
    def test_what_is_not_offered_is_answered_clearly(self) -> None:
        till, hub = self.till()
        request = till.other(key="k1", member=ANN)
        reply = self.asked(till, hub, request)
        assert 400 <= reply.status < 500
        assert not till.heard(reply, request).accepted

    @needs(C.SYNCHRONOUS)
    def test_trouble_that_passes_is_told_in_form_and_never_as_a_refusal(self) -> None:
        till, _ = self.till()
        for request in self._all(till):
            reply = self.adapter.ack(
                request=request,
                outcome=Outcome("unavailable", "database_unavailable"),
                settings=till.settings,
            )
            assert reply.status >= 500
            assert not till.heard(reply, request).accepted

    @needs(C.SYNCHRONOUS)
    def test_each_question_says_its_kind_its_key_and_nothing_it_was_not_told(self) -> None:
        till, _ = self.till()
        kinds = ("inquire", "search", "redeem", "accrue", "reverse")
        for kind, request in zip(kinds, self._all(till), strict=True):
            parsed = self.adapter.parse(request=request, settings=till.settings)
            assert isinstance(parsed, Question), f"{kind} is no question"
            assert parsed.kind == kind
            assert parsed.key == self.adapter.delivery_key(request=request)
            assert (parsed.reverses is not None) == (kind == "reverse")
            assert (parsed.amount_micros is None) == (kind != "redeem")
            stated = parsed.order is not None and parsed.order.status != "open"
            assert stated <= (kind in ("accrue", "redeem", "inquire")), "it states a sale"

    @needs(C.SYNCHRONOUS)
    def test_a_proof_that_is_not_good_opens_nothing_and_the_till_is_told(self) -> None:
        till, hub = self.till()
        request = till.redeem(key="k1", member=ANN, purchase=self.check(till), offers=(300,))
        reasons = {"expired": "stale", "not_yet": "from_the_future"}
        assert "key" in till.forgeries, "there is nothing that a stranger could not make"
        for how in till.forgeries:
            forged = till.forged(request, how)
            verdict = self.verify(forged, till.secrets, till.now)
            assert isinstance(verdict, Rejected), f"a proof with a wrong {how} opens"
            assert verdict.reason == reasons.get(how, verdict.reason), f"{how}: {verdict}"
            reply = self.asked(till, hub, forged)
            assert 400 <= reply.status < 500
            assert not till.heard(reply, forged).accepted
        assert hub.desk.members[ANN] == 1000
        assert self.told(till, hub, request).applied == (300,)

    @needs(C.SYNCHRONOUS)
    def test_what_a_till_is_told_names_nobody(self) -> None:
        till, hub = self.till()
        for request in self._all(till):
            body = self.asked(till, hub, request).body.decode()
            assert "ann@example.com" not in body, "an e-mail address is told"
            assert "+15550177" not in body, "a phone number is told"

    def _all(self, till: Till) -> list[Request]:
        """One of each kind."""
        check = self.check(till)
        return [
            till.inquire(key="a1", member=ANN, purchase=check),
            till.search(key="a2", phone="+15550177"),
            till.redeem(key="a3", member=ANN, purchase=check, offers=(300,)),
            till.accrue(key="a4", member=ANN, purchase=check),
            till.reverse(key="a5", member=ANN, reverses="a3"),
        ]
