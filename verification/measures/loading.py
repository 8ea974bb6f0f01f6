"""Lists of subjects, the measures that follow and the sites where to look, from readable files (TOML, one a region) into
the database.

A file: `region`, `title`, `effective_from`, then `[[list]]` tables (`code`, `name`, `sort`, `holder`, `exit_rule`),
`[[measure]]` tables (`whom`, `nature`, `effect`, `text`, `domain`, `step`, `basis`) and `[[source]]` tables (`name`,
`address`, `basis`). What a document of the region itself
says was approved there; loaded again, only what is new is added, and what the office has changed stays.
"""

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from credit_portal.audit import events
from credit_portal.registry.models import Region
from verification.models import CheckSource, CreditList, ListedMeasure

SHIPPED = Path(__file__).parent / "shipped"
HEAD = {"region", "title", "effective_from", "list", "measure", "source"}
SOURCE_FIELDS = {"name", "address", "basis"}
LIST_FIELDS = {"code", "name", "sort", "holder", "exit_rule"}
MEASURE_FIELDS = {
    "whom",
    "nature",
    "effect",
    "text",
    "domain",
    "step",
    "basis",
    "effective_from",
    "effective_to",
}


class MeasuresError(ValueError):
    """Nothing was loaded; `problems` are Chinese sentences naming file, place and field."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = list(problems)
        super().__init__("\n".join(self.problems))


@dataclass
class Loaded:
    lists: int = 0
    measures: int = 0
    sources: int = 0
    unchanged: int = 0


@dataclass
class _File:
    name: str
    region: str
    since: date | None
    lists: list[dict[str, Any]] = field(default_factory=list)
    measures: list[dict[str, Any]] = field(default_factory=list)
    sources: list[dict[str, Any]] = field(default_factory=list)


@transaction.atomic
def load(path: Path, *, now: datetime) -> Loaded:
    """Load a file, or every `*.toml` of a folder: all or nothing. Raises MeasuresError with every problem."""
    paths = sorted(path.glob("*.toml")) if path.is_dir() else [path]
    if not paths or not all(one.is_file() for one in paths):
        raise MeasuresError([f"没有措施文件或者文件夹 {path}。"])
    problems: list[str] = []
    files = [_read(one, problems) for one in paths]
    if problems:
        raise MeasuresError(problems)
    loaded = Loaded()
    for file in files:
        _lists(file, loaded, problems)
        _sources(file, loaded, problems)
    known = {one.code: one for one in CreditList.objects.all()}
    for file in files:
        _measures(file, known, loaded, problems, now=now)
    if problems:
        raise MeasuresError(problems)
    events.measures_loaded(now=now, lists=loaded.lists, measures=loaded.measures)
    return loaded


def _read(path: Path, problems: list[str]) -> _File:
    name = f"文件 {path.name}"
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError:
        problems.append(f"{name}：不是 UTF-8 文字。")
        return _File(name, "", None)
    except tomllib.TOMLDecodeError as error:
        at = re.search(r"line (\d+), column (\d+)", str(error))
        place = f"第 {at[1]} 行第 {at[2]} 列" if at else "文件末尾"
        problems.append(f"{name}：{place}不是有效的 TOML 写法。")
        return _File(name, "", None)
    problems += [f"{name}，字段 {unknown}：没有这个字段。" for unknown in sorted(set(content) - HEAD)]
    region, since = content.get("region"), content.get("effective_from")
    if not isinstance(region, str) or not Region.objects.filter(code=region).exists():
        problems.append(f"{name}，字段 region：没有行政区划 {region}。")
    if since is not None and type(since) is not date:
        problems.append(f"{name}，字段 effective_from：应为日期（如 2020-09-12）。")
        since = None
    file = _File(name, str(region), since)
    for word, fields, into in (
        ("list", LIST_FIELDS, file.lists),
        ("measure", MEASURE_FIELDS, file.measures),
        ("source", SOURCE_FIELDS, file.sources),
    ):
        for number, table in enumerate(content.get(word, []), 1):
            unknown = sorted(set(table) - fields)
            where = f"{name}，第 {number} 个 {word}"
            problems += [f"{where}，字段 {one}：没有这个字段。" for one in unknown]
            into.append(table | {"_where": where})
    return file


def _sources(file: _File, loaded: Loaded, problems: list[str]) -> None:
    for order, table in enumerate(file.sources, 1):
        row = CheckSource(
            region_id=file.region, order=order * 10, **{key: table.get(key, "") for key in SOURCE_FIELDS}
        )
        if CheckSource.objects.filter(region=file.region, name=row.name).exists():
            loaded.unchanged += 1
        elif _valid(row, table["_where"], problems):
            row.save()
            loaded.sources += 1


def _lists(file: _File, loaded: Loaded, problems: list[str]) -> None:
    for table in file.lists:
        if CreditList.objects.filter(code=table.get("code")).exists():
            loaded.unchanged += 1
            continue
        row = CreditList(region_id=file.region, **{key: table.get(key, "") for key in LIST_FIELDS})
        # A list kept by a procedure of its own is left by the decision that put a subject there.
        if _valid(row, table["_where"], problems, exclude=() if row.exit_rule else ("exit_rule",)):
            row.save()
            loaded.lists += 1


def _measures(
    file: _File, known: dict[str, CreditList], loaded: Loaded, problems: list[str], *, now: datetime
) -> None:
    for table in file.measures:
        where = table["_where"]
        whom = known.get(str(table.get("whom")))
        if whom is None:
            problems.append(f"{where}，字段 whom：没有名单“{table.get('whom', '')}”。")
            continue
        row = ListedMeasure(
            region_id=file.region,
            whom=whom,
            effective_from=table.get("effective_from", file.since),
            effective_to=table.get("effective_to"),
            entered_at=now,
            approved_at=now,
            **{key: table.get(key, "") for key in ("nature", "effect", "text", "domain", "step", "basis")},
        )
        same = ListedMeasure.objects.filter(
            region=file.region, whom=whom, effect=row.effect, domain=row.domain, step=row.step, item=None,
            effective_from=row.effective_from, text=row.text,
        )  # fmt: skip
        if same.exists():
            loaded.unchanged += 1
        elif _valid(row, where, problems):
            row.save()
            loaded.measures += 1


def _valid(row: Any, where: str, problems: list[str], exclude: Sequence[str] = ()) -> bool:
    try:
        row.full_clean(exclude=list(exclude))
    except ValidationError as error:
        for name, said in error.message_dict.items():
            problems.append(f"{where}，字段 {name}：{''.join(said)}")
        return False
    return True
