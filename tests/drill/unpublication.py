"""The race of un-publication (R99): readers at every surface while a repair commits in another process. No answer to a
request that began after the commit was back may hold the record; not by a page, not by a 304 for an earlier copy."""

import json
import subprocess
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import httpx

from .ground import ROOT, Ground, Red

if TYPE_CHECKING:
    from credit_portal.registry.models import User
    from repair.models import RepairApplication

# Before the commit each reader shall have seen the record; after it each shall ask some times more.
BEFORE, AFTER = 0.6, 0.6


@dataclass(frozen=True)
class Request:
    """One request of a reader: when it began, what it asked, whether the record was in the answer."""

    began: float
    surface: str
    there: bool


class Reader(threading.Thread):
    """Asks for one surface as fast as it is answered. `etag`: with the mark of the copy that it has."""

    def __init__(self, address: str, surface: str, path: str, marks: tuple[str, ...], *, etag: bool) -> None:
        super().__init__(daemon=True)
        self.surface, self.path, self.marks, self.etag = surface, path, marks, etag
        self.client = httpx.Client(base_url=address, timeout=20, trust_env=False)
        self.requests: list[Request] = []
        self.errors = 0
        self.over = threading.Event()

    def run(self) -> None:
        mark, copy_has_it = "", False
        while not self.over.is_set():
            began = time.monotonic()
            try:
                answer = self.client.get(self.path, headers={"If-None-Match": mark} if mark else {})
            except httpx.HTTPError:
                self.errors += 1
                continue
            if answer.status_code == 304:
                # The copy that we hold is said to be good still.
                there = copy_has_it
            else:
                there = any(one in answer.text for one in self.marks)
                if self.etag:
                    mark, copy_has_it = answer.headers.get("ETag", ""), there
            self.requests.append(Request(began, self.surface, there))
        self.client.close()


class Repairs:
    """Decided repairs, each of a public breach of its own, one confirmation away from their effect."""

    def __init__(self) -> None:
        from credit_portal.audit import clock
        from tests import repair_stage

        self.clock = clock
        self.stage: Any = repair_stage.RepairStage()

    def next(self) -> "RepairApplication":
        from tests import listed

        stage = self.stage
        stage.now = self.clock.now() - timedelta(days=150)
        stage.commitment = listed.commitment(
            department=stage.department, made_on=(stage.now - timedelta(days=30)).date(),
            public_from=stage.now - timedelta(days=29),
        )  # fmt: skip
        stage.published()
        stage.now = self.clock.now()
        return stage.decided_repair()


def _confirmer(application: "RepairApplication") -> "User":
    """Of the office that the application went to: other faults have made offices of their own in the region."""
    from tests import factories

    assert application.office is not None
    return factories.staff("credit_office", department=application.office)


def unpublication(ground: Ground, times: int, off: bool = False) -> dict[str, int]:
    """修复生效的一刻，页面、查询、接口、列表都有人在读：提交以后开始的请求不再读到这条违诺"""
    ground.start_web(**({"DRILL_OFF": "cache"} if off else {}))
    repairs = Repairs()
    helper = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "tests.drill.repairing"],
        cwd=ROOT, env=ground.environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    total: Counter[str] = Counter(repairs=0, requests=0, before=0, across=0, after=0, late=0, errors=0)
    late: Counter[str] = Counter()
    try:
        assert helper.stdout is not None
        helper.stdout.readline()
        for _ in range(times):
            found, at = _one(ground, repairs, helper)
            total.update(found)
            late.update(at)
    finally:
        helper.kill()
        helper.wait(10)
    if total["late"]:
        raise Red(json.dumps(dict(total) | {"at": dict(late)}, ensure_ascii=False))
    return dict(total) | ({} if off else {"proved": _proved(ground)})


