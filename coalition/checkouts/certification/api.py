"""Routes of certifications."""

from __future__ import annotations

from uuid import UUID

from coalition.checkouts.api.own import own_connection, scope
from coalition.checkouts.certification import store
from coalition.checkouts.certification.domain import Certification
from coalition.checkouts.certification.means import Means, make_means
from coalition.checkouts.certification.schemas import CertificationAnswer
from coalition.checkouts.certification.service import certification_of, certify
from coalition.checkouts.certification.wire import certification_document
from coalition.http.endpoint import Answer, RequestContext, Routes
from coalition.http.evidence import keep_evidence

routes = Routes(tag="Checkouts")

#: How long a request waits for the platform's turn, and for each answer.
_PATIENCE, _SECONDS = 10.0, 8.0


@routes.endpoint(
    "POST",
    "/v1/connections/{connection_id}/certifications",
    summary="Certify a connection",
    description=(
        "Tries ten cases on a connection in state `test`: samples signed with its secrets at the "
        "hub's door, the shop's own orders, a code that is made and taken back. All that the hub "
        "does of it is rolled back; the report is kept, the last fifty of a connection. A run may "
        "last as long as the platform takes to answer."
    ),
    caller="either",
    mode="own",
    answer=CertificationAnswer,
    status=201,
    problems=("conflict_retry", "connection_not_found", "connection_not_in_test"),
)
def certify_connection(context: RequestContext, *, connection_id: UUID) -> Answer:
    """POST a run."""
    stored, made = certify(
        means=_means(context),
        connection_id=connection_id,
        party_no=scope(context),
        keep=lambda session: keep_evidence(connection=session, context=context),
    )
    return Answer(certification_document(made, stored), status=201)


@routes.endpoint(
    "GET",
    "/v1/connections/{connection_id}/certifications",
    summary="List certifications of a connection",
    description="Newest first.",
    caller="either",
    answer=CertificationAnswer,
    paged=True,
    problems=("connection_not_found",),
)
def list_certifications(context: RequestContext, *, connection_id: UUID) -> Answer:
    """The reports that are kept."""
    page, stored = context.page, own_connection(context, connection_id)
    found = store.list_certifications(
        connection=context.connection,
        connection_no=stored.no,
        before=UUID(str(page.after[0])) if page.after else None,
        limit=page.limit + 1,
    )

    def key(made: Certification) -> tuple[str]:
        return (str(made.id),)

    return Answer(
        context.paged(found, key=key, render=lambda made: certification_document(made, stored))
    )


@routes.endpoint(
    "GET",
    "/v1/connections/{connection_id}/certifications/{certification_id}",
    summary="Get a certification",
    caller="either",
    answer=CertificationAnswer,
    problems=("connection_not_found", "certification_not_found"),
)
def get_certification(
    context: RequestContext, *, connection_id: UUID, certification_id: UUID
) -> Answer:
    """A report."""
    stored = own_connection(context, connection_id)
    made = certification_of(
        connection=context.connection,
        connection_no=stored.no,
        certification_id=certification_id,
    )
    return Answer(certification_document(made, stored))


def _means(context: RequestContext) -> Means:
    hub = context.hub
    return hub.once(
        Means,
        lambda: make_means(
            config=hub.config,
            database=hub.database,
            wall=hub.clocks.wall,
            patience=_PATIENCE,
            seconds=_SECONDS,
        ),
    )
