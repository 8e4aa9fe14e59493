"""A till without a connection: nothing is lost, nothing counts twice."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from partner_sdk import errors
from partner_sdk.client import PartnerClient, RetryPolicy
from partner_sdk.offline import OfflineQueue
from partner_sdk.queue_values import QueueError, QueueFull
from partner_sdk.testing import HubSimulator
from tests.integration.partner_sdk.conftest import MakeSale


def test_sales_wait_and_are_sent_in_order(
    client: PartnerClient, hub: HubSimulator, make_sale: MakeSale, tmp_path: Path
) -> None:
    ann = client.enrol(reference="ann")
    with OfflineQueue(tmp_path / "queue") as queue:
        for n in range(1100):
            queue.put_sale(make_sale(f"S{n}", units=1))
        assert queue.status().waiting == 1100
        assert queue.status().oldest_at is not None
        report = queue.send(client)
        assert (report.sent, report.set_aside, report.waiting) == (1100, 0, 0)
        assert queue.send(client).sent == 0
    assert client.balance(ann.id).active == 1100
    assert [entry.sale for entry in client.iter_transactions()] == [f"S{n}" for n in range(1100)]


def test_the_queue_is_still_there_when_the_till_starts_again(
    client: PartnerClient, make_sale: MakeSale, tmp_path: Path
) -> None:
    client.enrol(reference="ann")
    with OfflineQueue(tmp_path / "queue") as queue:
        queue.put_sale(make_sale("S1"))
    with OfflineQueue(tmp_path / "queue") as queue:
        assert queue.send(client).sent == 1


def test_the_same_revision_is_queued_once_and_another_content_refused(
    make_sale: MakeSale, tmp_path: Path
) -> None:
    with OfflineQueue(tmp_path / "queue") as queue:
        queue.put_sale(make_sale("S1"))
        queue.put_sale(make_sale("S1").to_wire())
        queue.put_sale(make_sale("S1", revision=2, units=41))
        assert queue.status().waiting == 2
        with pytest.raises(QueueError, match="other content"):
            queue.put_sale(make_sale("S1", units=42))


def test_a_hub_out_of_reach_leaves_all_waiting(make_sale: MakeSale, tmp_path: Path) -> None:
    away = PartnerClient("http://127.0.0.1:9", bearer="x", retry=RetryPolicy(attempts=1))
    with OfflineQueue(tmp_path / "queue") as queue, away:
        queue.put_sale(make_sale("S1"))
        with pytest.raises(errors.ConnectionFailed):
            queue.send(away)
        assert queue.status().waiting == 1


def test_a_refused_key_leaves_all_waiting(
    hub: HubSimulator, make_sale: MakeSale, tmp_path: Path
) -> None:
    stranger = PartnerClient(hub.url, bearer="chl_test_other")
    with OfflineQueue(tmp_path / "queue") as queue, stranger:
        queue.put_sale(make_sale("S1"))
        with pytest.raises(errors.AuthenticationFailed):
            queue.send(stranger)
        assert (queue.status().waiting, queue.status().set_aside) == (1, 0)


def test_a_refused_sale_is_set_aside_with_the_reason_and_the_others_go_on(
    client: PartnerClient, make_sale: MakeSale, tmp_path: Path
) -> None:
    ann = client.enrol(reference="ann")
    with OfflineQueue(tmp_path / "queue") as queue:
        queue.put_sale(make_sale("S1"))
        queue.put_sale(make_sale("S2", member="bob"))
        queue.put_sale({"id": "S3", "revision": 1, "nonsense": True})
        queue.put_sale(make_sale("S4"))
        report = queue.send(client)
        assert (report.sent, report.set_aside, report.waiting) == (2, 2, 0)
        second, third = queue.set_aside()
        assert (second.sale_id, second.code) == ("S2", "member_not_found")
        assert (third.sale_id, third.code) == ("S3", "validation_failed")
        assert "/nonsense: is not known" in third.detail
        assert client.balance(ann.id).active == 80

        client.enrol(reference="bob")
        queue.retry(second.seq)
        queue.discard(third.seq)
        assert queue.send(client).sent == 1
        assert queue.status().set_aside == 0


def test_a_sale_that_spoils_its_batch_is_found_and_set_aside(
    hub: HubSimulator, client: PartnerClient, make_sale: MakeSale, tmp_path: Path
) -> None:
    client.enrol(reference="ann")
    with OfflineQueue(tmp_path / "queue") as queue:
        for n in range(20):
            queue.put_sale(make_sale(f"S{n}"))
        # The simulator refuses an id that is no text for the sale alone; a hub may refuse the lot.
        hub.fail("payload_too_large", times=1, path="/v1/sales/batch")
        assert queue.send(client).sent == 20
        queue.put_sale(make_sale("alone"))
        hub.fail("validation_failed", times=1, path="/v1/sales/batch")
        assert queue.send(client).set_aside == 1
        assert [sale.sale_id for sale in queue.set_aside()] == ["alone"]


def test_a_full_queue_says_so(make_sale: MakeSale, tmp_path: Path) -> None:
    with OfflineQueue(tmp_path / "queue", max_sales=2) as queue:
        queue.put_sale(make_sale("S1"))
        queue.put_sale(make_sale("S2"))
        with pytest.raises(QueueFull):
            queue.put_sale(make_sale("S3"))


@pytest.mark.parametrize(
    "sale",
    [
        {},
        {"id": "S1"},
        {"id": "", "revision": 1},
        {"id": "S1", "revision": -1},
        {"id": "S1", "revision": True},
        {"id": "S1", "revision": 1, "till": float("nan")},
        {"id": "S1", "revision": 1, "till": "\ud800"},
        {"id": "S1", "revision": 1, "till": object()},
    ],
)
def test_what_could_never_be_sent_is_not_queued(sale: dict[str, object], tmp_path: Path) -> None:
    with OfflineQueue(tmp_path / "queue") as queue:
        with pytest.raises(ValueError):  # noqa: PT011 - each has its own words
            queue.put_sale(sale)
        assert queue.status().waiting == 0


def test_a_file_that_is_no_queue_is_refused(tmp_path: Path) -> None:
    (tmp_path / "queue").write_bytes(b"this is not a database, and long enough to be sure" * 50)
    with pytest.raises(QueueError):
        OfflineQueue(tmp_path / "queue")


WRITER = """
import sys
from partner_sdk.offline import OfflineQueue
with OfflineQueue(sys.argv[1]) as queue:
    for n in range(100_000):
        sale = {"id": f"S{n}", "revision": 1, "occurred_at": "2026-11-22T09:00:00Z",
                "currency": "EUR", "member": {"reference": "ann"},
                "lines": [{"id": "1", "category": "food", "quantity": "1",
                           "amount": {"amount": "1.00", "currency": "EUR"}}]}
        queue.put_sale(sale)
        print(n, flush=True)
