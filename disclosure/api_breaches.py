"""Breaches, the feed of changes and figures on the public API. Breaches are asked for one by one or page by page, and
are in no bulk file."""

from dataclasses import asdict
from datetime import date
from uuid import UUID

from django.http import Http404, HttpResponse
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

from commitments.models import BreachCase
from credit_portal.audit import clock
from credit_portal.registry.models import Domain

from . import breach_search, column, recheck_figures, serializers, statistics, supervision
from . import breach_shapes as shapes
from .api import LIST_PARAMETERS, PublicView, answer, described, neighbour
from .breach_gate import find_breach
from .feed import LIMIT, LIMIT_MOST, changes_since, read_place
from .terms import PAGING


def _unlisted(response: HttpResponse) -> HttpResponse:
    response["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    return response


class Breaches(PublicView):
    parameters = (*breach_search.FILTERS, *PAGING)

    @described(
        "公示中的违诺信息，最新的在前",
        shapes.BreachPageSerializer,
        about="只列出单位和个体工商户的；公示结束的随即不再列出。请勿留存已停止公示的信息，可用 changes 核对。",
        operation_id="public_breaches",
        parameters=[
            OpenApiParameter("name", str, description="名称中的一段"),
            OpenApiParameter("code", str, description="统一社会信用代码"),
            OpenApiParameter("department", str, description="认定单位的统一社会信用代码"),
            OpenApiParameter("region", str, description="行政区划代码，包括其下各级"),
            OpenApiParameter("domain", str, description="领域", enum=Domain.values),
            OpenApiParameter("grade", str, description="程度", enum=BreachCase.Grade.values),
            *LIST_PARAMETERS,
        ],
    )
    def get(self, request: Request) -> HttpResponse:
        page = breach_search.find(breach_search.read_question(request.query_params), now=clock.now())
        return _unlisted(
            answer(
                request,
                serializers.one_page(
                    page.rows,
                    next=neighbour(request, page.older),
                    previous=neighbour(request, page.newer),
                    count={"value": page.count.value, "exact": page.count.exact},
                ),
            )
        )


class Breach(PublicView):
    @described(
        "一条公示中的违诺信息",
        shapes.BreachSerializer,
        about="没有与没有公示、已停止公示，回答相同。自然人的只保留姓氏。",
        missing=True,
        operation_id="public_breach",
    )
    def get(self, request: Request, id: str) -> HttpResponse:
        try:
            public_id = UUID(id)
        except ValueError:
            raise Http404 from None
        record = find_breach(public_id, now=clock.now())
        if record is None:
            raise Http404
        return _unlisted(answer(request, record))


class Changes(PublicView):
    parameters = ("since", "limit")

    @described(
        "公示的变动：新公示、变更、停止公示，按先后",
        shapes.ChangesSerializer,
        about="把回答中的 next 作为下一次的 since，直到 more 为 false；此后隔一段时间以最后的 next 再问。"
        "停止公示的只给出不透明编号 id：收到后请删除以同一 id 公示过的内容；没有见过这个 id 的，请重新取一次全部数据。"
        "已停止公示的，其先前各条也不再给出 reference。",
        operation_id="public_changes",
        parameters=[
            OpenApiParameter("since", int, description="从哪一条之后开始，第一次为 0", default=0),
            OpenApiParameter("limit", int, description=f"最多几条，1 至 {LIMIT_MOST}", default=LIMIT),
        ],
    )
    def get(self, request: Request) -> HttpResponse:
        since, limit = read_place(request.query_params)
        found = changes_since(since, now=clock.now(), limit=limit)
        return _unlisted(answer(request, {"results": found.rows, "next": found.next, "more": found.more}))


class Duties(PublicView):
    @described(
        "法定期限的按期率，按部门和事项",
        shapes.DutyFiguresSerializer,
        about=f"最近十二个月到期的期限；不足 {supervision.LEAST_CASES} 件的部门不公布。",
        operation_id="public_duties",
    )
    def get(self, request: Request) -> HttpResponse:
        found = supervision.figures(clock.today())
        return answer(
            request,
            {
                "since": found.since,
                "until": found.until,
                "departments": [_rate(rate) for rate in found.departments],
                "rules": [_rate(rate) for rate in found.rules],
                "withheld": found.withheld,
            },
        )


def _rate(rate: supervision.Rate) -> dict[str, object]:
    return {
        "code": rate.code,
        "name": rate.label,
        "due": rate.due,
        "on_time": rate.on_time,
        "percent": rate.percent,
    }


def _rechecks(today: date) -> dict[str, object]:
    counted = recheck_figures.figures(today)
    of_all = counted.all
    return {
        "since": counted.since,
        "until": counted.until,
        "drawn": of_all.drawn,
        "looked": of_all.looked,
        "settled": of_all.settled,
        "kept": of_all.kept if of_all.enough else None,
        "percent": of_all.percent,
    }


class Statistics(PublicView):
    @described(
        "公示的数字",
        shapes.StatisticsSerializer,
        about="公示中的承诺、违诺，现行的事项和文本各有多少；不足 10 件的部门不列。按部门的数字最多十分钟统计一次。",
        operation_id="public_statistics",
    )
    def get(self, request: Request) -> HttpResponse:
        now, today = clock.now(), clock.today()
        counted, found = column.public_count(now), statistics.figures(now)
        return answer(
            request,
            {
                "commitments": {"value": counted.value, "exact": counted.exact},
                "items": column.current_items(today).count(),
                "texts": column.current_texts(today).count(),
                "breaches": found.breaches,
                "departments": [asdict(one) for one in found.departments],
                "rechecks": _rechecks(today),
                "counted_at": found.counted_at,
            },
        )
