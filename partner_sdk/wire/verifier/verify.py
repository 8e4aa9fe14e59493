#!/usr/bin/env python3
"""Verify a statement bundle, or the proof of one of its lines, without trusting who sent it.

    python3 verify.py BUNDLE.zip --root root.pem [--previous BUNDLE.zip] [--log-key KEY] [--crl PEM]
    python3 verify.py PROOF.json --root root.pem

Needs Python 3.9 or later, its standard library, and the ``openssl`` command; nothing is fetched.
The root certificate comes from you, never from the bundle. A verifier that came inside a bundle
cannot vouch for itself: compare its SHA-256 with the one that the coalition publishes.

The first thing that is wrong is named: file, line where it is a line, reason, and in parentheses
the kind of check. Exit status: 0 nothing is wrong; 1 something is; 2 the check could not be made
(a file that cannot be read, no openssl, wrong usage).

Certificates are judged at the time of signing, so an old bundle verifies after its signer's
certificate has expired. That time is what the signer said, in a signed attribute: whoever holds a
signer's key can say another. So a signer that is revoked is believed at no time by its word alone,
but only where the log has the statement.
"""

from __future__ import annotations

import argparse
import base64
import calendar
import hashlib
import io
import itertools
import json
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import time
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple
from xml.etree import ElementTree as ET

FORMAT = "coalition.statement/2"

NDJSON, CSV, SALTS = "lines.ndjson", "lines.csv", "salts.bin"
ROOT, CHAIN = "root.pem", "chain.pem"
CAMT, CAMT_SIGNATURE = "camt.053.xml", "camt.053.xml.p7s"
JOURNAL, ONEC, VERIFIER = "journal.csv", "1c.txt", "verify.py"
STATEMENT, SIGNATURE = "statement.json", "statement.json.p7s"
PDF, LOG_PROOF = "statement.pdf", "statement.tlog-proof"
FILES = (
    NDJSON, CSV, SALTS, ROOT, CHAIN, CAMT, CAMT_SIGNATURE, JOURNAL, ONEC, VERIFIER, STATEMENT,
    SIGNATURE, PDF, LOG_PROOF,
)  # fmt: skip
OPTIONAL = (VERIFIER, PDF, LOG_PROOF)
UNLISTED = (STATEMENT, SIGNATURE, PDF, LOG_PROOF)
SMALL = 1 << 26


class Wrong(Exception):
    """The first thing that is wrong: file, line if it is one, reason, kind of check."""

    def __init__(self, code: str, file: str, message: str, line: int | None = None) -> None:
        place = file if line is None else f"{file}:{line}"
        super().__init__(f"{place}: {message} ({code})")
        self.code, self.file, self.line = code, file, line


class Unusable(Exception):
    """The check could not be made."""


# --- amounts: decimal text and millionths --------------------------------------------------------

DECIMAL = re.compile(r"(-?)(0|[1-9][0-9]{0,12})(?:\.([0-9]{1,6}))?")
#: ISO 4217 currencies whose minor unit is not a hundredth.
MINOR_DIGITS = {
    **dict.fromkeys(
        "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split(), 0
    ),
    **dict.fromkeys("BHD IQD JOD KWD LYD OMR TND".split(), 3),
    **dict.fromkeys("CLF UYW".split(), 4),
}


def micros_of(text: str) -> int:
    """Read decimal text as millionths."""
    found = DECIMAL.fullmatch(text)
    if found is None:
        raise ValueError("not an amount")
    sign, units, decimals = found.groups()
    micros = int(units) * 1_000_000 + int((decimals or "").ljust(6, "0"))
    if micros > 10**18:
        raise ValueError("far too large an amount")
    return -micros if sign else micros


def text_of(micros: int, digits: int) -> str:
    """Write millionths with at least so many decimals, and no idle zeros beyond."""
    units, rest = divmod(abs(micros), 1_000_000)
    decimals = f"{rest:06d}".rstrip("0").ljust(digits, "0")
    return f"{'-' if micros < 0 else ''}{units}{'.' if decimals else ''}{decimals}"


def rounded(micros: int, currency: str) -> int:
    """Round to the currency's minor unit, ties to the even one."""
    unit: int = 10 ** (6 - MINOR_DIGITS.get(currency, 2))
    count, rest = divmod(micros, unit)
    if rest * 2 > unit or (rest * 2 == unit and count % 2):
        count += 1
    return count * unit


# --- the container: one form of ZIP, in which nothing can be hidden ------------------------------

LOCAL = struct.Struct("<4s5H3I2H")
LOCAL_SIZES = struct.Struct("<2H2Q")
CENTRAL = struct.Struct("<4s6H3I5H2I")
CENTRAL_SIZES = struct.Struct("<2H3Q")
END64 = struct.Struct("<4sQ2H2I4Q")
LOCATOR = struct.Struct("<4sIQI")
END = struct.Struct("<4s4H2IH")
NEEDED, MADE_BY, DATED, MODE = 45, 3 << 8 | 45, 1 << 5 | 1, 0o100644 << 16
FULL = 0xFFFFFFFF
BLOCK = 1 << 20
LONGEST_LINE = 1 << 16


class Entry(NamedTuple):
    """One file of the bundle; ``offset`` is where its header starts."""

    name: str
    crc32: int
    size: int
    offset: int

    @property
    def start(self) -> int:
        return self.offset + LOCAL.size + len(self.name) + LOCAL_SIZES.size

    @property
    def end(self) -> int:
        return self.start + self.size

    def header(self) -> bytes:
        """The header before its content."""
        name = self.name.encode()
        fixed = LOCAL.pack(
            b"PK\x03\x04", NEEDED, 0, 0, 0, DATED, self.crc32, FULL, FULL, len(name),
            LOCAL_SIZES.size,
        )  # fmt: skip
        return fixed + name + LOCAL_SIZES.pack(1, 16, self.size, self.size)

    def listing(self) -> bytes:
        """Its place in the directory."""
        name, size, offset, extra = self.name.encode(), self.size, self.offset, b""
        if size >= FULL or offset >= FULL:
            extra = CENTRAL_SIZES.pack(1, 24, size, size, offset)
            size = offset = FULL
        fixed = CENTRAL.pack(
            b"PK\x01\x02", MADE_BY, NEEDED, 0, 0, 0, DATED, self.crc32, size, size, len(name),
            len(extra), 0, 0, 0, MODE, offset,
        )  # fmt: skip
        return fixed + name + extra


def directory_of(entries: list[Entry]) -> list[tuple[str | None, bytes]]:
    """What stands behind the last content, each part with the file that it speaks of."""
    parts: list[tuple[str | None, bytes]] = [(e.name, e.listing()) for e in entries]
    length = sum(len(part) for _, part in parts)
    count, start = len(entries), entries[-1].end
    place = start
    if start >= FULL:
        end64 = END64.pack(
            b"PK\x06\x06", END64.size - 12, MADE_BY, NEEDED, 0, 0, count, count, length, start
        )
        parts.append((None, end64 + LOCATOR.pack(b"PK\x06\x07", 0, start + length, 1)))
        place = FULL
    parts.append((None, END.pack(b"PK\x05\x06", 0, 0, count, count, length, place, 0)))
    return parts


def read_at(stream: BinaryIO, offset: int, length: int) -> bytes:
    stream.seek(offset)
    return stream.read(length)


def open_container(stream: BinaryIO, bundle: Path) -> dict[str, Entry]:
    """Find the files, and hold every byte around them against what it must be."""
    size = stream.seek(0, io.SEEK_END)
    entries, broken = walk_headers(stream, size)
    entries = entries or read_directory(stream, size)
    if not entries:
        raise no_bundle(bundle, broken)
    for entry in entries:
        expected = entry.header()
        if read_at(stream, entry.offset, len(expected)) != expected:
            raise Wrong("container", entry.name, "its header in the archive is not as written")
    at = entries[-1].end
    for name, expected in directory_of(entries):
        if read_at(stream, at, len(expected)) != expected:
            raise Wrong(
                "container", name or bundle.name, "the archive's directory is not as written"
            )
        at += len(expected)
    return {entry.name: entry for entry in entries}


def walk_headers(stream: BinaryIO, size: int) -> tuple[list[Entry], str | None]:
    """Follow the headers; the second value is the first file that was not where it must be."""
    entries: list[Entry] = []
    offset = 0
    for name in FILES:
        head = read_at(stream, offset, LOCAL.size + len(name) + LOCAL_SIZES.size)
        if head[:4] != b"PK\x03\x04" or head[LOCAL.size : LOCAL.size + len(name)] != name.encode():
            if name in OPTIONAL:
                continue
            return [], entries[-1].name if entries else name
        crc32 = int.from_bytes(head[14:18], "little")
        entry = Entry(name, crc32, int.from_bytes(head[-16:-8], "little"), offset)
        if entry.end > size:
            return [], name
        entries.append(entry)
        offset = entry.end
    if offset + sum(len(part) for _, part in directory_of(entries)) != size:
        return [], None
    return entries, None


def read_directory(stream: BinaryIO, size: int) -> list[Entry]:
    """Take the sizes from the directory: for a small bundle whose headers are damaged."""
    tail = read_at(stream, max(size - END.size, 0), END.size)
    if len(tail) != END.size:
        return []
    _, _, _, _, count, length, start, _ = END.unpack(tail)
    if start + length + END.size != size or length > LONGEST_LINE:
        return []
    listed = read_at(stream, start, length)
    entries: list[Entry] = []
    at = offset = 0
    for name in FILES:
        end = at + CENTRAL.size + len(name)
        if listed[at + CENTRAL.size : end] != name.encode():
            if name in OPTIONAL:
                continue
            return []
        found = CENTRAL.unpack_from(listed, at)
        entries.append(Entry(name, found[7], found[9], offset))
        at, offset = end, entries[-1].end
    return entries if (len(entries), at, offset) == (count, length, start) else []


