"""The public API: read-only, no login, from the gate. Every answer has an ETag of its own bytes and is asked for again
each time: what is withdrawn is gone at the very next request, whoever kept a copy."""

import re
from collections.abc import Iterator
from typing import Any

from django.db.models import Model, QuerySet
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.utils.cache import get_conditional_response
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.request import Request
from rest_framework.views import APIView

from credit_portal.audit import clock
from credit_portal.registry.models import CommitmentType, CreditSubject

from . import column, exports, search
from . import serializers as shapes
from .catalogue.public_item import find_item
from .gate import SHOWN_FULFILMENT, find_public, public_course, public_record
from .problems import CONTENT_TYPE
from .renderers import etag_of, to_json
from .terms import (
    ERROR_TWICE,
    ERROR_UNKNOWN,
    FILTERS,
    PAGE_SIZE_MOST,
    PAGING,
    Cursor,
    Terms,
    TermsError,
    read_code,
    read_terms,
    write_cursor,
)
from .throttles import ExportThrottle, PublicThrottle

# Kept by anybody, used by nobody unasked: a cache has to ask each time whether it still holds.
CACHE_CONTROL = "public, no-cache"
LIST_PARAMETERS = [
    OpenApiParameter("cursor", str, description="翻页标记，取自 next 或 previous"),
    OpenApiParameter("page_size", int, description=f"每页条数，1 至 {PAGE_SIZE_MOST}，默认 20"),
]
_PROBLEM_WORDS = {
    400: "参数有误，逐个指出",
    404: "没有，或没有公开的内容",
    406: "没有所要的格式",
    429: "请求过于频繁",
}


def described(
    summary: str, shape: Any, *, about: str, missing: bool = False, media: str = "", **more: Any
) -> Any:
    """The description of one address; `missing`: it may answer 404."""
    answers: dict[Any, Any] = {
        (200, media or "application/json"): OpenApiResponse(shape, description="成功"),
        304: OpenApiResponse(description="与 If-None-Match 所带的相同，没有变化"),
    }
    if media:
        del answers[304]
    for status, words in _PROBLEM_WORDS.items():
        if status != 404 or missing:
            answers[(status, CONTENT_TYPE)] = OpenApiResponse(shapes.ProblemSerializer, description=words)
    return extend_schema(
        summary=summary, description=about, tags=["公开数据"], auth=[], responses=answers, **more
    )


class PublicView(APIView):
    """One address of the public API; `parameters` are all that its query string may hold."""

    http_method_names = ["get", "head"]
    metadata_class = None
    throttle_classes = [PublicThrottle]
    parameters: tuple[str, ...] = ()

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        check_parameters(request, self.parameters)


def check_parameters(request: Request, parameters: tuple[str, ...]) -> None:
    """Each known, each once. Raises TermsError."""
    known = "、".join(parameters) or "无"
    errors = {key: ERROR_UNKNOWN.format(known) for key in request.query_params if key not in parameters}
    errors |= {key: ERROR_TWICE for key in parameters if len(request.query_params.getlist(key)) > 1}
    if errors:
        raise TermsError(errors)


def answer(request: Request, data: dict[str, Any]) -> HttpResponse:
    """The data as JSON, or 304 where the visitor has the same already."""
    body = to_json(data)
    etag = etag_of(body)
    response = HttpResponse(body, content_type="application/json")
    response["Cache-Control"] = CACHE_CONTROL
    response["ETag"] = etag
    return get_conditional_response(request._request, etag=etag, response=response) or response


def neighbour(request: Request, cursor: str | None, path: str | None = None, **fixed: str) -> str | None:
    """The address of a page beside this one."""
    if cursor is None:
        return None
    query = request.query_params.copy()
    for key, value in {**fixed, "cursor": cursor}.items():
        query[key] = value
    return request.build_absolute_uri(f"{path or request.path}?{query.urlencode()}")


