"""The arguments of commands that a till needs."""

from partner_sdk.cli_arguments.words import Commands, add_command, add_group, add_member

__all__ = [
    "add_keys_commands",
    "add_members_commands",
    "add_orders_commands",
    "add_queue_commands",
    "add_redemptions_commands",
    "add_sales_commands",
    "add_spends_commands",
]


def add_keys_commands(commands: Commands) -> None:
    """Keys."""
    made = add_command(commands, "keygen", "Make a key pair; prints the public key to register.")
    made.add_argument("--out", required=True, metavar="FILE", help="where the private key goes")


def add_members_commands(commands: Commands) -> None:
    """Members."""
    enrol = add_command(commands, "enrol", "Enrol a person and issue a card.")
    for name in ("--reference", "--phone", "--email"):
        enrol.add_argument(name)
    add_member(add_command(commands, "member", "Find a member."), contacts=True)
    add_member(add_command(commands, "balance", "Show a member's points."), contacts=True)


def add_sales_commands(commands: Commands) -> None:
    """Sales."""
    sale = add_group(commands, "sale", "One sale.")
    put = add_command(
        sale, "put", "Send a sale from a JSON file (- is standard input).", "sale.put"
    )
    put.add_argument("file", metavar="FILE")
    get = add_command(sale, "get", "Show a sale as the hub has it.", "sale.get")
    get.add_argument("sale", metavar="SALE")
    for name, text in (
        ("claim", "Give a guest's sale to a member."),
        ("move", "Move a sale to another member."),
    ):
        made = add_command(sale, name, text, f"sale.{name}")
        made.add_argument("sale", metavar="SALE")
        add_member(made, contacts=False)
    many = add_group(commands, "sales", "Many sales.")
    put = add_command(many, "put", "Send sales from a file, one JSON object a line.", "sales.put")
    put.add_argument("file", metavar="FILE.ndjson")


def add_orders_commands(commands: Commands) -> None:
    """Files of orders."""
    orders = add_group(commands, "orders", "Files of orders, for a hub that picks them up.")
    write = add_command(orders, "write", "Write the next file of a store.", "orders.write")
    write.add_argument("file", metavar="ROWS", help="rows (.csv), or a JSON document a line")
    write.add_argument("--store", required=True, help="whose files are counted")
    write.add_argument("--sequence", type=int, required=True, help="the file's number, from 1")
    write.add_argument("--from", dest="since", required=True, metavar="DATE", help="first date")
    write.add_argument("--to", dest="until", metavar="DATE", help="last date; default: the first")
    write.add_argument("--folder", default=".", help="default: here")
    check = add_command(orders, "check", "Check a file as the hub does.", "orders.check")
    check.add_argument("file", metavar="FILE")


def add_redemptions_commands(commands: Commands) -> None:
    """Spending points."""
    quote = add_command(commands, "quote", "Say what points are worth, or what an amount takes.")
    add_member(quote, contacts=False)
    either = quote.add_mutually_exclusive_group(required=True)
    either.add_argument("--points", type=int)
    either.add_argument("--amount", metavar="12.34", help="with --currency")
    quote.add_argument("--currency", default="EUR", help="default: %(default)s")
    hold = add_command(commands, "hold", "Reserve points.")
    hold.add_argument("--expires-in", type=int, metavar="SECONDS")
    redeem = add_command(commands, "redeem", "Spend points in one step.")
    for made in (hold, redeem):
        add_member(made, contacts=False)
        made.add_argument("--points", type=int, required=True)
        made.add_argument("--note", metavar="TEXT", help="your own reference of the payment")
        made.add_argument("--store")
        made.add_argument("--till")
    redeem.add_argument("--receipt")
    capture = add_command(commands, "capture", "Spend a hold, whole or in part.")
    capture.add_argument("--points", type=int)
    for made in (capture, add_command(commands, "void", "Release a hold.")):
        made.add_argument("hold", metavar="HOLD")
    reverse = add_command(commands, "reverse", "Give points of a redemption back.")
    reverse.add_argument("redemption", metavar="REDEMPTION")
    reverse.add_argument("--points", type=int, required=True)
    reverse.add_argument("--reason")
    for made in (hold, redeem, capture, reverse):
        made.add_argument(
            "--idempotency-key", metavar="KEY", help="the same key never does the work twice"
        )


def add_spends_commands(commands: Commands) -> None:
    """Spending points at a shop."""
    spend = add_group(commands, "spend", "Points paid at a connected shop's own checkout.")
    make = add_command(
        spend, "make", "Have the shop's platform make what the shopper uses.", "spend.make"
    )
    show = add_command(spend, "show", "Show a spend as it is now.", "spend.show")
    undo = add_command(spend, "undo", "Have the platform take it back.", "spend.undo")
    listed = add_command(
        spend, "list", "List a connection's, one JSON object a line.", "spend.list"
    )
    for each in (make, show, undo, listed):
        each.add_argument("connection", metavar="CONNECTION", help="con_...")
    for each in (show, undo):
        each.add_argument("spend", metavar="SPEND", help="spd_...")
    add_member(make, contacts=False)
    make.add_argument(
        "--note",
        required=True,
        metavar="TEXT",
        help="your own reference of the payment: the same again is the same spend",
    )
    either = make.add_mutually_exclusive_group(required=True)
    either.add_argument("--points", type=int)
    either.add_argument("--amount", metavar="12.34", help="with --currency")
    make.add_argument("--currency", default="EUR", help="default: %(default)s")
    make.add_argument("--order", help="the platform's open order, where points are put on one")
    for name in ("id", "email", "phone"):
        make.add_argument(f"--customer-{name}", help="who buys, as the platform knows them")
    make.add_argument("--expires-in", type=int, metavar="SECONDS")


def add_queue_commands(commands: Commands) -> None:
    """The offline queue."""
    queue = add_group(commands, "queue", "The offline queue of a till.")
    status = add_command(
        queue, "status", "Count what waits and what was set aside.", "queue.status"
    )
    put = add_command(queue, "put", "Queue sales from a file, one JSON object a line.", "queue.put")
    put.add_argument("file", metavar="FILE.ndjson")
    send = add_command(queue, "send", "Send what waits.", "queue.send")
    aside = add_command(queue, "aside", "List the sales set aside, with the reason.", "queue.aside")
    retry = add_command(queue, "retry", "Let sales that were set aside wait again.", "queue.retry")
    retry.add_argument("--seq", type=int, help="default: all")
    discard = add_command(queue, "discard", "Forget a sale that was set aside.", "queue.discard")
    discard.add_argument("--seq", type=int, required=True)
    for made in (status, put, send, aside, retry, discard):
        made.add_argument("--queue", metavar="FILE", help="the queue's file (COALITION_QUEUE)")
