"""What is made of messages, well-formed and not, and how they are answered."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

from adapters.conformance.base import Base, needs
from adapters.conformance.hub import Asked, Remembered, asked_by
from adapters.contract import (
    Answer,
    Call,
    Capability,
    Ignored,
    Malformed,
    Outcome,
    Request,
    Verified,
)
from adapters.testing.shop import Shop

_WRONG: tuple[Any, ...] = (None, [], {}, "", "x", -1, 10**30, True, [None])


class MessageCases(Base):
    """Cases of `parse`, `ack` and `delivery_key`."""

    def test_the_same_message_again_has_the_same_key_and_another_has_not(self) -> None:
        shop = self.new_shop()
        first = self.bought(shop, 1250)
        self.bought(shop, 700)
        shop.refund(first, 500)
        keys = [self.adapter.delivery_key(request=m.request) for m in shop.sent]
        assert len(set(keys)) == len(keys), "two messages have one key"
        again = [self.adapter.delivery_key(request=shop.redelivered(m.request)) for m in shop.sent]
        assert again == keys, "a message that is delivered again has another key"

    def test_a_message_kept_or_repeated_is_answered_as_the_platform_wants(self) -> None:
        shop = self.new_shop()
        self.bought(shop, 1250)
        for outcome in (Outcome("kept"), Outcome("repeated")):
            reply = self.adapter.ack(
                request=shop.sent[0].request, outcome=outcome, settings=shop.settings
            )
            assert reply.status in self.adapter.manifest.retries.succeeds_on

    def test_trouble_that_passes_is_answered_5xx_so_that_it_is_delivered_again(self) -> None:
        shop = self.new_shop()
        self.bought(shop, 1250)
        reply = self.adapter.ack(
            request=shop.sent[0].request,
            outcome=Outcome("unavailable", "database_unavailable"),
            settings=shop.settings,
        )
        assert reply.status >= 500, f"transient trouble is answered {reply.status}"
        assert reply.status not in self.adapter.manifest.retries.gives_up_on

    def test_fields_that_nobody_knows_change_nothing(self) -> None:
        shop = self.new_shop()
        purchase = self.bought(shop, 1250, 700)
        shop.refund(purchase, 500)

        def ask(call: Call) -> Answer:
            answer = shop.answer(call)
            return replace(answer, body=json.dumps(_with_unknown(json.loads(answer.body))).encode())

        hub = self.new_hub(shop, ask)
        for message in shop.sent:
            value = _json(message.request.body)
            if value is None:
                hub.read(message.request)
                continue
            request = shop.sign(json.dumps(_with_unknown(value)).encode(), like=message.request)
            verdict = self.verify(request, shop.secrets, shop.now)
            assert isinstance(verdict, Verified), "a message with a new field is refused"
            hub.read(request)
        assert hub.sales == self.heard(shop).sales

    def test_what_is_no_message_is_malformed_and_nothing_else(self) -> None:
        shop = self.new_shop()
        self.bought(shop, 1250)
        request = shop.sent[0].request
        for body in (b"", b"{", b"[]", b"null", b"1", b"\xff", b'{"a":NaN}', b"[" * 100_000):
            self.tried(shop, replace(request, body=body))
            self.verify(replace(request, body=body), shop.secrets, shop.now)
            self.adapter.delivery_key(request=replace(request, body=body))

    def test_a_value_of_another_kind_is_malformed_and_nothing_else(self) -> None:
        shop = self.new_shop()
        purchase = self.bought(shop, 1250)
        shop.refund(purchase, 500)
        remembered = Remembered(shop.answer)
        for message in shop.sent:
            value = _json(message.request.body)
            for changed in () if value is None else _wrong(value):
                request = replace(message.request, body=json.dumps(changed).encode())
                self.tried(shop, request, remembered)
                self.verify(request, shop.secrets, message.at)

    @needs(Capability.FETCH)
    def test_an_answer_of_another_kind_is_malformed_and_nothing_else(self) -> None:
        shop = self.new_shop()
        purchase = self.bought(shop, 1250)
        shop.refund(purchase, 500)
        remembered = Remembered(shop.answer)
        for message in shop.sent:
            self.new_hub(shop, remembered).read(message.request)
        last = shop.sent[-1].request
        for odd, answer in list(remembered.answers.items()):
            for changed in _wrong(json.loads(answer.body), most=250):
                wrong = replace(answer, body=json.dumps(changed).encode())

                def ask(call: Call, odd: Asked = odd, wrong: Answer = wrong) -> Answer:
                    return wrong if asked_by(call) == odd else remembered(call)

                try:
                    self.new_hub(shop, ask).read(last)
                except Malformed:
                    continue
                except AssertionError as error:
                    raise AssertionError(f"{odd[1]}: {changed}") from error

    @needs(Capability.FETCH)
    def test_an_answer_that_is_trouble_is_malformed_and_not_taken_for_facts(self) -> None:
        shop = self.new_shop()
        self.bought(shop, 1250)
        for status in (401, 404, 429, 500, 503):
            broken = replace(shop.answer(Call("GET", "/nowhere")), status=status, body=b"{}")
            hub = self.new_hub(shop, lambda _call, broken=broken: broken)  # type: ignore[misc]  # a default is not in the type
            for message in shop.sent:
                try:
                    hub.read(message.request)
                except Malformed:
                    continue
            assert not hub.sales, f"facts are made of an answer {status}"

    @needs(Capability.PING)
    def test_a_ping_is_answered_and_tells_nothing(self) -> None:
        assert "ping" in self.adapter.manifest.scenarios, "there is no sample of the ping"
        shop = self.new_shop()
        for scenario, request in self.samples(shop):
            if scenario == "ping":
                verdict = self.verify(request, shop.secrets, shop.now)
                assert isinstance(verdict, Verified), "the ping is refused"
                parsed = self.adapter.parse(request=request, settings=shop.settings)
                assert isinstance(parsed, Ignored), "the ping tells something"
                reply = self.adapter.ack(
                    request=request, outcome=Outcome("kept"), settings=shop.settings
                )
                assert 200 <= reply.status < 300

    def test_what_is_shown_tells_no_contact_and_no_secret(self) -> None:
        shop = self.new_shop()
        self.bought(shop, 1250, email="ann.very.private@example.com")
        hub = self.new_hub(shop)
        for message in shop.sent:
            hub.deliver(message)
        told = repr(hub.orders) + repr([m.request for m in shop.sent])
        assert "ann.very.private" not in told, "an e-mail address is told"
        for secret in (*shop.secrets.signing, *shop.secrets.extra.values()):
            assert secret not in told, "a secret is told"

    def tried(
        self, shop: Shop, request: Request, ask: Callable[[Call], Answer] | None = None
    ) -> None:
        """Read it; Malformed is an answer too, any other exception is none."""
        with suppress(Malformed):
            self.new_hub(shop, ask).read(request)


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None


def _with_unknown(value: Any) -> Any:
    """The same with a field more in every object that has fields of its own names."""
    if isinstance(value, dict):
        grown = {name: _with_unknown(each) for name, each in value.items()}
        return {"x_new_field": {"a": [1.5, None]}, **grown}
    if isinstance(value, list):
        return [_with_unknown(each) for each in value]
    return value


def _wrong(value: Any, *, most: int = 2000) -> Iterator[Any]:
    """The value with one place changed to something of another kind, place by place."""
    made = 0
    for path in _paths(value):
        for wrong in _WRONG:
            if made >= most:
                return
            made += 1
            yield _changed(value, path, wrong)


def _paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    places = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for place, each in places:
        yield from _paths(each, (*path, place))


def _changed(value: Any, path: tuple[Any, ...], wrong: Any) -> Any:
    if not path:
        return wrong
    place, *rest = path
    copy = value.copy()
    copy[place] = _changed(value[place], tuple(rest), wrong)
    return copy
