"""What every test stands on: a real database, a real queue server, and folders of its own."""

import gc
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest
import pytest_django

if TYPE_CHECKING:
    from tests import scenes

# Each worker has its own database (pytest-django sees to it) and its own number on the queue server.
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")
NEEDED = ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "FIELD_KEYS")
if all(os.environ.get(name) for name in NEEDED):
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "credit_portal.settings")
    # A thread of a test server would keep its connection, and the database could not be dropped.
    os.environ["CONN_MAX_AGE"] = "0"
    if WORKER:
        server, _, _ = os.environ["REDIS_URL"].rpartition("/")
        os.environ["REDIS_URL"] = f"{server}/{1 + int(WORKER.removeprefix('gw')) % 15}"


# How long a made-up example takes says how busy the machine is, not whether a rule holds.
hypothesis.settings.register_profile(
    "portal", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
# The whole suite (`.ci/test`) judges a change: the same code gets the same examples, and one found by chance does not fail
# whoever comes next. What is found by chance is for `make fuzz` and for a file run by itself.
hypothesis.settings.register_profile(
    "same", hypothesis.settings.get_profile("portal"), derandomize=True, database=None
)
hypothesis.settings.load_profile("same" if os.environ.get("SAME_EXAMPLES") == "1" else "portal")


def find_chromium() -> str | None:
    """A Chromium to drive, or None: `CHROMIUM`, then the system's, then Playwright's own. The one without a window of its
    own is the same engine and opens a page for a fifth of the time."""
    for name in (
        os.environ.get("CHROMIUM"),
        "chromium-headless-shell",
        "chromium",
        "chromium-browser",
        "google-chrome",
        "google-chrome-stable",
    ):
        if name and (found := shutil.which(name)):
            return found
    downloads = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or Path.home() / ".cache" / "ms-playwright")
    return next(
        (str(path) for path in sorted(downloads.glob("chromium-*/chrome-linux*/chrome"), reverse=True)), None
    )


def pytest_configure(config: pytest.Config) -> None:
    missing = [name for name in NEEDED if not os.environ.get(name)]
    if missing:
        raise pytest.UsageError(
            f"缺少 {'、'.join(missing)}：请用 make test 运行全部测试，或用 "
            "python -m credit_portal.local exec -- python -m pytest tests/某个文件.py 运行一部分。"
            " (Tests need a database: run them with `make test`.)"
        )
    if sys.version_info < (3, 11, 4):
        # Before 3.11.4 (Debian 12 has 3.11.2) reading source for a report fails inside the browser driver's greenlets,
        # and with it the whole run: a plain traceback reads none.
        config.option.tbstyle = "native"
    if os.environ.get("REQUIRE_BROWSER") == "1" and find_chromium() is None:
        raise pytest.UsageError(
            "REQUIRE_BROWSER=1，但没有找到 Chromium：请安装 chromium，或用 CHROMIUM 指明它的位置。"
        )
    from django.conf import settings

    _let_tests_empty_the_log()
    # A worker of a parallel run has read the settings before this file: the queue's number is said again.
    settings.REDIS_URL = settings.CELERY_BROKER_URL = settings.CACHES["default"]["LOCATION"] = os.environ[
        "REDIS_URL"
    ]

    # Before anything is stored: no test writes among the data of whoever runs it.
    scratch = tempfile.mkdtemp(prefix="credit-portal-test-")
    config.add_cleanup(lambda: shutil.rmtree(scratch, ignore_errors=True))
    for name in ("default", "evidence", "exchange", "results"):
        settings.STORAGES[name]["OPTIONS"]["location"] = f"{scratch}/{name}"
    # Pages are looked at without collecting static files first.
    settings.STATIC_ROOT = Path(scratch) / "static"
    settings.STATIC_ROOT.mkdir()
    settings.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    _remember_pages_not_widgets()
    _count_what_a_page_asks()
    # Logins in tests are many, and nobody attacks these passwords.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def _remember_pages_not_widgets() -> None:
    """The test client copies the context of every template that it sees rendered; a form of the back office has hundreds
    of widgets, and no test asks what stood in one of them."""
    from django.test import client

    plain = client.store_rendered_templates

    def store_rendered_templates(store, signal, sender, template, context, **kwargs):
        if not (template.name or "").startswith(("django/forms/", "unfold/")):
            plain(store, signal, sender, template, context, **kwargs)

    client.store_rendered_templates = store_rendered_templates


