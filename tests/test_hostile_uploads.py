"""Every address that takes a table is sent the files that mean harm: each is refused at its field by a Chinese word, nothing of
it is kept. In the suite each file goes to one address and every address gets its share; all to all: NAUGHTY_EACH=1."""

import ast
import html
import importlib
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from django import forms
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from credit_portal.documents.fields import TableField
from credit_portal.registry import groups
from disclosure.models import ExchangeBatch, ExchangePlatform
from tests import factories, hostile
from tests.office import Office, client_of
from tests.scenes import mine

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("blank_papers")]

BASE = Path(settings.BASE_DIR)
ROOMS = ("credit_portal", "verification", "commitments", "disclosure", "repair")
READ_BY = {"open_table", "open_texts", "open_sheets", "List"}
ALL = os.environ.get("NAUGHTY_EACH") == "1"


@dataclass(frozen=True)
class Address:
    """`form` has the field, `reader` is the module that has the file read, `heads` are labels it knows. `more`: what is sent
    with the file; `honest`: what is a good file here."""

    view: str
    who: Callable[[Office], Any]
    form: str
    reader: str
    heads: tuple[str, ...]
    at: Callable[[Office], tuple[Any, ...]] = lambda office: ()
    more: dict[str, str] = field(default_factory=dict)
    honest: frozenset[str] = frozenset()


def by(role: str) -> Callable[[Office], Any]:
    return lambda office: office.people[role]


def guild(office: Office) -> Any:
    return office.guildsman


def tax(office: Office) -> Any:
    return factories.staff(groups.OFFICER, department=office.tax_credit.department)


# A sample is read for its head only: neither its cells nor their styles, and a thousand rows are as good as one. Of a name,
# what cannot be printed is gone before a view sees it: it is a good file under the rest.
SAMPLE = frozenset(
    {
        "csv too many", "half a character", "error value", "formula without a result", "formula gone wrong",
        "styles cut", "styles declared", "styles deep", "styles too many",
        *(f"file name {name!r}" for name in ("a\u202excod.xlsx", "a\u200b.xlsx", "a\n.xlsx")),
    }
)  # fmt: skip
BULK, HANDOVER = "commitments.bulk", "commitments.handover"
ADDRESSES = (
    Address("bulk:home", by(groups.OFFICER), f"{BULK}.forms.UploadForm", f"{BULK}.jobs", ("承诺编码", "承诺人名称")),
    Address(
        "handover:home", by(groups.OFFICER), f"{HANDOVER}.forms.SampleForm", f"{HANDOVER}.running",
        ("台账编号", "企业名称", "状态"), more={"name": "旧台账", "source": "workbook"}, honest=SAMPLE,
    ),
    Address(
        "handover:trial", by(groups.OFFICER), f"{HANDOVER}.forms.TrialForm", f"{BULK}.jobs",
        ("台账编号", "企业名称", "状态"), at=lambda office: (office.mapping.pk,),
    ),
    Address(
        "memberships:files", by(groups.CREDIT_OFFICE), "verification.memberships.forms.UploadForm",
        "verification.memberships.uploading", ("名单", "主体名称"),
    ),
    Address(
        "tax_credit:upload", tax, "verification.tax_credit.forms.UploadForm", "verification.tax_credit.uploading",
        ("身份证号码", "姓名"),
    ),
    Address(
        "consumer:file", by(groups.OFFICER), "verification.complaints.forms.FileForm", "verification.complaints.files",
        ("12315 编号", "主体名称"),
    ),
    Address(
        "rosters:files", guild, "commitments.rosters.forms.UploadForm", "commitments.rosters.uploading",
        ("主体名称", "主体代码"), at=lambda office: ("members",), more={"as_of": "2026-09-14"},
    ),
    Address(
        "rosters:files", by(groups.CREDIT_OFFICE), "commitments.rosters.forms.UploadForm", "commitments.rosters.uploading",
        ("主体名称", "主体代码"), at=lambda office: ("model",), more={"as_of": "2026-09-14"},
    ),
    Address(
        "acts:files", by(groups.OFFICER), "disclosure.acts.forms.UploadForm", "disclosure.acts.uploading",
        ("主体名称", "决定书文号"), more={"kind": "licence"},
    ),
    Address(
        "catalogue:imports", by(groups.APPROVAL_BUREAU), "disclosure.catalogue.forms.UploadForm",
        "disclosure.catalogue.planning", ("事项编码", "事项名称"), honest=frozenset({"csv too many"}),
    ),
    Address(
        "exchange:receipt", by(groups.CREDIT_OFFICE), "disclosure.exchange.views.ReceiptForm",
        "disclosure.exchange.receipt_files", ("记录号", "结果"), at=lambda office: (office.batch.number,),
    ),
    Address(
        "evaluations:upload", by(groups.CREDIT_OFFICE), "verification.grades.forms.UploadForm",
        "verification.grades.receiving", ("主体代码", "主体名称"),
    ),
)  # fmt: skip


# ---- none is missing -------------------------------------------------------------------------------------------


def views(patterns: list[URLPattern | URLResolver]) -> Iterator[str]:
    for one in patterns:
        if isinstance(one, URLResolver):
            yield from views(one.url_patterns)
        else:
            yield one.callback.__module__


def kinds_of(one: type[forms.BaseForm]) -> Iterator[type[forms.BaseForm]]:
    yield one
    for below in one.__subclasses__():
        yield from kinds_of(below)


def fields_of(made: type[forms.BaseForm]) -> dict[str, forms.Field]:
    return getattr(made, "base_fields", {})


