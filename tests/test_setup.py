"""The local database and queue, secrets, health pages and start-up checks, each for real."""

import json
import os
import runpy
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit, urlunsplit

import psutil
import psycopg2
import pytest
from django.conf import settings
from django.core.checks import run_checks
from django.db import connection
from django.test import Client, override_settings

from credit_portal import checks
from credit_portal.local.errors import LocalError
from credit_portal.local.keys import local_secrets
from tests import paper_fonts

ROOT = Path(__file__).resolve().parent.parent
LOCAL = [sys.executable, "-m", "credit_portal.local"]
# The portal's environment without anything that this very test run was given.
BARE = {
    name: value
    for name, value in os.environ.items()
    if name
    not in (
        "DATABASE_URL",
        "REDIS_URL",
        "SECRET_KEY",
        "FIELD_KEYS",
        "DATA_DIR",
        "SITE_URL",
        "DJANGO_SETTINGS_MODULE",
    )
}
SHOW = "import json, os; print(json.dumps({n: os.environ.get(n) for n in ('DATABASE_URL', 'REDIS_URL', 'DATA_DIR')}))"


@pytest.fixture
def data() -> Iterator[Path]:
    """A new DATA_DIR; pytest's own folders are too long for a socket's path and closed to root's database user."""
    import tempfile

    folder = Path(tempfile.mkdtemp(prefix="cp-", dir="/tmp"))
    folder.chmod(0o711)
    yield folder / "data"
    subprocess.run(
        [*LOCAL, "drop", "--yes"], cwd=ROOT, env=BARE | {"DATA_DIR": str(folder / "data")}, check=True
    )
    shutil.rmtree(folder)