def _count_what_a_page_asks() -> None:
    """A process remembers some things for a minute or a few: the deployment's region, how common parts of names are, how
    long the list is. Whether that time ends between two counts is chance, and a page would be said to ask once more than it
    does: they are read before the counting begins."""
    from django.test.utils import CaptureQueriesContext

    plain = CaptureQueriesContext.__enter__

    def enter(self):
        from credit_portal.registry import site
        from disclosure import fragments, search

        site.forget_place()
        site.place()
        fragments.shares()
        search.all_listed()
        return plain(self)

    CaptureQueriesContext.__enter__ = enter


def _let_tests_empty_the_log() -> None:
    """A test that commits (`transaction=True`) is followed by emptying every table; the log's triggers refuse that,
    so they rest for exactly this moment. In all other moments of a test they stand as in production."""
    from django.db import models, transaction  # noqa: F401  (the operations cannot be loaded before the models)
    from django.db.backends.postgresql.operations import DatabaseOperations

    from tests import emptying

    plain = DatabaseOperations.execute_sql_flush

    def execute_sql_flush(self, sql_list):
        resting = emptying.guards(32)
        with transaction.atomic(using=self.connection.alias), self.connection.cursor() as cursor:
            for table, trigger in resting:
                cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER {trigger}")
            plain(self, sql_list)
            for table, trigger in resting:
                cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER {trigger}")

    DatabaseOperations.execute_sql_flush = execute_sql_flush


SCENE = pytest.StashKey["scenes.Scene"]()

# The first one makes the migrated database, the second one the paper fonts, the third one needs neither: nobody waits. Then
# those that take long, the longest first: a worker that gets one of them last would have the other ones wait.
LONG = (
    "test_odd_input", "test_documents_pdf", "test_verification_rules", "test_setup", "test_demo", "test_permission_table", "test_permissions",
    "test_self_service_journey", "test_column", "test_window_faults", "test_objections_journey", "test_window_journey",
    "test_admin_browser", "test_life", "test_naughty_strings", "test_checks_journey", "test_consequences_journey",
    "test_drill_smoke", "test_bulk_hostile", "test_queue", "test_admin_pages", "test_handover_journey",
    "test_house_browser", "test_grades_journey", "test_rechecks_journey", "test_late_journey", "test_me_journey",
    "test_warnings_journey", "test_repair_journey", "test_associations_journey", "test_breach_journey",
    "test_units_journey", "test_capture_journey", "test_list_methods_journey", "test_consent_journey",
    "test_seed_scale", "test_api_fuzz", "test_repair", "test_repair_pages",
)  # fmt: skip


def _commits(item: pytest.Item) -> bool:
    marker = item.get_closest_marker("django_db")
    return bool(marker and marker.kwargs.get("transaction")) or not {
        "transactional_db",
        "live_server",
    }.isdisjoint(getattr(item, "fixturenames", ()))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    files = {path: number for number, path in enumerate(dict.fromkeys(item.path for item in items))}
    items.sort(
        key=lambda item: (
            LONG.index(item.path.stem) if item.path.stem in LONG else len(LONG),
            files[item.path],
            # See scenes.py.
            2 if _commits(item) else 1 if "scene" in getattr(item, "fixturenames", ()) else 0,
        )
    )
    if find_chromium() is not None:
        for item in items:
            if item.get_closest_marker("browser"):
                # A browser on a busy machine now and then loses a moment that nobody can wait for. What is wrong with
                # the product fails twice; a second try is said in the summary.
                item.add_marker(pytest.mark.flaky(reruns=1))
        return
    browser = [item for item in items if item.get_closest_marker("browser")]
    if browser:
        config.hook.pytest_deselected(items=browser)
        items[:] = [item for item in items if item not in browser]


