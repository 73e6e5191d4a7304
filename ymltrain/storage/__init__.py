"""What lies below every file ymltrain keeps: atomic creation, digests, and names that are safe as paths."""

from ymltrain.storage.atomic import (
    TEMPORARY_PREFIX,
    create_exclusively,
    move_durably,
    store_by_digest,
    temporary_beside,
    write_durably,
)
from ymltrain.storage.digests import bytes_digest, file_digest, hashed_chunks, is_digest, tensor_digest
from ymltrain.storage.names import alias_problem, model_name_problem
from ymltrain.storage.paths import inside, path_problem, path_set_problem
from ymltrain.storage.reading import read_small

__all__ = [
    "TEMPORARY_PREFIX",
    "alias_problem",
    "bytes_digest",
    "create_exclusively",
    "file_digest",
    "hashed_chunks",
    "inside",
    "is_digest",
    "model_name_problem",
    "move_durably",
    "path_problem",
    "path_set_problem",
    "read_small",
    "store_by_digest",
    "temporary_beside",
    "tensor_digest",
    "write_durably",
]
