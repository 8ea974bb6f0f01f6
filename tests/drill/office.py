"""People at their desks, over HTTP: a department reports, the credit office accepts and publishes, each by the form that
the page has. What the portal has said yes to is in the ledger; `look` holds database, log, notices, feed and the
public's own pages against it."""

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from .ground import Ground

ACTS = ("report", "accept", "decide")
EVENTS = {"report": "report.submitted", "accept": "report.accepted", "decide": "breach.publication_decided"}
TARGETS = {"report": "breach_report", "accept": "breach_report", "decide": "breach_publication"}
YES = {"report": "已上报，编号", "accept": "已受理。", "decide": "已决定。"}
ON_A_PAGE = re.compile(r'href="/breaches/([0-9a-f-]{36})/')
NEXT_PAGE = re.compile(r'href="([^"]*cursor=[^"]+)"[^>]*rel="next')
# Every act tells two people, each by SMS.
TOLD = 2


class NotAcknowledged(Exception):
    """Nobody said yes: whether it happened is not known."""


class Office:
    """Cases that are served, and the people who bring them before the public."""

    def __init__(self, ground: "Ground") -> None:
        from tests import breach_stage

        self.ground = ground
        self.stage = breach_stage.Stage()
        for number, user in enumerate(
            (self.stage.officer, self.stage.head, self.stage.credit, self.stage.second)
        ):
            user.mobile = f"1390000000{number}"
            user.save()
        self.cases: list[int] = []
        self.over: list[int] = []
        self.todo: list[tuple[str, Any]] = []
        self.desks: dict[str, httpx.Client] = {}

    def forget(self) -> None:
        self.cases, self.over, self.todo = [], [], []

    # ---- before ----

    def begin(self, acts: int) -> None:
        """Enough served cases for so many acts, and two publications whose last day is over."""
        self.forget()
        self._serve_cases(-(-acts // len(ACTS)))
        for _ in range(2):
            self._new_commitment(days_ago=420)
            self.over.append(self.stage.published().pk)

    def _serve_cases(self, number: int) -> None:
        for _ in range(number):
            self._new_commitment(days_ago=12)
            case = self.stage.served()
            self.cases.append(case.pk)
            self.todo += [(act, case) for act in ACTS]

    def _new_commitment(self, *, days_ago: int) -> None:
        from credit_portal.audit import clock
        from tests import listed

        self.stage.now = clock.now() - timedelta(days=days_ago)
        self.stage.commitment = listed.commitment(
            department=self.stage.department, made_on=(self.stage.now - timedelta(days=30)).date()
        )

    def log_in(self) -> None:
        """The officer and the credit office, by the log-in form."""
        from tests.factories import PASSWORD

        for name, user in (("officer", self.stage.officer), ("credit", self.stage.credit)):
            desk = httpx.Client(
                base_url=self.ground.address, follow_redirects=True, timeout=30, trust_env=False,
                # A process that was killed leaves a dead connection behind, which is none of these people's doing.
                limits=httpx.Limits(max_keepalive_connections=0),
            )  # fmt: skip
            desk.get("/accounts/login/")
            typed = {"login": user.username, "password": PASSWORD}
            answer = desk.post("/accounts/login/", data=typed | self._token(desk))
            if "sessionid" not in desk.cookies:
                raise AssertionError(f"登录没有成功：{answer.status_code}")
            self.desks[name] = desk

    @staticmethod
    def _token(desk: httpx.Client) -> dict[str, str]:
        return {"csrfmiddlewaretoken": desk.cookies.get("csrftoken", "")}

    # ---- acts ----

    def act(
        self, *, takes: float = 0, dies: bool = False, promise: Callable[[str], None] | None = None
    ) -> str:
        """The next act; its key once the page has said that it is done. `promise` is told the key before that.

        Raises NotAcknowledged where no yes has come; the case is left alone then, as nobody knows how it stands.
        """
        if not self.todo:
            self._serve_cases(5)
        act, case = self.todo.pop(0)
        key = f"{act}:{case.pk}"
        if promise is not None:
            promise(key)
        headers = {"X-Drill-Takes": str(takes)} | ({"X-Drill-Dies": "1"} if dies else {})
        try:
            answer = self._post(act, case, headers)
        except httpx.TransportError as error:
            if dies:
                self._ask_again(act, case)
                return key
            self.todo = [(name, of) for name, of in self.todo if of.pk != case.pk]
            raise NotAcknowledged(key) from error
        if answer.status_code != 200 or YES[act] not in answer.text:
            self.todo = [(name, of) for name, of in self.todo if of.pk != case.pk]
            # 400: the session could not be kept, as the database went away in the middle.
            if 400 < answer.status_code < 500 or answer.status_code == 200:
                raise AssertionError(f"{key}：{answer.status_code} {answer.url}\n{answer.text[:2000]}")
            raise NotAcknowledged(key)
        return key

    def _ask_again(self, act: str, case: Any) -> None:
        """Whoever saw no answer presses again: told that it is done, or shown it, and it is not done twice."""
        self.ground.until_served()
        answer = self._post(act, case, {})
        if answer.status_code >= 500 or YES[act] in answer.text:
            raise AssertionError(f"{act}：再次提交得到 {answer.status_code}")

    def _post(self, act: str, case: Any, headers: dict[str, str]) -> httpx.Response:
        from disclosure.models import BreachReport

        desk = self.desks["officer" if act == "report" else "credit"]
        typed: dict[str, str] = {}
        if act == "report":
            path = f"/desk/reports/case/{case.uuid}/"
        elif act == "accept":
            path = f"/desk/reports/{BreachReport.objects.get(case=case).uuid}/accept/"
            typed = {"round": "1"}
        else:
            path = f"/desk/publications/case/{case.uuid}/decide/"
            typed = {"publicity_class": "public", "reason": "by_law"}
        return desk.post(path, data=typed | self._token(desk), headers=headers)

    # ---- after ----

    def look(self, ledger: Iterable[str]) -> dict[str, int]:
        """What is lost, doubled, early, late or unaudited, in the whole of what these cases have brought about."""
        happened = self._in_the_database()
        lost = set(ledger) - happened
        doubled = unaudited = 0
        for act, rows in self._events().items():
            unaudited += sum(1 for key in happened if key.startswith(act) and not rows[key])
            doubled += sum(1 for number in rows.values() if number > 1)
        untold, twice = self._notices(happened)
        unfed, fed_twice = self._feed()
        shown, public = self._on_public_pages(), self._public()
        return {
            "acts": len(happened),
            "lost": len(lost) + untold + unfed + self._duties_left(happened),
            "doubled": doubled + twice + fed_twice,
            "unaudited": unaudited,
            "early": sum(len(place - public) for place in shown),
            "late": sum(len(public - place) for place in shown),
        }

    def _in_the_database(self) -> set[str]:
        from disclosure.models import BreachPublication, BreachReport

        reports = list(BreachReport.objects.filter(case__in=self.cases))
        decided = BreachPublication.objects.filter(case__in=self.cases).values_list("case_id", flat=True)
        return (
            {f"report:{report.case_id}" for report in reports}
            | {f"accept:{report.case_id}" for report in reports if report.state == "accepted"}
            | {f"decide:{case_id}" for case_id in decided}
        )

    def _events(self) -> dict[str, Counter[str]]:
        from credit_portal.audit.models import AuditEvent
        from disclosure.models import BreachPublication, BreachReport

        found: dict[str, Counter[str]] = {}
        for act, verb in EVENTS.items():
            model: Any = BreachPublication if act == "decide" else BreachReport
            of = dict(model.objects.filter(case__in=self.cases).values_list("pk", "case_id"))
            rows = AuditEvent.objects.filter(
                verb=verb, target_type=TARGETS[act], target_id__in=[str(pk) for pk in of]
            )
            found[act] = Counter(
                f"{act}:{of[int(target)]}" for target in rows.values_list("target_id", flat=True)
            )
        return found

    def _notices(self, happened: set[str]) -> tuple[int, int]:
        """How many lines or SMS of the acts are missing, and how many are there twice."""
        from credit_portal.outbox.models import Message, Notice
        from disclosure.models import BreachReport

        missing = twice = 0
        for report in BreachReport.objects.filter(case__in=self.cases):
            for act, word in (("report", "sent"), ("accept", "answered")):
                if f"{act}:{report.case_id}" not in happened:
                    continue
                ids = list(
                    Notice.objects.filter(key=f"report:{report.pk}:1:{word}").values_list("pk", flat=True)
                )
                missing += max(TOLD - len(ids), 0)
                twice += max(len(ids) - TOLD, 0)
                for pk in ids:
                    key = f"notice.sms:{pk}"
                    done = Message.objects.filter(key=key, state="done").count()
                    missing += not (done and self._sms(key).exists())
        return missing, twice

    def _sms(self, key: str) -> Path:
        return self.ground.sms / f"{hashlib.sha256(key.encode()).hexdigest()[:32]}.txt"

    def _feed(self) -> tuple[int, int]:
        """Lines of publication and, for those that are over, of withdrawal: missing, and there twice."""
        from credit_portal.outbox.models import PublicChange
        from disclosure.models import BreachPublication

        fresh = BreachPublication.objects.filter(case__in=self.cases)
        wanted = [(f"breach:{one.pk}:published", str(one.uuid), "published") for one in fresh]
        for one in BreachPublication.objects.filter(pk__in=self.over):
            wanted.append((f"breach:{one.pk}:withdrawn", str(one.uuid), "withdrawn"))
        missing = twice = 0
        for _, reference, kind in wanted:
            lines = PublicChange.objects.filter(
                resource="breach", reference=reference, kind=kind, position__isnull=False
            ).count()
            missing += lines == 0
            twice += lines > 1
        return missing, twice

    def _duties_left(self, happened: set[str]) -> int:
        """Duties that an act should have met and that are open still."""
        from credit_portal.deadlines.models import Duty

        rule = {"report": "breach_report", "decide": "breach_publication"}
        return sum(
            Duty.objects.filter(
                rule_key=key, matter_type="breach_case", state="open",
                matter_id__in=[int(one.split(":")[1]) for one in happened if one.startswith(act)],
            ).count()
            for act, key in rule.items()
        )  # fmt: skip

    def _public(self) -> set[str]:
        """What the dates say, read from the table itself and not through the gate."""
        rows = self.ground.query(
            "SELECT uuid FROM disclosure_breachpublication WHERE publicity_class = 'public' "
            "AND ended_at IS NULL AND public_from <= (now() AT TIME ZONE 'Asia/Shanghai')::date "
            "AND public_until >= (now() AT TIME ZONE 'Asia/Shanghai')::date"
        )
        return {str(row[0]) for row in rows}

    def _on_public_pages(self) -> list[set[str]]:
        """The breaches that the page lists, those that the API lists, and those that have a page of their own."""
        from django.db.models import Q

        from disclosure.models import BreachPublication

        with httpx.Client(base_url=self.ground.address, timeout=30, trust_env=False) as anyone:
            listed: set[str] = set()
            path = "/breaches/"
            while path:
                page = anyone.get(path).raise_for_status().text
                listed |= set(ON_A_PAGE.findall(page))
                older = NEXT_PAGE.search(page)
                path = older[1].replace("&amp;", "&") if older else ""
            told: set[str] = set()
            address: str | None = "/api/v1/public/breaches"
            while address:
                answer = anyone.get(address).raise_for_status().json()
                told |= {row["id"] for row in answer["results"]}
                address = answer["next"]
            # Those of the faults before were opened then.
            of_this_fault = BreachPublication.objects.filter(Q(case__in=self.cases) | Q(pk__in=self.over))
            these = {str(uuid) for uuid in of_this_fault.values_list("uuid", flat=True)}
            own = {uuid for uuid in these if anyone.get(f"/breaches/{uuid}/").status_code == 200}
            own |= self._public() - these
        return [listed, told, own]
