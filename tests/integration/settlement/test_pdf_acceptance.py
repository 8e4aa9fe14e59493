"""A partner accepts a statement by signing its PDF: only ours, only its signature, only its key."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest
from click.testing import CliRunner
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pyhanko.cli import cli_root
from pyhanko.pdf_utils.generic import pdf_string
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from sqlalchemy import Engine

from coalition.config import Config
from partner_sdk.cli import main
from partner_sdk.client import PartnerClient
from partner_sdk.errors import ApiError
from partner_sdk.wire import ids
from partner_sdk.wire.instants import format_instant
from settlement.cli.profile import read_certificate
from settlement.steps.chain import settle_date
from settlement.steps.night import Night
from tests.certificates import Key, certificate_of
from tests.coalition_world import DAY_1, World
from tests.hub_http import HttpHub
from tests.hub_server import serving
from tests.integration.settlement.reading import bundle_path, read_statement


@dataclass
class Office:
    """Bakery's finance team: its statement's PDF, and its own key and certificate."""

    folder: Path
    pdf: bytes
    bundle: Path
    statement: str
    key: Key
    certificate: x509.Certificate

    def sign(self, pdf: bytes | None = None, field: str = "Acceptance") -> bytes:
        """The PDF signed with the library's own command."""
        paths = [self.folder / name for name in ("in.pdf", "out.pdf", "key.pem", "chain.pem")]
        given, made, key, chain = paths
        given.write_bytes(self.pdf if pdf is None else pdf)
        pem = self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        key.write_bytes(pem)
        chain.write_bytes(self.certificate.public_bytes(Encoding.PEM))
        done = CliRunner().invoke(
            cli_root,
            [
                "sign", "addsig", "--use-pades", "--field", field, "pemder", "--no-pass",
                "--key", str(key), "--cert", str(chain), str(given), str(made),
            ],
        )  # fmt: skip
        assert done.exit_code == 0, done.output
        return made.read_bytes()


@pytest.fixture
def hub(engine: Engine, config: Config, make_pipeline: Callable[..., Night]) -> HttpHub:
    """The hub after a night with PDFs."""
    world = World(engine)
    world.partner("grocer")
    world.partner("bakery")
    ann = world.member()
    world.put("grocer", "G-1", world.sale_body(ann, ("food", "1", "40.00")))
    world.redeem("bakery", ann, 30)
    night = make_pipeline(pdf="yes")
    world.set_clock(datetime(DAY_1.year, DAY_1.month, DAY_1.day, 23, tzinfo=UTC))
    settle_date(night=night, business_date=DAY_1)
    return HttpHub(world, config)


@pytest.fixture
def office(hub: HttpHub, make_pipeline: Callable[..., Night], tmp_path: Path) -> Office:
    """Bakery's."""
    bundle = bundle_path(make_pipeline(), DAY_1, "bakery")
    with ZipFile(bundle) as files:
        pdf = files.read("statement.pdf")
    key = ec.generate_private_key(ec.SECP256R1())
    statement = str(read_statement(bundle)["statement_id"])
    return Office(tmp_path, pdf, bundle, statement, key, certificate_of(key))


def register(hub: HttpHub, client_path: str, certificate: x509.Certificate) -> None:
    der = certificate.public_bytes(Encoding.DER)
    body = {"acceptance_certificate": base64.b64encode(der).decode()}
    answer = hub.caller("bakery").sign("PUT", client_path, body)
    assert answer.status_code == 200, answer.json


def profile_path(hub: HttpHub) -> str:
    return f"/v1/partners/{ids.encode('prt', hub.world.ids['bakery'])}/finance-profile"


def send(hub: HttpHub, office: Office, pdf: bytes) -> tuple[int, dict[str, str]]:
    path = f"/v1/statements/{office.statement}/acceptance/pdf"
    body = {"pdf": base64.b64encode(pdf).decode()}
    answer = hub.caller("bakery").sign("POST", path, body)
    return answer.status_code, dict(answer.json)


