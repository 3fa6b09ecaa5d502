"""Settings that were given and are not in force: refused where safety hangs on them, told otherwise. Free of ROS.

rcl drops without a word what no node declares: a parameter's name with a typing error, or a whole file whose node has
another name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import SequenceMatcher

from moe3d_ros.nodes.settings.ros_arguments import Section

CLOSE = 0.8  # share of letters in common from which one name may be meant for another
OF_OTHERS = (
    "qos_overrides.",
    "use_sim_time",
    "start_type_description_service",
)  # declared by rclpy, some of them later
LEAST_PART = 4  # letters of a name that count where they stand within another


@dataclass(frozen=True)
class Given:
    """A node of this process and what it was given.

    Attributes:
        full_name: with its namespace.
        declared: names of its parameters.
        overrides: names that were given for it.
    """

    full_name: str
    declared: frozenset[str]
    overrides: frozenset[str]


@dataclass
class Verdict:
    """Sentences on settings that are not in force."""

    errors: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def judge(
    nodes: list[Given], given: list[Section], safety: Iterable[str], programs: Mapping[str, frozenset[str]]
) -> Verdict:
    """Compare what was given with what is in force.

    Args:
        nodes: of this process.
        given: what the command line and its files say.
        safety: names of parameters that guard people and things.
        programs: names of the parameters of each program of the package.
    """
    verdict = Verdict()
    declared = frozenset().union(*(node.declared for node in nodes))
    guards = sorted(declared & set(safety))
    for node in nodes:
        for name in sorted(node.overrides - declared):
            if not name.startswith(OF_OTHERS):
                _judge_name(verdict, node, name, guards, programs)
    for section in given:
        if not any(section.fits(node.full_name) for node in nodes):
            _judge_section(verdict, nodes, section, given, guards, programs)
    return verdict


def _judge_name(
    verdict: Verdict, node: Given, name: str, guards: list[str], programs: Mapping[str, frozenset[str]]
) -> None:
    """A name that the node was given and does not have."""
    fact = f"The parameter {name} is not in force: {node.full_name} has none of that name"
    owners = [program for program, names in programs.items() if name in names]
    guard, near = closest(name, guards), closest(name, sorted(node.declared))
    if owners:
        verdict.warnings.append(
            f"{fact}, it is a parameter of {' and '.join(owners)}. Give it to the node that has it."
        )
    elif guard and near == guard:
        verdict.errors.append(
            f"{fact}. It looks like {guard}, on which safety hangs, so the node does not start without it: write {guard}, "
            "or take it out."
        )
    else:
        hint = f"Did you mean {near}?" if near else "Its parameters are in docs/parameters.md."
        verdict.warnings.append(f"{fact}. {hint}")


def _judge_section(
    verdict: Verdict,
    nodes: list[Given],
    section: Section,
    given: list[Section],
    guards: list[str],
    programs: Mapping[str, frozenset[str]],
) -> None:
    """Parameters for a name that no node of this process has; they may be another process's."""
    name = section.nodes.rpartition("/")[2]
    called = {node.full_name.rpartition("/")[2] for node in nodes}
    declared = frozenset().union(*(node.declared for node in nodes))
    own = called | {program for program, names in programs.items() if names <= declared}  # also where it is renamed
    meant = _meant(section, name, own, guards, declared, programs)
    served = any(other.place == section.place and any(other.fits(node.full_name) for node in nodes) for other in given)
    if not meant or (served and (name in own or _instance(name) in {*map(_instance, own), *programs})):
        return
    names = ", ".join(node.full_name for node in nodes)
    fact = (
        f"{section.place} gives {', '.join(section.names)} to the node {section.nodes}, "
        f"but this process has {names} only, so they are not in force there."
    )
    mend = f"Write /**/{min(called)} for the node's name, which fits in every namespace."
    guarded = sorted({guard for guard in (closest(n, guards) for n in section.names) if guard})
    if guarded and not served:
        verdict.errors.append(f"{fact} Safety hangs on {', '.join(guarded)}, so the node does not start. {mend}")
    else:
        verdict.warnings.append(f"{fact} {mend}")


def _meant(section: Section, name: str, own: set[str], guards: list[str], declared: frozenset[str], programs) -> bool:
    """True where a section that fits no node of this process was likely written for one of them."""
    if name in own:
        return True
    if name in programs:
        return False
    known = [n for n in section.names if n in declared or closest(n, guards)]
    elsewhere = max((sum(n in names for n in section.names) for names in programs.values()), default=0)
    return bool(known) and len(known) >= elsewhere


def closest(name: str, candidates: Iterable[str]) -> str | None:
    """The candidate that a name may have been meant for, None where none is close."""
    scored = [(_likeness(name, candidate), candidate) for candidate in candidates]
    best = max(scored, default=(0.0, ""))
    return best[1] if best[0] >= CLOSE else None


def _likeness(one: str, other: str) -> float:
    """Share of letters in common, 0 to 1, whatever the case, the signs between words and their order."""
    words = [re.findall(r"[a-z]+|\d+", re.sub(r"([a-z])([A-Z])", r"\1_\2", text).lower()) for text in (one, other)]
    joined = ["".join(parts) for parts in words]
    if joined[0] == joined[1]:
        return 1.0
    short, long = sorted(joined, key=len)
    if len(short) >= LEAST_PART and long.startswith(short) and len(short) >= len(long) / 2:
        return 0.95
    ordered = ["".join(sorted(parts)) for parts in words]
    return max(SequenceMatcher(None, pair[0], pair[1]).ratio() for pair in (joined, ordered))


def _instance(name: str) -> str:
    """Name of a node without the number that tells several of one program apart."""
    return re.sub(r"_?\d+$", "", name)
