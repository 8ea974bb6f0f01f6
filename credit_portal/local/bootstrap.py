"""From a bare machine to a virtual environment: `python3 credit_portal/local/bootstrap.py run|dev [--browser]`.

Runs before anything is installed: standard library only, run by its path with the system's Python.
"""

import ctypes
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
NEEDED_PYTHON = (3, 11)

# Library that WeasyPrint loads → Debian's and Ubuntu's package with it.
LIBRARIES = {
    "libpango-1.0.so.0": "libpango-1.0-0",
    "libpangoft2-1.0.so.0": "libpangoft2-1.0-0",
    "libharfbuzz-subset.so.0": "libharfbuzz-subset0",
}
PAPER_FONTS = ("Noto Serif CJK SC", "Source Han Serif SC", "Source Han Serif CN")
# The same engine without a window of its own: a page costs it a quarter of the processor time.
QUICK_BROWSER = "chromium-headless-shell"
BROWSERS = (QUICK_BROWSER, "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def missing_packages(*, tests: bool, browser: bool) -> list[str]:
    """Debian packages that are needed and not there, judged by what they bring, not by dpkg.

    `browser` insists on a Chromium; `tests` asks for what driving one needs only where there is one.
    """
    missing = []
    try:
        # Debian's python3 comes without it, and `python3 -m venv` then fails half-way.
        import ensurepip  # noqa: F401 - only whether it is there
    except ImportError:
        system = Path(sys.executable).resolve() == Path("/usr/bin/python3").resolve()
        missing.append(
            "python3-venv" if system else f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"
        )
    for library, package in LIBRARIES.items():
        try:
            ctypes.CDLL(library)
        except OSError:
            missing.append(package)
    if shutil.which("fc-list") is None:
        missing.append("fontconfig")
    if not any(_has_font(name) for name in PAPER_FONTS):
        missing.append("fonts-noto-cjk")
    if not Path("/usr/share/zoneinfo/Asia/Shanghai").exists():
        missing.append("tzdata")
    found = bool(os.environ.get("CHROMIUM")) or any(shutil.which(name) for name in BROWSERS)
    if browser and not found:
        missing.append("chromium")
    if browser or (tests and found):
        # The driver of browser tests brings a Node.js of its own, which needs this.
        try:
            ctypes.CDLL("libatomic.so.1")
        except OSError:
            missing.append("libatomic1")
    return missing


def _has_font(family: str) -> bool:
    if shutil.which("fc-list") is None:
        return any(Path("/usr/share/fonts").rglob("NotoSerifCJK-*.ttc"))
    listed = subprocess.run(["fc-list", f":family={family}"], capture_output=True, text=True, check=False)
    return bool(listed.stdout.strip())


def install_packages(packages: list[str]) -> bool:
    """Install them as root by apt; otherwise say the one line that does. True when they are installed."""
    line = install_line(packages)
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        print(f"缺少系统软件包。请先执行：\n\n    sudo {line}\n\n然后重新运行。", file=sys.stderr)
        if shutil.which("apt-get") is None:
            print("（以上是 Debian、Ubuntu 的包名；其他系统请安装对应的软件包。）", file=sys.stderr)
        return False
    print(f"安装系统软件包：{' '.join(packages)} …", flush=True)
    if failed := apt(packages):
        print(failed, file=sys.stderr)
    return not failed


def install_line(packages: list[str]) -> str:
    return f"apt-get install -y --no-install-recommends {' '.join(packages)}"


def apt(packages: list[str]) -> str:
    """Install them; what went wrong, or nothing."""
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for command in (["apt-get", "update", "-q"], install_line(packages).split()):
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            return f"{done.stdout[-2000:]} {done.stderr[-2000:]}\n{' '.join(command)} 失败。"
    return ""


def prefer_quick_browser() -> None:
    """For browser tests. Where there is none to be had, any other Chromium will do."""
    if (
        not os.environ.get("CHROMIUM")
        and shutil.which(QUICK_BROWSER) is None
        and os.geteuid() == 0
        and shutil.which("apt-get") is not None
    ):
        print(f"安装浏览器：{QUICK_BROWSER} …", flush=True)
        if apt([QUICK_BROWSER]):
            print("没有这个软件包，改用 chromium。")


def install_locked(kind: str) -> bool:
    """The virtual environment with the packages of `.locks/KIND.txt`; nothing to do when they are in already."""
    # A copy of the folder, or a newer system, leaves a virtual environment that cannot start.
    if not PYTHON.exists() or subprocess.run([str(PYTHON), "-c", "import pip"], check=False).returncode != 0:
        print("建立虚拟环境 .venv …", flush=True)
        if subprocess.run([sys.executable, "-m", "venv", "--clear", str(VENV)], check=False).returncode != 0:
            print("建立 .venv 失败，原因见上。", file=sys.stderr)
            return False
    # What tests and checks need contains what running needs.
    if any(_installed(each) for each in {kind, "dev"}):
        return True
    lock = ROOT / ".locks" / f"{kind}.txt"
    print("安装依赖（首次约需一分钟）…", flush=True)
    # The lock names everything: nothing is left for pip to decide.
    command = [str(PYTHON), "-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"]
    if subprocess.run([*command, "--no-deps", "--requirement", str(lock)], check=False).returncode != 0:
        print("安装依赖失败，原因见上。可设 PIP_INDEX_URL 使用别的软件源。", file=sys.stderr)
        return False
    (VENV / f"installed-{kind}").write_text(_hash(kind))
    return True


def _hash(kind: str) -> str:
    return hashlib.sha256((ROOT / ".locks" / f"{kind}.txt").read_bytes()).hexdigest()


def _installed(kind: str) -> bool:
    stamp = VENV / f"installed-{kind}"
    return stamp.is_file() and stamp.read_text() == _hash(kind)


def main() -> int:
    """0 when all is in place; 1 with a Chinese reason on stderr."""
    arguments = sys.argv[1:]
    if sys.version_info < NEEDED_PYTHON:
        found = ".".join(str(part) for part in sys.version_info[:3])
        print(
            f"需要 Python 3.11 或更新版本，找到的是 {found}。可用 make PYTHON=python3.12 指定。",
            file=sys.stderr,
        )
        return 1
    if "--browser" in arguments:
        prefer_quick_browser()
    packages = missing_packages(tests="dev" in arguments, browser="--browser" in arguments)
    if packages and not install_packages(packages):
        return 1
    return 0 if install_locked("dev" if "dev" in arguments else "run") else 1


if __name__ == "__main__":
    raise SystemExit(main())
