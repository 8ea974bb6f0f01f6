"""Made-up requests to every address of the API, from its own description: never a mistake of ours, never an answer that
the description does not know. `FUZZ_EXAMPLES` (make fuzz) says how many are made up for each address, beside those that
try every limit of every field."""

import os
from collections.abc import Iterator
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import schemathesis
import yaml
from django.conf import settings
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, transaction
from hypothesis import strategies
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import FailureGroup
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import negative_data_rejection

from credit_portal.deadlines.models import PolicyRule
from credit_portal.wsgi import application
from disclosure import throttles
from tests import acts, factories, subjects
from tests.breach_stage import Stage as BreachStage
from tests.partner_stage import Stage
from verification.consent import keeping

pytestmark = pytest.mark.django_db
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "6"))
# Of the requests at the limits of fields, so many are sent of each address in an everyday run.
LIMITS = 60 if "FUZZ_EXAMPLES" not in os.environ else 100_000
BOTH = [GenerationMode.POSITIVE, GenerationMode.NEGATIVE]
DESCRIPTION = yaml.safe_load((Path(settings.BASE_DIR) / "docs/openapi.yaml").read_text(encoding="utf-8"))
ADDRESSES = [(path, method) for path, ways in DESCRIPTION["paths"].items() for method in ways]

CONFIGURATION = {
    "checks": {
        # What is made up by its form alone names checks, items and commitments that are not there: 404, 409 and 422 are
        # right answers then; so is 400 for a code whose check character is wrong.
        "positive_data_acceptance": {"expected-statuses": ["2xx", "304", "400", "404", "409", "422"]},
    },
}


@cache
def described() -> Any:
    return schemathesis.openapi.from_wsgi(
        "/api/v1/schema/?format=json", application, config=SchemathesisConfig.from_dict(CONFIGURATION)
    )


def keep_connection() -> None:
    # Django's own test client connects them again.
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)


@pytest.fixture
def one_connection() -> Iterator[None]:
    """A server lets its connection go after each request; here it holds the transaction of the test."""
    keep_connection()
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def stage(one_connection: None, monkeypatch: pytest.MonkeyPatch) -> Stage:
    for name in ("PUBLIC_REQUESTS_PER_MINUTE", "PUBLIC_EXPORTS_PER_MINUTE", "PARTNER_REQUESTS_PER_MINUTE"):
        monkeypatch.setattr(settings, name, 0)
    monkeypatch.setattr("credit_portal.audit.clock.now", lambda: factories.NOW)
    monkeypatch.setattr("credit_portal.audit.clock.today", lambda: factories.TODAY)
    throttles.counter.forget()
    return Stage(to_do=True)


