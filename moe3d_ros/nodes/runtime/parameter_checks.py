"""Checks on the values of parameters: each raises ValueError with the reason as a clause. Free of ROS."""

from __future__ import annotations

import re

from moe3d_ros.sensing.frame_tree import parse_transform
from moe3d_ros.world.workspace import Workspace

CAMERA_NAMES = ("front", "left", "right", "top")  # of tabletop/scenes, which needs torch
FOLLOW_BOX = [0.0]  # a corner of the workspace that is the model's: a parameter of ROS 2 cannot be an empty list
SMALLEST_VOXEL, LARGEST_VOXEL = 0.001, 0.1  # metres


def three(values) -> None:
    """Three numbers."""
    if len(values) != 3:
        raise ValueError(f"it has {len(values)} numbers, give x, y and z")


def corner(values) -> None:
    """Three numbers, or FOLLOW_BOX."""
    if values != FOLLOW_BOX:
        three(values)


def voxel_size(value) -> None:
    """An edge of a voxel, metres; 0 follows the model."""
    if 0 < value < SMALLEST_VOXEL:
        raise ValueError(f"{value:g} m is too small, give {SMALLEST_VOXEL:g} m or more, or 0.0 to follow the model")


def transforms(texts) -> None:
    """Texts 'parent child x y z qx qy qz qw'; empty ones are none."""
    for text in filter(None, texts):
        parse_transform(text)


def pose(values) -> None:
    """A position and a quaternion, or one number for none."""
    if len(values) not in (1, 7):
        raise ValueError(f"it has {len(values)} numbers, give x y z qx qy qz qw, or 0.0 alone for an unknown pose")


def cameras(names) -> None:
    """Names of the simulator's cameras."""
    unknown = sorted(set(names) - set(CAMERA_NAMES))
    if unknown or not names:
        raise ValueError(f"it names {', '.join(unknown) or 'none'}, choose from {', '.join(CAMERA_NAMES)}")


def device(name: str) -> None:
    """A device of torch."""
    kind, _, number = name.partition(":")
    if kind not in ("cpu", "cuda") or (":" in name and not (kind == "cuda" and number.isdigit())):
        raise ValueError(f"'{name}' is no device, write cpu, cuda or cuda:N")


def frame(name: str) -> None:
    """The name of a frame."""
    if not name or name.startswith("/") or any(character.isspace() for character in name):
        raise ValueError(f"'{name}' is no name of a frame, write it without a slash in front, for example base_link")


def frame_or_none(name: str) -> None:
    """The name of a frame, or nothing."""
    if name:
        frame(name)


def camera_topics(names) -> None:
    """Names that may stand before topics, each once."""
    names = [name for name in names if name]
    bad = [name for name in names if not re.fullmatch(r"(~?/)?[A-Za-z_]\w*(/[A-Za-z_]\w*)*", name)]
    if bad:
        raise ValueError(f"'{bad[0]}' is no ROS name, write it like left or /left/camera")
    if len(set(names)) < len(names):
        raise ValueError("it names one twice")


def check_voxelizer(values) -> None:
    """Raise ValueError unless the voxelizer's parameters, given all values by name, go with each other."""
    check_workspace(values)
    names = [name for name in values["cameras"] + values["clouds"] if name]
    if len(set(names)) < len(names):
        raise ValueError("The parameters cameras and clouds name the same topic: name it once.")
    if len(names) > 1 and values["table_plane"]:
        raise ValueError(
            "table_plane finds a frame for one camera only: with several cameras set it to false and publish their "
            "transforms, or set static_transforms."
        )
    if values["table_parent"] and values["table_plane"]:
        raise ValueError(
            "table_parent and table_plane both put a frame on the table: with table_parent the camera's transform is known, "
            "with table_plane it is not. Set one of them."
        )
    if values["table_parent"] == values["planning_frame"]:
        raise ValueError(
            f"The parameters table_parent and planning_frame are both '{values['table_parent']}', but the planning frame is put "
            "on the table: set planning_frame of all nodes to a name of its own, such as table."
        )


def check_workspace(values) -> None:
    """Raise ValueError unless workspace_low and workspace_high, given all values by name, go with each other."""
    own_workspace(values)


def own_workspace(values) -> Workspace | None:
    """The box that workspace_low and workspace_high give; None where they leave it to the model.

    Raises:
        ValueError: only one of them is given, or low is not below high.
    """
    low, high = values["workspace_low"], values["workspace_high"]
    if (low == FOLLOW_BOX) != (high == FOLLOW_BOX):
        given, left = ("workspace_high", "workspace_low") if low == FOLLOW_BOX else ("workspace_low", "workspace_high")
        raise ValueError(f"The parameter {given} is given and {left} is not: give both, or leave both at [0.0].")
    return None if low == FOLLOW_BOX else Workspace(tuple(low), tuple(high))