def commitment_page(request: Request, terms: Terms, path: str | None = None, **fixed: str) -> dict[str, Any]:
    """A page of commitments in its frame."""
    now = clock.now()
    page = search.find(terms, now=now)
    counted = search.count(terms, page, now=now)
    return shapes.one_page(
        page.rows,
        next=neighbour(request, page.older, path, **fixed),
        previous=neighbour(request, page.newer, path, **fixed),
        count={"value": counted.value, "exact": counted.exact},
        notice=page.notice,
    )


class Commitments(PublicView):
    parameters = (*FILTERS, *PAGING)

    @described(
        "承诺列表，最新的在前",
        shapes.CommitmentPageSerializer,
        about="各项条件可以同时使用。只列出单位和个体工商户的承诺；自然人的承诺不在列表中。"
        "履行状态为 running（履行中）的，包括尚无公开结论的承诺。",
        operation_id="public_commitments",
        parameters=[
            OpenApiParameter("name", str, description="承诺人名称中的一段（只查单位和个体工商户）"),
            OpenApiParameter("code", str, description="承诺人的统一社会信用代码"),
            OpenApiParameter("department", str, description="受理单位的统一社会信用代码"),
            OpenApiParameter("item", str, description="事项编码"),
            OpenApiParameter("type", str, description="承诺类型", enum=CommitmentType.values),
            OpenApiParameter(
                "status", str, description="履行状态", enum=[str(one) for one in SHOWN_FULFILMENT]
            ),
            OpenApiParameter("region", str, description="行政区划代码，包括其下各级"),
            OpenApiParameter("made_from", str, description="作出日期自，如 2026-01-31"),
            OpenApiParameter("made_to", str, description="作出日期至（含当日）"),
            *LIST_PARAMETERS,
        ],
    )
    def get(self, request: Request) -> HttpResponse:
        return answer(request, commitment_page(request, read_terms(request.query_params)))


class Commitment(PublicView):
    @described(
        "一份承诺的全文",
        shapes.CommitmentSerializer,
        about="没有这份承诺与没有公开，回答相同。",
        missing=True,
        operation_id="public_commitment",
    )
    def get(self, request: Request, code: str) -> HttpResponse:
        found = find_public(code, now=clock.now()) if re.fullmatch(r"[0-9]{20}", code, re.ASCII) else None
        if found is None:
            raise Http404
        return answer(request, {**public_record(found), "course": public_course(found)})


class Subject(PublicView):
    @described(
        "一个主体的公开信息：名称、代码和公示的承诺",
        shapes.SubjectRecordSerializer,
        about="没有这个主体与没有公开的承诺，回答相同。自然人不在其中。",
        missing=True,
        operation_id="public_subject",
    )
    def get(self, request: Request, uscc: str) -> HttpResponse:
        try:
            code = read_code(uscc)
        except ValueError as error:
            raise TermsError({"uscc": str(error)}) from error
        page = commitment_page(request, Terms(code=code), "/api/v1/public/commitments", code=code)
        subject = CreditSubject.objects.filter(uscc=code).only("kind", "name").first()
        # Nothing, and nothing public, are the same answer.
        if subject is None or not page["results"]:
            raise Http404
        own = {
            "kind": subject.kind,
            "kind_label": subject.get_kind_display(),
            "name": subject.name,
            "code": code,
        }
        return answer(request, {**own, "commitments": page})


class _VersionList(PublicView):
    """A list of published versions, oldest first by row: few enough to be counted."""

    parameters = PAGING
    shape: type

    def rows(self) -> QuerySet[Any]:
        raise NotImplementedError

    def page(self, request: Request) -> HttpResponse:
        terms = read_terms(request.query_params)
        everything = self.rows()
        rows, more, back = page_of(everything, terms)
        return answer(
            request,
            shapes.one_page(
                self.shape(rows, many=True).data,
                next=neighbour(request, write_cursor(Cursor(rows[-1].pk)) if more else None),
                previous=neighbour(request, write_cursor(Cursor(rows[0].pk, newer=True)) if back else None),
                count={"value": everything.order_by().count(), "exact": True},
            ),
        )


