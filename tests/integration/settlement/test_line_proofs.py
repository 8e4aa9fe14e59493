"""The proof of one line: it holds, shows nothing of the other lines, and no byte of it is idle."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from partner_sdk import cli
from partner_sdk.verify import UnprovableLine, prove_line, verify_proof
from partner_sdk.wire.archive import NDJSON, SALTS
from partner_sdk.wire.lineproof import InvalidLineProof, LineProof
from partner_sdk.wire.lines import SLOT_BYTES
from tests.integration.settlement.specimen import Specimen, flipped, make_specimen, pack, run_alone


@pytest.fixture(scope="module")
def specimen(tmp_path_factory: pytest.TempPathFactory) -> Specimen:
    return make_specimen(tmp_path_factory.mktemp("proofs"), 60)


def _agree(specimen: Specimen, content: bytes, what: object, *, ok: bool) -> None:
    path = specimen.folder / "line.json"
    path.write_bytes(content)
    found = verify_proof(proof=path, root=specimen.root)
    said = run_alone(path, specimen.root_path)
    assert found.ok == ok, (what, found)
    if ok:
        assert (said.status, said.output) == (0, f"{path}: verified\n  {found.summary}\n")
        return
    first, alone = found.findings[0], said.finding
    assert alone is not None, (what, said)
    place, alone_place = (first.file, first.line, first.code), (alone.file, alone.line, alone.code)
    assert place == alone_place, what


@pytest.mark.parametrize("line_no", [1, 2, 31, 32, 33, 60])
def test_the_proof_of_any_line_holds_for_both_verifiers(specimen: Specimen, line_no: int) -> None:
    proof = prove_line(bundle=specimen.good, line_no=line_no)
    assert proof.line == specimen.files()[NDJSON].splitlines()[line_no - 1]
    assert LineProof.from_bytes(proof.to_bytes()) == proof
    _agree(specimen, proof.to_bytes(), line_no, ok=True)


def test_the_only_line_of_a_statement_is_its_own_root(tmp_path: Path) -> None:
    single = make_specimen(tmp_path / "single", 0)
    with pytest.raises(UnprovableLine, match="has lines 1 to 0"):
        prove_line(bundle=single.good, line_no=1)


def test_nothing_of_other_lines_is_in_a_proof(specimen: Specimen) -> None:
    files = specimen.files()
    content = prove_line(bundle=specimen.good, line_no=7).to_bytes()
    lines = files[NDJSON].splitlines()
    for number, line in enumerate(lines, 1):
        if number == 7:
            continue
        slot = files[SALTS][(number - 1) * SLOT_BYTES : number * SLOT_BYTES]
        said = json.loads(line)
        for secret in (slot.hex(), said["movement_id"], said["document_id"], said["partner_ref"]):
            assert secret is None or secret.encode() not in content


def test_a_line_that_is_not_there_or_not_sound_has_no_proof(
    specimen: Specimen, tmp_path: Path
) -> None:
    count = len(specimen.files()[NDJSON].splitlines())
    for line_no in (0, -1, count + 1):
        with pytest.raises(UnprovableLine, match=f"has lines 1 to {count}"):
            prove_line(bundle=specimen.good, line_no=line_no)
    broken = tmp_path / "broken.zip"
    for name in (NDJSON, SALTS):
        files = specimen.files()
        files[name] = files[name].replace(files[name][40:50], bytes(10), 1)
        broken.write_bytes(pack(files))
        with pytest.raises(UnprovableLine, match="verify it"):
            prove_line(bundle=broken, line_no=5)
    broken.write_bytes(b"no bundle")
    with pytest.raises(UnprovableLine, match="verify it"):
        prove_line(bundle=broken, line_no=5)


def test_every_changed_byte_of_a_proof_is_found_by_both(specimen: Specimen) -> None:
    chance = random.Random(5)
    content = prove_line(bundle=specimen.good, line_no=20).to_bytes()
    for _ in range(60):
        at = chance.randrange(len(content))
        _agree(specimen, flipped(content, at, chance), at, ok=False)


def test_a_proof_put_together_of_two_is_refused_by_both(specimen: Specimen) -> None:
    first = json.loads(prove_line(bundle=specimen.good, line_no=20).to_bytes())
    second = json.loads(prove_line(bundle=specimen.good, line_no=21).to_bytes())
    for name in ("line", "line_no", "path", "salt"):
        mixed = {**first, name: second[name]}
        text = json.dumps(mixed, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        _agree(specimen, (text + "\n").encode(), name, ok=False)


@pytest.mark.parametrize(
    "change",
    [
        {"line_no": 0},
        {"line_no": "20"},
        {"line_no": True},
        {"path": []},
        {"path": ["00"]},
        {"path": None},
        {"salt": ""},
        {"salt": "zz"},
        {"line": "a\nb"},
        {"line": None},
        {"more": 1},
        {"signature": "AAAA"},
        {"signature": "!"},
        {"statement": "{}"},
        {"format": "coalition.line-proof/2"},
    ],
)
def test_a_proof_in_another_form_is_refused_by_both(
    specimen: Specimen, change: dict[str, object]
) -> None:
    good = json.loads(prove_line(bundle=specimen.good, line_no=20).to_bytes())
    text = json.dumps({**good, **change}, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    _agree(specimen, (text + "\n").encode(), change, ok=False)
    with pytest.raises(InvalidLineProof):
        LineProof.from_bytes(b"[" * 100_000)


def test_the_command_proves_a_line_and_the_other_verifies_it(
    specimen: Specimen,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.main(["prove", str(specimen.good), "12"]) == 0
    made = capsys.readouterr().out.strip()
    assert made == "bakery-1-line-12.json"
    assert cli.main(["verify", made, "--root", str(specimen.root_path)]) == 0
    printed = capsys.readouterr().out
    assert printed == run_alone(made, specimen.root_path).output
    assert '"line_no":12,' in printed
    assert cli.main(["prove", str(specimen.good), "12000"]) == 1
    assert cli.main(["prove", str(tmp_path / "nowhere.zip"), "1"]) == 2
