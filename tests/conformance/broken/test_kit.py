"""The kit fails each broken adapter, by the case that names its fault."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.adyen import Adyen
from adapters.conformance import AdapterSuite
from adapters.square import Square
from adapters.stripe import Stripe
from adapters.testing.adyen import AdyenShop
from adapters.testing.square import SquareShop
from adapters.testing.stripe import StripeShop
from tests.conformance.broken import faults

STEPS = "test_what_is_heard_while_it_happens_is_right_at_every_step"
AGAIN = "test_trouble_that_passes_is_answered_5xx_so_that_it_is_delivered_again"
BROKEN = {
    faults.SignsNothing: "test_every_flipped_byte_of_what_is_signed_is_refused",
    faults.ForgetsTheLastByte: "test_every_flipped_byte_of_what_is_signed_is_refused",
    faults.AcceptsTheFuture: "test_what_will_be_signed_later_is_refused",
    faults.AcceptsTheStale: "test_what_was_signed_long_ago_is_stale",
    faults.KnowsOneSecret: "test_two_secrets_are_good_during_a_rotation_and_no_third",
    faults.TrustsTheFirstItem: "test_every_part_of_a_batch_must_be_signed",
    faults.ForgetsTheAddress: "test_a_flipped_address_is_refused_where_it_is_signed",
    faults.KeysByDelivery: "test_the_same_message_again_has_the_same_key_and_another_has_not",
    faults.BlamesThePlatform: AGAIN,
    faults.CountsInFloats: "test_hundredths_are_exact",
    faults.ThinksAllMoneyHasCents: "test_yen_have_no_hundredths",
    faults.ReadsIdsAsDoubles: "test_neighbouring_ids_beyond_two_to_the_53rd_are_two_orders",
    faults.EarnsOnShipping: "test_shipping_earns_nothing",
    faults.EarnsOnGiftCards: "test_what_a_gift_card_paid_earns_nothing",
    faults.CountsPendingRefunds: "test_a_refund_counts_when_it_comes_through_and_not_before",
    faults.ForgetsReversals: "test_a_refund_that_is_reversed_gives_the_points_again",
    faults.AddsRefundsUp: STEPS,
    faults.KnowsNoCancellation: "test_a_cancelled_order_earns_nothing",
    faults.LosesTheCustomer: "test_a_guest_buys_without_a_name_and_may_be_named_later",
    faults.NeverRevises: STEPS,
    faults.RevisesByTheSecond: STEPS,
    faults.BelievesTheLocalClock: "test_the_instant_is_right_around_both_changes_of_the_clock",
    faults.CrashesOnOddValues: "test_a_value_of_another_kind_is_malformed_and_nothing_else",
    faults.TakesErrorsForFacts: (
        "test_an_answer_that_is_trouble_is_malformed_and_not_taken_for_facts"
    ),
    faults.RefusesNewFields: "test_fields_that_nobody_knows_change_nothing",
    faults.SpendsTwice: "test_points_spent_twice_by_a_repetition_pay_once",
    faults.UndoesNothing: "test_what_was_undone_pays_nothing_however_often",
    faults.TakesRefusalsForCodes: "test_a_platform_that_refuses_is_a_problem_and_not_a_code",
    faults.StopsAtTheFirstPage: "test_a_backfill_equals_what_the_messages_gave",
    faults.ForgetsParts: "test_any_order_of_the_messages_ends_alike",
    faults.TellsContacts: "test_what_is_shown_tells_no_contact_and_no_secret",
}
SHOPS = {Stripe: StripeShop, Square: SquareShop, Adyen: AdyenShop}


EACH = pytest.mark.parametrize(
    ("broken", "case"), [pytest.param(*each, id=each[0].__name__) for each in BROKEN.items()]
)


def suite_of(broken: type[Any]) -> AdapterSuite:
    """A suite of the broken adapter, as its author would write it."""
    (shop,) = (shop for sound, shop in SHOPS.items() if issubclass(broken, sound))
    made = type(f"Of{broken.__name__}", (AdapterSuite,), {"adapter": broken(), "shop": shop})
    return made()


@pytest.mark.parametrize(
    ("broken", "case"), BROKEN.items(), ids=lambda x: getattr(x, "__name__", "")
)
def test_the_kit_fails_it_by_name(broken: type[Any], case: str) -> None:
    run = getattr(suite_of(broken), case)
    with pytest.raises(Exception) as told:  # noqa: PT011 - any failure of the case
        run()
    assert not isinstance(told.value, NameError | ImportError | NotImplementedError)


@pytest.mark.parametrize(
    ("broken", "case"), BROKEN.items(), ids=lambda x: getattr(x, "__name__", "")
)
def test_the_sound_adapter_passes_the_same_case(broken: type[Any], case: str) -> None:
    (sound,) = (each for each in SHOPS if issubclass(broken, each))
    getattr(suite_of(sound), case)()
