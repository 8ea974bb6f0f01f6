"""Obligations come into being with the commitment, in sets: one statement for one signing or for a whole upload.

Who answers for them: the competent department of the item, or whoever took the commitment where it has none. They begin as
the commitment stands: what was recorded or determined of it before is theirs, too. Due: on the day that was
filled into the clause, else on the last day of the term (which signing took from the item), else on none; late materials
on the last day that was promised for one of them. How each is kept: `rules.kind_of`.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from django.db import connection, transaction
from django.db.models import Q

from commitments.models import Blank, Clause, Commitment, Obligation, ObligationFinding, Supplement
from credit_portal.audit.clock import local_date
from credit_portal.registry.models import User

from . import rules, settling

MAKE = """
INSERT INTO commitments_obligation
    (commitment_id, clause_no, department_id, kind, due_on, state, partly, found_on)
SELECT id, no, department_id, kind, CASE kind WHEN 'declared' THEN NULL WHEN 'late' THEN last_on ELSE valid_until END,
    state, state = 'not_kept' AND fulfilment = 'partial' AND NOT some_named,
    CASE WHEN state NOT IN ('open', 'ended') THEN coalesce(recorded, made_on) END
FROM (
    SELECT one.id, pledge.no, coalesce(item.department_id, one.department_id) AS department_id, one.valid_until, one.fulfilment, one.made_on, said.some_named,
        recorded.day AS recorded, late.last_on,
        CASE WHEN clause.keeping <> '' THEN clause.keeping
            WHEN pledge.no = 0 OR clause.covers && %(kept_up)s::varchar[] THEN 'kept_up'
            WHEN clause.covers <> '{}' AND clause.covers <@ %(said)s::varchar[]
                OR pledge.own AND starts_with(pledge.text, %(stated)s) THEN 'declared'
            WHEN late.last_on IS NOT NULL AND pledge.own AND starts_with(pledge.text, %(late)s) THEN 'late'
            ELSE 'to_do' END AS kind,
        CASE WHEN one.voided_at IS NOT NULL
                OR EXISTS (SELECT FROM commitments_commitment AS new WHERE new.corrects_id = one.id) THEN 'ended'
            WHEN one.fulfilment = 'fulfilled' THEN 'kept'
            WHEN one.fulfilment = 'unfulfilled' OR one.fulfilment = 'partial'
                AND (NOT said.some_named OR pledge.no = ANY (said.named)) THEN 'not_kept'
            ELSE 'open' END AS state
    FROM commitments_commitment AS one
    LEFT JOIN registry_serviceitem AS item ON item.id = one.item_id
    LEFT JOIN commitments_supplement AS late ON late.commitment_id = one.id
    CROSS JOIN LATERAL (
        SELECT coalesce(array_agg((clause->>'no')::int), '{0}') AS numbers
        FROM jsonb_array_elements(one.content) AS clause WHERE clause->>'kind' = 'pledge'
    ) AS whole
    CROSS JOIN LATERAL (
        SELECT (clause->>'no')::int AS no, (clause->>'clause')::bigint AS clause, clause->>'text' AS text,
            clause->>'clause' IS NULL AS own
        FROM jsonb_array_elements(one.content) AS clause WHERE clause->>'kind' = 'pledge'
        UNION ALL SELECT 0, NULL, '', false WHERE whole.numbers = '{0}'
    ) AS pledge
    LEFT JOIN commitments_clause AS clause ON clause.id = pledge.clause AND clause.version_id = one.text_version_id
    LEFT JOIN LATERAL (
        SELECT array_agg(clause_no::int) AS named,
            coalesce(array_agg(clause_no::int) && whole.numbers
                AND NOT array_agg(clause_no::int) @> whole.numbers, false) AS some_named
        FROM commitments_breachedclause AS clause JOIN commitments_breachcase AS matter ON matter.id = clause.case_id
        WHERE one.fulfilment = 'partial' AND matter.commitment_id = one.id
            AND matter.state IN ('determined', 'served')
    ) AS said ON true
    LEFT JOIN LATERAL (
        SELECT (max(at) AT TIME ZONE 'Asia/Shanghai')::date AS day FROM commitments_commitmentevent AS event
        WHERE one.fulfilment <> 'running' AND event.commitment_id = one.id AND event.kind = 'fulfilment'
    ) AS recorded ON true
    WHERE one.id BETWEEN %(first)s AND %(last)s AND (%(ids)s::bigint[] IS NULL OR one.id = ANY (%(ids)s))
) AS made
ORDER BY id, no
ON CONFLICT (commitment_id, clause_no) DO NOTHING
"""
# What was found before obligations were kept: by the last event of the commitment, and of a determination its case.
FOUND = """
INSERT INTO commitments_obligationfinding (obligation_id, state, partly, found_on, at, finder_id, partner_id, case_id, note)
SELECT duty.id, duty.state, duty.partly, duty.found_on, coalesce(event.at, one.signed_at), event.actor_id,
    event.partner_id, matter.id, coalesce(event.note, '')
