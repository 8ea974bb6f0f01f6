"""What has to be done before the first page, each step once: a stamp says for which files and which database."""

import hashlib
import json
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import psycopg2

from .errors import LocalError

ROOT = Path(__file__).resolve().parent.parent.parent
POLICY = ROOT / "credit_portal" / "deadlines" / "rules"
MEASURES = ROOT / "verification" / "measures" / "shipped"
LOGINS = "demo-logins.txt"
CODES = "demo-codes.txt"


@dataclass(frozen=True)
class Step:
    """A management command that is run again only when its stamp changes."""

    name: str
    says: str
    command: tuple[str, ...]
    stamp: Callable[[], str]
    keep_output: str = ""
    quiet: bool = False  # what it says when all is well is of no use, and English


def _digest(paths: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in sorted(path for path in paths if path.is_file()):
        digest.update(f"{path.relative_to(ROOT)}\0".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _sources(*patterns: str) -> list[Path]:
    tops = [ROOT / name for name in ("credit_portal", "commitments", "verification", "disclosure", "repair")]
    return [path for top in tops for pattern in patterns for path in top.glob(pattern)]


def _locks() -> str:
    return _digest((ROOT / ".locks").glob("*.txt"))


class Database:
    """What the database itself says about what was done to it: a stamp never outlives it."""

    def __init__(self, url: str) -> None:
        self.url = url

    def born(self) -> str:
        """The moment of its first migration, which no other database shares; empty before that."""
        return self._ask("SELECT min(applied)::text FROM django_migrations")

    def migrated(self) -> str:
        """How many migrations are applied, and when the last was."""
        return self._ask("SELECT count(*) || ' ' || max(applied)::text FROM django_migrations")

    def _ask(self, question: str) -> str:
        connection = psycopg2.connect(self.url.replace("postgis://", "postgres://"), connect_timeout=10)
        try:
            with connection.cursor() as cursor:
                cursor.execute("SET TimeZone TO 'UTC'")
                cursor.execute("SELECT to_regclass('django_migrations') IS NOT NULL")
                if not cursor.fetchone()[0]:
                    return ""
                cursor.execute(question)
                return cursor.fetchone()[0] or ""
        finally:
            connection.close()


def steps(database: Database, data: Path, *, demo: bool) -> list[Step]:
    """In the order in which they are needed."""
    found = [
        Step(
            "migrate",
            "建立或更新数据库",
            ("migrate", "--no-input", "--verbosity=0"),
            lambda: f"{_digest(_sources('**/migrations/*.py'))} {_locks()} {database.migrated()}",
        ),
        Step(
            "check",
            "检查环境",
            ("check", "--database=default"),
            lambda: f"{_locks()} {database.born()}",
            quiet=True,
        ),
        Step(
            "collectstatic",
            "收集页面文件",
            ("collectstatic", "--no-input", "--clear", "--verbosity=0", "--ignore=redoc"),
            lambda: f"{_digest((ROOT / 'static').rglob('*'))} {_locks()} {(data / 'static').is_dir()}",
        ),
        Step("fonts", "准备字体", ("prepare_fonts",), lambda: f"{_locks()} {(data / 'fonts').is_dir()}"),
        Step(
            "policy",
            "装入各地区规则",
            ("load_policy", str(POLICY)),
            lambda: f"{_digest(POLICY.rglob('*'))} {database.born()}",
        ),
        Step(
            "measures",
            "装入名单和措施清单",
            ("load_measures",),
            lambda: f"{_digest(MEASURES.rglob('*.toml'))} {database.born()}",
        ),
    ]
    if demo:
        found.append(Step("demo", "装入演示数据", ("demo",), database.born, keep_output=LOGINS))
        # Used once and soon over: new ones at every start.
        found.append(
            Step("demo_codes", "签发演示代码", ("demo_codes",), secrets.token_hex, keep_output=CODES)
        )
    return found


def prepare(environment: Mapping[str, str], *, demo: bool) -> None:
    """Do the steps that are not done for this `DATA_DIR` and database. Raises LocalError naming the one that failed."""
    data = Path(environment["DATA_DIR"])
    file = data / "steps.json"
    try:
        done = json.loads(file.read_text())
    except (OSError, ValueError):
        done = {}
    try:
        for step in steps(Database(environment["DATABASE_URL"]), data, demo=demo):
            if done.get(step.name) == step.stamp():
                continue
            _run(step, environment, data)
            done[step.name] = step.stamp()
            file.write_text(json.dumps(done, indent=1))
    except psycopg2.Error as error:
        raise LocalError(f"连接不上数据库（DATABASE_URL）：{error}") from error


def _run(step: Step, environment: Mapping[str, str], data: Path) -> None:
    print(f"{step.says} …", flush=True)
    started = time.monotonic()
    output = subprocess.PIPE if step.keep_output else subprocess.DEVNULL if step.quiet else None
    command = [sys.executable, str(ROOT / "manage.py"), *step.command]
    done = subprocess.run(command, cwd=ROOT, env=environment, stdout=output, text=True, check=False)
    if done.returncode != 0:
        raise LocalError(
            f"「{step.says}」没有完成（{' '.join(step.command)} 返回 {done.returncode}），原因见上。"
        )
    if step.keep_output:
        kept = data / step.keep_output
        kept.touch(mode=0o600)
        kept.write_text(done.stdout)
    print(f"{step.says}：{time.monotonic() - started:.1f} 秒", flush=True)
