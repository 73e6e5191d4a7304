"""The log of one model: a chain of events, each under its own number, and the only place where anything is committed.

An event is created, never replaced. A writer folds what is there, decides, and puts the next number; when someone
else took it, the writer folds again and decides anew. Each write carries an id. An answer may be lost on its way,
so before every try the log is searched for the id: what is found there is done, and is never done twice.

Writers of one machine take turns between reading and putting where the storage can tell. That saves the work of a try that
is overtaken; the condition of the put alone decides, and a writer that is stopped in its turn is passed after a moment.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field, replace
from itertools import count

from ymltrain.diagnostics import RegistryError
from ymltrain.kinds.contracts import RegistryBackend
from ymltrain.registry.checkpoints import (
    HEAD_EVERY,
    WHOLE_EVERY,
    Checkpoint,
    HeadCheckpoint,
    encode_checkpoint,
    event_key,
    head_key,
    read_checkpoint,
    whole_key,
)
from ymltrain.registry.events import Event, KnownChange, decode_event, encode_event
from ymltrain.registry.fold import carry_on
from ymltrain.registry.state import ModelState
from ymltrain.registry.summary import NotEnoughError, Summary, carry_summary_on, summarize
from ymltrain.registry.write import Write
from ymltrain.storage import bytes_digest, model_name_problem

TRIES = 200
FAULTS = 3
LONGEST_PAUSE = 0.25
EVENT_KEY = re.compile(r"models/(?P<model>[^/]+)/log/(?P<seq>[0-9]{20})\.json")

Decision = Callable[[ModelState], KnownChange]


@dataclass(frozen=True)
class History:
    """What was read of a log: the state after event `seq`, that event's digest, and which event each write made."""

    state: ModelState
    seq: int = 0
    head: str | None = None
    writes: dict[str, int] = field(default_factory=dict)
    saved: int = 0

    def next_event(self, write: Write, change: KnownChange) -> Event:
        """The event that would carry on this history."""
        return Event(
            seq=self.seq + 1,
            write_id=write.write_id,
            prev_sha256=self.head,
            at=write.at,
            actor=write.actor,
            change=change,
        )