@pytest.mark.parametrize(("path", "method"), ADDRESSES)
def test_no_request_finds_a_mistake_of_ours_or_an_answer_that_is_not_described(
    stage: Stage, path: str, method: str
) -> None:
    operation = described()[path][method]
    headers = None if "/public/" in path else {"Authorization": f"Bearer {stage.token}"}

    def send(case: Any) -> None:
        # A parameter without a value is as if it were not there: whoever asks by a form sends all of them. Only the
        # description of OpenAPI has no word for it.
        blank = any(not value and value != 0 for value in (case.query or {}).values())
        with transaction.atomic():
            case.call_and_validate(
                headers=headers, excluded_checks=[negative_data_rejection] if blank else None
            )
            transaction.set_rollback(True)

    for case in limits(operation):
        send(case)

    @hypothesis.seed(20260914)
    @hypothesis.settings(
        max_examples=EXAMPLES,
        database=None,
        deadline=None,
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    @hypothesis.given(strategies.one_of([operation.as_strategy(generation_mode=mode) for mode in BOTH]))
    def made_up(case: Any) -> None:
        send(case)

    made_up()


def limits(operation: Any) -> Iterator[Any]:
    """Requests at the limits of every field, evenly taken from all that there are."""
    found = list(
        described().iter_coverage_cases(
            operation,
            generation_modes=BOTH,
            generation_config=described().config.generation_for(operation=operation, phase="coverage"),
        )
    )
    yield from found[:: max(1, len(found) // LIMITS)]


def test_what_is_there_is_answered_as_it_is_described(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Made-up requests hardly ever name what there is: here every list has a row, and every deed is done."""

    def ask(path: str, method: str = "get", **given: Any) -> Any:
        headers = {} if "/public/" in path else {"Authorization": f"Bearer {stage.token}"}
        if method == "post":
            headers["Idempotency-Key"] = f"{path}{len(asked)}"
        asked.append(path)
        keep_connection()
        case = described()[path][method].Case(**given)
        answer = case.call(headers=headers)
        case.validate_response(answer, headers=headers)
        assert answer.status_code in (200, 201), answer.text
        return answer

    asked: list[str] = []

    def post(name: str, body: dict[str, Any]) -> dict[str, Any]:
        return ask(f"/api/v1/{name}", "post", body=body, media_type="application/json").json()

    code = post("commitments", stage.signed())["code"]
    other = post("commitments", stage.signed(confirm_duplicate=True))["code"]
    for _ in range(2):
        post("fulfilments", {"commitment": code, "status": "fulfilled", "note": "现场核实，均已落实"})
    post("breaches", {"commitment": other, "source": "other", "facts": "数据比对发现不符。"})
    post(
        "checks",
        {
            "subject": {"kind": "organisation", "name": stage.subject.name, "code": stage.subject.uscc},
            "item": stage.item.item.code, "type": "approval", "case_ref": "业务-1",
        },
    )  # fmt: skip
    keeping.give_online(
        access=subjects.opened(stage.subject), now=factories.NOW,
        told=keeping.Told(
            "administration", "department", "report", factories.TODAY + timedelta(days=300), department=stage.department
        ),
    )  # fmt: skip
    post("reports", {"subject": {"kind": "organisation", "code": stage.subject.uscc}, "scope": "report"})
    PolicyRule.objects.create(
        region=factories.region(), key="act_publication.licence", value=7, unit="working_days", basis="S3",
        effective_from=factories.TODAY.replace(year=2020),
    )  # fmt: skip
    licence = acts.entered("licence", department=stage.department, actor=stage.officer, now=factories.NOW)
    breach = BreachStage().published()
    later = factories.NOW + timedelta(days=40)
    monkeypatch.setattr("credit_portal.audit.clock.now", lambda: later)
    monkeypatch.setattr("credit_portal.audit.clock.today", later.date)
    act = acts.published(licence, actor=stage.officer, now=factories.NOW)
    for path, given in (
        ("commitments", {"query": {"page_size": 1}}),
        ("duties", {"query": {"state": "met"}}),
        ("reports", {}),
        ("public/commitments", {"query": {"page_size": 1}}),
        ("public/commitments/{code}", {"path_parameters": {"code": code}}),
        ("public/subjects/{uscc}", {"path_parameters": {"uscc": stage.subject.uscc}}),
        ("public/breaches", {}),
        ("public/breaches/{id}", {"path_parameters": {"id": str(breach.uuid)}}),
        ("public/acts", {}),
        ("public/acts/{id}", {"path_parameters": {"id": str(act.uuid)}}),
        ("public/catalogue", {}),
        ("public/texts", {}),
        ("public/changes", {"query": {"since": 0}}),
        ("public/duties", {}),
        ("public/statistics", {}),
    ):
        body = ask(f"/api/v1/{path}", **given).json()
        # The feed tells of what has been committed, and nothing of a test is.
        assert path == "public/changes" or body.get("results", True), path


@pytest.mark.parametrize(
    ("broken", "found"),
    [({"results": {}, "next": None}, "response schema"), (None, "Server error")],
)
def test_it_would_be_noticed(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, broken: dict[str, Any] | None, found: str
) -> None:
    """The negative control: with an answer of another shape, or a mistake of ours, the case fails."""

    def answered(*_: Any, **__: Any) -> dict[str, Any]:
        if broken is None:
            raise RuntimeError
        return broken

    monkeypatch.setattr("disclosure.api_keeping.page_of", answered)
    case = described()["/api/v1/duties"]["get"].Case()
    with pytest.raises(FailureGroup) as caught:
        case.call_and_validate(headers={"Authorization": f"Bearer {stage.token}"})
    assert found in str(caught.value)
