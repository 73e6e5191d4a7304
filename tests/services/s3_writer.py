"""A process that registers versions in a bucket and prints each number once it is told that it is committed.

Usage: python s3_writer.py ENDPOINT PREFIX BUNDLE COUNT
"""

from __future__ import annotations

import sys
from pathlib import Path

from ymltrain.builtin.registry.filesystem import FilesystemParams, FilesystemRegistry
from ymltrain.registry import Registry

endpoint, prefix, bundle, count = sys.argv[1:]
options = {"endpoint_url": endpoint, "key": "tester", "secret": "testing-only"}
registry = Registry(FilesystemRegistry(FilesystemParams(url=f"s3://registry/{prefix}", options=options)))
for _ in range(int(count)):
    sys.stdout.write(f"{registry.register(Path(bundle), model='m').version}\n")
    sys.stdout.flush()