class ModelLog:
    """Reads and appends the events of one model."""

    def __init__(self, backend: RegistryBackend, model: str) -> None:
        self._backend = backend
        self._model = model
        self._folder = f"models/{model}/log"
        self._known = History(ModelState(name=model))

    @property
    def known(self) -> ModelState:
        """The state as it was last read or written here."""
        return self._known.state

    def has_begun(self) -> bool:
        """Whether the model has a first event."""
        return bool(self._known.seq) or self._backend.has(event_key(self._model, 1)) or bool(self._backend.list(self._folder))

    def read(self) -> History:
        """The whole state. Raises RegistryError where the chain is broken.

        What was read before is not read again: events never change.
        """
        known = self._known if self._is_current(self._known) else self._checkpoint()
        return self._carry_on(known, *self._events_after(known.seq, known.head))

    def _read_on(self) -> History:
        """The whole state, when this writer has read the log before: only what was added since is looked for."""
        return self._carry_on(self._known, *self._next_events(self._known.seq, self._known.head))

    def _carry_on(self, known: History, events: list[Event], head: str | None) -> History:
        """Remember a history with what follows it, and return it."""
        if events or known is not self._known:
            writes = {**known.writes, **{event.write_id: event.seq for event in events}}
            state = carry_on(known.state, events)
            self._known = replace(known, state=state, seq=known.seq + len(events), head=head, writes=writes)
        return self._known

    def summary(self) -> Summary:
        """What aliases name and what a list shows, for much less reading than the whole state. Raises as `read`."""
        checkpoint = None if self._known.seq else read_checkpoint(self._backend, self._model, HeadCheckpoint)
        if checkpoint is not None:
            events, _ = self._events_after(checkpoint.seq, checkpoint.head)
            with suppress(NotEnoughError):
                return carry_summary_on(checkpoint.summary, events)
        return summarize(self.read().state)

    def events(self, after: int = 0, head: str | None = None) -> list[Event]:
        """The events themselves, each checked against the one before it, from the one after `after`."""
        return self._events_after(after, head)[0]

    def raw_events(self, after: int = 0) -> Iterator[bytes]:
        """The bytes of the events, unchecked, up to the first number that is free."""
        for seq in count(after + 1):
            try:
                yield self._backend.read(event_key(self._model, seq))
            except FileNotFoundError:
                return

    def beyond(self, seq: int) -> list[str]:
        """The keys of later events than the one after `seq`, which itself is missing."""
        return [key for key in self._backend.list(self._folder, event_key(self._model, seq)) if _seq_of(key) > seq + 1]

    def append(self, write: Write, decide: Decision, prepare: Callable[[], object] | None = None) -> Event:
        """Commit what `decide` makes of the state, or return what this write committed before.

        `prepare` is called once before, unless this write is done already: what takes long belongs there, as the log is
        read anew after it. `decide` is asked again whenever another writer was faster; what either raises ends the write.
        Raises OSError when the storage refused every try, and RegistryError when other writers were always faster or
        whether the event was committed cannot be known.
        """
        faults: list[OSError] = []
        for attempt in range(TRIES):
            with nullcontext() if prepare is not None else self._backend.turn(self._folder):
                history = self._read_again(write, faults) if attempt == 0 or faults else self._read_on()
                if write.write_id in history.writes:
                    return self._event(history.writes[write.write_id])
                if len(faults) == FAULTS:
                    raise faults[-1]
                _refuse_unknown(history.state)
                if prepare is not None:
                    prepare()
                    prepare = None
                    continue
                event = history.next_event(write, decide(history.state))
                content = encode_event(event)
                try:
                    committed = self._backend.put_if_absent(event_key(self._model, event.seq), content)
                except OSError as error:
                    faults.append(error)
                    committed = False
            if committed:
                self._take(history, event, content)
                return event
            time.sleep(_pause(attempt))
        raise RegistryError(
            "YT957",
            f'the log of model "{self._model}" is too busy: {TRIES} tries to commit were each overtaken by another writer',
            "nothing was committed; try again when fewer writers are at it",
        )

    def save_checkpoints(self) -> None:
        """Write both hints anew from the log. Raises OSError."""
        history = self.read()
        if history.head is not None:
            self._save_head(history)
            self._save_whole(history)

    def _take(self, history: History, event: Event, content: bytes) -> None:
        """Remember a committed event, and now and then leave a checkpoint; that it fails harms nobody."""
        known = History(
            state=carry_on(history.state, [event]),
            seq=event.seq,
            head=bytes_digest(content),
            writes={**history.writes, event.write_id: event.seq},
            saved=history.saved,
        )
        self._known = known
        with suppress(OSError):
            if known.seq % HEAD_EVERY == 0:
                self._save_head(known)
            if known.seq - known.saved >= max(WHOLE_EVERY, known.saved // 4):
                self._save_whole(known)

    def _save_head(self, history: History) -> None:
        assert history.head is not None
        checkpoint = HeadCheckpoint(seq=history.seq, head=history.head, summary=summarize(history.state))
        self._backend.replace(head_key(self._model), encode_checkpoint(checkpoint))

    def _save_whole(self, history: History) -> None:
        assert history.head is not None
        checkpoint = Checkpoint(seq=history.seq, head=history.head, state=history.state, writes=history.writes)
        self._backend.replace(whole_key(self._model), encode_checkpoint(checkpoint))
        self._known = replace(history, saved=history.seq)

    def _checkpoint(self) -> History:
        found = read_checkpoint(self._backend, self._model, Checkpoint)
        if found is None:
            return History(ModelState(name=self._model))
        return History(found.state, found.seq, found.head, found.writes, found.seq)

    def _events_after(self, seq: int, head: str | None) -> tuple[list[Event], str | None]:
        """The events from the one after `seq`, and the digest of the last. Raises RegistryError where the chain is broken.

        The listing only tells how far the log must reach, for one made while others write may lack some of what it has.
        """
        listed = max(map(_seq_of, self._backend.list(self._folder, event_key(self._model, seq))), default=0)
        events, head = self._next_events(seq, head)
        if listed > seq + len(events):
            raise self._damaged(seq + len(events) + 1, f"is missing, though event {listed} exists")
        return events, head

    def _next_events(self, seq: int, head: str | None) -> tuple[list[Event], str | None]:
        """The same up to the first free number, without the listing, which takes long where events are many."""
        events: list[Event] = []
        for content in self.raw_events(seq):
            place = seq + len(events) + 1
            event = decode_event(content, event_key(self._model, place))
            if (event.seq, event.prev_sha256) != (place, head):
                raise self._damaged(place, f"says it is event {event.seq} after {event.prev_sha256}, but follows {head}")
            events.append(event)
            head = bytes_digest(content)
        return events, head

    def _event(self, seq: int) -> Event:
        return decode_event(self._backend.read(event_key(self._model, seq)), event_key(self._model, seq))

    def _read_again(self, write: Write, faults: list[OSError]) -> History:
        try:
            return self.read()
        except OSError as error:
            if not faults:
                raise
            raise RegistryError(
                "YT957",
                f'whether write {write.write_id} to model "{self._model}" was committed is not known: {faults[-1]}; then {error}',
                "once the storage answers, repeat it with the same write id: it is never done twice",
            ) from error

    def _is_current(self, history: History) -> bool:
        """Whether the last event of a history is still what it was; those before it are held by its digest."""
        if not history.seq:
            return False
        try:
            return bytes_digest(self._backend.read(event_key(self._model, history.seq))) == history.head
        except FileNotFoundError:
            return False

    def _damaged(self, seq: int, what: str) -> RegistryError:
        return RegistryError(
            "YT955",
            f"{event_key(self._model, seq)} in {self._backend} {what}",
            "restore the log from a copy; nothing was changed",
        )


def model_of(key: str) -> str | None:
    """The model to whose log a key belongs; None for any other key."""
    match = EVENT_KEY.fullmatch(key)
    return match["model"] if match and model_name_problem(match["model"]) is None else None


def _seq_of(key: str) -> int:
    match = EVENT_KEY.fullmatch(key)
    return int(match["seq"]) if match else 0


def _refuse_unknown(state: ModelState) -> None:
    if state.unknown_ops:
        raise RegistryError(
            "YT956",
            f'the log of model "{state.name}" holds events this version of ymltrain does not know: {", ".join(state.unknown_ops)}',
            "a newer ymltrain wrote them; upgrade before writing to this model",
        )


def _pause(attempt: int) -> float:
    """A random pause, longer on average with each attempt, so that writers who collided part."""
    return secrets.SystemRandom().uniform(0, min(LONGEST_PAUSE, 0.002 * 2 ** min(attempt, 10)))
