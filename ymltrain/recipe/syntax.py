"""Pass 2: YAML text to a tree of plain values, every key and value with its place.

The tree is built from libyaml's events and nothing is ever constructed from a tag. Beyond YAML's own
rules: keys are text, a key may stand once, there are no tags and no merge keys, and size, depth and the
growth by aliases are bounded.
"""

from __future__ import annotations

import yaml

from ymltrain.diagnostics import Diagnostic, Diagnostics, Source, Span
from ymltrain.recipe.document import Node, Scalar, count_nodes
from ymltrain.recipe.scalars import ScalarError, read_scalar

MAX_DEPTH = 64
MAX_NODES = 100_000

_Parser = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _UnreadableError(Exception):
    """Reading cannot go on; what is wrong has been reported."""


def parse_syntax(source: Source, diagnostics: Diagnostics, start: int = 0) -> Node | None:
    """The document's root node, or None when the text cannot be read as one YAML document.

    `start` leaves out the beginning of a one-line source (the key path of an override).
    """
    try:
        return _Builder(source, diagnostics, start).document()
    except _UnreadableError:
        return None
    except yaml.MarkedYAMLError as error:
        diagnostics.add(_explain(error, source))
    except yaml.reader.ReaderError as error:
        line = source.text.count("\n", 0, error.position) + 1
        column = error.position - (source.text.rfind("\n", 0, error.position) + 1) + 1
        span = Span(source, line, column, line, column + 1)
        code_point = error.character if isinstance(error.character, int) else ord(error.character)
        message = f"the character U+{code_point:04X} may not stand in YAML"
        diagnostics.add(Diagnostic("YT103", message, "remove it", span))
    return None


