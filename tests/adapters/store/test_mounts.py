"""Files of SQLite's on a network share are refused at the start."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.adapters import mounts
from cds_service.adapters.callers.replay import ReplayStore
from cds_service.adapters.databases import database_url, require_folder
from cds_service.adapters.mounts import Mount, mount_of
from cds_service.assembly.adapters import build_store
from cds_service.errors import ConfigurationError
from cds_service.settings import Settings
from cds_service.web.call_log import make_logger

TABLE = r"""
overlay / overlay rw,relatime,lowerdir=/a:/b 0 0
proc /proc proc rw,nosuid 0 0
/dev/sda1 /var ext4 rw 0 0
nas:/export/cds /var/lib/cds nfs4 rw,vers=4.2 0 0
//nas/share /mnt/the\040share cifs rw 0 0
me@host:/ /home/me/away fuse.sshfs rw 0 0
nas:/old /srv nfs rw 0 0
/dev/sdb1 /srv ext4 rw 0 0
broken line
"""


@pytest.mark.parametrize(
    ("file", "at", "kind"),
    [
        ("/var/lib/cds/store.db", "/var/lib/cds", "nfs4"),
        ("/var/lib/cds/deep/er/store.db", "/var/lib/cds", "nfs4"),
        ("/var/lib/cds-service/store.db", "/var", "ext4"),
        ("/var/store.db", "/var", "ext4"),
        ("/mnt/the share/store.db", "/mnt/the share", "cifs"),
        ("/home/me/away/store.db", "/home/me/away", "fuse.sshfs"),
        ("/srv/store.db", "/srv", "ext4"),
        ("/opt/store.db", "/", "overlay"),
    ],
)
def test_a_file_lies_on_what_is_mounted_nearest_above_it(file, at, kind):
    assert mount_of(Path(file), TABLE) == Mount(Path(at), kind)


def test_where_nothing_is_known_nothing_is_found():
    assert mount_of(Path("/x/store.db"), "") is None


@given(st.text(), st.text())
def test_no_table_is_too_odd_to_be_read(name, table):
    mount_of(Path("/", name.replace("\0", "")), table)


@pytest.fixture(params=["nfs", "nfs4", "cifs", "smb3", "fuse.sshfs"])
def share(request, tmp_path, monkeypatch):
    """A folder that the kernel calls a share."""
    folder = tmp_path / "a share"
    folder.mkdir()
    table = tmp_path / "mounts"
    place = str(folder).replace(" ", "\\040")
    table.write_text(f"overlay / overlay rw 0 0\nnas:/x {place} {request.param} rw 0 0\n")
    monkeypatch.setattr(mounts, "TABLE", table)
    return folder


def test_the_message_names_place_and_mend(share):
    with pytest.raises(ConfigurationError) as refused:
        require_folder(database_url(f"sqlite:///{share}/store.db", "store"), "store")
    text = str(refused.value)
    assert text.startswith(f"store: {share}/store.db lies on a network share (")
    assert f" at {share})" in text
    assert "name a file on a local disk, or PostgreSQL" in text


def test_a_link_to_a_share_is_one(share, tmp_path):
    link, file = tmp_path / "link", tmp_path / "store.db"
    link.symlink_to(share)
    file.symlink_to(share / "store.db")
    for path in (link / "store.db", file):
        with pytest.raises(ConfigurationError, match="network share"):
            require_folder(database_url(f"sqlite:///{path}", "store"), "store")


def test_neither_store_starts_on_a_share(share):
    with pytest.raises(ConfigurationError, match=r"^store: .* network share"):
        build_store(
            Settings(dev=True, store=f"sqlite:///{share}/store.db"), make_logger(io.StringIO())
        )
    with pytest.raises(ConfigurationError, match=r"^replay_store: .* network share"):
        ReplayStore(f"sqlite:///{share}/seen.db")
    assert list(share.iterdir()) == []


def test_beside_a_share_all_is_well(share, tmp_path):
    require_folder(database_url(f"sqlite:///{tmp_path}/store.db", "store"), "store")


def test_where_no_table_can_be_read_nothing_is_refused(share, monkeypatch, tmp_path):
    monkeypatch.setattr(mounts, "TABLE", tmp_path / "none")
    require_folder(database_url(f"sqlite:///{share}/store.db", "store"), "store")
