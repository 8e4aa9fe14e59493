"""The partner's client of the hub: one method for each thing a till or a back office does."""

from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from partner_sdk.calls.base import MemberLike
from partner_sdk.calls.batches import SaleLike
from partner_sdk.calls.disputes import DisputeCalls
from partner_sdk.calls.log import LogCalls
from partner_sdk.calls.members import MemberCalls
from partner_sdk.calls.payments import PaymentCalls
from partner_sdk.calls.reconciliation import ReconciliationCalls
from partner_sdk.calls.records import RecordCalls
from partner_sdk.calls.redemptions import RedemptionCalls
from partner_sdk.calls.sales import SaleCalls
from partner_sdk.calls.spends import SpendCalls
from partner_sdk.keys import load_private_key
from partner_sdk.transport import Credentials, RetryPolicy, Transport

__all__ = ["MemberLike", "PartnerClient", "RetryPolicy", "SaleLike"]


class PartnerClient(
    MemberCalls,
    SaleCalls,
    RedemptionCalls,
    SpendCalls,
    RecordCalls,
    PaymentCalls,
    ReconciliationCalls,
    LogCalls,
    DisputeCalls,
):
    """Speaks to one hub as one partner; safe to share among threads; keeps connections open.

    Every call raises ``CoalitionError`` and nothing else about the hub; ``ValueError`` says that
    an argument cannot be sent. A call that may be repeated safely is repeated by itself.
    """

    def __init__(
        self,
        base_url: str,
        *,
        key_id: str | None = None,
        private_key: Ed25519PrivateKey | bytes | str | None = None,
        bearer: str | None = None,
        timeout: float | tuple[float, float] = (5.0, 30.0),
        retry: RetryPolicy | None = None,
        pool_size: int = 10,
        verify: bool | str = True,
    ) -> None:
        """Prepare a client; nothing is sent yet.

        Args:
            base_url: the hub's address, such as ``https://hub.example``.
            key_id: the ``key_…`` id of the registered public key.
            private_key: the Ed25519 key: an object, PEM text or 32 raw bytes.
            bearer: instead of a key pair: a bearer key of the sandbox or of an operator.
            timeout: seconds to wait for the connection and for each answer.
            retry: bounds of the retries.
            pool_size: connections kept open; as many as there are threads.
            verify: False or the path of a CA bundle, as in ``requests``.
        """
        key = None if private_key is None else load_private_key(private_key)
        #: Who this client is; a witness signs with the same key.
        self.credentials = Credentials(key_id=key_id, private_key=key, bearer=bearer)
        self._transport = Transport(
            base_url=base_url,
            credentials=self.credentials,
            timeout=timeout,
            retry=retry or RetryPolicy(),
            pool_size=pool_size,
            verify=verify,
        )

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def call(
        self,
        method: str,
        path: str,
        *,
        body: object = None,
        query: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> Any:
        """Make any call of the API and return its JSON; for what has no method here."""
        return self._transport.json(
            method=method, path=path, body=body, query=query, idempotency_key=idempotency_key
        )
