"""What can be done with the keys of statements: the use cases behind ``settlement keys``.

The root's private key is needed only to issue signers. In production it is moved away
(``root.key.pem`` is simply not there); a new signer is then asked for with ``request``, issued
where the root is with ``sign_request``, and put in place with ``install``. In a test environment
root and signer come into being at first use.

Rotation overlaps: a new certificate is valid beside the old one, statements are signed with the
newest that is valid and whose key is here, and old certificates stay in the folder to be published.
A signer whose key was stolen is revoked: the root signs the list, and it signs no more.
"""

from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from partner_sdk.wire.certificates import InvalidChain, check_chain, read_pem, to_pem
from settlement.signing.authority import (
    CLOCK_SKEW,
    Naming,
    issue_root,
    issue_signer,
    request_signer,
    require_root,
)
from settlement.signing.errors import KeysMissing, UnknownRequest
from settlement.signing.folder import Chain, KeyFolder
from settlement.signing.info import CertificateInfo, State
from settlement.signing.revocations import (
    is_of_root,
    issue_revocations,
    list_number,
    revoked_at,
)
from settlement.signing.signer import KeySigner, SignerKeys

__all__ = ["CertificateInfo", "FileKeystore"]

_LIFETIME = timedelta(days=395)
#: A new signer is made this long before the old one ends: the overlap of a yearly rotation.
_RENEW_BEFORE = timedelta(days=30)


