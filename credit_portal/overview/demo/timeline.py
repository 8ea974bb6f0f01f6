"""A year of the demonstration, in the order in which it happened: each event has its moment, and some bring later ones."""

import heapq
import itertools
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from commitments import signing
from commitments.fulfilment import record_fulfilment, record_obligations
from commitments.models import Commitment
from commitments.supplements import immediate
from credit_portal.audit.clock import SHANGHAI, local_date
from credit_portal.registry import catalogue
from credit_portal.registry import services as registry
from credit_portal.registry.codes import PERSON
from credit_portal.registry.models import CreditSubject, ServiceItemVersion, User
from disclosure import proposals
from disclosure import services as disclosure
from verification import services as verification

from . import (
    acts,
    breaches,
    catalogue_work,
    checking,
    consequences,
    counter,
    exchange,
    foundation,
    late,
    list_methods,
    measures,
    memberships,
    objections,
    partners,
    people,
    progress,
    rechecks,
    records,
    repairs,
    self_service,
    units,
    usage,
    warnings,
)
from .counter import Visit
from .days import is_working_day, open_day

# How many visits each region's windows have had in the year.
VISITS = {
    "130111": 172,
    "130129": 34,
    "130100": 20,
    "130000": 9,
    "410103": 46,
    "410100": 10,
    "410000": 6,
}
YEAR = 365
TODAY_VISITS = 6


@dataclass(order=True)
class Event:
    at: datetime
    order: int
    act: Callable[[datetime], None] = field(compare=False)


