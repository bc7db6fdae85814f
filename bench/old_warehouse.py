"""Makes the warehouse that tests keep of a release: `python -m bench.old_warehouse tests/warehouses/0.1.0.tar.xz`.

One small episode by the offline author, all tables; pictures and journal are left out. It is made once for a release
and never again: later code has to open it.
"""

import sys
import tarfile
import tempfile
from collections.abc import Sequence
from pathlib import Path

from stark_udfs.cli.main import main as stark
from stark_udfs.core.version import VERSION

SMALL = {
    "pipeline.episodes": "1",
    "tracking.enabled": "false",
    "sessions.max_sessions": "3",
    "sessions.min_sessions": "2",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the pipeline once and pack its tables."""
    given = sys.argv[1:] if arguments is None else arguments
    target = Path(given[0] if given else f"tests/warehouses/{VERSION}.tar.xz")
    with tempfile.TemporaryDirectory() as folder:
        places = {
            "storage.tables": f"{folder}/tables",
            "storage.files": f"{folder}/files",
            "spark.log": f"{folder}/log",
        }
        words = [word for name, value in (SMALL | places).items() for word in ("--set", f"{name}={value}")]
        if code := stark(["run", "--target", "demo", *words]):
            return code
        target.parent.mkdir(parents=True, exist_ok=True)
        with tarfile.open(target, "w:xz", preset=9) as tar:
            for path in sorted(Path(folder, "tables").rglob("*")):
                if path.is_file() and path.suffix != ".crc":
                    tar.add(path, path.relative_to(folder), filter=_plain)
    print(f"{target}: {target.stat().st_size:,} bytes")
    return 0


def _plain(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """Without what tells of the machine."""
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member


if __name__ == "__main__":
    sys.exit(main())
