"""What lies below every file ymltrain keeps: atomic creation, digests, and names that are safe as paths."""

from ymltrain.storage.atomic import copy_exclusively, create_exclusively, temporary_beside, write_durably
from ymltrain.storage.digests import bytes_digest, file_digest, is_digest, tensor_digest
from ymltrain.storage.names import alias_problem, model_name_problem
from ymltrain.storage.paths import inside, path_problem, path_set_problem

__all__ = [
    "alias_problem",
    "bytes_digest",
    "copy_exclusively",
    "create_exclusively",
    "file_digest",
    "inside",
    "is_digest",
    "model_name_problem",
    "path_problem",
    "path_set_problem",
    "temporary_beside",
    "tensor_digest",
    "write_durably",
]
