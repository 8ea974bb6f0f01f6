"""Start-up checks for what would otherwise fail silently: time zone, Chinese in the database, font, secrets."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import connections
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

ZONE = "Asia/Shanghai"
# The apps whose migrations are ours.
ROOMS = (
    "audit",
    "registry",
    "documents",
    "deadlines",
    "outbox",
    "verification",
    "commitments",
    "disclosure",
    "repair",
)


class PortalConfig(AppConfig):
    """Loads the checks and the task queue in every process that sets Django up."""

    name = "credit_portal"
    verbose_name = "信用承诺门户"

    def ready(self) -> None:
        # Without the app loaded, a task sent from a command would go to a default broker that is not there.
        import credit_portal.celery  # noqa: F401 - it needs the settings, which are complete only now

        register(time_zone)
        register(secrets)
        register(paper, "paper")
        register(chinese_in_database, Tags.database)
        register(version_before, Tags.database)
        register(working_calendar, Tags.database)
        register(deployment, deploy=True)


def time_zone(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Legal days are days in China: every part has to count them there."""
    found: list[CheckMessage] = []
    try:
        ZoneInfo(ZONE)
    except ZoneInfoNotFoundError:
        found.append(Error(f"系统没有 {ZONE} 的时区数据，请安装 tzdata。", id="portal.E001"))
    if not settings.USE_TZ or settings.TIME_ZONE != ZONE:
        found.append(Error(f"TIME_ZONE 应为 {ZONE} 且 USE_TZ 开启，否则法定日期会错一天。", id="portal.E002"))
    if settings.CELERY_TIMEZONE != ZONE:
        found.append(Error(f"CELERY_TIMEZONE 应为 {ZONE}。", id="portal.E003"))
    return found


def secrets(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Keys that can be read, and are nobody's default."""
    from credit_portal.audit.hashing import field_keys

    found: list[CheckMessage] = []
    if len(settings.SECRET_KEY) < 50 or settings.SECRET_KEY.startswith("django-insecure"):
        found.append(Error("SECRET_KEY 太短或是示例值，请换成至少 50 个随机字符。", id="portal.E011"))
    try:
        keys = field_keys()
    except ValueError as error:
        found.append(Error(f"FIELD_KEYS 不可用：{error}", id="portal.E012"))
    else:
        if len(set(keys.values())) < len(keys) or any(len(set(key)) < 8 for key in keys.values()):
            found.append(Error("FIELD_KEYS 中的密钥重复或不是随机的，请重新生成。", id="portal.E013"))
    return found


def paper(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Without a Chinese font or the library that lays out, a commitment prints as boxes or not at all."""
    from credit_portal.documents.fonts import font_problems

    return [Error(problem, id="portal.E021") for problem in font_problems()]


def chinese_in_database(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """The database keeps Chinese, finds it and takes it for letters, and its sessions live in Chinese time."""
    found: list[CheckMessage] = []
    for alias in databases or []:
        with connections[alias].cursor() as cursor:
            cursor.execute(
                "SELECT current_setting('server_encoding'), current_setting('TimeZone'),"
                " current_setting('server_version_num')::int,"
                # A character beyond the basic plane is one character, and is found inside a name.
                " char_length('信用𬭎') = 3 AND '石家庄𬭎业' LIKE '%%家庄𬭎%%' AND upper('信a') = '信A',"
                " '信用承诺' ~ '^[[:alpha:]]+$'"
            )
            encoding, zone, version, sees, letters = cursor.fetchone()
        if encoding != "UTF8" or not sees:
            found.append(
                Error(f"数据库编码为 {encoding}，不能正确保存中文，请用 UTF8 重建数据库。", id="portal.E031")
            )
        if zone != ZONE:
            found.append(
                Error(f"数据库会话的时区是 {zone}，应为 {ZONE}：按日统计会错一天。", id="portal.E032")
            )
        if version < 150000:
            found.append(Error("需要 PostgreSQL 15 或更新版本。", id="portal.E033"))
        if not letters:
            found.append(
                Warning(
                    "数据库的排序规则不认识中文字符，请用 C.UTF-8 或 zh_CN.UTF-8 建立数据库。",
                    hint="CREATE DATABASE … TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8'",
                    id="portal.W031",
                )
            )
    return found


def version_before(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """A database in the middle of migrations that were since put together can be led neither on nor back: what is
    applied would be made a second time, or what is missing be taken as there. `migrate` asks this first."""
    found: list[CheckMessage] = []
    for alias in databases or []:
        applied = set(MigrationRecorder(connections[alias]).applied_migrations())
        replaced: dict[str, set[tuple[str, str]]] = {}
        for (app, _), migration in MigrationLoader(None).disk_migrations.items():
            if app in ROOMS:
                replaced.setdefault(app, set()).update(migration.replaces)
        half = sorted(app for app, names in replaced.items() if names & applied and names - applied)
        if half:
            found.append(
                Error(
                    f"数据库停在较早的版本（{'、'.join(half)}），不能由本版本直接升级。",
                    hint="先用上一个版本运行一次 migrate，再换本版本：docs/operations.md“升级”",
                    id="portal.E034",
                )
            )
    return found


def working_calendar(
    app_configs: Sequence[AppConfig] | None,
    databases: Sequence[str] | None = None,
    today: date | None = None,
    **kwargs: Any,
) -> list[CheckMessage]:
    """In December the next year's holidays must be known, or every date beyond the new year stays provisional."""
    from credit_portal.audit import clock
    from credit_portal.deadlines.holiday_notices import year_missing
    from credit_portal.deadlines.models import CalendarNotice

    for alias in databases or []:
        if CalendarNotice._meta.db_table not in connections[alias].introspection.table_names():
            continue  # before the first migration
        if year := year_missing(today or clock.today()):
            return [
                Warning(
                    f"{year} 年的放假安排尚未录入，跨年的到期日只能暂定。",
                    hint="在管理后台“工作日历”录入，或运行 manage.py load_calendar 文件",
                    id="portal.W051",
                )
            ]
    return []


def deployment(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """What a public service needs besides Django's own list."""
    found: list[CheckMessage] = []
    if set(settings.ALLOWED_HOSTS) <= {"localhost", "127.0.0.1", "[::1]"}:
        found.append(Error("ALLOWED_HOSTS 只含本机，请写上对外的域名。", id="portal.E041"))
    if settings.SITE["address"].startswith("http://"):
        found.append(Warning("SITE_URL 应是 https:// 开头的对外地址：二维码里印的就是它。", id="portal.W042"))
    if not settings.SITE["organiser"]:
        found.append(Warning("SITE_ORGANISER（主办单位）未填，页脚会缺这一项。", id="portal.W041"))
    return found