def pytest_collection_finish(session: pytest.Session) -> None:
    # What has been loaded by now stays: looking through it for garbage again and again takes a tenth of the time.
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 20)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if find_chromium() is None:
        terminalreporter.write_line(
            "未找到 Chromium，浏览器测试没有运行（安装 chromium 后再运行 make test）。"
        )


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of the Chromium that browser tests drive; their tests carry `@pytest.mark.browser`."""
    found = find_chromium()
    assert found is not None
    return found


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings: None, django_db_blocker: "pytest_django.DjangoDbBlocker"
) -> None:
    """Each worker's database is a copy of one that has been migrated."""
    from django.db import connection

    from tests import migrated

    with django_db_blocker.unblock():
        connection.settings_dict["TEST"]["TEMPLATE"] = migrated.template()
        connection.close()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: "pytest_django.DjangoDbBlocker") -> None:
    """The test database. A test that commits is followed by emptying every table: what migrations had put there
    (the regions) comes back at once, as permissions and groups do, so that no test depends on which ran before."""
    from django.apps import AppConfig, apps
    from django.db.models.signals import post_migrate
    from django.test import TransactionTestCase

    from credit_portal.deadlines.models import CalendarDay, CalendarNotice
    from credit_portal.registry.models import Region
    from disclosure.models import LaunchDate
    from tests import emptying

    shipped = {
        "registry": {Region: Region.objects.order_by("path")},
        "deadlines": {CalendarNotice: CalendarNotice.objects.all(), CalendarDay: CalendarDay.objects.all()},
        "disclosure": {LaunchDate: LaunchDate.objects.all()},
    }
    with django_db_blocker.unblock():
        kept = {
            app: {model: list(rows.values()) for model, rows in models.items()}
            for app, models in shipped.items()
        }

    def put_back(using: str, app_config: AppConfig, **_: object) -> None:
        for model, rows in kept[app_config.label].items():
            if not model.objects.using(using).exists():
                model.objects.using(using).bulk_create([model(**row) for row in rows])

    for app in kept:
        post_migrate.connect(put_back, sender=apps.get_app_config(app), weak=False)

    with django_db_blocker.unblock():
        shipped_rows = emptying.Shipped()
    whole = TransactionTestCase._fixture_teardown

    def empty(case: TransactionTestCase) -> None:
        if case.available_apps is not None or not shipped_rows.put_back():
            whole(case)

    TransactionTestCase._fixture_teardown = empty


@pytest.fixture(scope="module", autouse=True)
def blank_papers(request: pytest.FixtureRequest) -> Iterator[None]:
    """Papers are printed when they are looked at: see blank_papers.py."""
    from tests import blank_papers

    if request.path.stem in blank_papers.PRINTED or request.path.parent.name == "browser":
        yield
        return
    with blank_papers.blank():
        yield


@pytest.fixture(scope="module")
def scene(
    request: pytest.FixtureRequest, django_db_setup: None, django_db_blocker: "pytest_django.DjangoDbBlocker"
) -> Iterator["scenes.Scene"]:
    """What the tests of a file stand on: see scenes.py."""
    from tests import scenes

    with django_db_blocker.unblock():
        opened = scenes.Scene()
        request.config.stash[SCENE] = opened
        yield opened
        opened.close()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    opened = item.config.stash.get(SCENE, None)
    if opened is not None and opened.is_open and _commits(item):
        opened.close()


@pytest.fixture(autouse=True)
def empty_cache() -> Iterator[None]:
    """What one test leaves in the cache is not there for the next."""
    from django.core.cache import cache

    yield
    cache.clear()
