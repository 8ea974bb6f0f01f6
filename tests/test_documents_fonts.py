"""Paper fonts: made once, whole, by however many processes; what is missing is named."""

import multiprocessing
import time
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from fontTools.ttLib import TTFont

from credit_portal.documents import faces, fonts

RARE = "𬭎䶮㛃喆堃玥"


def test_the_second_preparation_makes_nothing_and_is_quick(capsys: pytest.CaptureFixture[str]) -> None:
    first, _ = fonts.prepare()
    before = {path: path.stat().st_mtime_ns for path in first.folder.iterdir()}
    started = time.perf_counter()
    call_command("prepare_fonts")
    assert time.perf_counter() - started < 2
    assert "已就绪" in capsys.readouterr().out
    assert {path: path.stat().st_mtime_ns for path in first.folder.iterdir()} == before
    assert fonts.current() == first


def test_the_small_face_has_gb2312_and_the_zero_of_years_and_no_rare_character() -> None:
    folder = fonts.current().folder
    for name in ("serif-regular.otf", "serif-bold.otf"):
        with TTFont(folder / name) as face:
            cmap = face.getBestCmap()
        assert all(ord(char) in cmap for char in "承诺栾赞皇鑫鼯〇＊·（）《》“”—…％A0z＿①")
        assert len(faces.small_repertoire() - {chr(code) for code in cmap}) == 0
        assert not any(ord(char) in cmap for char in RARE)
        assert (folder / name).stat().st_size < 3_000_000


def test_every_glyph_keeps_its_shape_when_the_face_is_reordered() -> None:
    """Outlines of the small face are those of the installed font, character by character."""
    from fontTools.pens.recordingPen import RecordingPen

    source = next(source for source in fonts.find_sources()[0] if source.role == "regular")
    with (
        TTFont(source.path, fontNumber=source.index, lazy=True) as installed,
        TTFont(fonts.current().folder / "serif-regular.otf") as small,
    ):
        for char in "承诺栾皇〇，（·Ａa8龟":
            if char not in faces.small_repertoire():
                continue
            drawn = []
            for face in (installed, small):
                pen = RecordingPen()
                glyphs = face.getGlyphSet()
                name = face.getBestCmap()[ord(char)]
                glyphs[name].draw(pen)
                drawn.append((pen.value, glyphs[name].width))
            assert drawn[0] == drawn[1], char
            assert drawn[0][0], char


@pytest.mark.parametrize("char", RARE)
def test_a_rare_character_needs_the_full_face_which_has_it(char: str) -> None:
    assert fonts.needs_full_face(f"栾城区{char}业")
    assert fonts.unprintable(f"栾城区{char}业") == []
    assert not fonts.needs_full_face("栾城区顺达运输，二〇二六年·ＡＢＣ")


def test_characters_in_no_face_are_named_each_once() -> None:
    assert fonts.unprintable("甲\U0010fffd乙\U0010fffd\ue000\u3000\n") == ["\U0010fffd", "\ue000"]


def test_a_font_of_the_deployer_covers_what_the_full_face_lacks() -> None:
    from fontTools.fontBuilder import FontBuilder
    from fontTools.ttLib.tables._g_l_y_f import Glyph

    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder([".notdef", "own"])
    builder.setupCharacterMap({0xE000: "own"})
    builder.setupGlyf({".notdef": Glyph(), "own": Glyph()})
    builder.setupHorizontalMetrics({".notdef": (500, 0), "own": (500, 0)})
    builder.setupHorizontalHeader()
    builder.setupNameTable({"familyName": "Own", "styleName": "Regular"})
    builder.setupOS2()
    builder.setupPost()
    path = fonts.root_folder() / "extra" / "own-test.ttf"
    fonts.prepare()
    try:
        builder.save(path)
        assert fonts.unprintable("\ue000\ue001") == ["\ue001"]
    finally:
        path.unlink(missing_ok=True)
    assert fonts.unprintable("\ue000") == ["\ue000"]


def test_a_machine_without_chinese_fonts_is_told_which_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare = tmp_path / "fonts.conf"
    bare.write_text('<?xml version="1.0"?><fontconfig><dir>/nowhere</dir></fontconfig>')
    monkeypatch.setenv("FONTCONFIG_FILE", str(bare))
    problems = fonts.font_problems()
    assert len(problems) == 3
    assert all("fonts-noto-cjk" in line for line in problems)
    with pytest.raises(CommandError, match="fonts-noto-cjk"):
        call_command("prepare_fonts")


def test_this_machine_has_all_that_paper_needs() -> None:
    assert fonts.font_problems() == []


def test_without_the_fontconfig_program_the_font_folders_are_searched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = [(source.role, source.path, source.index) for source in fonts.find_sources()[0]]
    monkeypatch.setenv("PATH", str(tmp_path))
    assert [(source.role, source.path, source.index) for source in fonts.find_sources()[0]] == listed


def _prepare_slowly(folder: str, log: str, start: float) -> None:
    """In a process of its own: prepare with faces that only leave a line, so that the race is what takes time."""
    from django.conf import settings

    def leave_a_line(path: str, index: int, target: Path, *rest: object) -> None:
        with open(log, "a", encoding="utf-8") as file:
            file.write(target.name + "\n")
        time.sleep(0.05)
        target.write_bytes(b"face")

    settings.DATA_DIR = Path(folder)
    fonts.make_small_face = leave_a_line  # type: ignore[assignment]
    fonts.make_full_face = leave_a_line  # type: ignore[assignment]
    time.sleep(max(0.0, start - time.monotonic()))
    fonts.prepare()


def test_processes_that_prepare_at_once_make_one_whole_folder(tmp_path: Path) -> None:
    log = tmp_path / "log"
    fork = multiprocessing.get_context("fork")
    start = time.monotonic() + 0.3
    workers = [fork.Process(target=_prepare_slowly, args=(str(tmp_path), str(log), start)) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(30)
        assert worker.exitcode == 0
    assert sorted(log.read_text().split()) == sorted(
        ["serif-regular.otf", "serif-full-regular.otf", "serif-bold.otf", "serif-full-bold.otf", "mono.otf"]
    )
    made = [path for path in (tmp_path / "fonts").iterdir() if (path / "mono.otf").is_file()]
    assert len(made) == 1
    assert len(list(made[0].iterdir())) == 5
    assert not list((tmp_path / "fonts").glob(".build-*"))


def test_a_changed_source_font_gets_a_folder_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    source = tmp_path / "Some.otf"
    settings.DATA_DIR = tmp_path

    def found() -> tuple[list[fonts.Source], list[str]]:
        stat = source.stat()
        roles = ("regular", "bold", "mono")
        return [fonts.Source(role, str(source), 0, stat.st_size, stat.st_mtime_ns) for role in roles], []

    def copy(path: str, index: int, target: Path, *rest: object) -> None:
        target.write_bytes(Path(path).read_bytes())

    monkeypatch.setattr(fonts, "find_sources", found)
    monkeypatch.setattr(fonts, "make_small_face", copy)
    monkeypatch.setattr(fonts, "make_full_face", copy)
    source.write_bytes(b"first")
    first = fonts.current()
    assert fonts.current() == first
    source.write_bytes(b"second edition")
    second = fonts.current()
    assert second.version != first.version
    assert (second.folder / "mono.otf").read_bytes() == b"second edition"
    monkeypatch.setattr(fonts, "RECIPE", "another")
    assert fonts.current().version != second.version
