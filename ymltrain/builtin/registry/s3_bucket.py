"""A registry in a bucket of S3, or of a server that speaks its protocol, by conditional puts (`If-None-Match: *`)."""

from __future__ import annotations

import errno
import random
import time
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

from ymltrain.api import PluginError
from ymltrain.builtin.registry.keys import check_key, is_key
from ymltrain.builtin.registry.object_store import ObjectStore

CONFLICT_TRIES = 6


class S3Bucket(ObjectStore):
    """The contract of `RegistryBackend` over a bucket; endpoint and credentials by `options` or the environment."""

    def _create(self, key: str, content: bytes) -> bool:
        """One PutObject under a condition; never a multipart upload, to which servers apply no condition.

        409 says that another put of the key is under way and this one was not made: it is repeated. An answer that
        was lost and a put that a library repeats both show as 412 against our own object; the caller reads back.
        """
        bucket, path = self._split(key)
        for attempt in range(CONFLICT_TRIES):
            try:
                with self._faults():
                    self._fs.call_s3("put_object", Bucket=bucket, Key=path, Body=content, IfNoneMatch="*")
            except OSError as error:
                answer = _answer(error)
                if answer in ("PreconditionFailed", "412") or isinstance(error, FileExistsError):
                    return False
                if answer not in ("ConditionalRequestConflict", "409") or attempt == CONFLICT_TRIES - 1:
                    raise
                time.sleep(random.uniform(0.02, 0.05) * 2**attempt)  # noqa: S311 - no secret
            else:
                return True
        raise AssertionError

    def folders(self, prefix: str) -> Sequence[str]:
        if prefix:
            check_key(prefix)
        bucket, start = self._folder(prefix)
        with self._faults():
            pages = self._pages(Bucket=bucket, Prefix=start, Delimiter="/")
            names = (
                str(entry["Prefix"]).removeprefix(start).rstrip("/") for page in pages for entry in page.get("CommonPrefixes", ())
            )
            return sorted(name for name in names if is_key(name))

    def _keys(self, prefix: str, after: str) -> Iterator[str]:
        bucket, start = self._folder(prefix)
        _, root = self._folder("")
        more = {"StartAfter": f"{root}{after}"} if after else {}
        for page in self._pages(Bucket=bucket, Prefix=start, **more):
            for entry in page.get("Contents", ()):
                yield str(entry["Key"]).removeprefix(root)

    def _pages(self, **request: Any) -> Iterator[dict[str, Any]]:
        token: dict[str, str] = {}
        while True:
            page: dict[str, Any] = self._fs.call_s3("list_objects_v2", **request, **token)
            yield page
            if not page.get("IsTruncated"):
                return
            token = {"ContinuationToken": page["NextContinuationToken"]}

    def _split(self, key: str) -> tuple[str, str]:
        bucket, _, path = self._path(key).partition("/")
        return bucket, path

    def _folder(self, prefix: str) -> tuple[str, str]:
        """The bucket, and what all keys below a folder begin with."""
        bucket, _, path = f"{self._root}/{prefix}".rstrip("/").partition("/")
        return bucket, f"{path}/" if path else ""

    @cached_property
    def _fs(self) -> Any:
        try:
            import s3fs
        except ImportError:
            raise PluginError("YT950", f"{self._url} needs s3fs", "pip install 'ymltrain[s3]'") from None
        return s3fs.S3FileSystem(use_listings_cache=False, **self._options)


def _answer(error: OSError) -> str:
    """The server's own code for what it refused: s3fs gives a condition that did not hold various errors."""
    cause: Any = error
    while cause is not None:
        response = getattr(cause, "response", None)
        if isinstance(response, dict):
            return str(response.get("Error", {}).get("Code", ""))
        cause = cause.__cause__
    return "PreconditionFailed" if error.errno == errno.EEXIST else ""
