"""``coalition-partner``: the SDK on the command line. Answers are JSON on standard output."""

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from pathlib import Path

from partner_sdk.cli_arguments import build_parser
from partner_sdk.cli_hub import HUB_COMMANDS
from partner_sdk.cli_log import LOCAL_LOG_COMMANDS, LOG_COMMANDS, key_text
from partner_sdk.cli_orders import ORDER_COMMANDS
from partner_sdk.cli_output import SHOWN, RefusedError, UsageError, read_objects, show
from partner_sdk.client import PartnerClient
from partner_sdk.errors import ApiError, CoalitionError
from partner_sdk.keys import public_key_text, read_private_key, write_new_private_key
from partner_sdk.offline import OfflineQueue
from partner_sdk.witness import LogForked

__all__ = ["main"]

OK, REFUSED, UNUSABLE, FORKED = 0, 1, 2, 3


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    options = build_parser().parse_args(arguments)
    try:
        _run(options)
    except RefusedError as error:
        return _say(REFUSED, *error.args)
    except LogForked as error:
        return _say(FORKED, str(error), f"evidence: {error.evidence}")
    except ApiError as error:
        return _say(REFUSED, f"{error.code}: {error.problem.detail}", *_advice(error))
    except CoalitionError as error:
        return _say(REFUSED, str(error))
    except (UsageError, ValueError, OSError) as error:
        return _say(UNUSABLE, str(error))
    return OK


def _run(options: argparse.Namespace) -> None:
    local = _LOCAL_COMMANDS.get(options.command)
    if local is not None:
        answer = local(options)
        if answer is not SHOWN:
            show(answer)
        return
    with _client(options) as client:
        answer = (HUB_COMMANDS | LOG_COMMANDS)[options.command](options, client)
        # A list is fetched while it is shown.
        if answer is not SHOWN:
            show(answer)


def _say(status: int, *lines: str) -> int:
    for line in lines:
        print(line, file=sys.stderr)
    return status


def _advice(error: ApiError) -> Iterator[str]:
    for field in error.errors:
        yield f"  {field.pointer}: {field.message}"
    if error.what_to_do and error.what_to_do != error.problem.detail:
        yield error.what_to_do
    if error.request_id:
        yield f"request {error.request_id}"


# --- settings and files --------------------------------------------------------------------


def _setting(options: argparse.Namespace, name: str) -> str | None:
    return getattr(options, name, None) or os.environ.get(f"COALITION_{name.upper()}") or None


def _client(options: argparse.Namespace) -> PartnerClient:
    url = _setting(options, "url")
    if url is None:
        raise UsageError("set COALITION_URL or give --url")
    bearer = _setting(options, "bearer")
    if bearer is not None:
        return PartnerClient(url, bearer=bearer)
    key_id, key_file = _setting(options, "key_id"), _setting(options, "private_key")
    if key_id is None or key_file is None:
        raise UsageError("set COALITION_KEY_ID and COALITION_PRIVATE_KEY, or COALITION_BEARER")
    return PartnerClient(url, key_id=key_id, private_key=read_private_key(Path(key_file)))


def _queue(options: argparse.Namespace) -> OfflineQueue:
    path = _setting(options, "queue")
    if path is None:
        raise UsageError("set COALITION_QUEUE or give --queue")
    return OfflineQueue(path)


# --- commands that need no hub, or the queue ------------------------------------------------


def _keygen(options: argparse.Namespace) -> object:
    key = write_new_private_key(Path(options.out))
    return {"private_key": options.out, "public_key": public_key_text(key)}


def _verify(options: argparse.Namespace) -> object:
    # Sending needs no verifier.
    from partner_sdk.verify import TrustedLog, read_revoked, verify_file

    log = None
    if options.log_key is not None:
        seen = None if options.checkpoint is None else Path(options.checkpoint).read_bytes()
        keys = [key_text(each) for each in options.log_key]
        log = TrustedLog.read(keys=keys, checkpoint=seen)
    elif options.checkpoint is not None:
        raise UsageError("--checkpoint needs --log-key")
    root, revoked = Path(options.root).read_bytes(), frozenset[int]()
    if options.crl is not None:
        revoked = read_revoked(pem=Path(options.crl).read_bytes(), root=root)
    report = verify_file(
        path=Path(options.bundle),
        root=root,
        previous=None if options.previous is None else Path(options.previous),
        log=log,
        revoked=revoked,
    )
    for finding in report.findings if options.all else report.findings[:1]:
        print(finding)
    if not report.ok:
        raise RefusedError(f"{options.bundle}: NOT verified")
    print(f"{options.bundle}: verified\n  {report.summary}")
    return SHOWN


def _prove(options: argparse.Namespace) -> object:
    from partner_sdk.verify import UnprovableLine, prove_line

    bundle = Path(options.bundle)
    try:
        proof = prove_line(bundle=bundle, line_no=options.line)
    except UnprovableLine as error:
        raise RefusedError(str(error)) from error
    out = Path(options.out or f"{bundle.stem}-line-{options.line}.json")
    out.write_bytes(proof.to_bytes())
    print(out)
    return SHOWN


def _verifier_hash(options: argparse.Namespace) -> object:
    from partner_sdk.wire import verifier

    if options.file is None:
        print(verifier.SHA256)
        return SHOWN
    found = sha256(Path(options.file).read_bytes()).hexdigest()
    if found != verifier.SHA256:
        raise RefusedError(f"{options.file}: {found} is not this release's verify.py")
    print(f"{options.file}: is this release's verify.py, {found}")
    return SHOWN


def _xlsx(options: argparse.Namespace) -> object:
    from partner_sdk.workbook import WorkbookUnavailable, make_workbook

    bundle = Path(options.bundle)
    out = Path(options.out) if options.out else bundle.with_suffix(".xlsx")
    try:
        make_workbook(bundle=bundle, out=out)
    except WorkbookUnavailable as error:
        raise UsageError(str(error)) from error
    return {"workbook": str(out)}


def _queue_status(options: argparse.Namespace) -> object:
    with _queue(options) as queue:
        return queue.status()


def _queue_put(options: argparse.Namespace) -> object:
    with _queue(options) as queue:
        for sale in read_objects(options.file):
            queue.put_sale(sale)
        return queue.status()


def _queue_send(options: argparse.Namespace) -> object:
    with _queue(options) as queue, _client(options) as client:
        report = queue.send(client)
    show(report)
    if report.set_aside:
        raise RefusedError("some sales were set aside; see: coalition-partner queue aside")
    return SHOWN


def _queue_aside(options: argparse.Namespace) -> object:
    with _queue(options) as queue:
        return iter(queue.set_aside())


def _queue_retry(options: argparse.Namespace) -> object:
    with _queue(options) as queue:
        queue.retry(options.seq)
        return queue.status()


def _queue_discard(options: argparse.Namespace) -> object:
    with _queue(options) as queue:
        queue.discard(options.seq)
        return queue.status()


_LOCAL_COMMANDS: dict[str, Callable[[argparse.Namespace], object]] = {
    "keygen": _keygen,
    "verify": _verify,
    "prove": _prove,
    "verifier-hash": _verifier_hash,
    "xlsx": _xlsx,
    "queue.status": _queue_status,
    "queue.put": _queue_put,
    "queue.send": _queue_send,
    "queue.aside": _queue_aside,
    "queue.retry": _queue_retry,
    "queue.discard": _queue_discard,
    **LOCAL_LOG_COMMANDS,
    **ORDER_COMMANDS,
}

if __name__ == "__main__":
    sys.exit(main())
