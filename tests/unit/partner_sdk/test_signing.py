"""A signed request is accepted as it was sent, and refused if anything about it changed."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from http_message_signatures import (
    HTTPMessageSigner,
    HTTPMessageVerifier,
    MappingKeyResolver,
    algorithms,
)
from hypothesis import given
from hypothesis import strategies as st

from partner_sdk.wire import signing

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
NONCE = "n0nce-n0nce_n0nce-22ch"


@dataclass(frozen=True)
class Request:
    method: str = "PUT"
    url: str = "https://hub.example/v1/sales/a%2Fb?x=1&y=%C3%BC"
    headers: Mapping[str, str] = None  # type: ignore[assignment]
    body: bytes = b'{"revision":1}'


def signed(request: Request = Request(), **changes: object) -> Request:
    arguments = {
        "method": request.method,
        "url": request.url,
        "headers": request.headers or {},
        "body": request.body,
        "key_id": "key_a",
        "private_key": KEY,
        "created": int(NOW.timestamp()),
        "nonce": NONCE,
        **changes,
    }
    added = signing.sign_headers(**arguments)  # type: ignore[arg-type]
    return replace(request, headers={**(request.headers or {}), **added})


def resolve(key_id: str) -> Ed25519PublicKey | None:
    if key_id == "key_revoked":
        raise signing.KeyRevoked("revoked")
    return {"key_a": KEY.public_key(), "key_b": OTHER.public_key()}.get(key_id)


def verify(request: Request, now: datetime = NOW) -> signing.VerifiedSignature:
    return signing.verify_headers(
        method=request.method,
        url=request.url,
        headers=request.headers,
        body=request.body,
        resolve_key=resolve,
        now=now,
    )


def with_headers(request: Request, **changes: str | None) -> Request:
    named = {name.replace("_", "-").title(): value for name, value in changes.items()}
    headers = {**request.headers, **named}
    return replace(request, headers={n: v for n, v in headers.items() if v is not None})


def reordered(request: Request) -> Request:
    """The same request, signed by the library with the parameters in another order."""
    message = _Message(request.method, request.url, dict(request.headers or {}))
    keys = MappingKeyResolver(public_keys={}, private_keys={"key_a": KEY})
    components = ["content-digest", "@target-uri", "@authority", "@method"]
    if "Idempotency-Key" in message.headers:
        components.append("idempotency-key")
    HTTPMessageSigner(signature_algorithm=algorithms.ED25519, key_resolver=keys).sign(
        message,
        key_id="key_a",
        created=NOW,
        nonce=NONCE,
        label="coalition",
        tag="coalition-v1",
        covered_component_ids=components,
        body=request.body,
    )
    return replace(request, headers=message.headers)


@dataclass
class _Message:
    method: str
    url: str
    headers: dict[str, str]


def test_a_signed_request_is_accepted_and_says_who_sent_it() -> None:
    proven = verify(signed(Request(headers={"Idempotency-Key": "k-1"})))
    assert proven.key_id == "key_a"
    assert proven.nonce == NONCE
    assert proven.created == int(NOW.timestamp())
    assert proven.idempotency_key == "k-1"
    assert proven.content_digest == signing.content_digest(b'{"revision":1}')


def test_a_request_without_a_body_needs_no_digest() -> None:
    request = signed(Request(method="GET", body=b""))
    assert "Content-Digest" not in request.headers
    assert verify(request).content_digest is None


def test_an_empty_post_is_digested_all_the_same() -> None:
    assert verify(signed(Request(method="POST", body=b""))).content_digest is not None


def test_the_library_accepts_what_we_sign() -> None:
    request = signed(Request(headers={"Idempotency-Key": "k-1"}), created=_now())
    keys = MappingKeyResolver(public_keys={"key_a": KEY.public_key()}, private_keys={})
    (result,) = HTTPMessageVerifier(
        signature_algorithm=algorithms.ED25519, key_resolver=keys
    ).verify(
        _Message(request.method, request.url, dict(request.headers)),
        expect_tag="coalition-v1",
        expect_label="coalition",
        require_components=("@method", "@authority", "@target-uri", "idempotency-key"),
        body=request.body,
    )
    assert result.parameters["keyid"] == "key_a"


def _now() -> int:
    return int(datetime.now(UTC).timestamp())


def test_we_accept_what_the_library_signs_in_another_order() -> None:
    for headers in ({}, {"Idempotency-Key": "k-1"}):
        request = reordered(Request(headers=headers))
        assert request.headers["Signature-Input"].startswith('coalition=("content-digest"')
        assert verify(request).key_id == "key_a"


ways = pytest.mark.parametrize("write", [signed, reordered])


@ways
@pytest.mark.parametrize(
    "change",
    [
        {"method": "POST"},
        {"url": "https://hub.example/v1/sales/a%2Fb?x=1&y=%C3%BD"},
        {"url": "https://hub.example/v1/sales/a/b?x=1&y=%C3%BC"},
        {"url": "https://other.example/v1/sales/a%2Fb?x=1&y=%C3%BC"},
        {"url": "http://hub.example/v1/sales/a%2Fb?x=1&y=%C3%BC"},
        {"url": "https://hub.example:8443/v1/sales/a%2Fb?x=1&y=%C3%BC"},
        {"url": "https://hub.example/v1/sales/a%2Fb?x=1&y=ü"},
        {"url": "not a url"},
        {"body": b'{"revision":2}'},
        {"body": b""},
    ],
)
def test_a_request_changed_on_the_way_is_refused(write, change) -> None:  # type: ignore[no-untyped-def]
    request = write(Request())
    with pytest.raises(signing.SignatureInvalid):
        verify(replace(request, **change))


@ways
def test_a_header_that_is_covered_cannot_be_changed_added_or_dropped(write) -> None:  # type: ignore[no-untyped-def]
    request = write(Request(headers={"Idempotency-Key": "k-1"}))
    for changed in (
        with_headers(request, idempotency_key="k-2"),
        with_headers(request, idempotency_key=None),
        with_headers(request, idempotency_key="k-1 é"),
        with_headers(request, content_digest=None),
        with_headers(request, content_digest="sha-256=:AAAA:"),
        with_headers(write(Request()), idempotency_key="k-1"),
    ):
        with pytest.raises(signing.SignatureInvalid):
            verify(changed)


def test_a_digest_that_fits_another_body_is_refused_even_when_signed_for_it() -> None:
    request = signed(Request(body=b"one"))
    with pytest.raises(signing.SignatureInvalid, match="sha-256 of the body"):
        verify(replace(request, body=b"two"))


@ways
def test_another_key_does_not_pass_for_ours(write) -> None:  # type: ignore[no-untyped-def]
    request = write(Request())
    stated = request.headers["Signature-Input"].replace("key_a", "key_b")
    with pytest.raises(signing.SignatureInvalid):
        verify(with_headers(request, signature_input=stated))


@ways
def test_unknown_and_revoked_keys_are_named_so(write) -> None:  # type: ignore[no-untyped-def]
    request = write(Request())
    for name, kind in (("key_none", signing.KeyUnknown), ("key_revoked", signing.KeyRevoked)):
        stated = request.headers["Signature-Input"].replace("key_a", name)
        with pytest.raises(kind):
            verify(with_headers(request, signature_input=stated))


@ways
def test_a_signature_is_good_for_300_seconds_and_60_ahead(write) -> None:  # type: ignore[no-untyped-def]
    request = write(Request())
    verify(request, NOW + timedelta(seconds=300))
    verify(request, NOW - timedelta(seconds=60))
    with pytest.raises(signing.SignatureStale):
        verify(request, NOW + timedelta(seconds=301))
    with pytest.raises(signing.ClockSkew):
        verify(request, NOW - timedelta(seconds=61))


@pytest.mark.parametrize("name", ["signature", "signature_input"])
def test_a_missing_header_is_a_missing_signature(name: str) -> None:
    with pytest.raises(signing.SignatureMissing):
        verify(with_headers(signed(), **{name: None}))


def test_a_signature_under_another_label_or_tag_is_none() -> None:
    request = signed()
    for old, new in (("coalition=", "other="), ("coalition-v1", "coalition-v2")):
        headers = {n: v.replace(old, new) for n, v in request.headers.items()}
        with pytest.raises(signing.SignatureMissing):
            verify(replace(request, headers=headers))


def test_what_the_profile_wants_covered_must_be_covered() -> None:
    request = signed(Request(method="GET", body=b""))
    as_put = replace(request, method="PUT", body=b"x")
    digest = signing.content_digest(b"x")
    with pytest.raises(signing.SignatureInvalid, match="content-digest must be covered"):
        verify(with_headers(as_put, content_digest=digest))
    with pytest.raises(signing.SignatureInvalid, match="idempotency-key must be covered"):
        verify(with_headers(request, idempotency_key="k-1"))


@pytest.mark.parametrize(
    "stated",
    [
        '("@method");created=1795339800;keyid="key_a";alg="ed25519";nonce="{n}";tag="coalition-v1"',
        '({c});created=1795339800;keyid="key_a";alg="ed25519";nonce="{n}";tag="coalition-v1";x=1',
        '({c});created=1795339800;keyid="key_a";alg="ed25519";tag="coalition-v1"',
        '({c});created=1795339800;keyid="key_a";alg="hmac-sha256";nonce="{n}";tag="coalition-v1"',
        '({c});keyid="key_a";alg="ed25519";nonce="{n}";tag="coalition-v1"',
        '({c});created="x";keyid="key_a";alg="ed25519";nonce="{n}";tag="coalition-v1"',
        '({c});created=999999999999999;keyid="key_a";alg="ed25519";nonce="{n}";tag="coalition-v1"',
        '({c});created=1795339800;keyid=5;alg="ed25519";nonce="{n}";tag="coalition-v1"',
        '({c});created=1795339800;keyid="key_a";alg="ed25519";nonce="short";tag="coalition-v1"',
        '({c});created=1795339800;keyid="key_a";expires=1;nonce="{n}";tag="coalition-v1"',
        "garbage(((",
        "",
    ],
)
def test_a_profile_of_its_own_making_is_refused_even_if_signed(stated: str) -> None:
    covered = '"@method" "@authority" "@target-uri"'
    params = stated.replace("{c}", covered).replace("{n}", NONCE)
    base = (
        '"@method": GET\n"@authority": hub.example\n"@target-uri": https://hub.example/v1/x\n'
        f'"@signature-params": {params}'
    )
    signature = base64.b64encode(KEY.sign(base.encode())).decode()
    headers = {
        "Signature-Input": f"coalition={params}",
        "Signature": f"coalition=:{signature}:",
    }
    with pytest.raises(signing.SignatureError):
        verify(Request(method="GET", url="https://hub.example/v1/x", headers=headers, body=b""))


@given(st.text(max_size=80), st.text(max_size=80))
def test_garbage_in_the_headers_is_refused_and_nothing_else(one: str, other: str) -> None:
    headers = {"Signature-Input": "coalition=" + one, "Signature": "coalition=:" + other}
    with pytest.raises(signing.SignatureError):
        verify(Request(headers=headers))


@pytest.mark.parametrize(
    ("url", "authority", "target"),
    [
        ("https://Hub.Example", "hub.example", "https://Hub.Example/"),
        ("https://hub.example:443/a", "hub.example", "https://hub.example:443/a"),
        ("http://hub.example:8080/a?b", "hub.example:8080", "http://hub.example:8080/a?b"),
        ("http://[::1]:8080/", "[::1]:8080", "http://[::1]:8080/"),
        ("https://hub.example?q=1", "hub.example", "https://hub.example/?q=1"),
    ],
)
def test_the_target_is_written_as_the_standard_says(url: str, authority: str, target: str) -> None:
    assert signing.target_of(url) == (authority, target)
    assert verify(signed(Request(url=url))).key_id == "key_a"
    # The library, which normalises for itself, must agree.
    assert verify(reordered(Request(url=url))).key_id == "key_a"


@pytest.mark.parametrize(
    "change",
    [
        {"method": "put"},
        {"url": "/v1/sales"},
        {"url": "https://user@hub.example/"},
        {"url": "https://hub.example/a b"},
        {"url": "https://hub.example/#f"},
        {"nonce": "short"},
        {"nonce": 'sixteen-or-more"x'},
        {"key_id": 'key"'},
        {"headers": {"Idempotency-Key": "a\nb"}},
        {"headers": {"Idempotency-Key": ""}},
    ],
)
def test_what_cannot_be_signed_as_it_is_is_not_signed(change: dict[str, object]) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - each has its own words
        signed(**change)  # type: ignore[arg-type]
