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
from adapters.testing.toast import ToastShop
from adapters.toast import Toast
from tests.conformance.broken import faults, tills

STEPS = "test_what_is_heard_while_it_happens_is_right_at_every_step"
PROOF = "test_a_proof_that_is_not_good_opens_nothing_and_the_till_is_told"
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
    faults.ForgetsWhatPointsPaid: (
        "test_what_points_paid_is_told_as_a_tender_that_names_the_spend"
    ),
    faults.ThinksThatFreeIsNothing: "test_points_that_pay_for_all_of_it_are_told_too",
    faults.KeepsThePointsOfRefunds: (
        "test_a_refund_of_all_the_money_takes_back_what_points_paid_as_well"
    ),
    faults.StopsAtTheFirstPage: "test_a_backfill_equals_what_the_messages_gave",
    faults.ForgetsParts: "test_any_order_of_the_messages_ends_alike",
    faults.TellsContacts: "test_what_is_shown_tells_no_contact_and_no_secret",
    tills.TakesExpiredTokens: PROOF,
    tills.TakesTokensOfAnyIssuer: PROOF,
    tills.TakesTokensForAnybody: PROOF,
    tills.BelievesTheAlgorithmThatATokenNames: PROOF,
    tills.TakesTokensWithoutSignature: PROOF,
    tills.ReadsHalfATokensSignature: "test_every_flipped_character_of_the_signature_is_refused",
    tills.SpendsAtEveryDelivery: "test_the_same_key_gets_the_same_answer_and_is_done_once",
    tills.ForgetsWhoseKeyItIs: "test_one_key_of_two_members_is_two_operations",
    tills.AnswersRepetitionsShortly: "test_the_same_key_gets_the_same_answer_and_is_done_once",
    tills.CountsAnOfferOnce: "test_points_pay_exactly_what_was_asked",
    tills.CountsSumsInFloats: "test_points_pay_exactly_what_was_asked",
    tills.TakesRefusedOffersForPaid: "test_too_few_points_pay_nothing_and_the_till_is_told",
    tills.OffersMoreThanThereIsToPay: (
        "test_a_till_is_told_what_a_member_has_and_what_could_be_paid_with_it"
    ),
    tills.WelcomesAnybody: "test_an_unknown_member_is_told_so_whatever_is_asked",
    tills.UndoesTheUnknown: "test_undoing_what_is_not_known_is_refused_until_it_is",
    tills.UndoesTwice: "test_undoing_twice_by_two_keys_is_refused",
    tills.UndoesAllForAPart: "test_a_part_of_a_redemption_can_be_undone",
    tills.AnswersInItsOwnWords: (
        "test_a_till_is_told_what_a_member_has_and_what_could_be_paid_with_it"
    ),
    tills.TakesATransferForAnInquiry: "test_what_is_not_offered_is_answered_clearly",
    tills.RefusesWhenInTrouble: ("test_trouble_that_passes_is_told_in_form_and_never_as_a_refusal"),
    tills.LeavesTaxOut: "test_a_check_earns_and_its_amounts_are_exact",
    tills.TellsTheTillWhoItIs: "test_what_a_till_is_told_names_nobody",
}
SHOPS = {Stripe: StripeShop, Square: SquareShop, Adyen: AdyenShop, Toast: ToastShop}


#: Faults in what is made of several messages: no case is needed that was thought of for each.
FOUND_BY_CHANCE = (
    faults.EarnsOnShipping,
    faults.CountsPendingRefunds,
    faults.ForgetsReversals,
    faults.AddsRefundsUp,
    faults.KnowsNoCancellation,
    faults.NeverRevises,
    faults.RevisesByTheSecond,
    faults.ForgetsParts,
    tills.SpendsAtEveryDelivery,
    tills.ForgetsWhoseKeyItIs,
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
    """The sound adapters pass each case in suites of their own."""
    run = getattr(suite_of(broken), case)
    assert callable(run), "the case is none of this adapter's"
    with pytest.raises(Exception) as told:  # noqa: PT011 - any failure of the case
        run()
    assert not isinstance(told.value, NameError | ImportError | NotImplementedError)


@pytest.mark.parametrize("broken", FOUND_BY_CHANCE, ids=lambda broken: broken.__name__)
def test_the_few_random_histories_of_an_ordinary_run_fail_it_too(broken: type[Any]) -> None:
    with pytest.raises(AssertionError) as told:
        suite_of(broken).test_random_histories_end_in_the_points_of_the_last_state()
    assert told.value.__notes__[-1].startswith("It was history ")