class FileKeystore:
    """The certificates in one folder; every method takes wall time (UTC) as ``now``.

    The signers' private keys are files in it too, unless ``keys`` are elsewhere, in a token.
    """

    __slots__ = ("_files", "_keys")

    def __init__(self, *, folder: Path, passphrase: str, keys: SignerKeys | None = None) -> None:
        self._files = KeyFolder(folder, passphrase)
        self._keys: SignerKeys = self._files if keys is None else keys

    def ensure(self, *, now: datetime, naming: Naming) -> None:
        """Make sure that there is a signer, and renew it in time.

        Only a test environment gets its root by itself; elsewhere ``create_root`` is a decision.

        Raises:
            KeysMissing: a live environment without a root.
            RootOffline: no valid signer, and no root key to issue one.
        """
        with self._files.locked():
            if not self._files.has_root:
                if naming.environment != "test":
                    raise KeysMissing("there is no root certificate: run `settlement keys init`")
                self._create_root(now, naming)
            current = self._current(now)
            ends_at = current[0].not_valid_after_utc if current else now
            if current is None or (self._files.has_root_key and ends_at - now < _RENEW_BEFORE):
                self._issue(now, naming, _LIFETIME)

    def create_root(self, *, now: datetime, naming: Naming, alone: bool = False) -> None:
        """Create the root and the first signer; ``alone``, the root only.

        Raises:
            FileExistsError: there is a root already; it is never replaced.
        """
        with self._files.locked():
            if self._files.has_root:
                raise FileExistsError(f"{self._files.path} has a root already")
            self._create_root(now, naming)
            if not alone:
                self._issue(now, naming, _LIFETIME)

    def adopt_root(self, *, pem: bytes) -> None:
        """Put a root's certificate here whose key stays elsewhere.

        Raises:
            FileExistsError: there is another root already; it is never replaced.
            partner_sdk.wire.certificates.InvalidChain: not the certificate of a root.
        """
        (root,) = read_pem(pem=pem)[:1]
        require_root(root)
        with self._files.locked():
            if not self._files.has_root:
                self._files.store_root(key=None, certificate=root)
            elif self._files.root() != root:
                raise FileExistsError(f"{self._files.path} has another root already")

    def rotate(
        self, *, now: datetime, naming: Naming, lifetime: timedelta = _LIFETIME
    ) -> CertificateInfo:
        """Issue a new signer that signs from now on; the old one stays valid to its end.

        Raises:
            KeysMissing: there is no root.
            RootOffline: the root's key is not here; see ``request``.
            WrongPassphrase: the root's key does not open.
        """
        with self._files.locked():
            certificate = self._issue(now, naming, lifetime)
        serial = f"{certificate.serial_number:x}"
        return next(info for info in self.list(now=now) if info.serial == serial)

    def signer(self, *, now: datetime) -> KeySigner:
        """Return the newest signer that is valid now.

        Raises:
            KeysMissing: there is none.
            WrongPassphrase: its key does not open.
        """
        chain = self._current(now)
        if chain is None:
            lost = [info.serial for info in self.list(now=now) if info.state == "lost"]
            if lost:
                raise KeysMissing(
                    f"the key of the signer {lost[-1]} is not where signers' keys are: see the "
                    "how-to page on a lost key"
                )
            raise KeysMissing("no signer's certificate is valid now: run `settlement keys rotate`")
        key = self._keys.open(key=_key_of(chain[0]))
        return KeySigner(chain=chain, root=self._files.root(), key=key)

    def root_pem(self) -> bytes:
        """Return the trust anchor as partners get it.

        Raises:
            KeysMissing: there is no root yet.
        """
        return to_pem(certificates=[self._files.root()])

    def certificates(self) -> "list[tuple[str, x509.Certificate]]":
        """Return every certificate that is here with its role: ``root``, ``issuer``, ``signer``.

        Raises:
            KeysMissing: there is no root yet.
        """
        found = [("root", self._files.root())]
        for leaf, *issuers in self._files.chains():
            found += [*(("issuer", issuer) for issuer in issuers), ("signer", leaf)]
        return found

    def list(self, *, now: datetime) -> "list[CertificateInfo]":
        """Return all signers' certificates, oldest first: what is to be published."""
        current, revoked = self._current(now), self._revoked()
        infos: list[CertificateInfo] = []
        for chain in self._files.chains():
            leaf = chain[0]
            state: State = "signing" if chain == current else "valid"
            if leaf.serial_number in revoked:
                state = "revoked"
            elif now < leaf.not_valid_before_utc:
                state = "future"
            elif now > leaf.not_valid_after_utc:
                state = "expired"
            elif chain != current and not self._keys.has(key=_key_of(leaf)):
                state = "lost"
            infos.append(CertificateInfo.of(leaf, state=state))
        return infos

    def request(self, *, naming: Naming) -> bytes:
        """Make a key that waits for its certificate; return the request (PEM) for the root."""
        with self._files.locked():
            return self._request(naming).public_bytes(Encoding.PEM)

    def sign_request(
        self, *, request_pem: bytes, now: datetime, lifetime: timedelta = _LIFETIME
    ) -> bytes:
        """Where the root's key is: issue the certificate (PEM) for a request.

        Raises:
            RootOffline: the root's key is not here.
            ValueError: not a request, or not signed by its own P-256 key.
        """
        request = x509.load_pem_x509_csr(request_pem)
        return to_pem(certificates=[self._sign(request, now - CLOCK_SKEW, lifetime)])

    def install(self, *, chain_pem: bytes) -> CertificateInfo:
        """Put a certificate (and intermediates, signer first) beside the key that asked for it.

        Raises:
            UnknownRequest: no key here waits for it.
            partner_sdk.wire.certificates.InvalidChain: it does not lead to our root.
        """
        chain = read_pem(pem=chain_pem)
        leaf = chain[0]
        check_chain(chain=chain, root=self._files.root(), at=leaf.not_valid_before_utc)
        with self._files.locked():
            if not self._keys.has(key=_key_of(leaf)):
                raise UnknownRequest("no key that is kept here belongs to the certificate")
            self._files.store_chain(chain=chain)
        infos = self.list(now=leaf.not_valid_before_utc)
        return next(info for info in infos if info.serial == f"{leaf.serial_number:x}")

    def revoke(self, *, serial: int, now: datetime) -> bytes:
        """Where the root's key is: revoke a signer; return the list (PEM) of all that are.

        Raises:
            RootOffline: the root's key is not here.
        """
        with self._files.locked():
            known = self._files.revoked()
            made = issue_revocations(
                serials={serial: now, **self._revoked()},
                number=1 if known is None else list_number(revoked=known) + 1,
                root=self._files.root(),
                root_key=self._files.root_key(),
                now=now,
            )
            self._files.store_revoked(revoked=made)
        return made.public_bytes(Encoding.PEM)

    def install_revocations(self, *, pem: bytes) -> None:
        """Take the list of revoked signers that was made where the root's key is.

        Raises:
            UnknownRequest: our root did not sign it, or it lacks a signer that is revoked here.
            ValueError: it is no such list.
        """
        found = x509.load_pem_x509_crl(pem)
        if not is_of_root(revoked=found, root=self._files.root()):
            raise UnknownRequest("the list of revoked signers is not signed by our root")
        with self._files.locked():
            if self._revoked().keys() - {each.serial_number for each in found}:
                raise UnknownRequest("the list lacks a signer that is revoked already")
            self._files.store_revoked(revoked=found)

    def _revoked(self) -> dict[int, datetime]:
        return revoked_at(revoked=self._files.revoked())

    def _current(self, now: datetime) -> Chain | None:
        """Return the newest chain that holds now, is not revoked, and whose key is here."""
        revoked = self._revoked()
        for chain in reversed(self._files.chains()):
            try:
                check_chain(chain=chain, root=self._files.root(), at=now)
            except InvalidChain:
                continue
            if chain[0].serial_number not in revoked and self._keys.has(key=_key_of(chain[0])):
                return chain
        return None

    def _create_root(self, now: datetime, naming: Naming) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        root = issue_root(key=key, naming=naming, now=now)
        self._files.store_root(key=key, certificate=root)

    def _issue(self, now: datetime, naming: Naming, lifetime: timedelta) -> x509.Certificate:
        self._files.root_key()
        # "Newest" must be unambiguous, even when two are issued within a second.
        starts = [
            chain[0].not_valid_before_utc + timedelta(seconds=1) for chain in self._files.chains()
        ]
        certificate = self._sign(self._request(naming), max([now - CLOCK_SKEW, *starts]), lifetime)
        self._files.store_chain(chain=(certificate,))
        return certificate

    def _request(self, naming: Naming) -> x509.CertificateSigningRequest:
        return request_signer(key=self._keys.create(), naming=naming)

    def _sign(
        self, request: x509.CertificateSigningRequest, not_before: datetime, lifetime: timedelta
    ) -> x509.Certificate:
        return issue_signer(
            request=request,
            root=self._files.root(),
            root_key=self._files.root_key(),
            not_before=not_before,
            lifetime=lifetime,
        )


def _key_of(certificate: x509.Certificate) -> ec.EllipticCurvePublicKey:
    key = certificate.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise TypeError("a statement signer needs a P-256 key")
    return key
