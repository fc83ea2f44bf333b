"""What is at a path."""

import errno
import stat
from pathlib import Path

SPECIAL = {
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}
"""Names of what is neither a file nor a folder, by type: opening a named pipe, for example, could block forever."""


def mode_of(path: Path, *, follow: bool = True) -> int | None:
    """Return the mode (`stat`) of what is at `path`, or of a link's target; None if nothing is or can be there.

    Raises:
        OSError: it cannot be determined at the moment.
    """
    try:
        return path.stat(follow_symlinks=follow).st_mode
    except (FileNotFoundError, NotADirectoryError, ValueError):  # ValueError: a null character
        return None
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            return None
        raise
