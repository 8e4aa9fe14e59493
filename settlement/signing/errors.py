"""What can be wrong with the keys; each message says what to do. None ever holds a secret."""

__all__ = [
    "KeysMissing",
    "RootOffline",
    "SigningError",
    "TimestampUnavailable",
    "TokenRefused",
    "TokenUnavailable",
    "UnknownRequest",
    "WrongPassphrase",
]


class SigningError(Exception):
    """Statements cannot be signed as things stand."""


class KeysMissing(SigningError):  # noqa: N818 - the name says it
    """There is no certificate that may sign at this instant."""


class RootOffline(SigningError):  # noqa: N818 - the name says it
    """The root's private key is not in the key folder, as is right in production."""


class TimestampUnavailable(SigningError):  # noqa: N818 - the name says it
    """The configured timestamp authority gives no timestamp."""


class TokenRefused(SigningError):  # noqa: N818 - the name says it
    """The token does not take the PIN; it is not tried again, for that would lock the token."""


class TokenUnavailable(SigningError):  # noqa: N818 - the name says it
    """The token, its module or the key in it cannot be reached."""


class UnknownRequest(SigningError):  # noqa: N818 - the name says it
    """A certificate does not fit any key that waits for one."""


class WrongPassphrase(SigningError):  # noqa: N818 - the name says it
    """A private key does not open with the configured passphrase."""