FROM commitments_obligation AS duty JOIN commitments_commitment AS one ON one.id = duty.commitment_id
LEFT JOIN LATERAL (
    SELECT at, actor_id, partner_id, note FROM commitments_commitmentevent AS told
    WHERE told.commitment_id = one.id AND told.kind = 'fulfilment' ORDER BY told.id DESC LIMIT 1
) AS event ON true
LEFT JOIN commitments_breachcase AS matter ON duty.state = 'not_kept' AND matter.commitment_id = one.id
    AND matter.state IN ('determined', 'served')
WHERE one.id BETWEEN %(first)s AND %(last)s AND (%(ids)s::bigint[] IS NULL OR one.id = ANY (%(ids)s))
    AND duty.state IN ('kept', 'kept_late', 'not_kept')
    AND NOT EXISTS (SELECT FROM commitments_obligationfinding AS known WHERE known.obligation_id = duty.id)
ORDER BY duty.id
"""


def on_signed(*, commitment: Commitment, now: datetime) -> None:
    """After signing."""
    make([commitment.pk])


@transaction.atomic
def make(ids: Sequence[int]) -> None:
    """The obligations of these commitments, where they have none yet."""
    if ids:
        _make(min(ids), max(ids), list(ids))


@transaction.atomic
def make_between(first: int, last: int) -> None:
    """The obligations of all commitments of these ids, where they have none yet."""
    _make(first, last, None)


def _make(first: int, last: int, ids: list[int] | None) -> None:
    span = {
        "first": first, "last": last, "ids": ids, "kept_up": sorted(rules.KEPT_UP), "said": sorted(rules.SAID),
        "stated": rules.STATED, "late": rules.LATE,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(MAKE, span)
        cursor.execute(FOUND, span)
    _set_days(first, last, ids)


def _set_days(first: int, last: int, ids: list[int] | None) -> None:
    """Days that were filled in, and the clauses that announce late materials: of the few texts that have a blank for one."""
    promised = [blank.strip("{}") for blank in rules.PROMISED]
    rows = Commitment.objects.filter(
        Q(text_version__blanks__kind=Blank.Kind.DATE) | Q(text_version__blanks__key__in=promised),
        pk__gte=first,
        pk__lte=last,
    ).distinct()
    if ids is not None:
        rows = rows.filter(pk__in=ids)
    signed = list(rows.values_list("pk", "text_version_id", "content"))
    if not signed:
        return
    versions = {version for _, version, _ in signed}
    dates: dict[int, set[str]] = defaultdict(set)
    for version, key in Blank.objects.filter(version__in=versions, kind=Blank.Kind.DATE).values_list(
        "version_id", "key"
    ):
        dates[version].add(key)
    clauses = {row.pk: row for row in Clause.objects.filter(version__in=versions)}
    bodies = {pk: row.body for pk, row in clauses.items()}
    days = {pk: rules.days_of(content, bodies, dates[version]) for pk, version, content in signed}
    words = {
        (pk, int(one["no"])): clauses.get(one.get("clause") or 0)
        for pk, _, content in signed
        for one in content
    }
    late = dict(Supplement.objects.filter(commitment__in=list(days)).values_list("commitment_id", "last_on"))
    listed = {
        pk
        for pk, _, content in signed
        if any(not one.get("clause") and str(one["text"]).startswith(rules.LATE) for one in content)
    }
    wanted = Obligation.objects.filter(
        commitment__in={pk for pk, found in days.items() if found} | late.keys()
    )
    changed = []
    for row in wanted:
        day, of = days[row.commitment_id].get(row.clause_no), row.commitment_id
        clause = words.get((of, row.clause_no))
        promise = rules.kind_of_promise(clause.body, listed=of in listed) if clause and of in late else ""
        if promise:
            row.kind, row.due_on = promise, late[of] if promise == Obligation.Kind.LATE else None
        elif day is not None:
            row.kind, row.due_on = (clause.keeping if clause else "") or Obligation.Kind.TO_DO, day
        else:
            continue
        changed.append(row)
    Obligation.objects.bulk_update(changed, ["kind", "due_on"], batch_size=1_000)


# ---- nothing to look at any more ---------------------------------------------------------------------------


def on_ended(*, commitment: Commitment, actor: User | None, now: datetime) -> None:
    """Voided, or corrected by another document: its obligations end with it; what was found of them stays to be read."""
    live = list(
        Obligation.objects.select_for_update()
        .filter(commitment=commitment)
        .exclude(state=Obligation.State.ENDED)
    )
    for row in live:
        row.state, row.partly, row.found_on = Obligation.State.ENDED, False, None
    Obligation.objects.bulk_update(live, ["state", "partly", "found_on"])
    settling.end_review(
        commitment,
        settling.Source(now=now, found_on=local_date(now), note="承诺已作废或者由新承诺更正", actor=actor),
    )
    ObligationFinding.objects.bulk_create(
        ObligationFinding(
            obligation=row,
            state=row.state,
            found_on=local_date(now),
            at=now,
            finder=actor,
            note="承诺已作废或者由新承诺更正",
        )
        for row in live
    )
