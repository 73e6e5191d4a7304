"""Examples at the end of a verb's help."""

from __future__ import annotations


def examples(*commands: str) -> str:
    r"""An epilog of commands to copy, a line each; click keeps the lines of a paragraph that begins with \b."""
    return "\b\nExamples:\n" + "\n".join(f"  {command}" for command in commands)
