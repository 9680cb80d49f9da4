"""Which files lie on a network share: SQLite relies on locks that those do not keep.

https://www.sqlite.org/howtocorrupt.html, 2.1, and https://www.sqlite.org/wal.html, which needs memory
that all processes share.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final, NamedTuple

TABLE: Final = Path("/proc/mounts")
SHARES: Final = frozenset(
    {
        "afs", "beegfs", "ceph", "cifs", "gfs2", "glusterfs", "lustre", "ncpfs", "nfs", "nfs4",
        "ocfs2", "smb", "smb3", "smbfs",
        "fuse.ceph-fuse", "fuse.davfs", "fuse.glusterfs", "fuse.rclone", "fuse.s3fs", "fuse.smbnetfs",
        "fuse.sshfs",
    }
)  # fmt: skip
"""Kinds of file systems as the kernel names them, whose files other machines may write too."""
_ESCAPED: Final = re.compile(r"\\([0-7]{3})")


class Mount(NamedTuple):
    """A file system, and where it hangs in the tree."""

    at: Path
    kind: str


def share_of(file: Path) -> Mount | None:
    """The network share that a file lies on, or would, links followed; None: on none that is known.

    Linux tells; where there is no such table nothing is known.
    """
    try:
        table = TABLE.read_text(encoding="utf-8", errors="surrogateescape")
        found = mount_of(file.resolve(), table)
    except (OSError, RuntimeError):  # links in a circle are nobody's file; opening it will tell
        return None
    return found if found is not None and found.kind in SHARES else None


def mount_of(file: Path, table: str) -> Mount | None:
    """Where a file lies. `file` is absolute, `table` is as of /proc/mounts: device, place, kind and
    more on each line, blanks in names written `\\040` (fstab(5)).
    """
    best: Mount | None = None
    for line in table.split("\n"):
        fields = line.split(" ")
        if len(fields) < 3:
            continue
        at = Path(_ESCAPED.sub(lambda each: chr(int(each[1], 8)), fields[1]))
        # Of two at one place the later lies on top.
        if file.is_relative_to(at) and (best is None or len(at.parts) >= len(best.at.parts)):
            best = Mount(at, fields[2])
    return best
