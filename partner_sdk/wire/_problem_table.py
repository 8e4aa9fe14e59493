"""The table behind ``problems``: (code, status, retryable, title, what to do)."""

# One row of the table, not one value to a line.
# fmt: off
Row = tuple[str, int, bool, str, str]

_REQUEST: tuple[Row, ...] = (
    ("malformed_json", 400, False, "The body is not JSON",
     "Send one JSON object in UTF-8, without duplicate names, NaN or Infinity."),
    ("validation_failed", 422, False, "Some fields are wrong",
     "Correct the fields named in errors; each has a JSON pointer and says what is expected."),
    ("number_out_of_range", 422, False, "A number is out of range",
     ("Points are whole numbers from 1 to 1000000000; amounts are text up to 10^12; no JSON "
      "number may exceed 2^53 - 1.")),
    ("wrong_currency", 422, False, "The currency does not fit",
     "Use the currency of the coalition and of your agreement in every amount."),
    ("occurred_at_in_future", 422, False, "The sale lies in the future",
     "Set the till's clock, and send occurred_at with its correct UTC offset."),
    ("store_time_zone_unknown", 422, False, "The store's time zone is not known",
     "Use a name of the IANA time zone database, such as Europe/Bucharest."),
    ("payload_too_large", 413, False, "The body is too large",
     "Send at most 1000 sales in one batch, and only the lines of each sale."),
    ("unsupported_media_type", 415, False, "The body has another media type",
     "Send Content-Type: application/json."),
    ("not_acceptable", 406, False, "The answer has another media type",
     "Accept application/json."),
    ("bad_request", 400, False, "The request is malformed",
     "Check method, path, headers and query against /openapi.json."),
    ("uri_too_long", 414, False, "The address is too long",
     "Shorten the path or the query."),
    ("headers_too_large", 431, False, "The headers are too large",
     "Send fewer or shorter headers."),
    ("not_found", 404, False, "There is nothing here",
     "Check the path and the id; you only see what belongs to you."),
    ("method_not_allowed", 405, False, "The method is not allowed here",
     "Use a method that the Allow header names."),
    ("invalid_cursor", 400, False, "The cursor is not valid",
     "Use next_cursor exactly as it was given, on the same list; or start without a cursor."),
    ("limit_out_of_range", 422, False, "The limit is out of range",
     "Ask for 1 to 200 items."),
)

_IDENTITY: tuple[Row, ...] = (
    ("unauthorized", 401, False, "Who is asking is not known",
     "Sign the request with a registered key, or send a valid bearer key."),
    ("signature_missing", 401, False, "The request is not signed",
     "Sign it as RFC 9421 says, with the label coalition and the tag coalition-v1."),
    ("signature_invalid", 401, False, "The signature does not fit the request",
     ("Sign the method, authority, target URI, Content-Digest and Idempotency-Key exactly as "
      "they are sent, with the private key that belongs to keyid.")),
    ("signature_stale", 401, False, "The signature is too old",
     "Sign again and send at once; a signature is good for 300 seconds. Check your clock."),
    ("clock_skew", 401, False, "The signature is from the future",
     "Set your clock; the hub accepts at most 60 seconds ahead of its own."),
    ("key_unknown", 401, False, "The key is not known",
     "Register the public key with the operator, or use the key id you were given."),
    ("key_revoked", 401, False, "The key was revoked",
     "Use another of your keys, or register a new one with the operator."),
    ("forbidden", 403, False, "This is not yours to do",
     "Use a key with the right role; some calls are for the operator only."),
    ("idempotency_key_missing", 400, False, "The Idempotency-Key is missing or malformed",
     "Send an Idempotency-Key of 1 to 64 letters, digits, - or _, one for each operation."),
    ("idempotency_key_reused", 422, False, "The Idempotency-Key was used for something else",
     "Use a new key for a new operation, and the same key only for the very same request."),
    ("idempotency_in_progress", 409, True, "The first request with this key still runs",
     "Send the same request again in a moment."),
    ("request_replayed", 409, False, "This signed request was already used",
     "Sign again with a new nonce."),
)

_MEMBERS: tuple[Row, ...] = (
    ("member_not_found", 404, False, "No such member",
     "Check the card, reference, phone, e-mail or id; enrol the person if they are new."),
    ("card_not_found", 404, False, "No such card",
     "Check the number with its check digit; a replaced card is not accepted any more."),
    ("member_frozen", 409, False, "The member is frozen",
     "Neither earning nor spending is possible until the operator lifts it."),
    ("member_closed", 409, False, "The member's account is closed",
     "The person may enrol again and gets a new account."),
    ("member_state_forbids", 409, False, "The member's state does not allow this",
     "Look the member up and see its state; a closed account stays closed."),
    ("spend_locked", 409, False, "Spending is locked",
     "The member locked spending; only the member can unlock it. Earning goes on."),
    ("contact_taken", 409, False, "The phone number or e-mail is in use",
     "Look the member up by it; one contact belongs to one account."),
    ("reference_taken", 409, False, "The reference is in use",
     "One reference of yours belongs to one member; look that member up."),
)

