"""What a write may do to a model as it is: each function looks at the state and gives the change, or refuses."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import UNSET, UnsetType

from ymltrain.diagnostics import RegistryError
from ymltrain.plan.sections import Promote
from ymltrain.registry.events import GateOutcome, Promotion, Protect, RemoveAlias, Review, ReviewState, Rollback, SetAlias, Yank
from ymltrain.registry.gates import Court, judge_gate
from ymltrain.registry.state import ModelState, Version, no_such_alias


def alias_set(
    state: ModelState, alias: str, version: int, *, expect: int | UnsetType | None = UNSET, override: str = ""
) -> SetAlias:
    """Point an alias at a version. `override` is the reason why a protected alias may be moved by hand."""
    _check_expected(state, alias, expect)
    _check_unprotected(state, alias, override)
    check_may_lead(state.numbered(version))
    return SetAlias(alias=alias, version=version, expect=expect, reason=override)


def alias_removed(state: ModelState, alias: str, *, expect: int | UnsetType | None = UNSET, override: str = "") -> RemoveAlias:
    """Take an alias away."""
    _check_expected(state, alias, expect)
    _check_unprotected(state, alias, override)
    state.picked(alias)
    return RemoveAlias(alias=alias, expect=expect, reason=override)


def rolled_back(state: ModelState, alias: str, reason: str) -> Rollback:
    """Put an alias back to what it was before its last move that was not rolled back."""
    before = state.positions.get(alias, ())
    if not before:
        raise no_such_alias(state.name, alias, state.aliases)
    target = before[-2] if len(before) > 1 else None
    if target is not None:
        check_may_lead(state.numbered(target))
    return Rollback(alias=alias, version=target, previous=before[-1], reason=reason)


def protected(state: ModelState, alias: str, *, is_protected: bool) -> Protect:
    """Let an alias be moved by gates and rollback only, or by anyone again."""
    if is_protected == (alias in state.protected):
        word = "protected" if is_protected else "not protected"
        raise RegistryError("YT959", f'alias "{alias}" of model "{state.name}" is {word} already', "nothing was changed")
    return Protect(alias=alias, protected=is_protected)


def reviewed(state: ModelState, version: int, review: ReviewState, reason: str) -> Review:
    """Give a version its place in a review; one that an alias names may not become rejected or archived."""
    found = state.numbered(version)
    if review in ("rejected", "archived"):
        _check_nameless(found, review)
    return Review(version=version, state=review, reason=reason)


def yanked(state: ModelState, version: int, reason: str, *, is_yanked: bool) -> Yank:
    """Withdraw a version that no alias names, or bring it back."""
    found = state.numbered(version)
    if is_yanked:
        _check_nameless(found, "yanked")
    elif found.state != "yanked":
        raise RegistryError("YT959", f"{found} is not yanked", "nothing was changed")
    return Yank(version=version, yanked=is_yanked, reason=reason)


def judged(state: ModelState, court: Court, promote: Promote, *, override: str = "") -> Promotion:
    """What the gates say, and whether the alias moves."""
    check_may_lead(court.version)
    if not promote.gates:
        _check_unprotected(state, promote.alias, override)
    gates: Sequence[GateOutcome] = tuple(judge_gate(gate, court) for gate in promote.gates)
    return Promotion(
        alias=promote.alias,
        version=court.version.version,
        promoted=all(gate.passed for gate in gates),
        previous=state.aliases.get(promote.alias),
        gates=tuple(gates),
        reason=override,
    )


def check_may_lead(version: Version) -> None:
    """Raise RegistryError when no alias may move to a version."""
    if version.state in ("yanked", "rejected", "archived"):
        why = f" ({version.reason})" if version.reason else ""
        raise RegistryError("YT959", f"{version} is {version.state}{why}: no alias may move to it", "choose another version")


def _check_expected(state: ModelState, alias: str, expect: int | UnsetType | None) -> None:
    points_at = state.aliases.get(alias)
    if expect is not UNSET and expect != points_at:
        wanted, found = (f"version {number}" if number else "no version" for number in (expect, points_at))
        raise RegistryError(
            "YT953",
            f'alias "{alias}" of model "{state.name}" was expected at {wanted}, but points at {found}',
            "someone moved it meanwhile; look again and decide anew",
        )


def _check_unprotected(state: ModelState, alias: str, override: str) -> None:
    if alias in state.protected and not override:
        raise RegistryError(
            "YT971",
            f'alias "{alias}" of model "{state.name}" is protected: it moves by gates and rollback only',
            "promote a version with gates, or give the reason why it must move by hand: --override REASON",
        )


def _check_nameless(version: Version, what: str) -> None:
    if version.aliases:
        names = ", ".join(version.aliases)
        raise RegistryError(
            "YT959",
            f"{version} is {names}; a version that an alias names cannot become {what}",
            f"move the alias first: ymltrain models rollback {version.model} {version.aliases[0]}",
        )