def page_of(everything: QuerySet[Any], terms: Terms) -> tuple[list[Model], bool, bool]:
    """The rows of a page by their keys, and whether there are more after and before it."""
    cursor, size = terms.cursor, terms.page_size
    if cursor is not None and cursor.newer:
        rows = list(everything.filter(pk__lt=cursor.edge).order_by("-pk")[: size + 1])
        return rows[:size][::-1], bool(rows), len(rows) > size
    if cursor is not None:
        everything = everything.filter(pk__gt=cursor.edge)
    rows = list(everything.order_by("pk")[: size + 1])
    return rows[:size], len(rows) > size, cursor is not None and bool(rows)


class Catalogue(_VersionList):
    shape = shapes.CatalogueItemSerializer

    def rows(self) -> QuerySet[Any]:
        return column.current_items(clock.today())

    @described(
        "信用承诺应用事项清单",
        shapes.CataloguePageSerializer,
        about="当日有效的事项版本。",
        operation_id="public_catalogue",
        parameters=LIST_PARAMETERS,
    )
    def get(self, request: Request) -> HttpResponse:
        return self.page(request)


class CatalogueItem(PublicView):
    @described(
        "一个事项：现行内容、各版本、文本和实施细则",
        shapes.ItemDetailSerializer,
        about="没有这个事项与没有发布，回答相同。",
        missing=True,
        operation_id="public_catalogue_item",
    )
    def get(self, request: Request, code: str) -> HttpResponse:
        found = find_item(code, clock.today())
        if found is None:
            raise Http404
        return answer(request, shapes.ItemDetailSerializer(found).data)


class Texts(_VersionList):
    shape = shapes.TextSerializer

    def rows(self) -> QuerySet[Any]:
        return column.current_texts(clock.today())

    @described(
        "现行的承诺书文本",
        shapes.TextPageSerializer,
        about="当日有效的文本版本，含告知书、条款和填写项。",
        operation_id="public_texts",
        parameters=LIST_PARAMETERS,
    )
    def get(self, request: Request) -> HttpResponse:
        return self.page(request)


class _AnyAccept(DefaultContentNegotiation):
    """A file is what it is, whatever the visitor says to accept; problems are JSON."""

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> Any:
        return renderers[0], renderers[0].media_type


class _Export(PublicView):
    throttle_classes = [PublicThrottle, ExportThrottle]
    content_negotiation_class = _AnyAccept

    def send(self, pieces: Iterator[bytes], ending: str, content_type: str) -> StreamingHttpResponse:
        response = StreamingHttpResponse(pieces, content_type=content_type)
        response["Content-Disposition"] = (
            f'attachment; filename="commitments-{clock.today():%Y%m%d}.{ending}"'
        )
        response["Cache-Control"] = "no-store"
        return response


class ExportCsv(_Export):
    @described(
        "全部公示的承诺，CSV",
        bytes,
        about="UTF-8，带 BOM；最新的在前，边生成边传输。",
        media="text/csv",
        operation_id="public_export_csv",
    )
    def get(self, request: Request) -> StreamingHttpResponse:
        return self.send(exports.as_csv(clock.now()), "csv", "text/csv; charset=utf-8")


class ExportJsonLines(_Export):
    @described(
        "全部公示的承诺，每行一条 JSON",
        bytes,
        about="UTF-8；字段与单份承诺相同，最新的在前，边生成边传输。",
        media="application/x-ndjson",
        operation_id="public_export_jsonl",
    )
    def get(self, request: Request) -> StreamingHttpResponse:
        return self.send(exports.as_json_lines(clock.now()), "jsonl", "application/x-ndjson")