_PARTNERS: tuple[Row, ...] = (
    ("partner_not_found", 404, False, "No such partner",
     "Check the id or slug of the partner."),
    ("partner_not_live", 409, False, "The partner is not live",
     "Wait until the operator has made the partner live."),
    ("partner_state_forbids", 409, False, "The partner's state does not allow this",
     "See the table of partner states in the documents, or ask the operator."),
    ("partner_slug_taken", 409, False, "The slug is in use",
     "Choose another slug; slugs are never used again."),
    ("agreement_not_in_force", 409, False, "No agreement is in force at that time",
     "The operator must record an agreement that covers occurred_at."),
    ("agreement_overlaps", 409, False, "Another version covers that time",
     "Versions are immutable and may not overlap; begin after the last one."),
    ("cap_reached", 409, False, "The cap on uncovered points is reached",
     ("No points can be issued until the partner has settled or raised its cap; members' points "
      "stay spendable.")),
    ("public_key_taken", 409, False, "The public key is registered already",
     "Make a new key pair for each registration."),
)

_SALES: tuple[Row, ...] = (
    ("sale_not_found", 404, False, "No such sale",
     "Send the sale first; you see only your own."),
    ("sale_revision_conflict", 409, False, "This revision has other content",
     "A revision never changes. Send the corrected sale with a higher revision."),
    ("sale_already_claimed", 409, False, "The sale has a member already",
     "Move it to another member instead of claiming it."),
    ("refund_exceeds_sale", 422, False, "The refunds exceed the sale",
     "All refunds of a sale, and of each of its lines, may add up to what was sold at most."),
    ("refund_conflict", 409, False, "The refund differs from what is known",
     ("A refund's amount never changes and its status only moves up: pending, succeeded, "
      "failed. Use a new id for another refund.")),
)

_REDEMPTIONS: tuple[Row, ...] = (
    ("insufficient_points", 409, False, "Not enough points",
     "Ask for at most the available points; pending and held points cannot be spent."),
    ("hold_not_found", 404, False, "No such hold",
     "Check the id; you see only your own holds."),
    ("hold_expired", 409, False, "The hold has expired",
     "Its points are free again; make a new hold."),
    ("hold_not_open", 409, False, "The hold is not open",
     "It was captured or voided already; get the hold to see which."),
    ("capture_exceeds_hold", 422, False, "The capture exceeds the hold",
     "Capture at most the points that are held; hold more with a new hold."),
    ("redemption_not_found", 404, False, "No such redemption",
     "Check the id; you see only your own redemptions."),
    ("reversal_exceeds_redemption", 422, False, "The reversal exceeds the redemption",
     "All reversals of a redemption may add up to its points at most."),
    ("amount_too_small", 422, False, "The amount is less than one point",
     "Ask for at least the value of one point."),
)

_ELSEWHERE: tuple[Row, ...] = (
    ("statement_not_found", 404, False, "No such statement",
     "Check the id; a statement appears once its window is issued."),
    ("proof_not_ready", 404, False, "The statement is not in the log yet",
     "Ask again after the night; a statement is published when the log has it."),
    ("acceptance_not_found", 404, False, "The statement is not accepted",
     "Its party has not signed an acceptance; coalition-partner accept does."),
    ("acceptance_invalid", 422, False, "The acceptance does not hold",
     "Sign the JSON of coalition.acceptance/1 with a key of yours that is registered here."),
    ("acceptance_mismatch", 409, False, "Another statement was accepted",
     ("Fetch and verify the bundle again; accept the statement's id and the SHA-256 of its "
      "statement.json.")),
    ("cosignature_invalid", 422, False, "The cosignature does not fit",
     ("Send the newest checkpoint exactly as fetched, with one line more: your cosignature by the "
      "key that is registered here. coalition-partner witness does that.")),
    ("log_conflict", 409, False, "The log does not lead to that checkpoint",
     ("The log has forked, or an older backup was restored. Keep your evidence and call the "
      "operator; nothing should be released before this is explained.")),
    ("workbook_too_large", 422, False, "The statement is too long for a workbook made here",
     "Download the bundle and run coalition-partner xlsx on it, or open its lines.csv."),
    ("amount_not_found", 404, False, "No such amount in the statement",
     ("Ask for line:N, opening, net, closing, activity:KIND or position:COUNTERPARTY; the detail "
      "says which kinds and counterparties there are.")),
    ("webhook_url_refused", 422, False, "The address cannot receive webhooks",
     "Use an https address with a public host name, without user or fragment."),
    ("webhook_not_found", 404, False, "No such subscription",
     "List your subscriptions and check the id."),
    ("event_not_found", 404, False, "No such event",
     "List the events and check the id."),
    ("test_environment_only", 403, False, "Only in a test environment",
     "Use the sandbox; a live hub has neither bearer keys for partners nor a clock to set."),
    ("conflict_retry", 409, True, "Another request was in the way",
     "Send the same request again in a moment."),
    ("rate_limited", 429, True, "Too many requests",
     "Wait as long as Retry-After says, then go on more slowly."),
    ("internal_error", 500, True, "Something went wrong at the hub",
     ("Send the same request again with the same Idempotency-Key; if it goes on, tell the "
      "operator the request_id.")),
    ("service_unavailable", 503, True, "The hub cannot answer now",
     "Wait as long as Retry-After says and send the same request again."),
)

ROWS: tuple[Row, ...] = (
    _REQUEST + _IDENTITY + _MEMBERS + _PARTNERS + _SALES + _REDEMPTIONS + _ELSEWHERE
)