def local(data: Path, *argv: str, **more: str) -> subprocess.CompletedProcess[str]:
    """`exec` of a command with a DATA_DIR of its own."""
    return subprocess.run(
        [*LOCAL, "exec", "--throwaway", "--", *argv],
        cwd=ROOT, env=BARE | {"DATA_DIR": str(data)} | more, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


def start(data: Path, *argv: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [*LOCAL, "exec", "--throwaway", "--", *argv],
        cwd=ROOT, env=BARE | {"DATA_DIR": str(data)}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip


def shown(process: "subprocess.Popen[str]") -> dict[str, str]:
    assert process.stdout is not None
    return json.loads(process.stdout.readline())


WAITING = (sys.executable, "-c", f"{SHOW}; import sys; sys.stdout.flush(); sys.stdin.readline()")


def finish(process: "subprocess.Popen[str]") -> int:
    process.communicate("\n", timeout=60)
    return process.returncode


def queue_listens(address: dict[str, str]) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", urlsplit(address["REDIS_URL"]).port)) == 0


def database_answers(address: dict[str, str]) -> bool:
    try:
        psycopg2.connect(address["DATABASE_URL"], connect_timeout=5).close()
    except psycopg2.OperationalError:
        return False
    return True


def test_a_command_gets_a_database_of_its_own_and_leaves_nothing_running(data: Path) -> None:
    question = (
        "import os, psycopg2, json; c = psycopg2.connect(os.environ['DATABASE_URL']).cursor();"
        "c.execute(\"select current_setting('server_version'), current_setting('server_encoding'),"
        " current_setting('TimeZone'), rolsuper, current_setting('listen_addresses')"
        ' from pg_roles where rolname = current_user");'
        "print(json.dumps(c.fetchone()))"
    )
    answer = local(data, sys.executable, "-c", f"{SHOW}; {question}")
    assert answer.returncode == 0, answer.stderr
    address, found = (json.loads(line) for line in answer.stdout.splitlines())
    version, encoding, zone, superuser, listens = found
    assert version.startswith("18.")
    assert (encoding, zone, superuser, listens) == ("UTF8", "Asia/Shanghai", False, "")
    assert not database_answers(address)
    assert not queue_listens(address)
    # Trust is safe only as long as nobody else can reach the socket.
    assert Path(parse_qs(urlsplit(address["DATABASE_URL"]).query)["host"][0]).stat().st_mode & 0o077 == 0


def test_the_second_command_joins_and_the_last_one_stops(data: Path) -> None:
    first = start(data, *WAITING)
    address = shown(first)
    second = start(data, *WAITING)
    assert shown(second) == address
    assert finish(first) == 0
    assert database_answers(address)
    assert queue_listens(address)
    assert finish(second) == 0
    assert not database_answers(address)
    assert not queue_listens(address)


def test_two_data_folders_do_not_meet(data: Path) -> None:
    one, two = start(data / "one", *WAITING), start(data / "two", *WAITING)
    first, second = shown(one), shown(two)
    assert first["DATABASE_URL"] != second["DATABASE_URL"]
    assert first["REDIS_URL"] != second["REDIS_URL"]
    assert finish(one) == 0
    assert database_answers(second)
    assert finish(two) == 0
    for name in ("one", "two"):
        subprocess.run(
            [*LOCAL, "drop", "--yes"], cwd=ROOT, env=BARE | {"DATA_DIR": str(data / name)}, check=True
        )


def test_the_commands_own_exit_code_comes_back(data: Path) -> None:
    assert local(data, sys.executable, "-c", "raise SystemExit(7)").returncode == 7
    missing = local(data, "no-such-program")
    assert missing.returncode == 1
    assert "no-such-program" in missing.stderr


def test_being_told_to_stop_goes_on_to_the_command(data: Path) -> None:
    says = f"import signal, sys; signal.signal(signal.SIGTERM, lambda *_: sys.exit(5)); {SHOW}; sys.stdout.flush()"
    process = start(data, sys.executable, "-c", f"{says}; signal.pause()")
    address = shown(process)
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 5
    assert not database_answers(address)
    process.communicate()


def test_after_a_hard_kill_the_next_command_works_and_tidies_up(data: Path) -> None:
    process = start(data, *WAITING)
    address = shown(process)
    process.kill()
    process.communicate()
    assert database_answers(address), "nobody was left to stop it"
    answer = local(data, sys.executable, "-c", SHOW)
    assert json.loads(answer.stdout)["REDIS_URL"] == address["REDIS_URL"]
    assert not database_answers(address)
    assert not queue_listens(address)


def test_a_stale_pid_file_that_names_a_living_stranger_does_not_stop_the_start(data: Path) -> None:
    assert local(data, "true").returncode == 0
    pid_file = data / "postgres" / "postmaster.pid"
    pid_file.write_text(f"{os.getpid()}\n{data / 'postgres'}\n1\n5432\n\n\n\n\n")
    answer = local(data, "true")
    assert answer.returncode == 0, answer.stderr


def test_given_servers_are_used_and_none_started(data: Path) -> None:
    answer = local(data, sys.executable, "-c", SHOW, DATABASE_URL="postgres://a/b", REDIS_URL="redis://c/0")
    assert json.loads(answer.stdout)["DATABASE_URL"] == "postgres://a/b"
    assert json.loads(answer.stdout)["REDIS_URL"] == "redis://c/0"
    assert not (data / "postgres").exists()
    assert not (data / "valkey.json").exists()


def test_data_in_use_is_not_dropped(data: Path) -> None:
    process = start(data, *WAITING)
    shown(process)
    answer = subprocess.run(
        [*LOCAL, "drop", "--yes"],
        cwd=ROOT, env=BARE | {"DATA_DIR": str(data)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert answer.returncode == 1
    assert "正在使用" in answer.stderr
    assert (data / "postgres").exists()
    assert finish(process) == 0


def test_secrets_are_made_once_and_only_their_owner_reads_them(tmp_path: Path) -> None:
    made = local_secrets(tmp_path, {})
    assert set(made) == {"SECRET_KEY", "FIELD_KEYS"}
    assert (tmp_path / "secrets.env").stat().st_mode & 0o777 == 0o600
    assert local_secrets(tmp_path, {}) == made
    assert local_secrets(tmp_path, {"SECRET_KEY": "own"}) == {"FIELD_KEYS": made["FIELD_KEYS"]}
    with override_settings(**made):
        assert checks.secrets(None) == []
    (tmp_path / "secrets.env").chmod(0o644)
    with pytest.raises(LocalError, match="chmod 600"):
        local_secrets(tmp_path, {})


def manage(tmp_path: Path, *argv: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *argv],
        cwd=ROOT, env=BARE | {"DATA_DIR": str(tmp_path)} | more, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("given", [{}, {"SECRET_KEY": "x" * 60}, {"FIELD_KEYS": "blind:x,k1:y"}])
def test_without_its_secrets_the_portal_refuses_to_start(tmp_path: Path, given: dict[str, str]) -> None:
    answer = manage(tmp_path, "check", **given)
    assert answer.returncode == 1
    assert "缺少 SECRET_KEY 或 FIELD_KEYS" in answer.stderr


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("SECRET_KEY", "short", "portal.E011"),
        ("SECRET_KEY", "django-insecure-" + "x" * 60, "portal.E011"),
        ("FIELD_KEYS", "k1:nonsense", "portal.E012"),
        ("FIELD_KEYS", "blind:" + "QUFB" * 12 + ",k1:" + "QUFB" * 12, "portal.E013"),
        ("TIME_ZONE", "UTC", "portal.E002"),
        ("USE_TZ", False, "portal.E002"),
        ("CELERY_TIMEZONE", "UTC", "portal.E003"),
    ],
)
def test_a_wrong_setting_is_named_at_the_start(name: str, value: object, expected: str) -> None:
    with override_settings(**{name: value}):
        found = [*checks.secrets(None), *checks.time_zone(None)]
    assert [message.id for message in found] == [expected]


@pytest.mark.django_db
def test_this_environment_passes_its_own_checks() -> None:
    found = [message for message in run_checks(databases=["default"]) if message.level >= 30]
    # Whether the next year's holidays are missing depends on the day: `test_calendar_admin.py` asks for it.
    assert [message for message in found if message.id != "portal.W051"] == []


def test_a_machine_without_chinese_fonts_is_named(tmp_path: Path) -> None:
    bare = tmp_path / "fonts.conf"
    bare.write_text(f"<fontconfig><cachedir>{tmp_path}</cachedir></fontconfig>")
    answer = subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=ROOT, env=os.environ | {"FONTCONFIG_FILE": str(bare)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert answer.returncode == 1
    assert "portal.E021" in answer.stderr
    assert "fonts-noto-cjk" in answer.stderr


@pytest.mark.django_db
def test_a_session_in_another_time_zone_is_named() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL TimeZone TO 'UTC'")
    assert [message.id for message in checks.chinese_in_database(None, databases=["default"])] == [
        "portal.E032"
    ]


@contextmanager
def another_database(name: str, options: str = "") -> Iterator[str]:
    """The address of a new empty database beside the one of this test run."""
    server = psycopg2.connect(os.environ["DATABASE_URL"])
    server.autocommit = True
    name = f"{name}_{os.getpid()}"
    try:
        with server.cursor() as cursor:
            cursor.execute(f"CREATE DATABASE {name} TEMPLATE template0 {options}")
        yield urlunsplit(urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}"))
    finally:
        with server.cursor() as cursor:
            cursor.execute(f"DROP DATABASE IF EXISTS {name}")
        server.close()


def test_a_database_that_cannot_hold_chinese_is_named() -> None:
    with another_database("ascii", "ENCODING 'SQL_ASCII' LOCALE 'C' LOCALE_PROVIDER libc") as address:
        answer = subprocess.run(
            [sys.executable, "manage.py", "check", "--database", "default"],
            cwd=ROOT, env=os.environ | {"DATABASE_URL": address}, capture_output=True, text=True, check=False,
        )  # fmt: skip
    assert answer.returncode == 1
    assert "portal.E031" in answer.stderr


def test_a_public_service_needs_its_name_and_https() -> None:
    with override_settings(
        ALLOWED_HOSTS=["localhost"], SITE=settings.SITE | {"address": "http://x", "organiser": ""}
    ):
        assert {message.id for message in checks.deployment(None)} == {
            "portal.E041",
            "portal.W042",
            "portal.W041",
        }
    good = settings.SITE | {"address": "https://credit.example", "organiser": "某区信用办"}
    with override_settings(ALLOWED_HOSTS=["credit.example"], SITE=good):
        assert checks.deployment(None) == []


def test_healthz_answers_without_a_database() -> None:
    answer = Client().get("/healthz")
    assert (answer.status_code, answer.content) == (200, b"ok")
    assert "no-store" in answer.headers["Cache-Control"]


@pytest.mark.django_db
def test_readyz_names_each_part() -> None:
    answer = Client().get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {"ready": True, "parts": {"database": "ok", "migrations": "ok", "queue": "ok"}}


@pytest.mark.django_db
def test_readyz_goes_on_without_the_queue() -> None:
    with override_settings(REDIS_URL="redis://127.0.0.1:1/0"):
        answer = Client().get("/readyz")
    assert answer.status_code == 200
    assert answer.json()["parts"]["queue"] == "unavailable"


READYZ = (
    "import django; django.setup(); from django.test import Client; a = Client().get('/readyz', headers={'host': 'localhost'});"
    "print(a.status_code, a.json()['parts']['database'], a.json()['parts']['migrations'])"
)


def readyz_with(address: str) -> str:
    answer = subprocess.run(
        [sys.executable, "-c", READYZ],
        cwd=ROOT, env=os.environ | {"DATABASE_URL": address}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert answer.returncode == 0, answer.stderr
    assert "secret-password" not in answer.stdout
    return answer.stdout.strip()


def test_readyz_without_a_database_is_503() -> None:
    assert readyz_with("postgres://u:secret-password@127.0.0.1:1/d") == "503 unavailable unknown"


def test_readyz_before_the_migrations_is_503() -> None:
    with another_database("empty") as address:
        assert readyz_with(address) == "503 ok pending"


SUPERVISE = """
import os, sys
from credit_portal.local.errors import LocalError
from credit_portal.local.processes import supervise
sleeps = [sys.executable, "-c", "import os, time; print(os.getpid(), flush=True); time.sleep(60)"]
falls = [sys.executable, "-c", "import time; time.sleep(2); raise SystemExit(3)"]
try:
    print(supervise({"web": sleeps, "worker": falls if sys.argv[1] == "fall" else sleeps}, os.environ,
                    when_started=lambda: None))
except LocalError as error:
    print(error)
"""


def slept(output: str) -> list[int]:
    """The process ids that the sleepers printed, behind the column that the process manager puts before them."""
    columns = [line.partition("| ") for line in output.splitlines()]
    return [int(said) for _, bar, said in columns if bar and said.isdigit()]


def test_when_one_process_falls_all_stop_and_it_is_named() -> None:
    answer = subprocess.run(
        [sys.executable, "-c", SUPERVISE, "fall"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert "任务进程意外退出（3），其余进程已一并停止。" in answer.stdout
    pids = slept(answer.stdout)
    assert len(pids) == 1
    assert not psutil.pid_exists(pids[0])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("after", [0.0, 2.0])
def test_told_to_stop_it_stops_everything_it_started(number: signal.Signals, after: float) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", SUPERVISE, "stay"], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    lines = [process.stdout.readline()]
    time.sleep(after)
    process.send_signal(number)
    output = lines[0] + process.communicate(timeout=60)[0]
    assert process.returncode == 0
    assert output.splitlines()[-1] == "0"
    assert [pid for pid in slept(output) if psutil.pid_exists(pid)] == []


def test_a_hard_kill_of_the_process_manager_leaves_no_process_behind() -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", SUPERVISE, "stay"], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    pids = slept(process.stdout.readline() + process.stdout.readline())
    assert len(pids) == 2
    process.kill()
    process.communicate(timeout=60)
    assert (
        psutil.wait_procs([psutil.Process(pid) for pid in pids if psutil.pid_exists(pid)], timeout=10)[1]
        == []
    )


def test_the_whole_portal_starts_shows_a_page_and_repeats_nothing_at_the_next_start(data: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = BARE | {"DATA_DIR": str(data), "PORT": str(port), "DEMO": "0"}
    paper_fonts.take_over(data)
    steps = {}
    for attempt in ("first", "second"):
        process = subprocess.Popen(
            [*LOCAL, "run"], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        seen = []
        for line in process.stdout:
            seen.append(line)
            if line.startswith("门户已启动"):
                break
        try:
            assert seen[-1] == f"门户已启动：http://localhost:{port}\n", "".join(seen)
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=20) as page:
                assert page.status == 200
            # A link that a command prints beside it opens this portal.
            told = local(data, sys.executable, "-c", "import os; print(os.environ['SITE_URL'])")
            assert told.stdout == f"http://localhost:{port}\n"
            children = psutil.Process(process.pid).children(recursive=True)
            assert children
        finally:
            process.send_signal(signal.SIGTERM)
            rest = process.communicate(timeout=60)[0]
        assert process.returncode == 0
        assert rest.splitlines()[-1] == "已全部停止。"
        assert [
            child for child in children if child.is_running() and child.status() != psutil.STATUS_ZOMBIE
        ] == []
        steps[attempt] = [line.split("：")[0] for line in seen if line.endswith(" 秒\n")]
    # What takes the time is done once; how long the rest takes is this machine's affair.
    assert steps == {
        "first": [
            "建立或更新数据库",
            "检查环境",
            "收集页面文件",
            "准备字体",
            "装入各地区规则",
            "装入名单和措施清单",
        ],
        "second": [],
    }


def test_a_taken_port_is_said_before_anything_is_started(data: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        answer = subprocess.run(
            [*LOCAL, "run"],
            cwd=ROOT, env=BARE | {"DATA_DIR": str(data), "PORT": str(port)},
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
    assert answer.returncode == 1
    assert f"端口 {port} 已被占用" in answer.stderr
    assert not (data / "postgres").exists()


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("<p>好</p><script src='{% static \"js/a.js\" %}'></script><a href='https://example.cn/'>外</a>", []),
        ("<script>alert(1)</script>", ["内联 <script>"]),
        ("<script type='application/json'>{}</script>", []),
        ("<style>p{}</style>", ["内联 <style>"]),
        ("<p style='color:red'>红</p>", ["style= 属性"]),
        ("<button {% if a %}onclick='go()'{% endif %}>去</button>", ["onclick= 属性"]),
        ("<a href='javascript:go()'>去</a>", ["href 中的 javascript:"]),
        ("<img src='//cdn.example.cn/a.png'>", ["src 指向别的主机"]),
        ("<link rel=stylesheet href='https://cdn.example.cn/a.css'>", ["href 指向别的主机"]),
    ],
)
def test_what_the_content_policy_refuses_is_found_in_templates(template: str, expected: list[str]) -> None:
    problems = runpy.run_path(str(ROOT / ".ci" / "templates.py"))["problems"]
    assert [what for _, what in problems(template)] == expected