def no_bundle(bundle: Path, broken: str | None) -> Wrong:
    """Name the files that do not belong or are not there, if the archive can be read at all."""
    try:
        with zipfile.ZipFile(bundle) as opened:
            names = set(opened.namelist())
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        names = set(FILES)
    for name in sorted(names - set(FILES)):
        return Wrong("container", name, "does not belong into a bundle")
    for name in sorted(set(FILES) - set(OPTIONAL) - names):
        return Wrong("container", name, "is not in the bundle")
    return Wrong("container", broken or bundle.name, "not a bundle of exactly the expected files")


class Reader:
    """The content of one file in blocks; takes its hashes as it is read."""

    def __init__(self, bundle: Path, entry: Entry) -> None:
        self.bundle, self.entry = bundle, entry
        self.sha256 = hashlib.sha256()
        self.crc32 = 0

    def __iter__(self) -> Iterator[bytes]:
        with self.bundle.open("rb") as stream:
            stream.seek(self.entry.start)
            left = self.entry.size
            while left:
                block = stream.read(min(left, BLOCK))
                if not block:
                    raise Wrong("container", self.entry.name, "the file ends early")
                left -= len(block)
                self.sha256.update(block)
                self.crc32 = zlib.crc32(block, self.crc32)
                yield block


def lines_in(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Cut blocks into lines; ValueError where a line is far too long or lacks its end."""
    rest = b""
    for block in blocks:
        lines = (rest + block).split(b"\n")
        rest = lines.pop()
        if len(rest) > LONGEST_LINE:
            raise ValueError("a line is longer than 64 KiB")
        yield from lines
    if rest:
        raise ValueError("the last line has no newline")


def slots_in(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Cut salts.bin into slots; a shorter rest comes last as it is."""
    rest = b""
    for block in blocks:
        content = rest + block
        whole = len(content) - len(content) % 32
        for at in range(0, whole, 32):
            yield content[at : at + 32]
        rest = content[whole:]
    if rest:
        yield rest


# --- DER, certificates, signatures ---------------------------------------------------------------


def tlv(tag: int, *parts: bytes) -> bytes:
    """Write one element of DER."""
    content = b"".join(parts)
    length = len(content)
    if length < 0x80:
        return bytes((tag, length)) + content
    size = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(size))) + size + content


def elements(content: bytes) -> list[tuple[int, bytes, bytes]]:
    """Split into (tag, content, whole element)."""
    found = []
    at, end = 0, len(content)
    while at < end:
        start, tag, length = at, content[at], content[at + 1]
        at += 2
        if length >= 0x80:
            size = length & 0x7F
            if not 1 <= size <= 4 or at + size > end:
                raise ValueError("a length that DER does not allow")
            length = int.from_bytes(content[at : at + size], "big")
            at += size
        if at + length > end:
            raise ValueError("an element is longer than what holds it")
        found.append((tag, content[at : at + length], content[start : at + length]))
        at += length
    return found


def only(content: bytes, tag: int) -> bytes:
    """The content of the single element of this tag that ``content`` must be."""
    ((found, body, _),) = elements(content)
    if found != tag:
        raise ValueError("another structure than expected")
    return body


def oid(dotted: str) -> bytes:
    first, second, *rest = (int(part) for part in dotted.split("."))
    content = bytearray([first * 40 + second])
    for arc in rest:
        digits = [arc & 0x7F]
        while arc >= 0x80:
            arc >>= 7
            digits.append(arc & 0x7F | 0x80)
        content += bytes(reversed(digits))
    return tlv(0x06, bytes(content))