class _Builder:
    """Turns one stream of YAML events into nodes."""

    def __init__(self, source: Source, diagnostics: Diagnostics, start: int) -> None:
        self._source = source
        self._diagnostics = diagnostics
        self._events = _Parser(" " * start + source.text[start:])
        self._anchors: dict[str, Node | None] = {}
        self._nodes = 0

    def document(self) -> Node:
        self._events.get_event()
        start = self._events.get_event()
        if isinstance(start, yaml.StreamEndEvent):
            raise self._stopping("YT104", "the file is empty", "a recipe starts with `recipe: 1`", Span(self._source, 1, 1, 1, 1))
        root = self._node(depth=0)
        self._events.get_event()
        more = self._events.get_event()
        if not isinstance(more, yaml.StreamEndEvent):
            raise self._stopping("YT105", "a second YAML document starts here", "one file holds one recipe", self._span(more))
        return root

    def _node(self, depth: int) -> Node:
        event = self._events.get_event()
        span = self._span(event)
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event, span)
        self._count(1, span)
        if depth > MAX_DEPTH:
            raise self._stopping("YT106", f"values are nested deeper than {MAX_DEPTH} levels", "a recipe is not that deep", span)
        if event.tag is not None:
            self._report("YT107", f"the tag {event.tag} is not part of the recipe language", "quote a value to make it text", span)
        anchor: str | None = event.anchor
        if anchor:
            self._anchors[anchor] = None
        if isinstance(event, yaml.ScalarEvent):
            node = Node(self._scalar(event, span), span)
        elif isinstance(event, yaml.SequenceStartEvent):
            node = self._sequence(span, depth)
        else:
            node = self._mapping(span, depth)
        if anchor:
            self._anchors[anchor] = node
        return node

    def _scalar(self, event: yaml.ScalarEvent, span: Span) -> Scalar:
        if not event.implicit[0]:
            return str(event.value)
        try:
            return read_scalar(event.value)
        except ScalarError as error:
            self._report("YT108", str(error), "", span)
            return None

    def _sequence(self, span: Span, depth: int) -> Node:
        entries = []
        while not isinstance(self._events.peek_event(), yaml.SequenceEndEvent):
            entries.append(self._node(depth + 1))
        end = self._span(self._events.get_event())
        return Node(tuple(entries), _join(span, end))

    def _mapping(self, span: Span, depth: int) -> Node:
        entries: dict[str, Node] = {}
        while not isinstance(self._events.peek_event(), yaml.MappingEndEvent):
            key_event = self._events.get_event()
            key_span = self._span(key_event)
            key = self._key(key_event, key_span)
            value = self._node(depth + 1)
            if key in entries:
                first = entries[key].place
                self._report(
                    "YT109", f'the key "{key}" stands twice', f"it is already written at {first}; keep one of them", key_span
                )
                continue
            entries[key] = Node(value.value, value.span, key_span)
        end = self._span(self._events.get_event())
        return Node(entries, _join(span, end))

    def _key(self, event: yaml.Event, span: Span) -> str:
        if not isinstance(event, yaml.ScalarEvent):
            if isinstance(event, yaml.MappingStartEvent) and self._source.line(span.line)[span.column - 1 :].startswith("{"):
                raise self._stopping("YT110", "a key must be text, this one is a mapping", _BRACE_HINT, span)
            raise self._stopping("YT110", "a key must be text", "write the key as a word or in quotes", span)
        if event.value == "<<" and event.implicit[0]:
            self._report("YT111", "merge keys (<<) are not part of the recipe language", "use `extends` or a profile", span)
        self._count(1, span)
        return str(event.value)

    def _alias(self, event: yaml.AliasEvent, span: Span) -> Node:
        anchor = str(event.anchor)
        if anchor not in self._anchors:
            raise self._stopping("YT112", f"the alias *{anchor} has no anchor before it", f"mark a value with &{anchor}", span)
        target = self._anchors[anchor]
        if target is None:
            raise self._stopping("YT112", f"the alias *{anchor} stands inside its own anchor", "write the value out", span)
        self._count(count_nodes(target), span)
        return target

    def _count(self, nodes: int, span: Span) -> None:
        self._nodes += nodes
        if self._nodes > MAX_NODES:
            raise self._stopping(
                "YT113", f"the document grows beyond {MAX_NODES:,} values", "aliases multiply what they name", span
            )

    def _span(self, event: yaml.Event) -> Span:
        start, end = event.start_mark, event.end_mark
        assert start is not None
        assert end is not None
        return Span(self._source, start.line + 1, start.column + 1, end.line + 1, end.column + 1)

    def _report(self, code: str, message: str, hint: str, span: Span) -> None:
        self._diagnostics.add(Diagnostic(code, message, hint, span))

    def _stopping(self, code: str, message: str, hint: str, span: Span) -> _UnreadableError:
        self._report(code, message, hint, span)
        return _UnreadableError()


_BRACE_HINT = (
    'quote a reference that stands inside {} or []: "${…}" (the quotes do not make its value text); '
    "a value that starts with a brace needs quotes too"
)


def _join(start: Span, end: Span) -> Span:
    return Span(start.source, start.line, start.column, end.end_line, end.end_column)


def _explain(error: yaml.MarkedYAMLError, source: Source) -> Diagnostic:
    mark = error.problem_mark or error.context_mark
    if mark is not None and not "".join(source.text.splitlines()[mark.line :]).strip():
        mark = error.context_mark or mark  # what is never closed, rather than the end of the text
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    text = source.line(line)
    problem = str(error.problem or error.context or "this is not YAML")
    message = f"this is not YAML: {problem}" + (f" ({error.context})" if error.problem and error.context else "")
    hint = "check the indentation and the punctuation around this place"
    tab = text.find("\t")
    if tab >= 0 and not text[:tab].strip():
        column, message, hint = tab + 1, "a tab cannot indent YAML", "indent with spaces"
    elif "${" in text and any(bracket in text for bracket in "{["):
        hint = _BRACE_HINT
    elif text.count(":") > 1 and "mapping values are not allowed" in problem:
        hint = "quote a value that holds a colon followed by a space"
    return Diagnostic("YT103", message, hint, Span(source, line, column, line, column + 1))
