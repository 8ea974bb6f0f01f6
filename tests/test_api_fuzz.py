"""Made-up requests to every address of the API, from its own description: never a mistake of ours, never an answer that
the description does not know. `FUZZ_EXAMPLES` (make fuzz) says how many are made up for each address, beside those that
try every limit of every field."""

import os
from collections.abc import Iterator
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
from schemathesis.generation import GenerationMode

from credit_portal.wsgi import application
from disclosure import throttles
from tests import factories
from tests.partner_stage import Stage

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


@pytest.fixture
def one_connection() -> Iterator[None]:
    """A server lets its connection go after each request; here it holds the transaction of the test."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
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
    return Stage()


@pytest.mark.parametrize(("path", "method"), ADDRESSES)
def test_no_request_finds_a_mistake_of_ours_or_an_answer_that_is_not_described(
    stage: Stage, path: str, method: str
) -> None:
    operation = described()[path][method]
    headers = None if "/public/" in path else {"Authorization": f"Bearer {stage.token}"}

    def send(case: Any) -> None:
        with transaction.atomic():
            case.call_and_validate(headers=headers)
            transaction.set_rollback(True)

    for case in limits(operation):
        send(case)

    @hypothesis.seed(20260914)
    @hypothesis.settings(
        max_examples=EXAMPLES, database=None, deadline=None, suppress_health_check=list(hypothesis.HealthCheck)
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
