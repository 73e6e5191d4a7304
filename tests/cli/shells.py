"""A real shell in a pseudo terminal: what a person types, and the words that came of it."""

import fcntl
import os
import pty
import re
import select
import shutil
import struct
import sys
import termios
import time
from pathlib import Path

PROMPT_OFF = {
    "bash": "PS1=; PS2=; bind 'set enable-bracketed-paste off'; bind 'set show-all-if-ambiguous on'; bind 'set page-completions off'",
    "zsh": "PS1=; PS2=; unsetopt zle_bracketed_paste prompt_cr; bindkey -e; autoload -U compinit; compinit -D",
    "fish": "function fish_prompt; end; function fish_right_prompt; end; set -g fish_greeting; set -g fish_autosuggestion_enabled 0",
}
START = {
    "bash": ["bash", "--norc", "--noprofile", "-i"],
    "zsh": ["zsh", "-f", "-i"],
    "fish": ["fish", "--no-config", "-i"],
}
LOAD = {
    "bash": 'eval "$(ymltrain completion bash)"',
    "zsh": 'eval "$(ymltrain completion zsh)"',
    "fish": "ymltrain completion fish | source",
}
SHOW = {
    "bash": "show() { printf '<%s>' \"$@\"; echo; }",
    "zsh": "show() { printf '<%s>' \"$@\"; echo; }",
    "fish": "function show; printf '<%s>' $argv; echo; end",
}
LIMIT = 60


class Shell:
    """A shell with the completion of ymltrain loaded, in a folder."""

    def __init__(self, name, folder):
        self._ends = 0
        self._read = b""
        program, *arguments = START[name]
        assert shutil.which(program), f"these tests need {program}: make shells"
        environment = {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(folder),
            "TERM": "dumb" if name != "fish" else "xterm",
            "LC_ALL": "C.UTF-8",
        }
        self._process, self._terminal = pty.fork()
        if self._process == 0:
            os.chdir(folder)
            os.execvpe(program, [program, *arguments], environment)
        fcntl.ioctl(self._terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 200, 0, 0))
        for line in (PROMPT_OFF[name], SHOW[name], LOAD[name]):
            self.run(line)

    def run(self, line):
        """Run a line; what the terminal shows until it is done."""
        return self._after(f"{line}\r")

    def complete(self, typed):
        """Type, press TAB and X, and see which words the line has then: the X stands alone after what is done."""
        shown = self._after(f"{typed}\tX\x01show \r")  # \x01 goes to the beginning of the line
        lines = [line for line in shown.splitlines() if re.search(r"(<[^<>]*>)+$", line)]
        return re.findall(r"<([^<>]*)>", lines[-1])

    def candidates(self, typed):
        """What the terminal shows when TAB is pressed where several could stand."""
        return self._after(f"{typed}\t\t\x01show \r")

    def close(self):
        """End the shell."""
        os.kill(self._process, 9)
        os.waitpid(self._process, 0)
        os.close(self._terminal)

    def _after(self, keys):
        self._ends += 1
        self._write(f"{keys}echo E''ND{self._ends}.\r")
        return self._until(f"END{self._ends}.")

    def _write(self, text):
        os.write(self._terminal, text.encode())

    def _until(self, end):
        deadline = time.monotonic() + LIMIT
        while True:
            before, found, after = self._read.partition(end.encode())
            if found:
                self._read = after
                return before.decode(errors="replace").replace("\r", "")
            assert time.monotonic() < deadline, f"no {end} in {self._read!r}"
            if select.select([self._terminal], [], [], 1)[0]:
                self._read += os.read(self._terminal, 65536)