def integer(value: int) -> bytes:
    return tlv(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big"))


DATA, SIGNED_DATA = oid("1.2.840.113549.1.7.1"), oid("1.2.840.113549.1.7.2")
CONTENT_TYPE, MESSAGE_DIGEST = oid("1.2.840.113549.1.9.3"), oid("1.2.840.113549.1.9.4")
SIGNING_TIME = oid("1.2.840.113549.1.9.5")
SIGNING_CERTIFICATE = oid("1.2.840.113549.1.9.16.2.47")
SHA256 = tlv(0x30, oid("2.16.840.1.101.3.4.2.1"))
ECDSA_SHA256 = tlv(0x30, oid("1.2.840.10045.4.3.2"))
ON_P256 = tlv(0x30, oid("1.2.840.10045.2.1"), oid("1.2.840.10045.3.1.7"))
BASIC_CONSTRAINTS, KEY_USAGE = oid("2.5.29.19"), oid("2.5.29.15")
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
REVOKED = "was made by a signer that is revoked, and no log's key was given to vouch for it"
NO_SIGNATURE = "is not a detached CMS signature in the one accepted form"
DIGITAL_SIGNATURE, CERTIFICATE_SIGNING = 0, 5


def read_time(element: tuple[int, bytes, bytes]) -> int:
    """UTCTime or GeneralizedTime → seconds since 1970."""
    tag, text, _ = element
    digits = text.decode("ascii")
    if tag == 0x17:
        digits = ("19" if digits[:2] >= "50" else "20") + digits
    if re.fullmatch("[0-9]{14}Z", digits) is None:
        raise ValueError("not a time")
    return calendar.timegm(time.strptime(digits, "%Y%m%d%H%M%SZ"))


def write_time(seconds: int) -> bytes:
    moment = time.gmtime(seconds)
    if 1950 <= moment.tm_year < 2050:
        return tlv(0x17, time.strftime("%y%m%d%H%M%SZ", moment).encode())
    return tlv(0x18, time.strftime("%Y%m%d%H%M%SZ", moment).encode())


def show_time(seconds: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


class Certificate(NamedTuple):
    """As much of an X.509 certificate as is judged here; names and key are DER."""

    der: bytes
    serial: bytes
    issuer: bytes
    not_before: int
    not_after: int
    subject: bytes
    key: bytes
    extensions: dict[bytes, bytes]

    @property
    def name(self) -> str:
        return f"the certificate with serial number {int.from_bytes(only(self.serial, 2), 'big'):x}"

    @property
    def pem(self) -> bytes:
        text = base64.b64encode(self.der)
        rows = [text[at : at + 64] + b"\n" for at in range(0, len(text), 64)]
        return b"-----BEGIN CERTIFICATE-----\n%b-----END CERTIFICATE-----\n" % b"".join(rows)

    def may(self, use: int) -> bool | None:
        """Whether its key usage has this bit; None if it states none."""
        if KEY_USAGE not in self.extensions:
            return None
        bits = only(self.extensions[KEY_USAGE], 0x03)[1:]
        return len(bits) > use // 8 and bool(bits[use // 8] >> 7 - use % 8 & 1)

    def authority(self) -> tuple[bool, int | None] | None:
        """Whether it is an authority, and over how many below; None if it does not say."""
        if BASIC_CONSTRAINTS not in self.extensions:
            return None
        parts = elements(only(self.extensions[BASIC_CONSTRAINTS], 0x30))
        is_one = bool(parts) and parts[0][0] == 0x01 and parts[0][1] == b"\xff"
        depth = [int.from_bytes(body, "big") for tag, body, _ in parts if tag == 0x02]
        return is_one, depth[0] if depth else None


def read_certificate(der: bytes) -> Certificate:
    parts = elements(elements(only(der, 0x30))[0][1])
    if parts[0][0] != 0xA0:
        raise ValueError("not a certificate of version 3")
    serial, _, issuer, validity, subject, key = parts[1:7]
    not_before, not_after = map(read_time, elements(validity[1]))
    extensions = {}
    for tag, body, _ in parts[7:]:
        if tag == 0xA3:
            for _, extension, _ in elements(only(body, 0x30)):
                fields = elements(extension)
                if fields[0][2] in extensions:
                    raise ValueError("an extension stands twice")
                extensions[fields[0][2]] = fields[-1][1]
    return Certificate(
        der, serial[2], issuer[2], not_before, not_after, subject[2], key[2], extensions
    )


def read_root(path: Path) -> Certificate:
    """The trusted root: the first certificate of a PEM file."""
    try:
        # A bundle holds a root too: it must not be taken for a file of certificates.
        text = path.read_bytes()[:SMALL].decode("utf-8")
        found = re.search(
            r"^-----BEGIN CERTIFICATE-----\s(.*?)\s-----END CERTIFICATE-----",
            text,
            re.DOTALL | re.MULTILINE,
        )
        content = "" if found is None else "".join(found[1].split())
        return read_certificate(base64.b64decode(content, validate=True))
    except (ValueError, IndexError) as error:
        raise Unusable(f"{path}: not certificates in PEM form") from error


def read_revoked(path: Path, openssl: OpenSSL, root: Certificate) -> frozenset[bytes]:
    """The serial numbers in a CRL of the root."""
    try:
        pem = path.read_bytes()[:SMALL]
        found = re.fullmatch(
            rb"-----BEGIN X509 CRL-----\s(.*?)\s-----END X509 CRL-----\s*", pem, re.DOTALL
        )
        content = b"" if found is None else b"".join(found[1].split())
        signed = only(base64.b64decode(content, validate=True), 0x30)
        parts = elements(elements(signed)[0][1])
        if parts[0][0] != 0x02 or parts[2][2] != root.subject or not openssl.is_crl(pem):
            raise ValueError("of another authority")
        after_times = [each for each in parts[3:] if each[0] not in (0x17, 0x18)]
        listed = after_times[0][1] if after_times and after_times[0][0] == 0x30 else b""
        return frozenset(elements(entry)[0][2] for _, entry, _ in elements(listed))
    except (ValueError, IndexError) as error:
        raise Unusable(f"{path}: not a list of revoked signers of that root") from error


def require_believable(signature: Signature, revoked: frozenset[bytes], log: Log | None) -> None:
    """Where the key was stolen, the time of signing is anybody's word: the log must vouch."""
    if log is None and signature.chain[-1].serial in revoked:
        raise Wrong("chain", SIGNATURE, REVOKED)


class Signature(NamedTuple):
    """A detached CMS signature: signer's chain, what was signed, when, and the signature."""

    chain: tuple[Certificate, ...]
    digest: bytes
    signed_at: int
    value: bytes

    def attributes(self) -> bytes:
        """The signed attributes, sorted as DER asks; a SET of them is what the key signed."""
        signer = tlv(0x30, tlv(0x30, tlv(0x04, hashlib.sha256(self.chain[0].der).digest())))
        values = (
            (CONTENT_TYPE, DATA),
            (MESSAGE_DIGEST, tlv(0x04, self.digest)),
            (SIGNING_TIME, write_time(self.signed_at)),
            (SIGNING_CERTIFICATE, tlv(0x30, signer)),
        )
        return b"".join(sorted(tlv(0x30, name, tlv(0x31, value)) for name, value in values))

    def to_bytes(self) -> bytes:
        """Write the file in its one accepted form."""
        r, s = (int.from_bytes(part[1], "big") for part in elements(only(self.value, 0x30)))
        signer_info = tlv(
            0x30,
            integer(1),
            tlv(0x30, self.chain[0].issuer, self.chain[0].serial),
            SHA256,
            tlv(0xA0, self.attributes()),
            ECDSA_SHA256,
            tlv(0x04, tlv(0x30, integer(r), integer(min(s, P256_ORDER - s)))),
        )
        signed = tlv(
            0x30,
            integer(1),
            tlv(0x31, SHA256),
            tlv(0x30, DATA),
            tlv(0xA0, *sorted(c.der for c in self.chain)),
            tlv(0x31, signer_info),
        )
        return tlv(0x30, SIGNED_DATA, tlv(0xA0, signed))


def read_signature(content: bytes, name: str) -> Signature:
    """Read a signature file and insist on its one form, down to the byte."""
    if len(content) > LONGEST_LINE:
        raise Wrong("signature", name, NO_SIGNATURE)
    try:
        outer = elements(only(content, 0x30))
        signed = elements(only(only(outer[1][2], 0xA0), 0x30))
        certificates = [read_certificate(whole) for _, _, whole in elements(signed[3][1])]
        info = elements(only(signed[4][1], 0x30))
        attributes = {}
        for _, attribute, _ in elements(info[3][1]):
            kind, values = elements(attribute)
            attributes[kind[2]] = values[1]
        (signed_at,) = elements(attributes[SIGNING_TIME])
        found = Signature(
            ordered(certificates, info[1][2]),
            only(attributes[MESSAGE_DIGEST], 0x04),
            read_time(signed_at),
            info[5][1],
        )
        whole = found.to_bytes()
    except (ValueError, IndexError, KeyError, OverflowError) as error:
        raise Wrong("signature", name, NO_SIGNATURE) from error
    if whole != content:
        raise Wrong("signature", name, NO_SIGNATURE)
    return found


def ordered(certificates: list[Certificate], signer: bytes) -> tuple[Certificate, ...]:
    """The signer first, then each issuer behind what it issued."""
    chain = [c for c in certificates if tlv(0x30, c.issuer, c.serial) == signer]
    if len(chain) != 1:
        raise ValueError("the signer's certificate is not among those enclosed")
    while len(chain) < len(certificates):
        above = [c for c in certificates if c.subject == chain[-1].issuer and c not in chain]
        if len(above) != 1:
            raise ValueError("the enclosed certificates are no chain")
        chain += above
    return tuple(chain)


class OpenSSL:
    """The ``openssl`` command, with nothing to trust but the root that is given."""

    def __init__(self, folder: Path, root: Certificate) -> None:
        program = shutil.which("openssl")
        if program is None:
            raise Unusable("the openssl command is not installed")
        self.program, self.folder = program, folder
        # The system's own authorities are none of ours.
        hidden = str(folder / "none")
        self.environment = {**os.environ, "SSL_CERT_DIR": hidden, "SSL_CERT_FILE": hidden}
        version = self.run("version").stdout.split()
        self.alone: list[str] = []
        if version[:1] == [b"OpenSSL"]:
            self.alone = ["-no-CApath"] + ["-no-CAstore"] * (version[1] >= b"3")
        self.root = self.put("trusted.pem", root.pem)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [self.program, *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env=self.environment,
            check=False,
        )

    def put(self, name: str, content: bytes) -> str:
        path = self.folder / name
        path.write_bytes(content)
        return str(path)

    def verifies(self, signature: bytes, content: bytes, at: int) -> str | None:
        """``openssl cms -verify``; None if it is content, else what it says."""
        done = self.run(
            "cms", "-verify", "-binary", "-inform", "DER", "-in", self.put("sig", signature),
            "-content", self.put("content", content), "-CAfile", self.root, *self.alone,
            "-attime", str(at), "-check_ss_sig", "-out", os.devnull,
        )  # fmt: skip
        if done.returncode == 0:
            return None
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        return said[-1] if said else "no reason given"

    def key_signed(self, signer: Certificate, value: bytes, attributes: bytes) -> bool:
        """Whether the signer's key signed the attributes, whatever the content is."""
        key = self.run("x509", "-noout", "-pubkey", "-in", self.put("signer.pem", signer.pem))
        done = self.run(
            "dgst", "-sha256", "-verify", self.put("key.pem", key.stdout),
            "-signature", self.put("value", value),
            self.put("attributes", tlv(0x31, attributes)),
        )  # fmt: skip
        return key.returncode == 0 and done.returncode == 0

    def signed_by_log(self, key: bytes, value: bytes, message: bytes) -> bool:
        """Whether an Ed25519 key signed a message; takes OpenSSL 3."""
        public = base64.b64encode(tlv(0x30, ED25519, tlv(0x03, b"\0" + key)))
        pem = b"-----BEGIN PUBLIC KEY-----\n%b\n-----END PUBLIC KEY-----\n" % public
        done = self.run(
            "pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", self.put("log.pem", pem),
            "-in", self.put("message", message), "-sigfile", self.put("value", value),
        )  # fmt: skip
        if done.returncode and b"verification failure" not in (done.stdout + done.stderr).lower():
            raise Unusable("this openssl cannot verify Ed25519: version 3 or later is needed")
        return done.returncode == 0

    def is_crl(self, pem: bytes) -> bool:
        """Whether the root signed a list of revoked certificates."""
        done = self.run(
            "crl", "-in", self.put("crl.pem", pem), "-CAfile", self.root, *self.alone, "-noout"
        )
        return done.returncode == 0 and b"verify OK" in done.stderr + done.stdout

    def issued(self, certificate: Certificate, issuer: Certificate) -> bool:
        """Whether the issuer's key signed the certificate."""
        done = self.run(
            "verify", "-partial_chain", "-no_check_time", "-check_ss_sig", *self.alone,
            "-CAfile", self.put("issuer.pem", issuer.pem),
            self.put("issued.pem", certificate.pem),
        )  # fmt: skip
        return done.returncode == 0


def check_chain(
    signature: Signature, root: Certificate, name: str, openssl: OpenSSL | None
) -> None:
    """From the signer to the root, at the time of signing; ``openssl`` checks each signature."""

    def require(holds: bool | None, message: str) -> None:
        if not holds:
            raise Wrong("chain", name, message)

    path = [*signature.chain, root]
    for depth, each in enumerate(path):
        issuer = path[min(depth + 1, len(path) - 1)]
        require(
            each.not_before <= signature.signed_at <= each.not_after,
            f"{each.name} was not valid when the statement was signed",
        )
        require(
            each.issuer == issuer.subject and (openssl is None or openssl.issued(each, issuer)),
            f"{each.name} was not issued by the certificate above it",
        )
        if depth:
            is_one, below = each.authority() or (False, None)
            require(is_one and each.may(CERTIFICATE_SIGNING), f"{each.name} is not an authority")
            require(
                below is None or below >= depth - 1, f"{each.name} does not allow so long a chain"
            )
    signer = signature.chain[0]
    said = signer.authority()
    require(
        said is not None and not said[0] and signer.may(DIGITAL_SIGNATURE),
        "the signer's certificate is not for signing statements",
    )
    require(elements(only(signer.key, 0x30))[0][2] == ON_P256, "the signer's key is not on P-256")


def check_signature(
    content: bytes, name: str, signature: bytes, signature_name: str, root: Certificate,
    openssl: OpenSSL, chain: bytes | None = None,
) -> Signature:  # fmt: skip
    """Check a detached signature and return it; ``chain`` is the bundle's chain.pem."""
    found = read_signature(signature, signature_name)
    said = openssl.verifies(signature, content, found.signed_at)
    # Where openssl is not content, look for what is at fault.
    if said is not None and not openssl.key_signed(found.chain[0], found.value, found.attributes()):
        raise Wrong("signature", signature_name, "was not made by the signer's key")
    check_chain(found, root, signature_name, None if said is None else openssl)
    if chain is not None and chain != b"".join(c.pem for c in found.chain):
        raise Wrong("chain", CHAIN, "is not the chain of the signer")
    if found.digest != hashlib.sha256(content).digest():
        raise Wrong("signature", name, "is not what was signed")
    if said is not None:
        raise Wrong("signature", signature_name, f"openssl cms -verify refuses it: {said}")
    return found


# --- statement.json ------------------------------------------------------------------------------

TEXT, COUNT, INSTANT = "text", "count", "instant"
#: Amounts with the currency's digits, and with six.
MONEY, EXACT = "money", "exact"
#: A list has one form for its items; a tuple is a form or null; ``=`` leads what must be so.
STATEMENT_FORM: dict[str, Any] = {
    "format": f"={FORMAT}",
    "statement_id": TEXT,
    "statement_no": COUNT,
    "environment": TEXT,
    "language": TEXT,
    "coalition": {"name": TEXT},
    "party": {"id": TEXT, "slug": TEXT, "name": TEXT},
    "window": {
        "id": TEXT, "business_date": TEXT, "starts_at": INSTANT, "ends_at": INSTANT,
        "time_zone": TEXT,
    },
    "currency": TEXT,
    "settlement_currency": TEXT,
    "due_on": (TEXT,),
    "opening": MONEY,
    "net": MONEY,
    "closing": MONEY,
    "activity": [{"kind": TEXT, "lines": COUNT, "points": COUNT, "net": EXACT}],
    "turnovers": [
        {
            "counterparty": (TEXT,), "kind": TEXT, "lines": COUNT, "points": COUNT,
            "receivable": EXACT, "payable": EXACT, "adjusting_lines": COUNT,
            "adjusting_net": EXACT, "late_lines": COUNT, "late_net": EXACT,
        }
    ],
    "positions": [
        {
            "counterparty": TEXT, "name": TEXT, "receivable": EXACT, "payable": EXACT,
            "exact_net": EXACT, "residue_in": EXACT, "rounded_net": MONEY, "residue_out": EXACT,
        }
    ],
    "agreements": [{"id": TEXT, "version": COUNT, "terms_sha256": TEXT}],
    "lines": {
        "count": COUNT, "points": COUNT, "net": EXACT, "merkle_root": TEXT, "hash": "=sha256",
    },
    "previous": ({"statement_id": TEXT, "sha256": TEXT},),
    "files": [{"name": TEXT, "bytes": COUNT, "sha256": TEXT}],
    "beside": [TEXT],
    "issued_at": INSTANT,
}  # fmt: skip
NO_STATEMENT = f"is not a statement of format {FORMAT} in its one spelling"
UTC_INSTANT = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.(?!000000)[0-9]{6})?Z"
)


