"""Limits on one path that do not go with each other: told at the start, and when one of them changes. Free of ROS."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from moe3d_ros.robot.safety import parse_boxes
from moe3d_ros.world.workspace import Workspace


def conflicts(values: Mapping[str, Any], workspace: Workspace | None = None, follower_age: float = 0.0) -> list[str]:
    """Sentences on the planner's limits of which one makes another useless.

    Args:
        values: the planner node's parameters by name.
        workspace: box that planned poses stay in, metres; None where it is not known yet.
        follower_age: the parameter max_age of the node that follows the poses, seconds; 0: any age, or none runs.
    """
    found = [*_ages(values, follower_age), *_waits(values)]
    if workspace is not None:
        found += _boxes(values, workspace)
    return found


def longest_age(values: Mapping[str, Any]) -> float:
    """Age of a plan's cloud, seconds, up to which its goals may still be released; the time to plan not counted."""
    held = (values["confirmation_timeout"] or np.inf) if values["require_confirmation"] else 0.0
    return (values["max_cloud_age"] or np.inf) + held


def _ages(values: Mapping[str, Any], follower_age: float) -> list[str]:
    longest = longest_age(values)
    if not 0 < follower_age < longest:
        return []
    names = ["max_cloud_age"] + (["confirmation_timeout"] if values["require_confirmation"] else [])
    given = " and ".join(f"{name} ({values[name]:g} s{'' if values[name] else ', any'})" for name in names)
    after = "at any age of its cloud" if longest == np.inf else f"up to {longest:g} s after its cloud was taken"
    return [
        f"The planner's {given} let the goals of a plan be released {after}, moveit_goals follows poses of up to max_age "
        f"({follower_age:g} s): what is released later is refused. Raise max_age of moveit_goals, or lower the other."
    ]


def _waits(values: Mapping[str, Any]) -> list[str]:
    found = []
    lifetime, confirmation = values["marker_lifetime"], values["confirmation_timeout"] or np.inf
    if values["require_confirmation"] and 0 < lifetime < confirmation:
        found.append(
            f"The parameter marker_lifetime ({lifetime:g} s) ends before confirmation_timeout "
            f"({values['confirmation_timeout']:g} s{'' if values['confirmation_timeout'] else ', any time'}): a plan can be "
            "confirmed whose markers nobody sees any more. Set marker_lifetime to 0, or to more than that."
        )
    if values["cloud_wait"] >= values["planning_timeout"]:
        found.append(
            f"The parameter cloud_wait ({values['cloud_wait']:g} s) is not shorter than planning_timeout "
            f"({values['planning_timeout']:g} s): a request that waits for its cloud has no time left to plan. Raise "
            "planning_timeout, or lower cloud_wait."
        )
    return found


def _boxes(values: Mapping[str, Any], workspace: Workspace) -> list[str]:
    found, reach = [], values["max_reach"]
    low, high = np.asarray(workspace.low), np.asarray(workspace.high)
    nearest = float(np.linalg.norm(np.clip(0.0, low, high)))
    box = f"the workspace {low.tolist()} to {high.tolist()} m"
    if 0 < reach < nearest:
        found.append(
            f"The parameter max_reach ({reach:g} m) ends before {box} begins, {nearest:.3f} m from the planning frame's "
            "origin: every plan will be withheld. Raise max_reach, or move the planning frame."
        )
    for kept in parse_boxes(values["keep_out"]):
        if kept.contains(np.array([low, high])).all():
            found.append(
                f"A box of the parameter keep_out, {list(kept.low)} to {list(kept.high)} m, holds all of {box}: every plan "
                "will be withheld. Make the box smaller."
            )
    return found