def test_a_statement_is_accepted_by_its_pdf_signed_with_the_registered_certificate(
    hub: HttpHub,
    office: Office,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    signed = office.sign()
    status, refused = send(hub, office, signed)
    assert (status, refused["code"]) == (422, "acceptance_invalid")
    assert "not registered" in refused["detail"]
    register(hub, profile_path(hub), office.certificate)
    caller = hub.caller("bakery")
    key = caller.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (office.folder / "api.pem").write_bytes(key)
    sent = office.folder / "signed.pdf"
    sent.write_bytes(signed)
    key_id = ids.encode("key", caller.key_id)
    with (
        serving(hub.app) as url,
        PartnerClient(url, key_id=key_id, private_key=caller.private) as client,
    ):
        said = ["--url", url, "--key-id", key_id, "--private-key", str(office.folder / "api.pem")]
        assert main([*said, "accept-pdf", str(office.bundle), str(sent)]) == 0
        assert "Bakery, finance" in capsys.readouterr().out
        first = client.accept_pdf(office.statement, signed)
        # The first is kept, whoever sends what later.
        assert client.accept_pdf(office.statement, office.sign()) == first
        assert client.accepted_pdf(office.statement) == signed
        (listed,) = client.statements()
        assert listed.accepted_at is not None
        assert format_instant(listed.accepted_at) == first["accepted_at"]
        with pytest.raises(ApiError, match="something behind it"):
            client.accept_pdf(office.statement, b"%PDF-1.7\n")


def test_a_key_that_the_partner_calls_with_may_sign_too(hub: HttpHub, office: Office) -> None:
    caller = hub.caller("bakery")
    office.key, office.certificate = caller.private, certificate_of(caller.private)
    status, kept = send(hub, office, office.sign())
    assert status == 200, kept
    with hub.world.engine.connect() as connection:
        accepted = connection.exec_driver_sql("SELECT count(*) FROM settlement.pdf_acceptance")
        assert accepted.scalar_one() == 1


def test_anything_but_our_pdf_and_one_signature_is_refused(hub: HttpHub, office: Office) -> None:
    register(hub, profile_path(hub), office.certificate)
    signed = office.sign()
    writer = IncrementalPdfFileWriter(BytesIO(office.pdf))
    pages = writer.root["/Pages"]
    pages["/Note"] = pdf_string("a page more")
    writer.update_container(pages)
    changed = BytesIO()
    writer.write(changed)
    flipped = bytearray(signed)
    flipped[len(office.pdf) + 40] ^= 1
    for pdf, told in (
        (office.pdf, "no signature but"),
        (signed[1:], "is not the PDF of this statement"),
        (signed + b"\n% more", "behind your signature"),
        (bytes(flipped), "changed after it was signed|cannot be read|more behind"),
        (office.sign(changed.getvalue()), "between the two signatures"),
        (office.sign(signed, field="Another"), "in the field Acceptance, once"),
    ):
        status, refused = send(hub, office, pdf)
        assert (status, refused["code"]) == (422, "acceptance_invalid"), told
        assert any(each in refused["detail"] for each in told.split("|")), refused["detail"]
    assert send(hub, office, signed)[0] == 200


def test_a_certificate_past_its_time_signs_nothing(hub: HttpHub, office: Office) -> None:
    office.certificate = certificate_of(office.key, days=-1)
    register(hub, profile_path(hub), office.certificate)
    status, refused = send(hub, office, office.sign())
    assert status == 422
    assert "not valid now" in refused["detail"]


def test_another_partners_statement_is_not_to_be_accepted(hub: HttpHub, office: Office) -> None:
    path = f"/v1/statements/{office.statement}/acceptance/pdf"
    body = {"pdf": base64.b64encode(office.pdf).decode()}
    answer = hub.caller("grocer").sign("POST", path, body)
    assert (answer.status_code, answer.json["code"]) == (404, "statement_not_found")


def test_what_is_no_certificate_is_not_registered(hub: HttpHub, office: Office) -> None:
    answer = hub.caller("bakery").sign(
        "PUT", profile_path(hub), {"acceptance_certificate": "bm90aGluZw=="}
    )
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (
        422, "/acceptance_certificate",
    )  # fmt: skip
    pem = office.folder / "cert.pem"
    pem.write_bytes(office.certificate.public_bytes(Encoding.PEM))
    der = office.certificate.public_bytes(Encoding.DER)
    assert base64.b64decode(read_certificate(str(pem))) == der
