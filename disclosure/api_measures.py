"""The public list of measures on the API."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

from credit_portal.audit import clock
from credit_portal.registry.models import Domain
from verification.models import ListedMeasure

from . import measure_list
from . import serializers as frame
from .api import LIST_PARAMETERS, PublicView, answer, described, neighbour, page_of
from .measure_shapes import ListedMeasurePageSerializer, ListedMeasureSerializer
from .terms import PAGING, Cursor, write_cursor


class Measures(PublicView):
    parameters = (*measure_list.FILTERS, *PAGING)

    @described(
        "激励和惩戒措施清单",
        ListedMeasurePageSerializer,
        about="当日（或者 on 所指的那一日）有效的措施：对象、类别、措施、事项和法律依据。"
        "没有批准的不在其中；清单随时调整，请勿长期留存。",
        operation_id="public_measures",
        parameters=[
            OpenApiParameter("list", str, description="名单代码"),
            OpenApiParameter(
                "kind", str, description="reward 激励，sanction 惩戒", enum=list(measure_list.KINDS)
            ),
            OpenApiParameter("nature", str, description="类别", enum=ListedMeasure.Nature.values),
            OpenApiParameter("domain", str, description="领域；适用于所有领域的也在其中", enum=Domain.values),
            OpenApiParameter("region", str, description="在这个地区适用的，行政区划代码"),
            OpenApiParameter("on", str, description="哪一日有效的，如 2026-01-31；默认当日"),
            *LIST_PARAMETERS,
        ],
    )
    def get(self, request: Request) -> HttpResponse:
        question = measure_list.read_question(request.query_params, today=clock.today())
        everything: QuerySet[Any] = measure_list.in_force(question)
        rows, more, back = page_of(everything, question.terms)
        return answer(
            request,
            frame.one_page(
                ListedMeasureSerializer(rows, many=True).data,
                next=neighbour(request, write_cursor(Cursor(rows[-1].pk)) if more else None),
                previous=neighbour(request, write_cursor(Cursor(rows[0].pk, newer=True)) if back else None),
                count={"value": everything.order_by().count(), "exact": True},
            ),
        )
