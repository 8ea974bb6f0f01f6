"""Every surface on which a breach or an act was to be seen, and what has to be found there once its publication has ended
(R99). A surface that cannot be read proves nothing: it counts as not ended.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import urlencode

from django.urls import reverse

from commitments.models import BreachCase, Commitment
from credit_portal.audit.clock import local_date
from credit_portal.outbox.models import PublicChange
from credit_portal.registry.models import CreditSubject
from disclosure import act_gate, breach_gate
from disclosure.models import AdministrativeAct, BreachPublication
from disclosure.renderers import etag_of, to_json
from disclosure.terms import read_name

from .models import UnpublicationProof

PERSON = CreditSubject.Kind.PERSON
# A shorter number or text stands in many places that have nothing to do with it.
SHORTEST = 6
PAGE_SIZE = "100"
# Of one publication: published, marked, unmarked, withdrawn. More than these nobody has yet made.
CHANGES_MOST = 20


class Expect(StrEnum):
    """What has to be found."""

    GONE = "gone"  # not to be opened: 404, nothing of it
    WITHOUT = "without"  # to be opened, and it is not there
    WITHOUT_OR_GONE = "without_or_gone"  # the same, where the page itself may have ended, too
    GENUINE = "genuine"  # the paper is still genuine, and leads nowhere
    WITHDRAWN = "withdrawn"  # one line of the feed: withdrawn, by its opaque id alone
    NAMELESS = "nameless"  # one earlier line of the feed: names nothing any more


EXPECTED = {
    Expect.GONE: "应当打不开（404），也没有任何内容",
    Expect.WITHOUT: "应当能打开，其中没有这条信息",
    Expect.WITHOUT_OR_GONE: "应当没有这条信息，或者已经打不开",
    Expect.GENUINE: "应当核验为真，但不再指向公示",
    Expect.WITHDRAWN: "应当有停止公示的一行，只给出不透明编号",
    Expect.NAMELESS: "以前的各行应当不再给出公示编号",
}


@dataclass(frozen=True)
class Marks:
    """By what the record is known wherever it turns up: its public id, the number of its document, what was not kept."""

    public_id: str = ""
    document_no: str = ""
    told: tuple[str, ...] = ()


@dataclass(frozen=True)
class Surface:
    """One place. `path`: below the portal's address; `shape`: html, json, csv or lines, what it has to be to count as read;
    `follow`: all pages of a list; `opaque`: of a line of the feed; `whole`: of this record alone, so that also what was
    not kept would stand there (elsewhere the same words may be another's)."""

    code: str
    label: str
    path: str
    expect: Expect
    shape: str = "html"
    follow: bool = False
    headers: dict[str, str] = field(default_factory=dict)
    opaque: str = ""
    whole: bool = False


@dataclass(frozen=True)
class Plan:
    surfaces: tuple[Surface, ...]
    marks: Marks
    commitment: Commitment | None
    case: BreachCase | None


def plan_of(proof: UnpublicationProof) -> Plan:
    """All surfaces of a proof's record, with the marks by which it is known. A constant number of queries."""
    publication, act = proof.publication, proof.act
    application = proof.application
    case = publication.case if publication is not None else application.case if application else None
    commitment = case.commitment if case is not None else None
    person = proof.subject.kind == PERSON
    found: list[Surface] = []
    marks = Marks()
    if case is not None:
        # What repeats the signed text stands there by right.
        signed = "\n".join(str(clause["text"]) for clause in case.commitment.content)
        clauses = [text for row in case.clauses.all() if (text := _line(row.not_kept)) and text not in signed]
        public_id = str(publication.uuid) if publication is not None else ""
        marks = Marks(public_id, case.document_no, tuple(clauses))
        if publication is not None:
            found += _of_breach(publication)
        if not person:
            found += _breach_lists(case)
        found += _of_commitment(case.commitment, listed=not person)
        if case.verify_token:
            path = reverse("disclosure:verify", args=[case.verify_token])
            found.append(Surface("verify", "认定书的核验页", path, Expect.GENUINE))
    if act is not None:
        # An act alone, or the act of the same entry: its own marks come with it.
        marks = Marks(str(act.uuid), act.document_no, ()) if case is None else marks
        found += _of_act(act)
        if not person:
            found += _act_lists(act)
    if not person:
        found += _of_subject(proof.subject)
        found += _everywhere()
        if publication is not None:
            found += _of_feed("breach", str(publication.uuid), announced=publication.announced_at is not None)
        if act is not None:
            found += _of_feed("act", str(act.uuid), announced=False)
    return Plan(tuple(found), marks, commitment, case)


# ---- a breach ----------------------------------------------------------------------------------------------


def _of_breach(publication: BreachPublication) -> Iterator[Surface]:
    page = reverse("disclosure:breach", args=[publication.uuid])
    api = reverse("api:breach", args=[str(publication.uuid)])
    yield Surface("breach_page", "违诺公示页面", page, Expect.GONE, whole=True)
    yield Surface("breach_api", "公开接口：这条违诺", api, Expect.GONE, "json", whole=True)
    # As it went out on its last day.
    last = local_date(publication.ended_at) if publication.ended_at else publication.public_from
    earlier = etag_of(to_json(breach_gate.record_as_it_was(publication.pk, on=last)))
    yield Surface(
        "breach_copy", "公开接口：以停止前的副本核对", api, Expect.GONE, "json", headers={"If-None-Match": earlier},
        whole=True,
    )  # fmt: skip


def _breach_lists(case: BreachCase) -> Iterator[Surface]:
    page, api = reverse("disclosure:breaches"), reverse("api:breaches")
    name, code = _searchable(case.commitment.subject_name), case.subject.uscc or ""
    item = case.commitment.item_version
    narrowed = {
        "department": case.department.uscc,
        "region": case.region_id,
        "grade": case.grade,
        "domain": item.domain if item is not None else "",
    }
    narrowed = {key: value for key, value in narrowed.items() if value}
    if code:
        yield _list("breach_list_code", "违诺列表：按代码查", page, q=code)
        yield _list("breach_api_code", "公开接口：违诺列表按代码查", api, code=code)
    if name:
        yield _list("breach_list_name", "违诺列表：按名称查", page, q=name)
        yield _list("breach_api_name", "公开接口：违诺列表按名称查", api, name=name)
    yield _list("breach_list_filters", "违诺列表：按单位、地区、程度、领域筛选", page, **narrowed)
    yield _list("breach_api_filters", "公开接口：违诺列表按单位、地区、程度、领域筛选", api, **narrowed)


def _of_commitment(commitment: Commitment, *, listed: bool) -> Iterator[Surface]:
    page = reverse("disclosure:commitment", args=[commitment.code])
    api = reverse("api:commitment", args=[commitment.code])
    yield Surface("commitment_page", "承诺页面", page, Expect.WITHOUT_OR_GONE, whole=True)
    yield Surface(
        "commitment_api", "公开接口：这份承诺", api, Expect.WITHOUT_OR_GONE, "json", whole=True
    )  # fmt: skip
    if listed and (name := _searchable(commitment.subject_name)):
        path = f"{reverse('disclosure:commitments')}?{urlencode({'q': name})}"
        yield Surface("commitment_search", "承诺查询：按名称查", path, Expect.WITHOUT)


# ---- an act ------------------------------------------------------------------------------------------------


def _of_act(act: AdministrativeAct) -> Iterator[Surface]:
    page, api = reverse("disclosure:act", args=[act.uuid]), reverse("api:act", args=[str(act.uuid)])
    yield Surface("act_page", "行政行为公示页面", page, Expect.GONE, whole=True)
    yield Surface("act_api", "公开接口：这条行政行为", api, Expect.GONE, "json", whole=True)
    earlier = etag_of(to_json(act_gate.record_as_it_was(act.pk)))
    yield Surface(
        "act_copy", "公开接口：以停止前的副本核对", api, Expect.GONE, "json", headers={"If-None-Match": earlier},
        whole=True,
    )  # fmt: skip


def _act_lists(act: AdministrativeAct) -> Iterator[Surface]:
    page, api = reverse("disclosure:acts"), reverse("api:acts")
    if act.subject_code:
        yield _list("act_list_code", "行政行为列表：按代码查", page, q=act.subject_code)
        yield _list("act_api_code", "公开接口：行政行为列表按代码查", api, code=act.subject_code)
    if name := _searchable(act.subject_name):
        yield _list("act_list_name", "行政行为列表：按名称查", page, q=name)
        yield _list("act_api_name", "公开接口：行政行为列表按名称查", api, name=name)
    # The page repeats the number that is asked for, the API does not.
    yield _list("act_api_number", "公开接口：行政行为列表按文书号查", api, document_no=act.document_no)


# ---- all the rest ------------------------------------------------------------------------------------------


def _of_subject(subject: CreditSubject) -> Iterator[Surface]:
    if subject.uscc:
        page = reverse("disclosure:subject", args=[subject.uscc])
        api = reverse("api:subject", args=[subject.uscc])
        yield Surface("subject_page", "主体的公示页面", page, Expect.WITHOUT_OR_GONE)
        yield Surface("subject_api", "公开接口：这个主体", api, Expect.WITHOUT_OR_GONE, "json")


def _everywhere() -> Iterator[Surface]:
    yield Surface("home", "专栏首页", reverse("disclosure:home"), Expect.WITHOUT)
    yield Surface("supervision", "监督页面", reverse("disclosure:supervision"), Expect.WITHOUT)
    yield Surface("statistics", "公开接口：公示的数字", reverse("api:statistics"), Expect.WITHOUT, "json")
    yield Surface("export_csv", "整体下载（CSV）", reverse("api:export-csv"), Expect.WITHOUT, "csv")
    yield Surface("export_jsonl", "整体下载（JSON）", reverse("api:export-jsonl"), Expect.WITHOUT, "lines")


def _of_feed(resource: str, reference: str, *, announced: bool) -> Iterator[Surface]:
    """The lines of the feed about it, each by its place. Announced and without a line of withdrawal, it was not told."""
    api = reverse("api:changes")
    rows = list(
        PublicChange.objects.filter(resource=resource, reference=reference).order_by("-id")[:CHANGES_MOST]
    )
    told = False
    for number, row in enumerate(rows):
        withdrawn = row.kind == PublicChange.Kind.WITHDRAWN
        if row.position is None and not withdrawn:
            continue
        told = told or withdrawn
        # Not numbered yet, nobody can read it: asked for where it would stand, it is not there.
        since = row.position - 1 if row.position is not None else _last_place()
        yield Surface(
            f"{resource}_feed_{number}",
            "变动接口：停止公示的一行" if withdrawn else f"变动接口：以前“{row.get_kind_display()}”的一行",
            f"{api}?{urlencode({'since': since, 'limit': 1})}",
            Expect.WITHDRAWN if withdrawn else Expect.NAMELESS,
            "json",
            opaque=str(row.opaque),
        )
    if (rows or announced) and not told:
        yield Surface(
            f"{resource}_feed",
            "变动接口：停止公示的一行",
            f"{api}?{urlencode({'since': _last_place(), 'limit': 1})}",
            Expect.WITHDRAWN,
            "json",
            opaque="-",
        )


def _last_place() -> int:
    last = PublicChange.objects.filter(position__isnull=False).order_by("-position").first()
    return last.position if last is not None and last.position is not None else 0


def _list(surface: str, label: str, path: str, /, **asked: str) -> Surface:
    api = path.startswith("/api/")
    if api:
        asked |= {"page_size": PAGE_SIZE}
    shape = "json" if api else "html"
    return Surface(surface, label, f"{path}?{urlencode(asked)}", Expect.WITHOUT, shape, follow=True)


def _searchable(name: str) -> str:
    """The name, where the search takes it."""
    try:
        return read_name(name) and name
    except ValueError:
        return ""


def _line(text: str) -> str:
    """The first line of what was not kept, as pages show it; empty where it is too short to tell anything."""
    first = next((line.strip() for line in text.splitlines() if line.strip()), "")
    return first if len(first) >= SHORTEST else ""