class Timeline:
    """Holds what is still to happen; `run` lets it happen in order, up to `until`."""

    def __init__(
        self, world: foundation.World, *, until: datetime, chance: random.Random, share: float = 1
    ) -> None:
        """`share` of the visits is planned; the rest of the year is the same."""
        self.world, self.until, self.chance, self.share = world, until, chance, share
        self.today = local_date(until)
        self.events: list[Event] = []
        self.counting = itertools.count()
        self.subjects: dict[str, list[people.Subject]] = {}
        for subject in people.subjects(chance):
            self.subjects.setdefault(subject.region, []).append(subject)
        self.inks = [counter.signature(chance) for _ in range(6)]
        self.page = counter.scanned_page(chance)
        self.taken: set[tuple[str, str, date]] = set()
        self.signed: list[Commitment] = []
        self.follow_ups = {"void": 6, "correct": 6, "trade_secret": 2, "withdraw": 2, "person": 3}
        self.catalogues: dict[tuple[str, date], list[ServiceItemVersion]] = {}

    # ---- the plan ----------------------------------------------------------------------------------------

    def at(self, moment: datetime, act: Callable[[datetime], None]) -> None:
        if moment <= self.until:
            heapq.heappush(self.events, Event(moment, next(self.counting), act))

    def day(self, offset: int) -> date:
        return self.today + timedelta(days=offset)

    def moment(self, day: date, earliest: time = time(8, 40)) -> datetime:
        """A moment of a day's opening hours: mornings or afternoons."""
        begin, minutes = (earliest, 185) if self.chance.random() < 0.55 else (time(13, 40), 200)
        start = datetime.combine(day, begin, SHANGHAI)
        return start + timedelta(seconds=self.chance.randrange(minutes * 60))

    def plan(self) -> None:
        days = [self.day(-offset) for offset in range(1, YEAR + 1)]
        open_days = [day for day in days if is_working_day(day)]
        for region, visits in VISITS.items():
            self.chance.seed(f"visits {region}")
            for _ in range(round(visits * self.share)):
                # Later days are busier: the system was taken up gradually.
                day = open_days[int(len(open_days) * self.chance.random() ** 1.6)]
                self.at(self.moment(day), self._visitor(region))
        for planned in records.PLANNED:
            self.chance.seed(f"planned {planned}")
            self.at(self.moment(self._open_day(planned.day)), self._planned(planned))
        for record in records.RECORDS:
            self.chance.seed(f"record {record}")
            entered = max(record.from_on + 4, -YEAR - 20)
            self.at(self.moment(self.day(min(entered, -1))), self._enter(record))
        for subject in itertools.chain.from_iterable(self.subjects.values()):
            self.chance.seed(f"renamed {subject.code}")
            if subject.renamed:
                self.at(self.moment(self.day(-self.chance.randint(40, 200))), self._rename(subject))
        self.at(self.moment(self.day(-150)), lambda now: foundation.change_texts(self.world, now=now))
        filed = datetime.combine(self.day(-90), time(9, 30), SHANGHAI)
        self.at(filed, lambda now: catalogue_work.lay_filing(self.world, now=now))
        self.at(self.moment(self.day(-60)), lambda now: foundation.change_items(self.world, now=now))
        for room in (
            breaches,
            acts,
            consequences,
            exchange,
            usage,
            units,
            progress,
            partners,
            memberships,
            checking,
            measures,
            objections,
            repairs,
            late,
            rechecks,
            warnings,
            self_service,
            list_methods,
        ):
            self.chance.seed(room.__name__)
            room.plan(self)
        self.chance.seed("today")
        self._plan_today()

    def _open_day(self, offset: int) -> date:
        return open_day(self.day(offset))

    def _plan_today(self) -> None:
        """A handful of visits today and unfinished drafts, as far as today has come."""
        begun = datetime.combine(self.today, time(0), SHANGHAI)
        room = self.until - begun
        if room < (TODAY_VISITS + 4) * counter.VISIT:
            return
        step = min(room / (TODAY_VISITS + 4), timedelta(minutes=17))
        start = self.until - step * (TODAY_VISITS + 3)
        clerk = self.world.user("130111", "clerk")
        for at in range(TODAY_VISITS):
            self.at(start + step * at, self._visitor("130111", clerk=clerk, today=True))
        for at in range(3):
            self.at(start + step * (TODAY_VISITS + at), self._unfinished(clerk, at))

    def run(self) -> list[Commitment]:
        while self.events:
            event = heapq.heappop(self.events)
            # Each has its own luck: what is added to the year leaves the rest of it as it was.
            self.chance.seed(f"{self.until - event.at}")
            event.act(event.at)
        return self.signed

    # ---- visits ------------------------------------------------------------------------------------------

    def items(self, region: str, day: date) -> list[ServiceItemVersion]:
        known = self.catalogues.get((region, day))
        if known is None:
            lineage = self.world.regions[region].lineage
            found = catalogue.current_items(lineage=lineage, on=day).filter(in_hall=True)
            known = self.catalogues[region, day] = list(found)
        return known

    def _clerk(self, region: str) -> User:
        if region != "130111":
            return self.world.user(region, "clerk")
        role = self.chance.choices(("clerk", "clerk2", "clerk3"), weights=(5, 3, 2))[0]
        return self.world.user(region, role)

    def _visitor(
        self, region: str, *, clerk: User | None = None, today: bool = False
    ) -> Callable[[datetime], None]:
        def act(now: datetime) -> None:
            visit = self._choose(region, clerk or self._clerk(region), now)
            if visit is not None:
                self._handle(visit, now, quiet=today)

        return act

    def _planned(self, planned: records.Planned) -> Callable[[datetime], None]:
        def act(now: datetime) -> None:
            code = f"{planned.region}-YS{planned.item:03d}"
            day = local_date(now)
            item = next(one for one in self.items(planned.region, day) if one.item.code == code)
            subject = self.subjects[planned.region][planned.subject]
            if (subject.code, code, day) in self.taken:
                return
            self.taken.add((subject.code, code, day))
            visit = Visit(
                clerk=self.world.user(planned.region, "clerk"),
                subject=subject,
                item=item,
                commitment_type=planned.commitment_type,
                late=planned.late,
            )
            self._handle(visit, now, quiet=True)

        return act

    def _choose(self, region: str, clerk: User, now: datetime) -> Visit | None:
        """Somebody who has not been here today for the same thing."""
        day = local_date(now)
        for _ in range(20):
            subject = self.chance.choice(self.subjects[region])
            wanted = [
                item
                for item in self.items(region, day)
                if subject.kind in item.made_by
                and (
                    not subject.items
                    or (item.item.region_id == region and int(item.item.code[-3:]) in subject.items)
                )
            ]
            if not subject.items:
                wanted = [item for item in wanted if self._fits_any(item, subject)]
            if not wanted:
                continue
            item = self.chance.choice(wanted)
            kind = self._type(item, subject)
            if kind is None or (subject.code, item.item.code, day) in self.taken:
                continue
            self.taken.add((subject.code, item.item.code, day))
            lacks = kind == "approval" and item.allows_late_materials and self.chance.random() < 0.16
            return Visit(
                clerk=clerk,
                subject=subject,
                item=item,
                commitment_type=kind,
                late=lacks,
                on_paper=self.chance.random() < 0.08,
                by_agent=subject.kind != PERSON and self.chance.random() < 0.12,
                reads_education=self.chance.random() < 0.5,
            )
        return None

    def _fits_any(self, item: ServiceItemVersion, subject: people.Subject) -> bool:
        """Subjects without a trade of their own: neither members of associations elsewhere nor wage earners."""
        if "industry" in item.allowed_types:
            return item.item.region_id == subject.region
        return item.domain != "tax_relief"

    def _type(self, item: ServiceItemVersion, subject: people.Subject) -> str | None:
        """Mostly the item's first type; approval is not for people's own affairs here."""
        types = list(item.allowed_types)
        if subject.kind == PERSON:
            return "supervisory" if "supervisory" in types else None
        if len(types) > 1 and self.chance.random() < 0.25:
            return str(types[1])
        return str(types[0])

    def _handle(self, visit: Visit, now: datetime, *, quiet: bool = False) -> None:
        commitment = counter.handle(
            visit, now=now, chance=self.chance, ink=self.chance.choice(self.inks), page=self.page
        )
        if commitment is None:
            return
        self.signed.append(commitment)
        late.follow(self, commitment, visit.clerk)
        if not quiet:
            self._what_follows(commitment, visit)

    def _unfinished(self, clerk: User, number: int) -> Callable[[datetime], None]:
        """Three drafts left at different steps, to be taken up again."""

        def act(now: datetime) -> None:
            if number == 0:
                stranger = people.business_code("91", "130111", 9001)
                counter.drafting.open_draft(clerk=clerk, code=stranger, now=now)
                return
            for _ in range(12):
                visit = self._choose("130111", clerk, now)
                if visit is None or visit.commitment_type == "repair":
                    continue
                draft = counter.open_visit(visit, now=now)
                try:
                    draft = counter.check(visit, draft, now=now)
                except counter.drafting.DraftError:
                    continue
                # Whose record leads to the ordinary procedure leaves nothing to be taken up again: the next one.
                if draft.step == "read":
                    if number == 2:
                        counter.read(visit, draft, now=now, chance=self.chance)
                    return

        return act

    # ---- what follows ------------------------------------------------------------------------------------

    def _take(self, what: str, share: float) -> bool:
        """One of the few cases of a kind, by chance until they are used up."""
        if self.follow_ups[what] and self.chance.random() < share:
            self.follow_ups[what] -= 1
            return True
        return False

    def _what_follows(self, commitment: Commitment, visit: Visit) -> None:
        signed = commitment.signed_at
        public = commitment.publicity_class == "public"
        if self._take("void", 0.03):
            self.at(signed + timedelta(minutes=6), self._void(commitment, visit.clerk))
        elif self._take("correct", 0.04):
            self.at(signed + timedelta(days=2, minutes=11), self._correct(commitment, visit))
        elif visit.subject.kind == PERSON and self._take("person", 0.3):
            self.at(signed + timedelta(days=3), self._publish_person(commitment))
        elif public and self._take("trade_secret", 0.02):
            self.at(signed + timedelta(days=5), self._close(commitment))
        elif public and self._take("withdraw", 0.02):
            self.at(signed + timedelta(days=8), self._withdraw(commitment))
        else:
            self._plan_fulfilment(commitment)

    def _plan_fulfilment(self, commitment: Commitment) -> None:
        told = self.moment(local_date(commitment.signed_at) + timedelta(days=self.chance.randint(25, 150)))
        luck = self.chance.random()
        if luck < 0.62:
            self.at(told, self._fulfil(commitment))

    def _fulfil(self, commitment: Commitment) -> Callable[[datetime], None]:
        """The whole of it where nothing has to be kept up any longer; else what was to be done once."""

        def act(now: datetime) -> None:
            if commitment.breach_cases.exists() or commitment.warnings.filter(state="open").exists():
                return
            if commitment.valid_until is None and not commitment.late_materials:
                record_fulfilment(
                    commitment_id=commitment.pk, status="fulfilled", actor=self._office(commitment), now=now
                )
                return
            done = commitment.obligations.filter(kind="to_do", state="open")
            record_obligations(
                commitment_id=commitment.pk,
                found=[(one.clause_no, "kept") for one in done],
                found_on=local_date(now),
                note="（演示）现场核查，已经做完。",
                actor=self._office(commitment),
                now=now,
            )

        return act

    def _office(self, commitment: Commitment, role: str = "credit") -> User:
        return self.world.user(commitment.region_id, role)

    def _void(self, commitment: Commitment, clerk: User) -> Callable[[datetime], None]:
        return lambda now: _ignore(
            signing.void(commitment_id=commitment.pk, clerk=clerk, reason="申请人选错了办理事项", now=now)
        )

    def _correct(self, commitment: Commitment, visit: Visit) -> Callable[[datetime], None]:
        def act(now: datetime) -> None:
            result = immediate.recorded(commitment)
            if result is not None and result.recorded_by_id == visit.clerk.pk:
                # Whoever has given the result out does not replace the commitment, too.
                return
            draft = signing.start_correction(
                commitment_id=commitment.pk,
                clerk=visit.clerk,
                reason="填写的内容与营业执照不一致",
                now=now,
            )
            if visit.item not in self.items(visit.subject.region, local_date(now)):
                counter.drafting.discard_draft(draft_id=draft.pk, clerk=visit.clerk, now=now)
                return
            replacement = counter.finish(
                visit, draft, now=now, chance=self.chance, ink=self.inks[0], page=self.page
            )
            if replacement is not None:
                self.signed.append(replacement)

        return act

    def _publish_person(self, commitment: Commitment) -> Callable[[datetime], None]:
        """Two people of the credit office; where there is one only, the proposal waits."""

        def act(now: datetime) -> None:
            first = self._office(commitment)
            proposal = proposals.propose(
                commitment=commitment, note="本人书面同意公开（演示）", actor=first, now=now
            )
            if self.follow_ups["person"]:
                second = self._office(commitment, "credit2")
                proposals.confirm(proposal=proposal, actor=second, now=now + timedelta(minutes=40))

        return act

    def _close(self, commitment: Commitment) -> Callable[[datetime], None]:
        return lambda now: _ignore(
            disclosure.decide_publicity(
                commitment=commitment,
                publicity_class="closed",
                reason="trade_secret",
                decided_by=self._office(commitment),
                second=None,
                now=now,
                note="承诺内容含未公开的工艺参数（演示）",
            )
        )

    def _withdraw(self, commitment: Commitment) -> Callable[[datetime], None]:
        return lambda now: _ignore(
            disclosure.withdraw(
                commitment=commitment,
                reason="third_party",
                actor=self._office(commitment),
                now=now,
                note="条文提到他人未公开的合同（演示）",
            )
        )

    # ---- subjects and their records ----------------------------------------------------------------------

    def _registered(self, subject: people.Subject, actor: User, now: datetime) -> CreditSubject:
        known = registry.find_subject(subject.code)
        if known is not None:
            return known
        return registry.register_subject(
            kind=subject.kind,
            code=subject.code,
            name=subject.name,
            name_source="licence",
            region=self.world.regions[subject.region],
            actor=actor,
            department=actor.department,
            now=now,
            state_owned=subject.state_owned,
            is_demo=True,
        )

    def registered(self, region: str, at: int, actor: User, now: datetime) -> CreditSubject:
        """The subject at a place of its region, known from now on at the latest."""
        return self._registered(self.subjects[region][at], actor, now)

    def register_the_rest(self, now: datetime) -> None:
        """Those who never came to a window are known all the same."""
        for subject in itertools.chain.from_iterable(self.subjects.values()):
            self._registered(subject, self.world.user(subject.region, "credit"), now)

    def _enter(self, record: records.Record) -> Callable[[datetime], None]:
        def act(now: datetime) -> None:
            actor = self.world.user(record.region, "credit")
            who = self.subjects[record.region][record.subject]
            days: dict[str, Any] = {name: self.day(offset) for name, offset in record.days.items()}
            entry = verification.add_entry(
                subject=self._registered(who, actor, now),
                kind=record.kind,
                title=f"{record.title}（演示）",
                region=self.world.regions[record.region],
                from_on=self.day(record.from_on),
                operator=actor,
                now=now,
                is_demo=True,
                **days,
                **record.extra,
            )
            if record.repaired is not None:
                self.at(
                    self.moment(self.day(record.repaired)),
                    lambda later: _ignore(
                        verification.mark_repaired(
                            entry_id=entry.pk, repaired_on=local_date(later), operator=actor, now=later
                        )
                    ),
                )

        return act

    def _rename(self, subject: people.Subject) -> Callable[[datetime], None]:
        def act(now: datetime) -> None:
            actor = self.world.user(subject.region, "credit")
            registry.rename_subject(
                subject=self._registered(subject, actor, now),
                name=subject.renamed,
                source="gsxt",
                actor=actor,
                department=actor.department,
                now=now,
            )

        return act


def _ignore(_result: object) -> None:
    """An event gives nothing back."""