def _proved(ground: Ground) -> int:
    """The proof of the last one, by the portal's own eyes over the same port: certified."""
    from django.test import override_settings

    from credit_portal.audit import clock
    from repair import proving
    from repair.models import UnpublicationProof

    proof = UnpublicationProof.objects.latest("pk")
    with override_settings(PROOF_URL=ground.address):
        try:
            proving.prove({"proof": proof.pk}, key="drill", now=clock.now())
        except proving.StillShown as still:
            bad = [f"{look.label}：{look.seen}" for look in proof.looks.filter(ok=False)]
            raise Red(f"{still}：{bad}") from still
    proof.refresh_from_db()
    if proof.number is None:
        raise Red("核对通过却没有出具证明")
    return 1


def _one(
    ground: Ground, repairs: Repairs, helper: "subprocess.Popen[str]"
) -> tuple[dict[str, int], Counter[str]]:
    application = repairs.next()
    readers = [
        Reader(ground.address, surface, path, marks, etag=etag)
        for surface, path, marks, etag in _surfaces(application)
    ]
    for reader in readers:
        reader.start()
    _until_all_have_seen(readers)
    time.sleep(ground.chance.uniform(0, 0.1))
    assert helper.stdin is not None and helper.stdout is not None
    helper.stdin.write(f"{application.pk} {_confirmer(application).pk}\n")
    helper.stdin.flush()
    told = helper.stdout.readline().split()
    if len(told) != 2:
        raise AssertionError("修复没有生效")
    begun, committed = (float(one) for one in told)
    time.sleep(AFTER)
    _until_all_have_asked(readers, committed)
    for reader in readers:
        reader.over.set()
    for reader in readers:
        reader.join(30)
    requests = [one for reader in readers for one in reader.requests]
    late = [one for one in requests if one.there and one.began > committed]
    blind = [
        reader.surface
        for reader in readers
        if not any(one.there and one.began < begun for one in reader.requests)
        or not any(one.began > committed for one in reader.requests)
    ]
    if blind:
        # A reader that saw nothing before, or did not ask afterwards, shows nothing.
        raise AssertionError(f"没有读到：{blind}")
    return {
        "repairs": 1,
        "requests": len(requests),
        "before": sum(one.began < begun for one in requests),
        "across": sum(begun <= one.began <= committed for one in requests),
        "after": sum(one.began > committed for one in requests),
        "late": len(late),
        "errors": sum(reader.errors for reader in readers),
    }, Counter(one.surface for one in late)


def _until_all_have_seen(readers: list[Reader]) -> None:
    """Everybody holds the record, so that each could show it too long."""
    until = time.monotonic() + 30
    while not all(any(one.there for one in reader.requests) for reader in readers):
        if time.monotonic() > until:
            missing = [r.surface for r in readers if not any(one.there for one in r.requests)]
            raise AssertionError(f"公示中却读不到：{missing}")
        time.sleep(0.02)
    time.sleep(BEFORE / 2)


def _until_all_have_asked(readers: list[Reader], committed: float) -> None:
    """However slow the machine: each has begun a request after the commit and has its answer."""
    until = time.monotonic() + 60
    while not all(any(one.began > committed for one in reader.requests) for reader in readers):
        if time.monotonic() > until:
            return
        time.sleep(0.02)


def _surfaces(application: "RepairApplication") -> list[tuple[str, str, tuple[str, ...], bool]]:
    assert application.case is not None
    case = application.case
    publication = case.publications.get(ended_at=None)
    code, name = application.subject.uscc, quote(case.commitment.subject_name)
    marks = (str(publication.uuid), case.document_no)
    api = "/api/v1/public"
    return [
        # The page of what is not there repeats its own address.
        ("page", f"/breaches/{publication.uuid}/", (case.document_no,), False),
        ("search", f"/breaches/?q={name}", marks, False),
        ("list", f"/breaches/?q={code}", marks, False),
        ("api", f"{api}/breaches/{publication.uuid}", marks, False),
        ("api_etag", f"{api}/breaches/{publication.uuid}", marks, True),
        ("api_list", f"{api}/breaches?code={code}", marks, False),
        ("api_list_etag", f"{api}/breaches?code={code}", marks, True),
        ("subject", f"/subjects/{code}/", marks, False),
        ("commitment", f"/commitments/{case.commitment.code}/", marks, False),
    ]
