"""The page for developers of departments' systems: its commands are taken from it and really run."""

import html
import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from commitments.models import BreachCase, Commitment, FulfilmentReview
from credit_portal.audit import clock
from credit_portal.outbox.models import Scope
from disclosure import throttles
from disclosure.integration_examples import Shell, for_shell
from disclosure.models import AdministrativeAct
from tests import factories
from tests.partner_stage import PAGE_WORDS, Stage
from tests.reading import english

PAGE = "/api/integration/"
BLANKS = (
    {"key": "完成日期", "kind": "date"}, {"key": "台数", "kind": "number"},
    {"key": "方式", "kind": "choice", "choices": ["自取", "邮寄"]}, {"key": "地点", "kind": "text"},
)  # fmt: skip
CLAUSES = (
    *factories.CLAUSES[:-1],
    ("pledge", "在 {完成日期} 以前在 {地点} 装好 {台数} 台，{方式}。", ()),
    factories.CLAUSES[-1],
)


def commands_of(page: str) -> list[str]:
    """What a reader copies: the samples of the page, in order."""
    found = re.findall(r'<pre class="sample"(?![^>]*data-not-run)[^>]*><code>(.*?)</code></pre>', page, re.S)
    return [html.unescape(one) for one in found]


@pytest.mark.req("R85")
@pytest.mark.django_db(transaction=True)
def test_every_command_works_as_it_stands(live_server: Any, settings: Any, tmp_path: Path) -> None:
    settings.SITE = settings.SITE | {"address": live_server.url}
    throttles.counter.forget()
    stage = Stage(now=clock.now(), to_do=True, clauses=CLAUSES, blanks=BLANKS)
    page = Client().get(PAGE).content.decode()
    commands = commands_of(page)
    posted = set(re.findall(r"/api/v1/([a-z-]+)\" \\\n.*\n.*Idempotency", "\n".join(commands)))
    assert posted == {"checks", "commitments", "fulfilments", "breaches", "credit-entries"}
    script = "\n".join(commands)
    assert script.count("xy_换成您的令牌") == 1
    done = subprocess.run(
        ["bash", "-eu", "-c", script.replace("xy_换成您的令牌", stage.token)],
        cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    answers = {file.name: file.read_text(encoding="utf-8") for file in tmp_path.glob("*.json")}
    assert done.returncode == 0 and done.stderr == "", (done.stderr, answers)
    assert done.stdout.split() == ["201", "201", "200", "200", "201", "201", "201", "201", "201"], answers
    kept = json.loads(answers["commitment.json"])["code"]
    assert [row["code"] for row in json.loads(answers["list.json"])["results"]] == [kept]
    # All clauses are reported as kept; somebody of the department has to confirm it.
    assert Commitment.objects.get(code=kept).fulfilment == "running"
    assert FulfilmentReview.objects.get().commitment.code == kept
    assert BreachCase.objects.get().opened_by_system == stage.system
    assert AdministrativeAct.objects.get().partner == stage.system


@pytest.mark.django_db
def test_the_page_says_what_a_developer_needs_in_chinese(client: Client, settings: Any) -> None:
    settings.PARTNER_REQUESTS_PER_MINUTE = 77
    factories.region()
    empty = client.get(PAGE).content.decode()
    assert "还没有可用的例子" in empty and "curl -sS" not in empty
    Stage()
    page = client.get(PAGE).content.decode()
    for expected in (
        "每分钟 77 次",
        "安全管理员",
        "Idempotency-Replayed: true",
        "最大 12 MB",
        "命令会真的办理",
    ):
        assert expected in page, expected
    for scope in Scope.values:
        assert f"<code>{scope}</code>" in page
    for status in (400, 401, 403, 406, 409, 413, 415, 422, 429):
        assert f'mono">{status}</td>' in page
    prose = re.sub(r"<(code|pre)[^>]*>.*?</\1>", "", page, flags=re.S)
    assert english(prose, PAGE_WORDS) == set()
    assert 'href="/api/integration/"' in client.get("/api/").content.decode()


def test_what_a_shell_would_read_is_quoted_for_it() -> None:
    told = {"a": "$HOME `x` \\ \"q\" 'r'", "b": Shell("${RUN}")}
    shown = subprocess.run(
        ["bash", "-c", f"RUN=7\ncat <<JSON\n{for_shell(told)}\nJSON"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert json.loads(shown.stdout) == {"a": told["a"], "b": "7"}
