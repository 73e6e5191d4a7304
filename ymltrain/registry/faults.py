"""What a storage's own faults mean to a person."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from ymltrain.diagnostics import RegistryError
from ymltrain.kinds.contracts import RegistryBackend

HINTS = {
    errno.EACCES: "ask its owner for access, or choose another registry with `url`",
    errno.EPERM: "the folder may be protected, or its file system may have no hard links, which a registry needs",
    errno.EROFS: "it is mounted read-only; choose another registry with `url`",
    errno.ENOSPC: "free some space and repeat; what was stored already is found again",
    errno.EDQUOT: "your quota is used up; free some space and repeat",
    errno.EOPNOTSUPP: "its file system has no hard links, which a registry needs; choose another place with `url`",
}


@contextmanager
def storage_faults(doing: str, backend: RegistryBackend) -> Iterator[None]:
    """Turn an OSError of the storage into a RegistryError that says what was being done and where."""
    try:
        yield
    except OSError as error:
        where = f" ({error.filename})" if error.filename and str(error.filename) != str(backend) else ""
        raise RegistryError(
            "YT954",
            f"cannot {doing} the registry in {backend}: {error.strerror or error}{where}",
            HINTS.get(error.errno or 0, "nothing is lost: repeat when the storage answers again"),
        ) from error