def sources() -> Iterator[tuple[str, ast.Module]]:
    for room in ROOMS:
        for path in sorted((BASE / room).rglob("*.py")):
            name = ".".join(path.relative_to(BASE).with_suffix("").parts)
            if not name.startswith("credit_portal.documents.intake"):
                yield name, ast.parse(path.read_text(encoding="utf-8"))


def test_every_form_that_takes_a_table_stands_in_the_list():
    for module in {*views(get_resolver().url_patterns)}:
        importlib.import_module(module)
    for room in ROOMS:
        for path in sorted((BASE / room).rglob("*forms*.py")):
            importlib.import_module(".".join(path.relative_to(BASE).with_suffix("").parts))
    made = {one for one in kinds_of(forms.BaseForm) if one.__module__.startswith(ROOMS)}
    with_table = {
        f"{one.__module__}.{one.__qualname__}"
        for one in made
        if any(isinstance(field, TableField) for field in fields_of(one).values())
    }
    assert with_table == {address.form for address in ADDRESSES}
    # A field for files that speaks of tables is one of them.
    others = {
        (one.__qualname__, name)
        for one in made
        for name, given in fields_of(one).items()
        if isinstance(given, forms.FileField) and not isinstance(given, TableField)
        and re.search(r"xlsx|csv|json|excel", f"{given.help_text} {given.widget.attrs.get('accept', '')}", re.IGNORECASE)
    }  # fmt: skip
    assert not others


def test_whoever_reads_a_table_stands_in_the_list_and_reads_it_by_the_intake():
    readers, strangers = set(), []
    for name, tree in sources():
        for node in ast.walk(tree):
            if isinstance(node, ast.Import | ast.ImportFrom):
                module = getattr(node, "module", "") or ""
                told = {one.name for one in node.names}
                if module.startswith("credit_portal.documents.intake") and told & READ_BY:
                    readers.add(name)
                if (told | {module.split(".")[0]}) & {"openpyxl", "python_calamine", "pandas", "xlrd"}:
                    strangers.append(name)
            elif isinstance(node, ast.Attribute) and ast.unparse(node) in ("csv.reader", "csv.DictReader"):
                strangers.append(name)
    # The demonstration's own items stand in a csv that nobody has handed in.
    strangers.remove("credit_portal.overview.demo.items")
    assert readers == {address.reader for address in ADDRESSES}
    assert not strangers


def test_no_page_takes_a_table_without_a_form_of_it():
    """What a template draws by hand is no field of a form, and would not be found above."""
    drawn = [
        str(path.relative_to(BASE))
        for path in (BASE / "templates").rglob("*.html")
        for tag in re.findall(r"<input[^>]*>", path.read_text(encoding="utf-8"))
        if 'type="file"' in tag and re.search(r"xlsx|csv|json", tag)
    ]
    assert not drawn


# ---- sent ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def built(scene) -> Office:
    def build() -> Office:
        office = Office()
        # Receipts come as files where packages go as files.
        ExchangePlatform.objects.update(adapter="file", address="")
        ExchangeBatch.objects.update(adapter="file", sent_at=factories.NOW)
        return office

    return scene(build)


@pytest.fixture
def office(built, db) -> Office:
    return mine(built)


@contextmanager
def written() -> Iterator[list[str]]:
    """What is written into any table but that of sessions, and the log of who read what."""
    found: list[str] = []

    def look(execute, sql, params, many, context):
        wrote = re.match(r"\s*(INSERT|UPDATE|DELETE|COPY)\b", sql, re.IGNORECASE)
        if wrote and not re.search(r'"(django_session|audit_readlog)"', sql):
            found.append(sql[:200])
        return execute(sql, params, many, context)

    with connection.execute_wrapper(look):
        yield found


def kept() -> set[Path]:
    places = [
        Path(settings.STORAGES[name]["OPTIONS"]["location"]) for name in ("default", "evidence", "exchange")
    ]
    return {path for place in places for path in place.rglob("*") if path.is_file()}


def fault_at_the_file(page: str) -> str:
    """What the page says at the field of the file."""
    field = re.search(r'<input[^>]*name="file"[^>]*>\s*<p class="field-error"[^>]*>([^<]*)</p>', page)
    assert field and 'aria-invalid="true"' in field[0], "nothing is said at the field"
    return html.unescape(field[1]).strip()


def refused(client: Client, url: str, address: Address, one: hostile.Hostile) -> str:
    """What is wrong with the answer to a file; empty where it is as it should be."""
    kind, name, content = one
    with written() as rows:
        answer = client.post(url, {"file": SimpleUploadedFile(name, content), **address.more})
    if kind in address.honest:
        return "" if answer.status_code in (302, 422) else f"{answer.status_code}"
    if answer.status_code not in (200, 400, 422):
        return f"{answer.status_code}"
    try:
        said = fault_at_the_file(answer.content.decode())
    except AssertionError as error:
        return str(error)
    if (
        not hostile.CHINESE.search(said)
        or len(said) > 200
        or re.search("[\u202a-\u202e\u2066-\u2069\x00-\x08]", said)
    ):
        return f"says {said!r}"
    return f"writes {rows}" if rows else ""


@pytest.mark.req("R35", "R116")
@pytest.mark.parametrize("place", range(len(ADDRESSES)), ids=lambda place: f"{ADDRESSES[place].view}-{place}")
def test_a_hostile_file_is_refused_at_its_field_and_nothing_of_it_is_kept(office, place):
    address = ADDRESSES[place]
    client = client_of(address.who(office))
    url = reverse(address.view, args=address.at(office))
    files = [*hostile.hostile(address.heads), *hostile.hostile_lists(address.heads)]
    before = kept()
    wrong = {}
    for one in files if ALL else files[place :: len(ADDRESSES)]:
        if found := refused(client, url, address, one):
            wrong[one[0]] = found
    assert not wrong
    assert kept() == before
