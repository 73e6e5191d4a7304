"""The log of one model: a chain of events, each under its own number, and the only place where anything is committed.

An event is created, never replaced. A writer folds what is there, decides, and puts the next number; when someone
else took it, the writer folds again and decides anew. Each write carries an id. An answer may be lost on its way,
so before every try the log is searched for the id: what is found there is done, and is never done twice.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from itertools import count

from ymltrain.diagnostics import RegistryError
from ymltrain.kinds.contracts import RegistryBackend
from ymltrain.registry.events import Event, KnownChange, decode_event, encode_event
from ymltrain.registry.fold import fold
from ymltrain.registry.state import ModelState
from ymltrain.registry.write import Write
from ymltrain.storage import bytes_digest, model_name_problem

TRIES = 200
FAULTS = 3
LONGEST_PAUSE = 0.25
EVENT_KEY = re.compile(r"models/(?P<model>[^/]+)/log/(?P<seq>[0-9]{20})\.json")

Decision = Callable[[ModelState], KnownChange]


@dataclass(frozen=True)
class History:
    """The events read from a log, and the digest of the last one's bytes, which the next one carries."""

    model: str
    events: tuple[Event, ...] = ()
    head: str | None = None

    @cached_property
    def state(self) -> ModelState:
        """What the events add up to."""
        return fold(self.model, self.events)

    def written(self, write_id: str) -> Event | None:
        """The event that a write with this id made, if it is there."""
        return next((event for event in self.events if event.write_id == write_id), None)

    def next_event(self, write: Write, change: KnownChange) -> Event:
        """The event that would carry on this history."""
        return Event(
            seq=len(self.events) + 1,
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
        self._known = History(model)

    def read(self) -> History:
        """All events, each checked against the one before it. Raises RegistryError where the chain is broken.

        What was read before is not read again: events never change. The listing only tells how far the log must
        reach, for one made while others write may lack some of what it has.
        """
        known = self._known if self._is_current(self._known) else History(self._model)
        listed = max(map(_seq_of, self._backend.list(self._folder)), default=0)
        events: list[Event] = []
        head = known.head
        for seq in count(len(known.events) + 1):
            try:
                content = self._backend.read(self._key(seq))
            except FileNotFoundError:
                if seq > listed:
                    break
                raise self._damaged(seq, f"is missing, though event {listed} exists") from None
            event = decode_event(content, self._key(seq))
            if (event.seq, event.prev_sha256) != (seq, head):
                raise self._damaged(seq, f"says it is event {event.seq} after {event.prev_sha256}, but follows {head}")
            events.append(event)
            head = bytes_digest(content)
        self._known = History(self._model, (*known.events, *events), head) if events else known
        return self._known

    def append(self, write: Write, decide: Decision) -> Event:
        """Commit what `decide` makes of the state, or return what this write committed before.

        `decide` is asked again whenever another writer was faster; what it raises ends the write.
        Raises OSError when the storage refused every try, and RegistryError when other writers were always faster or
        whether the event was committed cannot be known.
        """
        faults: list[OSError] = []
        for attempt in range(TRIES):
            history = self._read_again(write, faults)
            done = history.written(write.write_id)
            if done is not None:
                return done
            if len(faults) == FAULTS:
                raise faults[-1]
            _refuse_unknown(history.state)
            event = history.next_event(write, decide(history.state))
            try:
                if self._backend.put_if_absent(self._key(event.seq), encode_event(event)):
                    return event
            except OSError as error:
                faults.append(error)
            time.sleep(_pause(attempt))
        raise RegistryError(
            "YT957",
            f'the log of model "{self._model}" is too busy: {TRIES} tries to commit were each overtaken by another writer',
            "nothing was committed; try again when fewer writers are at it",
        )

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
        if not history.events:
            return False
        try:
            return bytes_digest(self._backend.read(self._key(len(history.events)))) == history.head
        except FileNotFoundError:
            return False

    def _key(self, seq: int) -> str:
        return f"{self._folder}/{seq:020}.json"

    def _damaged(self, seq: int, what: str) -> RegistryError:
        return RegistryError(
            "YT955", f"{self._key(seq)} in {self._backend} {what}", "restore the log from a copy; nothing was changed"
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