"""

SENDER = """
import sys
from partner_sdk.client import PartnerClient, RetryPolicy
from partner_sdk.offline import OfflineQueue
path, url, key_id, key_file = sys.argv[1:]
client = PartnerClient(url, key_id=key_id, private_key=open(key_file, "rb").read(),
                       retry=RetryPolicy(first_wait=0.0, longest_wait=0.0))
print("sending", flush=True)
with OfflineQueue(path) as queue, client:
    queue.send(client)
"""


def test_a_till_killed_while_it_queues_loses_no_sale_that_it_was_told_is_safe(
    tmp_path: Path,
) -> None:
    path = tmp_path / "queue"
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    told = -1
    with process:
        for line in process.stdout:
            told = int(line)
            if told == 25:
                process.send_signal(signal.SIGKILL)
    with OfflineQueue(path) as queue:
        assert told < queue.status().waiting <= told + 2


def test_a_till_killed_while_it_sends_resumes_and_nothing_counts_twice(
    hub: HubSimulator, client: PartnerClient, make_sale: MakeSale, tmp_path: Path
) -> None:
    ann = client.enrol(reference="ann")
    path, key = tmp_path / "queue", tmp_path / "key.pem"
    pem = hub.private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    key.write_bytes(pem)
    with OfflineQueue(path) as queue:
        for n in range(3000):
            queue.put_sale(make_sale(f"S{n}", units=1))
    hub.delay(0.3, times=1_000, path="/v1/sales/batch")
    arguments = [sys.executable, "-c", SENDER, str(path), hub.url, hub.key_id, str(key)]
    kills = 0
    for pause in (0.15, 0.35, 0.5):
        process = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)
        with process:
            assert process.stdout is not None
            assert process.stdout.readline() == "sending\n"
            time.sleep(pause)
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
                kills += 1
    assert kills == 3
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    with OfflineQueue(path) as queue:
        assert queue.status().waiting == 0
    earned = Counter(entry.sale for entry in client.iter_transactions())
    assert len(earned) == 3000
    assert set(earned.values()) == {1}
    assert client.balance(ann.id).active == 3000
    batches = [json.loads(r.body) for r in hub.requests if r.path == "/v1/sales/batch"]
    assert sum(len(batch["sales"]) for batch in batches) > 3000, "no kill hit a batch on its way"


def test_two_senders_at_once_do_no_harm(
    client: PartnerClient, hub: HubSimulator, make_sale: MakeSale, tmp_path: Path
) -> None:
    ann = client.enrol(reference="ann")
    with OfflineQueue(tmp_path / "queue") as one, OfflineQueue(tmp_path / "queue") as other:
        for n in range(50):
            one.put_sale(make_sale(f"S{n}", units=1))
        stolen: list[int] = []
        put_batch = client.put_batch

        def put_while_the_other_sends(chunk):  # type: ignore[no-untyped-def]
            client.put_batch = put_batch  # type: ignore[method-assign]
            stolen.append(other.send(client).sent)
            return put_batch(chunk)

        client.put_batch = put_while_the_other_sends  # type: ignore[method-assign]
        one.send(client)
        assert stolen == [50]
        assert one.status().waiting == 0
    assert client.balance(ann.id).active == 50


def test_the_file_survives_what_a_checkpoint_leaves_behind(
    make_sale: MakeSale, tmp_path: Path
) -> None:
    path = tmp_path / "queue"
    with OfflineQueue(path) as queue:
        queue.put_sale(make_sale("S1"))
        assert os.path.exists(f"{path}-wal")  # noqa: PTH110 - beside the file
        with sqlite3.connect(path) as db:
            assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        db.close()
