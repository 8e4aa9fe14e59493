"""How a call proves itself to its platform, where it leads, and what of it may not be written."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from urllib.parse import quote, urlencode, urljoin, urlsplit

from adapters.contract import Call, Credentials, Secrets
from coalition.checkouts.domain import Refused

_HIDDEN = "***"


def address_of(store_url: str, call: Call, credentials: Credentials, secrets: Secrets) -> str:
    """The address of a call: below the store's, whatever the path says.

    Raises:
        Refused: the store has no address, or the path leads to another host: a credential is
            shown to nobody but the store that it is for.
    """
    base = store_url.rstrip("/") + "/"
    if not store_url:
        raise Refused(None, "the connection has no store address")
    absolute = re.match(r"[a-z][a-z0-9+.-]*:", call.path, re.IGNORECASE | re.ASCII) is not None
    url = call.path if absolute else base + call.path.lstrip("/")
    try:
        there, here = urlsplit(url), urlsplit(urljoin(base, "/"))
        same = (there.scheme, there.hostname, there.port) == (here.scheme, here.hostname, here.port)
    except ValueError:
        same = False
    if not same:
        raise Refused(None, "the call leads away from the store's address")
    if credentials.scheme == "query":
        name = credentials.header or credentials.secret
        added = urlencode({name: secret_of(secrets, credentials.secret)}, quote_via=quote)
        url += ("&" if "?" in url else "?") + added
    return url


def without(text: str, secrets: Iterable[str]) -> str:
    """A text in which no secret can be read."""
    for secret in secrets:
        for spelt in {secret, quote(secret, safe=""), quote(secret)}:
            text = text.replace(spelt, _HIDDEN)
    return text


def headers_of(call: Call, credentials: Credentials, secrets: Secrets) -> dict[str, str]:
    """The call's own header fields, its key, and what proves the hub."""
    given = {name.lower(): value for name, value in call.headers.items()}
    sent = {"user-agent": "coalition-hub/1", "accept": "application/json", **given}
    if call.key is not None:
        sent.setdefault("idempotency-key", call.key)
    return sent | _proof(credentials, secrets)


def _proof(credentials: Credentials, secrets: Secrets) -> dict[str, str]:
    match credentials.scheme:
        case "bearer" | "client_credentials":
            return {"authorization": f"Bearer {secret_of(secrets, credentials.secret)}"}
        case "basic":
            user = secret_of(secrets, credentials.user) if credentials.user else ""
            pair = f"{user}:{secret_of(secrets, credentials.secret)}"
            return {"authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
        case "header":
            name = (credentials.header or "authorization").lower()
            return {name: secret_of(secrets, credentials.secret)}
        case _:
            return {}


def secret_of(secrets: Secrets, name: str) -> str:
    """A secret of a connection by its name. Raises Refused."""
    try:
        found = secrets.extra[name]
    except KeyError:
        raise Refused(None, f"the connection has no secret {name}") from None
    if not found.isascii() or not found.isprintable():
        raise Refused(None, f"the secret {name} is not one line of ASCII")
    return found


def all_secrets(secrets: Secrets) -> Iterable[str]:
    """Those that must not be read anywhere."""
    for secret in (*secrets.signing, *secrets.extra.values()):
        # What is shorter proves nothing, and would blacken the log.
        if len(secret) >= 4:
            yield secret
