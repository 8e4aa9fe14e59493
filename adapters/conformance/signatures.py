"""Who sent it: every byte that is signed counts, and so does the time."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from adapters.conformance.base import Base, needs
from adapters.contract import Capability, Headers, Outcome, Rejected, Request, Secrets, Verified


class SignatureCases(Base):
    """Cases of `verify`."""

    def test_what_the_platform_signed_is_taken(self) -> None:
        shop = self.new_shop()
        self.bought(shop, 1250)
        assert shop.sent, "the shop says nothing of a purchase"
        for message in shop.sent:
            verdict = self.verify(message.request, shop.secrets, message.at)
            assert isinstance(verdict, Verified), verdict
        for scenario, request in self.samples(shop):
            verdict = self.verify(request, shop.secrets, shop.now)
            assert isinstance(verdict, Verified), (scenario, verdict)

    def test_every_flipped_byte_of_what_is_signed_is_refused(self) -> None:
        shop = self.new_shop()
        self.bought(shop, 1250)
        for message in shop.sent[:2]:
            body = message.request.body
            if not shop.signs_body:
                # Whoever has the proof may say anything: the manifest must not hide it.
                assert "not the body" in self.adapter.manifest.signs
                return
            places = list(shop.signed_bytes(message.request))
            assert places, "nothing of the message is signed"
            for place in places:
                changed = body[:place] + bytes([body[place] ^ 1]) + body[place + 1 :]
                verdict = self.verify(
                    replace(message.request, body=changed), shop.secrets, message.at
                )
                assert isinstance(verdict, Rejected), f"byte {place} of the body is not signed"

    def test_every_flipped_character_of_the_signature_is_refused(self) -> None:
        shop = self.new_shop()
        self.bought(shop, 1250)
        name = shop.signature_header
        if name is None:
            # It stands in the body, where the case before flips its bytes.
            assert shop.unsigned(shop.sent[0].request) != shop.sent[0].request
            return
        for message in shop.sent[:1]:
            value = message.request.headers[name]
            for place, mask in ((p, m) for p in range(len(value)) for m in (1, 32)):
                other = chr(ord(value[place]) ^ mask)
                changed = value[:place] + other + value[place + 1 :]
                verdict = self.verify(
                    _with_header(message.request, name, changed), shop.secrets, message.at
                )
                assert isinstance(verdict, Rejected), f"{changed!r} is taken for {value!r}"

    def test_a_flipped_address_is_refused_where_it_is_signed(self) -> None:
        shop = self.new_shop()
        self.bought(shop, 1250)
        message = shop.sent[0]
        elsewhere = replace(message.request, url=message.request.url + "x")
        verdict = self.verify(elsewhere, shop.secrets, message.at)
        assert isinstance(verdict, Rejected) == shop.signs_url

    def test_a_message_without_its_signature_is_refused(self) -> None:
        shop = self.new_shop()
        self.bought(shop, 1250)
        for message in shop.sent:
            verdict = self.verify(shop.unsigned(message.request), shop.secrets, message.at)
            assert isinstance(verdict, Rejected), "an unsigned message is taken"
            assert verdict.reason in ("signature_missing", "malformed"), verdict
        if shop.signature_header is not None:
            for value in ("", " ", "ü", ",", "=", "t=,v1="):
                changed = _with_header(shop.sent[0].request, shop.signature_header, value)
                verdict = self.verify(changed, shop.secrets, shop.sent[0].at)
                assert isinstance(verdict, Rejected), f"the signature {value!r} is taken"

    def test_the_case_of_header_names_does_not_matter(self) -> None:
        shop = self.new_shop()
        self.bought(shop, 1250)
        for message in shop.sent:
            for change in (str.upper, str.lower, str.title):
                fields = {change(n): v for n, v in message.request.headers.items()}
                request = replace(message.request, headers=Headers(fields))
                verdict = self.verify(request, shop.secrets, message.at)
                assert isinstance(verdict, Verified), (change, verdict)

    def test_two_secrets_are_good_during_a_rotation_and_no_third(self) -> None:
        newest, before, strangers = self.shop.signing
        shop = self.new_shop()
        by_old = self.new_shop()
        by_old.secrets = Secrets((before,), shop.extra)
        self.bought(shop, 1250)
        self.bought(by_old, 1250)
        both = Secrets((newest, before), shop.extra)
        for message in (shop.sent[0], by_old.sent[0]):
            verdict = self.verify(message.request, both, message.at)
            assert isinstance(verdict, Verified), verdict
        other = Secrets((strangers,), shop.extra)
        for refused in (other, Secrets((), shop.extra)):
            verdict = self.verify(shop.sent[0].request, refused, shop.sent[0].at)
            assert isinstance(verdict, Rejected), "a stranger's secret opens"
        verdict = self.verify(by_old.sent[0].request, shop.secrets, shop.now)
        assert isinstance(verdict, Rejected), "a secret that is no longer kept opens"

    @needs(Capability.SIGNED_TIME)
    def test_what_was_signed_long_ago_is_stale(self) -> None:
        shop = self.new_shop()
        self.bought(shop, 1250)
        message = shop.sent[0]
        tolerance = self.adapter.manifest.tolerance_seconds
        late = message.at + timedelta(seconds=tolerance - 1)
        assert isinstance(self.verify(message.request, shop.secrets, late), Verified)
        verdict = self.verify(message.request, shop.secrets, late + timedelta(seconds=2))
        assert isinstance(verdict, Rejected), "a stale message is taken"
        assert verdict.reason == "stale"

    @needs(Capability.SIGNED_TIME)
    def test_what_will_be_signed_later_is_refused(self) -> None:
        shop = self.new_shop()
        self.bought(shop, 1250)
        message = shop.sent[0]
        tolerance = self.adapter.manifest.tolerance_seconds
        early = message.at - timedelta(seconds=tolerance + 1)
        verdict = self.verify(message.request, shop.secrets, early)
        assert isinstance(verdict, Rejected), "a message from the future is taken"
        assert verdict.reason == "from_the_future"

    @needs(Capability.BATCH)
    def test_every_part_of_a_batch_must_be_signed(self) -> None:
        shop = self.new_shop()
        first, second = self.bought(shop, 1250), self.bought(shop, 700)
        requests = [message.request for message in shop.sent]
        hub = self.new_hub(shop)
        whole = shop.batch(requests)
        assert isinstance(self.verify(whole, shop.secrets, shop.now), Verified)
        hub.read(whole)
        for purchase in (first, second):
            assert hub.points(shop.order_id(purchase)) > 0, "a part of the batch is lost"
        forged = shop.forged_batch(requests)
        verdict = self.verify(forged, shop.secrets, shop.now)
        assert isinstance(verdict, Rejected), "a forged part passes behind a good one"

    def test_a_refusal_tells_no_secret(self) -> None:
        shop = self.new_shop()
        self.bought(shop, 1250)
        message = shop.sent[0]
        told = [repr(shop.secrets), repr(message.request)]
        wrong = replace(message.request, body=message.request.body + b" ")
        told += [
            repr(self.verify(request, shop.secrets, message.at))
            for request in (wrong, shop.unsigned(message.request))
        ]
        for secret in (*shop.secrets.signing, *shop.secrets.extra.values()):
            for text in told:
                assert secret not in text, "a secret is told"

    def test_a_refused_message_is_answered_4xx(self) -> None:
        shop = self.new_shop()
        self.bought(shop, 1250)
        reply = self.adapter.ack(
            request=shop.unsigned(shop.sent[0].request),
            outcome=Outcome("rejected", "signature_missing"),
            settings=shop.settings,
        )
        assert 400 <= reply.status < 500


def _with_header(request: Request, name: str, value: str) -> Request:
    fields = dict(request.headers.items()) | {name.lower(): value}
    return replace(request, headers=Headers(fields))
