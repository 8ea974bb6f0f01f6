"""The log is one JSON object a line, and personal numbers do not reach it."""

import json
import logging

import pytest
from django.test import RequestFactory

from credit_portal.logs import logging_config

from .factories import id_number


@pytest.mark.req("R114")
def test_personal_numbers_are_hidden_in_messages_addresses_and_errors() -> None:
    number = id_number(3)
    config = logging_config("INFO")["formatters"]["line"]
    formatter = config.pop("()")(**config)
    try:
        raise ValueError(f"号码 {number}")
    except ValueError as error:
        record = logging.LogRecord(
            "django.request",
            logging.ERROR,
            __file__,
            1,
            "GET /commitments/?q=%s 13800001111",
            (number,),
            (ValueError, error, error.__traceback__),
        )
    line = formatter.format(record)
    body = json.loads(line)
    assert number not in line and "13800001111" not in line
    assert (
        body["level"] == "error" and "/commitments/?q=＊" in body["event"] and "号码 ＊" in body["exception"]
    )


@pytest.mark.req("R114")
def test_personal_numbers_are_hidden_in_the_request_that_a_line_is_about() -> None:
    number = id_number(3)
    config = logging_config("INFO")["formatters"]["line"]
    formatter = config.pop("()")(**config)
    record = logging.LogRecord("django.request", logging.WARNING, __file__, 1, "Not Found", (), None)
    record.request = RequestFactory().get(f"/commitments/?q={number}&code=13800001111")
    record.status_code = 404
    line = formatter.format(record)
    assert number not in line and "13800001111" not in line
    assert json.loads(line)["request"] == "<WSGIRequest: GET '/commitments/?q=＊&code=＊'>"
    assert json.loads(line)["status_code"] == 404


def test_codes_of_organisations_and_commitments_stay_readable() -> None:
    config = logging_config("INFO")["formatters"]["line"]
    formatter = config.pop("()")(**config)
    record = logging.LogRecord(
        "x", logging.INFO, __file__, 1, "13011120260914000001 91130111MA0CR8E7XP", (), None
    )
    assert "13011120260914000001 91130111MA0CR8E7XP" in formatter.format(record)