def read_statement(content: bytes) -> dict[str, Any]:
    """Read ``statement.json`` and insist on its fields, their types and the one spelling."""
    try:
        statement = json.loads(content.decode("utf-8"))
        digits = MINOR_DIGITS.get(statement["currency"], 2)
        if re.fullmatch("[A-Z]{3}", statement["currency"]) is None:
            raise ValueError("not a currency")
        require_form(statement, STATEMENT_FORM, digits)
        text = json.dumps(statement, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        whole = (text + "\n").encode("utf-8")
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise Wrong("statement", STATEMENT, NO_STATEMENT) from error
    if whole != content:
        raise Wrong("statement", STATEMENT, NO_STATEMENT)
    return dict(statement)


def require_form(value: Any, form: Any, digits: int) -> None:
    """Raise ValueError unless the value has the form."""
    if isinstance(form, dict):
        if not isinstance(value, dict) or value.keys() != form.keys():
            raise ValueError("other fields than expected")
        for key, inner in form.items():
            require_form(value[key], inner, digits)
    elif isinstance(form, list):
        if not isinstance(value, list):
            raise ValueError("not a list")
        for each in value:
            require_form(each, form[0], digits)
    elif isinstance(form, tuple):
        if value is not None:
            require_form(value, form[0], digits)
    elif form == COUNT:
        if type(value) is not int or value < 0:
            raise ValueError("not a count")
    else:
        require_text(value, form, digits)


def require_text(value: Any, form: str, digits: int) -> None:
    if not isinstance(value, str):
        raise ValueError("not text")
    if form.startswith("=") and value != form[1:]:
        raise ValueError("another value than expected")
    if form in (MONEY, EXACT) and value != text_of(
        micros_of(value), 6 if form == EXACT else digits
    ):
        raise ValueError("an amount in another spelling")
    if form == INSTANT:
        found = UTC_INSTANT.fullmatch(value)
        if found is None:
            raise ValueError("not an instant in UTC")
        time.strptime(found[1], "%Y-%m-%dT%H:%M:%S")
        if value[17:19] > "59":
            raise ValueError("not a real time of day")


def check_statement(statement: dict[str, Any]) -> None:
    """What the statement says about itself, without its lines."""

    def require(holds: bool, message: str, code: str = "sum") -> None:
        if not holds:
            raise Wrong(code, STATEMENT, message)

    opening, net, closing = (micros_of(statement[name]) for name in ("opening", "net", "closing"))
    positions = statement["positions"]
    require(opening + net == closing, "opening and net do not add up to the closing")
    require(
        sum(micros_of(p["rounded_net"]) for p in positions) == net,
        "the positions do not add up to the net",
    )
    for position in positions:
        require(
            is_rounded(position, statement["currency"]),
            f"the position with {position['counterparty']} is not rounded right",
        )
    require(
        [list(each.values()) for each in statement["activity"]]
        == activity_of(statement["turnovers"]),
        "the activity by kind is not that of the turnovers",
    )
    require(
        are_of_turnovers(positions, statement["turnovers"]),
        "not each counterparty has one position of its turnovers",
    )
    window = statement["window"]
    require(
        comparable(window["starts_at"]) < comparable(window["ends_at"]),
        "the window ends before it starts",
        "statement",
    )
    first = statement["previous"] is None
    require(
        first == (statement["statement_no"] == 1) and not (first and opening),
        "only a first statement has none before it",
        "continuity",
    )


def comparable(instant: str) -> str:
    """Canonical instants sort as text, once a missing fraction is written out."""
    return instant[:-1].ljust(26, "0") if "." in instant else f"{instant[:-1]}.000000"


def is_rounded(position: dict[str, Any], currency: str) -> bool:
    receivable, payable, exact, brought, net, left = (
        micros_of(position[name])
        for name in (
            "receivable", "payable", "exact_net", "residue_in", "rounded_net", "residue_out",
        )
    )  # fmt: skip
    due = exact + brought
    return exact == receivable - payable and net == rounded(due, currency) and due == net + left


def net_of(turnover: dict[str, Any]) -> int:
    return micros_of(turnover["receivable"]) - micros_of(turnover["payable"])


def activity_of(turnovers: list[dict[str, Any]]) -> list[list[Any]]:
    """The turnovers by kind, whoever the counterparty is."""
    sums: dict[str, list[int]] = {}
    for turnover in turnovers:
        found = sums.setdefault(turnover["kind"], [0, 0, 0])
        found[0] += turnover["lines"]
        found[1] += turnover["points"]
        found[2] += net_of(turnover)
    # In the order of the fields in the file: kind, lines, net, points.
    return [
        [kind, count, text_of(net, 6), points]
        for kind, (count, points, net) in sorted(sums.items())
    ]


def are_of_turnovers(positions: list[dict[str, Any]], turnovers: list[dict[str, Any]]) -> bool:
    """Whether each counterparty of the lines has one position, which they add up to."""
    sums = {position["counterparty"]: [0, 0, 0] for position in positions}
    if len(sums) != len(positions):
        return False
    for turnover in turnovers:
        if turnover["counterparty"] is None:
            continue
        found = sums.get(turnover["counterparty"])
        if found is None:
            return False
        if turnover["kind"] == "rounding":
            found[2] += net_of(turnover)
        else:
            found[0] += micros_of(turnover["receivable"])
            found[1] += micros_of(turnover["payable"])
    return all(
        sums[p["counterparty"]]
        == [
            micros_of(p["receivable"]),
            micros_of(p["payable"]),
            micros_of(p["rounded_net"]) - micros_of(p["exact_net"]),
        ]
        for p in positions
    )


# --- lines ---------------------------------------------------------------------------------------

COLUMNS = (
    "schema_version", "statement_no", "line_no", "movement_id", "adjusts_statement",
    "adjusts_line", "document_kind", "document_id", "partner_ref", "store", "till", "receipt",
    "member", "kind", "reason", "occurred_at", "occurred_local", "posted_at", "value_date",
    "issuer", "redeemer", "counterparty", "campaign", "agreement", "agreement_version", "lot",
    "points", "price", "gross", "fee", "net", "currency", "fx_rate", "settlement_net", "dispute",
)  # fmt: skip
INTEGERS = ("schema_version", "line_no", "points")
NUMBERS = (*INTEGERS, "price", "gross", "fee", "net", "fx_rate", "settlement_net")
ADJUSTS, KIND, REASON, COUNTERPARTY, POINTS, PRICE, GROSS = (
    COLUMNS.index(name)
    for name in ("adjusts_statement", "kind", "reason", "counterparty", "points", "price", "gross")
)
#: In the CSV an apostrophe stands before texts that a spreadsheet would take for a formula.
FORMULA_STARTS = ("=", "+", "-", "@", "'")
FEE_KINDS = (b"issue_fee", b"redemption_fee")
DISPUTE_KINDS = (b"dispute_withheld", b"dispute_released", b"ruling")
LATE_SALE = b"late_sale"
ZERO = b"0.000000"
LINE_AMOUNT = re.compile(rb"-?(?:0|[1-9][0-9]{0,17})\.[0-9]{6}")
LINE_COUNT = re.compile(rb"0|[1-9][0-9]{0,15}")
CURRENCY = re.compile(rb"[A-Z]{3}")
RATE = re.compile(rb"(?:0|[1-9][0-9]{0,8})(?:\.([0-9]{0,9}[1-9]))?")
LEAVES = 1024
REMEMBERED = 50_000


class Amounts(dict):  # type: ignore[type-arg]
    """Text of an amount with six decimals → millionths; remembers."""

    def __missing__(self, text: bytes) -> int:
        if LINE_AMOUNT.fullmatch(text) is None or text == b"-0.000000":
            raise ValueError("not an amount with six decimals")
        if len(self) > REMEMBERED:
            self.clear()
        found = self[text] = int(text.replace(b".", b""))
        return found


class Counts(dict):  # type: ignore[type-arg]
    """Text of a count → the count; remembers."""

    def __missing__(self, text: bytes) -> int:
        if LINE_COUNT.fullmatch(text) is None:
            raise ValueError("not a count")
        if len(self) > REMEMBERED:
            self.clear()
        found = self[text] = int(text)
        return found


def is_converted(micros: int, rate: bytes, settled: int) -> bool:
    """Whether an amount at a rate makes the settled one, rounded half even to the millionth."""
    found = RATE.fullmatch(rate)
    if found is None:
        return False
    divisor: int = 10 ** len(found[1] or b"")
    whole, rest = divmod(micros * int(rate.replace(b".", b"")), divisor)
    if 2 * rest > divisor or (2 * rest == divisor and whole & 1):
        whole += 1
    return whole == settled


class Tree:
    """The Merkle tree of RFC 9162, built as the leaves arrive; one node a level is kept."""

    def __init__(self) -> None:
        self.waiting: list[bytes | None] = []

    def extend(self, nodes: list[bytes]) -> None:
        height, sha256 = 0, hashlib.sha256
        while nodes:
            if height == len(self.waiting):
                self.waiting.append(None)
            left = self.waiting[height]
            if left is not None:
                nodes = [left, *nodes]
            self.waiting[height] = nodes[-1] if len(nodes) % 2 else None
            pairs = iter(nodes)
            nodes = [sha256(b"\x01" + one + other).digest() for one, other in zip(pairs, pairs)]
            height += 1

    def root(self) -> bytes:
        root: bytes | None = None
        for left in self.waiting:
            if left is not None:
                root = left if root is None else hashlib.sha256(b"\x01" + left + root).digest()
        return hashlib.sha256(b"").digest() if root is None else root


class Lines:
    """One pass over the lines of both renderings and their salts, side by side."""

    def __init__(self, statement: dict[str, Any]) -> None:
        self.head = f"1,{statement['statement_no']},".encode()
        self.currency = statement["currency"].encode()
        self.count = 0
        #: The first line that differs between the renderings; the first that contradicts itself.
        self.differing: int | None = None
        self.contradicting: int | None = None
        self.heading_wrong = False
        self.tree = Tree()
        #: By counterparty and kind: lines, points, received, paid, adjusting, late (count, net).
        self.sums: dict[tuple[bytes, bytes], list[int]] = {}
        self.amounts, self.counts = Amounts(), Counts()
        self.forms: dict[int, list[bytes]] = {}

    def read(self, ndjson: Iterable[bytes], csv: Iterator[bytes], slots: Iterable[bytes]) -> None:
        """Compare, add up and hash; ends where the files lose step."""
        try:
            self.heading_wrong = next(csv, None) != ",".join(COLUMNS).encode()
            self.walk(itertools.zip_longest(ndjson, csv, slots))
        except ValueError:
            # The next line is not one: too long, or the last and without its newline.
            self.differs(self.count + 1)

    def walk(self, lines: Iterable[tuple[Any, Any, Any]]) -> None:
        leaves: list[bytes] = []
        sha256 = hashlib.sha256
        for number, (line, row, slot) in enumerate(lines, 1):
            if line is None or row is None or slot is None:
                self.differs(number)
                break
            fields = self.fields_of(line, row)
            if fields is None:
                self.differs(number)
                if not in_step(line, row, number):
                    break
            elif not self.add(fields, row, number) and self.contradicting is None:
                self.contradicting = number
            self.count = number
            leaves.append(sha256(b"\x00" + slot + line).digest())
            if len(leaves) == LEAVES:
                self.tree.extend(leaves)
                leaves = []
        self.tree.extend(leaves)

    def differs(self, number: int) -> None:
        if self.differing is None:
            self.differing = number

    def fields_of(self, line: bytes, row: bytes) -> list[bytes] | None:
        """The fields of a CSV row, or None if the JSON line does not say the same."""
        if b'"' in row or b"\\" in row or b",'" in row or has_bare_formula(row):
            return fields_of_quoted(line, row)
        fields = row.split(b",")
        if len(fields) != len(COLUMNS):
            return None
        # The constant parts of a JSON line, by the number of nulls: as many nulls and the same
        # bytes mean that they are in the same places.
        nulls = fields.count(b"")
        form = self.forms.get(nulls)
        if form is not None:
            form[1::2] = fields
            if b"".join(form) == line:
                return fields
        form = self.forms[nulls] = json_form(fields)
        form[1::2] = fields
        return fields if b"".join(form) == line else None

    def add(self, fields: list[bytes], row: bytes, number: int) -> bool:
        """Take a line into the sums; False if it contradicts itself or its place."""
        kind, counterparty = fields[KIND], fields[COUNTERPARTY]
        gross, fee, net, currency, rate, settled, dispute = fields[GROSS:]
        try:
            micros = self.amounts[net]
            points = self.counts[fields[POINTS]]
            if kind in FEE_KINDS:
                fits = gross == ZERO and self.amounts[fee] == -micros
            else:
                fits = fee == ZERO and gross == net
            if currency == self.currency:
                fits = fits and settled == net and rate == b"1"
            else:
                fits = fits and is_converted(micros, rate, self.amounts[settled])
                micros = self.amounts[settled]
        except ValueError:
            return False
        key = counterparty, kind
        total = self.sums.get(key)
        if total is None:
            total = self.sums[key] = [0] * 8
        total[0] += 1
        total[1] += points
        total[3 if micros < 0 else 2] += micros
        if fields[ADJUSTS]:
            total[4] += 1
            total[5] += micros
        if fields[REASON] == LATE_SALE or fields[REASON].startswith(LATE_SALE + b"; "):
            total[6] += 1
            total[7] += micros
        return (
            fits
            and CURRENCY.fullmatch(currency) is not None
            and (not dispute or kind in DISPUTE_KINDS)
            and (counterparty != b"" or not micros)
            and row.startswith(b"%b%d," % (self.head, number))
        )

    def turnovers(self) -> list[dict[str, Any]]:
        """The sums as the statement writes them."""
        return [
            {
                "counterparty": counterparty.decode() or None,
                "kind": kind.decode(),
                "lines": found[0],
                "points": found[1],
                "receivable": text_of(found[2], 6),
                "payable": text_of(-found[3], 6),
                "adjusting_lines": found[4],
                "adjusting_net": text_of(found[5], 6),
                "late_lines": found[6],
                "late_net": text_of(found[7], 6),
            }
            for (counterparty, kind), found in sorted(self.sums.items())
        ]


def json_form(fields: list[bytes]) -> list[bytes]:
    """The parts of a JSON line whose nulls are where the fields are empty; gaps for values."""
    parts: list[bytes] = []
    opening = "{"
    for column, value in zip(COLUMNS, fields):
        quote = "" if column in INTEGERS else '"'
        if value:
            parts += [f'{opening}"{column}":{quote}'.encode(), b""]
            opening = f"{quote},"
        else:
            parts += [f'{opening}"{column}":null'.encode(), b""]
            opening = ","
    return [*parts, f"{opening[:-1]}}}".encode()]


def has_bare_formula(row: bytes) -> bool:
    """Whether a text begins as a formula does; amounts may begin with a minus."""
    at = row.find(b",-")
    return (
        (at >= 0 and row.count(b",", 0, at) + 1 < PRICE)
        or b",=" in row
        or b",+" in row
        or b",@" in row
    )


def fields_of_quoted(line: bytes, row: bytes) -> list[bytes] | None:
    """The careful way, for the rare line with a value that is quoted or guarded."""
    try:
        values = re.findall(r'(?:^|,)(?:"((?:[^"]|"")*)"|([^",]*))', row.decode("utf-8"))
    except ValueError:
        return None
    fields = [quoted.replace('""', '"') or plain for quoted, plain in values]
    fields = [field.removeprefix("'") for field in fields]
    if len(fields) != len(COLUMNS) or csv_of(fields) != row or json_of(fields) != line:
        return None
    return [field.encode() for field in fields]


def csv_of(fields: list[str]) -> bytes:
    written = []
    for column, field in zip(COLUMNS, fields):
        if column not in NUMBERS:
            if field.startswith(FORMULA_STARTS):
                field = f"'{field}"
            if any(character in field for character in ',"\\'):
                field = '"' + field.replace('"', '""') + '"'
        written.append(field)
    return ",".join(written).encode()


def json_of(fields: list[str]) -> bytes:
    values = []
    for column, field in zip(COLUMNS, fields):
        if column not in INTEGERS:
            text = field.replace("\\", "\\\\").replace('"', '\\"')
            field = f'"{text}"' if text else "null"
        values.append(f'"{column}":{field}')
    return ("{" + ",".join(values) + "}").encode()


def in_step(line: bytes, row: bytes, number: int) -> bool:
    """Whether both files are at this line, though it differs; else all that follows would."""
    return b'"line_no":%d,' % number in line[:80] and row.split(b",", 3)[2:3] == [b"%d" % number]


# --- camt.053.xml: the statement as a bank statement ---------------------------------------------

CAMT_SPACE = "{urn:iso:std:iso:20022:tech:xsd:camt.053.001.08}"


def check_camt(content: bytes, statement: dict[str, Any]) -> None:
    """Its balances and entries against the statement's figures."""
    try:
        # No document type is read, so no entity can be.
        if b"<!" in content:
            raise ValueError("a document type, a comment or CDATA")
        root = ET.fromstring(content)
        (made,) = root.findall(f"{CAMT_SPACE}BkToCstmrStmt/{CAMT_SPACE}Stmt")
        number = xml_text(made, "Id")
        balances = [
            (number, xml_text(balance, "Tp/CdOrPrtry/Cd"), *xml_amount(balance))
            for balance in made.findall(f"{CAMT_SPACE}Bal")
        ]
        entries = [
            (xml_text(entry, "NtryRef"), xml_text(entry, "AddtlNtryInf"), *xml_amount(entry))
            for entry in made.findall(f"{CAMT_SPACE}Ntry")
        ]
    except (ET.ParseError, ValueError) as error:
        raise Wrong("sum", CAMT, "is not a bank statement that can be read") from error
    opening, closing = micros_of(statement["opening"]), micros_of(statement["closing"])
    if balances != [
        (statement["statement_id"], code, *booked(micros, statement["currency"]))
        for code, micros in (("PRCD", opening), ("OPBD", opening), ("CLBD", closing))
    ]:
        raise Wrong("sum", CAMT, "its balances are not those of the statement")
    if entries != camt_entries(statement):
        raise Wrong("sum", CAMT, "its entries are not those of the statement")


def xml_text(parent: ET.Element, path: str) -> str:
    (found,) = parent.findall("/".join(CAMT_SPACE + name for name in path.split("/")))
    return found.text or ""


def xml_amount(parent: ET.Element) -> tuple[str, str]:
    (found,) = parent.findall(f"{CAMT_SPACE}Amt")
    return xml_text(parent, "CdtDbtInd"), f"{found.text} {found.get('Ccy')}"


def booked(micros: int, currency: str) -> tuple[str, str]:
    amount = text_of(abs(micros), MINOR_DIGITS.get(currency, 2))
    return "DBIT" if micros < 0 else "CRDT", f"{amount} {currency}"


def camt_entries(statement: dict[str, Any]) -> list[tuple[str, ...]]:
    """Each turnover rounded, received and paid apart; rounding brings a pair to its rounded net."""
    found: list[tuple[str, ...]] = []
    currency = statement["currency"]
    amounts: dict[str, list[tuple[str, int]]] = {}
    for turnover in statement["turnovers"]:
        if turnover["kind"] != "rounding":
            amounts.setdefault(turnover["counterparty"], []).extend(
                (turnover["kind"], rounded(micros, currency))
                for micros in (micros_of(turnover["receivable"]), -micros_of(turnover["payable"]))
            )
    for position in statement["positions"]:
        of_pair = amounts.get(position["counterparty"], [])
        left = micros_of(position["rounded_net"]) - sum(micros for _, micros in of_pair)
        for kind, micros in (*of_pair, ("rounding", left)):
            if micros:
                about = f"{kind}: {position['counterparty']}"[:500]
                found.append((str(len(found) + 1), about, *booked(micros, currency)))
    return found


# --- statement.pdf: signed as a whole, the statement enclosed ------------------------------------

BYTE_RANGE = re.compile(rb"/ByteRange ?\[ ?([0-9]+) ([0-9]+) ([0-9]+) ([0-9]+) ?\]")
HEX_DIGITS = re.compile(rb"<((?:[0-9A-F]{2})+)>")
EMBEDDED = re.compile(rb"/Type ?/EmbeddedFile\b")
STREAM_LENGTH = re.compile(rb"/Length ([0-9]+)(?! [0-9]+ R)")
SHA256_NULL = tlv(0x30, oid("2.16.840.1.101.3.4.2.1"), tlv(0x05))
TIMESTAMP_TOKEN = oid("1.2.840.113549.1.9.16.2.14")


class PdfSignature(NamedTuple):
    """The CMS signature of a PDF; ``timestamp`` is a token that it does not cover, or None."""

    certificates: list[bytes]
    signer: bytes
    attributes: bytes
    value: bytes
    timestamp: bytes | None

    def to_bytes(self) -> bytes:
        """Write it in its one accepted form."""
        r, s = (int.from_bytes(part[1], "big") for part in elements(only(self.value, 0x30)))
        parts = [
            integer(1), self.signer, SHA256_NULL, tlv(0xA0, self.attributes), ECDSA_SHA256,
            tlv(0x04, tlv(0x30, integer(r), integer(s))),
        ]  # fmt: skip
        if self.timestamp is not None:
            parts.append(tlv(0xA1, tlv(0x30, TIMESTAMP_TOKEN, tlv(0x31, self.timestamp))))
        signed = tlv(
            0x30, integer(1), tlv(0x31, SHA256_NULL), tlv(0x30, DATA),
            tlv(0xA0, *self.certificates), tlv(0x31, tlv(0x30, *parts)),
        )  # fmt: skip
        return tlv(0x30, SIGNED_DATA, tlv(0xA0, signed))


def check_pdf(content: bytes, statement: bytes, signed: Signature, openssl: OpenSSL) -> None:
    """Check the PDF; ``signed`` is the statement's signature, whose certificates were checked."""
    covered, digits = cut_pdf(content)
    padded = bytes.fromhex(digits.decode())
    try:
        found, whole = read_pdf_signature(padded)
        attributes = {}
        for _, attribute, _ in elements(found.attributes):
            kind, values = elements(attribute)
            attributes[kind[2]] = values[1]
        digest = only(attributes[MESSAGE_DIGEST], 0x04)
        named = attributes[SIGNING_CERTIFICATE]
        if attributes[CONTENT_TYPE] != DATA or len(attributes) != 3:
            raise ValueError("other attributes")
    except (ValueError, IndexError, KeyError) as error:
        raise Wrong("pdf", PDF, "its signature is not in the one accepted form") from error
    enclosed = embedded_file(content)
    if sorted(found.certificates) != sorted(each.der for each in signed.chain):
        raise Wrong("chain", PDF, "was not signed with the certificates of the statement")
    signer = signed.chain[0]
    said = openssl.verifies(whole, covered, signed.signed_at)
    is_named = hashlib.sha256(signer.der).digest() in named
    if not is_named or (
        said is not None and not openssl.key_signed(signer, found.value, found.attributes)
    ):
        raise Wrong("signature", PDF, "was not signed by the signer's key")
    if digest != hashlib.sha256(covered).digest():
        raise Wrong("signature", PDF, "is not what was signed")
    if said is not None:
        raise Wrong("signature", PDF, f"openssl cms -verify refuses it: {said}")
    of_this = hashlib.sha256(found.value).digest()
    if found.timestamp is not None and of_this not in found.timestamp:
        raise Wrong("signature", PDF, "its timestamp is of something else")
    if enclosed != statement:
        raise Wrong("pdf", PDF, "does not enclose statement.json as it is")


def cut_pdf(content: bytes) -> tuple[bytes, bytes]:
    """What the one signature covers, which is all but itself; and its digits."""
    ranges = BYTE_RANGE.findall(content)
    if len(ranges) != 1:
        raise Wrong("pdf", PDF, "has not exactly one signature")
    first, size, second, rest = map(int, ranges[0])
    digits = HEX_DIGITS.fullmatch(content[size:second])
    if first or not size < second or second + rest != len(content) or digits is None:
        raise Wrong("pdf", PDF, "its signature does not cover the whole file but itself")
    return content[:size] + content[second:], digits[1]


def read_pdf_signature(padded: bytes) -> tuple[PdfSignature, bytes]:
    """Read the signature, and return its bytes without the zeros behind it."""
    length = 2 + padded[1]
    if padded[1] >= 0x80:
        size = padded[1] & 0x7F
        length = 2 + size + int.from_bytes(padded[2 : 2 + size], "big")
    whole = padded[:length]
    outer = elements(only(whole, 0x30))
    data = elements(only(only(outer[1][2], 0xA0), 0x30))
    info = elements(only(data[4][1], 0x30))
    timestamp = None
    if len(info) > 6:
        _, values = elements(only(info[6][1], 0x30))
        ((_, _, timestamp),) = elements(values[1])
    certificates = [certificate for _, _, certificate in elements(data[3][1])]
    found = PdfSignature(certificates, info[1][2], info[3][1], info[5][1], timestamp)
    if found.to_bytes() != whole or padded[length:].strip(b"\0"):
        raise ValueError("another form")
    return found, whole


def embedded_file(content: bytes) -> bytes:
    """The one file that is embedded in a PDF."""
    found = list(EMBEDDED.finditer(content))
    if len(found) != 1:
        raise Wrong("pdf", PDF, "has not exactly one file enclosed")
    begins = content.rfind(b" obj", 0, found[0].start())
    stream = content.find(b"stream", found[0].end())
    described = content[begins:stream]
    length = STREAM_LENGTH.search(described)
    try:
        if begins < 0 or stream < 0 or length is None:
            raise ValueError("no stream")
        start = stream + 6
        start += 2 if content[start : start + 2] == b"\r\n" else 1
        embedded = content[start : start + int(length[1])]
        if b"/Filter" not in described:
            return embedded
        if b"/FlateDecode" not in described:
            raise ValueError("another filter")
        unpacker = zlib.decompressobj()
        unpacked = unpacker.decompress(embedded, SMALL)
        if not unpacker.eof or unpacker.unused_data:
            raise ValueError("more than one file")
    except (ValueError, zlib.error) as error:
        raise Wrong("pdf", PDF, "its enclosed file cannot be read") from error
    return unpacked


# --- statement.tlog-proof: the statement is in the coalition's log -------------------------------

ED25519 = tlv(0x30, oid("1.3.101.112"))
NAME = re.compile(r"[^\s+\x00-\x20]+")


class Log(NamedTuple):
    """A log that the verifier trusts: its name, keys by id, and a checkpoint seen elsewhere."""

    name: str
    keys: dict[bytes, bytes]
    seen: tuple[int, bytes] | None


def decoded(text: str) -> bytes:
    """Base64 in its one spelling."""
    content = base64.b64decode(text, validate=True)
    if base64.b64encode(content).decode() != text:
        raise ValueError("not the canonical base64")
    return content


def read_note(content: bytes) -> tuple[str, list[tuple[str, bytes]]]:
    """The text of a signed note, and its signatures: name, key's id with signature."""
    whole = content.decode("utf-8")
    head, gap, tail = whole.rpartition("\n\n")
    lines = tail[:-1].split("\n")
    if (
        len(content) > 1 << 20
        or any(character < " " and character != "\n" for character in whole)
        or not gap
        or not tail.endswith("\n")
        or len(lines) > 1024
    ):
        raise ValueError("not a signed note")
    signatures = []
    for line in lines:
        dash, name, encoded = line[:2], *line[2:].partition(" ")[::2]
        value = decoded(encoded)
        if dash != "\u2014 " or not NAME.fullmatch(name) or len(value) <= 4:
            raise ValueError("not a signature of a note")
        signatures.append((name, value))
    return f"{head}\n", signatures


def read_checkpoint(text: str) -> tuple[str, int, bytes]:
    """Name, size and root of a log."""
    lines = text.split("\n")
    if len(lines) != 4 or lines[3] or not lines[0]:
        raise ValueError("a checkpoint is three lines")
    if re.fullmatch("0|[1-9][0-9]{0,18}", lines[1]) is None or int(lines[1]) >= 1 << 63:
        raise ValueError("not a size")
    root = decoded(lines[2])
    if len(root) != 32:
        raise ValueError("not a root")
    return lines[0], int(lines[1]), root


def is_signed(log: Log, note: bytes, openssl: OpenSSL) -> bool:
    """Whether the log signed a checkpoint, under its own name; each key that claims to have did."""
    text, signatures = read_note(note)
    ours = [
        (log.keys[value[:4]], value[4:])
        for name, value in signatures
        if name == log.name and value[:4] in log.keys
    ]
    return (
        bool(ours)
        and all(openssl.signed_by_log(key, value, text.encode()) for key, value in ours)
        and read_checkpoint(text)[0] == log.name
    )


def read_log_key(given: str) -> tuple[str, bytes, bytes]:
    """A log's key as given, or in a file: its name, its id, the key."""
    try:
        text = given
        if "+" not in given or Path(given).is_file():
            text = Path(given).read_text("utf-8").strip()
        name, key_id, encoded = text.split("+", 2)
        content = decoded(encoded)
        named = hashlib.sha256(name.encode() + b"\n" + content).digest()[:4]
        if named.hex() != key_id or content[:1] != b"\x01" or len(content) != 33:
            raise ValueError("another key")
    except ValueError as error:
        raise Unusable(f"{given}: not the key of a log") from error
    return name, named, content[1:]


def read_log(given: list[str], checkpoint: Path | None, openssl: OpenSSL) -> Log:
    """The keys of one log; and a checkpoint that somebody else has kept."""
    read = [read_log_key(each) for each in given]
    name = read[0][0]
    if {each[0] for each in read} != {name}:
        raise Unusable("--log-key: keys of more logs than one")
    log = Log(name, {key_id: key for _, key_id, key in read}, None)
    if checkpoint is None:
        return log
    try:
        note = checkpoint.read_bytes()
        if not is_signed(log, note, openssl):
            raise ValueError("not signed")
    except ValueError as error:
        raise Unusable(f"{checkpoint}: not a checkpoint of the log") from error
    return log._replace(seen=read_checkpoint(read_note(note)[0])[1:])


def check_log(content: bytes, record: bytes, log: Log | None, openssl: OpenSSL) -> None:
    """Check the proof; without the log's keys, only that it leads to the root that it names."""
    head, _, note = content.partition(b"\n\n")
    try:
        first, index, *hashes = head.decode("ascii").split("\n")
        path = [decoded(each) for each in hashes]
        _, size, root = read_checkpoint(read_note(note)[0])
        if (
            first != "c2sp.org/tlog-proof@v1"
            or re.fullmatch("index (0|[1-9][0-9]*)", index) is None
            or {len(each) for each in path} - {32}
            or len(path) > 63
            or len(content) > 1 << 20
        ):
            raise ValueError("another form")
    except ValueError as error:
        message = "is not the proof of a log in its one spelling"
        raise Wrong("log", LOG_PROOF, message) from error
    leaf = hashlib.sha256(b"\x00" + record).digest()
    if root_of_path(int(index[6:]), size, leaf, path) != root:
        raise Wrong("log", LOG_PROOF, "the statement is not where the proof says")
    if log is None:
        return
    if not is_signed(log, note, openssl):
        raise Wrong("log", LOG_PROOF, "its checkpoint is not signed by the log")
    if log.seen is not None and log.seen[0] != size:
        raise Unusable(
            f"the checkpoint is of {log.seen[0]} records, the proof of {size}: "
            "compare them with coalition-partner log-verify"
        )
    if log.seen is not None and log.seen[1] != root:
        raise Wrong("log", LOG_PROOF, "shows another past than the checkpoint that you have")


def record_of(statement: dict[str, Any], content: bytes, signature: bytes) -> bytes:
    """What the log says of a statement."""
    members = {
        "kind": "statement",
        "sha256": hashlib.sha256(content).hexdigest(),
        "signature_sha256": hashlib.sha256(signature).hexdigest(),
        "statement": statement["statement_id"],
    }
    return json.dumps(members, sort_keys=True, separators=(",", ":")).encode()


# --- the bundle ----------------------------------------------------------------------------------


def read_small(bundle: Path, entry: Entry) -> bytes:
    if entry.size > SMALL:
        raise Wrong("container", entry.name, "is far too large")
    return b"".join(Reader(bundle, entry))


def verify_bundle(
    bundle: Path, root: Certificate, previous: Path | None, log: Log | None,
    revoked: frozenset[bytes], openssl: OpenSSL,
) -> str:  # fmt: skip
    """Check everything; return what was verified, in a few words."""
    with bundle.open("rb") as stream:
        entries = open_container(stream, bundle)
    small = {
        name: read_small(bundle, entries[name]) for name in (ROOT, CHAIN, STATEMENT, SIGNATURE)
    }
    if small[ROOT] != root.pem:
        raise Wrong("root", ROOT, "is not the root that you trust")
    signed = check_signature(
        small[STATEMENT], STATEMENT, small[SIGNATURE], SIGNATURE, root, openssl, small[CHAIN]
    )
    require_believable(signed, revoked, log)
    statement = read_statement(small[STATEMENT])
    check_statement(statement)
    check_list(statement, entries)
    check_files(bundle, entries, statement)
    camt, signature = (read_small(bundle, entries[name]) for name in (CAMT, CAMT_SIGNATURE))
    check_signature(camt, CAMT, signature, CAMT_SIGNATURE, root, openssl)
    check_camt(camt, statement)
    if PDF in entries:
        check_pdf(read_small(bundle, entries[PDF]), small[STATEMENT], signed, openssl)
    if LOG_PROOF in entries:
        record = record_of(statement, small[STATEMENT], small[SIGNATURE])
        check_log(read_small(bundle, entries[LOG_PROOF]), record, log, openssl)
    elif log is not None:
        raise Wrong("log", LOG_PROOF, "is not in the bundle")
    if previous is not None:
        check_previous(previous, statement)
    return summary(statement, signed.signed_at)


def summary(statement: dict[str, Any], signed_at: int) -> str:
    window = statement["window"]["business_date"]
    return (
        f"statement {statement['statement_no']} of {statement['party']['slug']} for {window}, "
        f"closing {statement['closing']} {statement['currency']}; "
        f"signed {show_time(signed_at)} by the signer's clock"
    )


def check_list(statement: dict[str, Any], entries: dict[str, Entry]) -> None:
    """Whether the bundle has exactly the files that its statement names."""
    said = [*(file["name"] for file in statement["files"]), *statement["beside"]]
    there = [name for name in entries if name not in UNLISTED]
    there += [name for name in (SIGNATURE, PDF) if name in entries]
    for name in sorted({*said} - {*there}):
        raise Wrong("container", name, "is not in the bundle")
    for name in sorted({*there} - {*said}):
        raise Wrong("container", name, "does not belong into this bundle")
    if said != there:
        raise Wrong("statement", STATEMENT, "does not list the files of a bundle in their order")


def check_files(bundle: Path, entries: dict[str, Entry], statement: dict[str, Any]) -> None:
    """Every listed file against its hash, and the lines against the totals."""
    readers = {name: Reader(bundle, entry) for name, entry in entries.items()}
    lines = Lines(statement)
    used = {name: iter(readers[name]) for name in readers}
    lines.read(lines_in(used[NDJSON]), lines_in(used[CSV]), slots_in(used[SALTS]))
    for rest in used.values():
        for _ in rest:
            pass
    wrong = {
        file["name"]
        for file in statement["files"]
        if (entries[file["name"]].size, readers[file["name"]].sha256.hexdigest())
        != (file["bytes"], file["sha256"])
    }
    for name in entries:
        if name in wrong:
            raise changed_file(name, lines, bundle, entries)
    for name, reader in readers.items():
        if reader.crc32 != entries[name].crc32:
            raise Wrong("container", name, "its CRC-32 in the archive is another")
    if lines.differing is not None:
        raise Wrong("line", NDJSON, "differs from the other rendering of the line", lines.differing)
    if lines.contradicting is not None:
        raise Wrong("line", NDJSON, "contradicts itself or its place", lines.contradicting)
    if lines.heading_wrong:
        raise Wrong("line", CSV, "does not start with the columns' names")
    check_totals(statement, lines)


def changed_file(name: str, lines: Lines, bundle: Path, entries: dict[str, Entry]) -> Wrong:
    """Say which line of a changed file was changed, if it can be told."""
    if name == CSV and lines.heading_wrong:
        return Wrong("line", CSV, "does not start with the columns' names")
    if name in (NDJSON, CSV) and lines.differing is not None:
        message = "differs from the other rendering of the line"
        return Wrong("line", name, message, lines.differing)
    if name == SALTS:
        for number, slot in enumerate(slots_in(Reader(bundle, entries[SALTS])), 1):
            if zlib.crc32(slot[:28], number & FULL) != int.from_bytes(slot[28:], "big"):
                return Wrong("line", SALTS, "the salt of this line was changed", number)
    return Wrong("hash", name, "is not the file that was signed")


def check_totals(statement: dict[str, Any], lines: Lines) -> None:
    """The statement's totals against its lines."""

    def require(holds: bool, message: str, code: str = "sum") -> None:
        if not holds:
            raise Wrong(code, STATEMENT, message)

    turnovers, stated = lines.turnovers(), statement["lines"]
    net = sum(map(net_of, turnovers))
    require(
        lines.count == stated["count"],
        f"says {stated['count']} lines where there are {lines.count}",
    )
    require(
        sum(turnover["points"] for turnover in turnovers) == stated["points"],
        "the points of the lines do not add up to its total",
    )
    require(
        net == micros_of(stated["net"]) == micros_of(statement["net"]),
        "the nets of the lines do not add up to its net",
    )
    require(
        lines.tree.root().hex() == stated["merkle_root"],
        "the root is not that of the lines and salts",
        "merkle",
    )
    require(turnovers == statement["turnovers"], "the turnovers are not those of the lines")


def check_previous(previous: Path, statement: dict[str, Any]) -> None:
    """Whether ``previous`` is the statement before, and this one goes on from it."""
    try:
        with previous.open("rb") as stream:
            size = stream.seek(0, io.SEEK_END)
            entries = walk_headers(stream, size)[0] or read_directory(stream, size)
        (entry,) = (entry for entry in entries if entry.name == STATEMENT)
        content = read_small(previous, entry)
        before = read_statement(content)
    except (Wrong, ValueError) as error:
        raise Wrong(
            "continuity", previous.name, "is not a bundle whose statement can be read"
        ) from error

    def require(holds: bool, message: str) -> None:
        if not holds:
            raise Wrong("continuity", STATEMENT, message)

    require(
        statement["previous"]
        == {"sha256": hashlib.sha256(content).hexdigest(), "statement_id": before["statement_id"]},
        "names another statement as the one before it",
    )
    require(
        statement["party"]["id"] == before["party"]["id"],
        "is of another party than the one before it",
    )
    require(
        all(statement[name] == before[name] for name in ("environment", "coalition", "currency")),
        "is of another coalition, environment or currency than the one before it",
    )
    require(
        statement["statement_no"] == before["statement_no"] + 1,
        "its number does not follow the one before it",
    )
    require(
        comparable(statement["window"]["starts_at"]) >= comparable(before["window"]["ends_at"]),
        "its window overlaps the one before it",
    )
    require(
        statement["opening"] == before["closing"],
        "its opening is not the closing of the one before it",
    )
    left = {p["counterparty"]: micros_of(p["residue_out"]) for p in before["positions"]}
    brought = {p["counterparty"]: micros_of(p["residue_in"]) for p in statement["positions"]}
    for slug in sorted(left.keys() | brought.keys()):
        require(
            left.get(slug, 0) == brought.get(slug, 0),
            f"the residue with {slug} is not what the one before it left",
        )


# --- the proof of one line -----------------------------------------------------------------------

PROOF_FORM = {
    "format": "=coalition.line-proof/1",
    "line": TEXT,
    "line_no": COUNT,
    "path": [TEXT],
    "salt": TEXT,
    "signature": TEXT,
    "statement": TEXT,
}


def verify_proof(
    path: Path, root: Certificate, previous: Path | None, log: Log | None,
    revoked: frozenset[bytes], openssl: OpenSSL,
) -> str:  # fmt: skip
    """Check that a line is one of a signed statement; return what was verified, and the line."""
    if log is not None:
        raise Unusable("the proof of a line says nothing of the log")
    proof = read_proof(path)
    content = proof["statement"].encode()
    signature = base64.b64decode(proof["signature"])
    signed = check_signature(content, STATEMENT, signature, SIGNATURE, root, openssl)
    require_believable(signed, revoked, log)
    statement = read_statement(content)
    check_statement(statement)
    number, line = proof["line_no"], proof["line"].encode()
    leaf = hashlib.sha256(b"\x00" + bytes.fromhex(proof["salt"]) + line).digest()
    audit = [bytes.fromhex(node) for node in proof["path"]]
    found = root_of_path(number - 1, statement["lines"]["count"], leaf, audit)
    if found is None or found.hex() != statement["lines"]["merkle_root"]:
        message = "the line, its salt or its path is not of the statement's tree"
        raise Wrong("merkle", path.name, message, number)
    head = f'{{"schema_version":1,"statement_no":"{statement["statement_no"]}","line_no":{number},'
    if not line.startswith(head.encode()):
        message = "the line is of another number or statement"
        raise Wrong("line", path.name, message, number)
    if previous is not None:
        check_previous(previous, statement)
    return f"{summary(statement, signed.signed_at)}\n  {proof['line']}"


def read_proof(path: Path) -> dict[str, Any]:
    """Read a proof and insist on its one spelling."""
    content = path.read_bytes()
    try:
        proof = json.loads(content.decode("utf-8"))
        require_form(proof, PROOF_FORM, 0)
        text = json.dumps(proof, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        hashes = [bytes.fromhex(each) for each in (proof["salt"], *proof["path"])]
        signature = base64.b64decode(proof["signature"], validate=True)
        sound = (
            (text + "\n").encode("utf-8") == content
            and proof["line_no"] > 0
            and "\n" not in proof["line"]
            and [each.hex() for each in hashes] == [proof["salt"], *proof["path"]]
            and {len(each) for each in hashes} == {32}
            and base64.b64encode(signature).decode() == proof["signature"]
        )
    except (ValueError, KeyError, TypeError, RecursionError):
        sound = False
    if not sound:
        raise Wrong("proof", path.name, "is not the proof of a line in its one spelling")
    return dict(proof)


def root_of_path(index: int, size: int, leaf: bytes, path: list[bytes]) -> bytes | None:
    """The root that a leaf and its path lead to (RFC 9162, 2.1.3.2); None if it leads nowhere."""
    if index >= size:
        return None
    at, last, found = index, size - 1, leaf
    for sister in path:
        if last == 0:
            return None
        if at % 2 or at == last:
            found = hashlib.sha256(b"\x01" + sister + found).digest()
            while at and not at % 2:
                at, last = at >> 1, last >> 1
        else:
            found = hashlib.sha256(b"\x01" + found + sister).digest()
        at, last = at >> 1, last >> 1
    return found if last == 0 else None


def main(arguments: list[str] | None = None) -> int:
    """Verify what the command line names; return the exit status."""
    parser = argparse.ArgumentParser(
        description="Verify a statement bundle, offline, with the root certificate that you trust."
    )
    parser.add_argument("file", metavar="FILE", type=Path, help="a bundle, or the proof of a line")
    parser.add_argument("--root", required=True, metavar="PEM", type=Path, help="the trusted root")
    parser.add_argument("--previous", metavar="BUNDLE", type=Path, help="the statement before it")
    parser.add_argument(
        "--log-key", action="append", metavar="KEY", help="the log that it must be in; repeatable"
    )
    parser.add_argument("--checkpoint", metavar="FILE", type=Path, help="as somebody else has it")
    parser.add_argument("--crl", metavar="PEM", type=Path, help="the root's revoked signers")
    options = parser.parse_args(arguments)
    if options.checkpoint is not None and options.log_key is None:
        parser.error("--checkpoint needs --log-key")
    try:
        root = read_root(options.root)
        with tempfile.TemporaryDirectory() as folder:
            openssl = OpenSSL(Path(folder), root)
            with options.file.open("rb") as stream:
                verify = verify_proof if stream.read(1) == b"{" else verify_bundle
            log = None
            if options.log_key is not None:
                log = read_log(options.log_key, options.checkpoint, openssl)
            revoked: frozenset[bytes] = frozenset()
            if options.crl is not None:
                revoked = read_revoked(options.crl, openssl, root)
            verified = verify(options.file, root, options.previous, log, revoked, openssl)
    except Wrong as wrong:
        print(wrong)
        print(f"{options.file}: NOT verified", file=sys.stderr)
        return 1
    except (Unusable, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    print(f"{options.file}: verified")
    print(f"  {verified}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
