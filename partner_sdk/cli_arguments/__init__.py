"""The arguments of ``coalition-partner``; what the commands do is in ``cli``."""

import argparse

from partner_sdk.cli_arguments.books import (
    add_disputes_commands,
    add_log_commands,
    add_reconcile_commands,
    add_records_commands,
)
from partner_sdk.cli_arguments.till import (
    add_keys_commands,
    add_members_commands,
    add_orders_commands,
    add_queue_commands,
    add_redemptions_commands,
    add_sales_commands,
    add_spends_commands,
)

__all__ = ["build_parser"]

_ENVIRONMENT = """\
environment:
  COALITION_URL          the hub's address, such as https://hub.example
  COALITION_KEY_ID       the key_... id of the registered public key
  COALITION_PRIVATE_KEY  the file of the private key (see keygen)
  COALITION_BEARER       instead of the two above: a bearer key of the sandbox
  COALITION_QUEUE        the file of the offline queue

exit status: 0 done; 1 the hub refused, or findings; 2 wrong usage, or a file cannot be read;
3 the log shows another past than before (witness)
"""


def build_parser() -> argparse.ArgumentParser:
    """Return the parser; each command sets ``command`` to its dotted name."""
    parser = argparse.ArgumentParser(
        prog="coalition-partner",
        description="Speak to a coalition hub as a partner, and verify its statements.",
        epilog=_ENVIRONMENT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--url", help="the hub's address (COALITION_URL)")
    parser.add_argument("--key-id", help="the key's id (COALITION_KEY_ID)")
    parser.add_argument("--private-key", metavar="FILE", help="COALITION_PRIVATE_KEY")
    parser.add_argument("--bearer", help="a bearer key of the sandbox (COALITION_BEARER)")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    add_keys_commands(commands)
    add_members_commands(commands)
    add_sales_commands(commands)
    add_orders_commands(commands)
    add_redemptions_commands(commands)
    add_spends_commands(commands)
    add_records_commands(commands)
    add_log_commands(commands)
    add_disputes_commands(commands)
    add_queue_commands(commands)
    add_reconcile_commands(commands)
    return parser
