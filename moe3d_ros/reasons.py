"""Catalogue of the numbered errors: what is measured, then likely causes, the likeliest first, each with what to do.

`docs/troubleshooting.md` is generated from it. No cause blames the words before the scene has been looked at.
"""

from __future__ import annotations

from dataclasses import dataclass

from moe3d_ros.plan import ErrorCode


@dataclass(frozen=True)
class Reason:
    """Account of one error.

    Attributes:
        fact: what was measured, as the sentence of the error says with its figures.
        causes: clauses, the likeliest first, each with what to do.
    """

    fact: str
    causes: tuple[str, ...]


REASONS = {
    ErrorCode.NO_CLOUD: Reason(
        "No voxels have come, or none that can be read.",
        (
            "nobody publishes on the topic that the error names: start the voxelizer and the camera, or remap",
            "the voxelizer reports something, which the error repeats: mend that first",
            "publisher and subscriber do not find each other: compare `ROS_DOMAIN_ID` and the quality of service",
        ),
    ),
    ErrorCode.STALE_CLOUD: Reason(
        "The newest cloud is older than `max_cloud_age`, from the future, without a stamp, or from before a `replan`.",
        (
            "no cloud has come since: look at the camera and at /diagnostics",
            "the clock that stamps it differs from the planner's by the time that the error names: synchronise them, and set "
            "`use_sim_time` alike",
            "the driver sets no stamp: mend that, or set `max_cloud_age` to 0 for clouds of any age",
            "the way or the plan took longer than that: raise `max_cloud_age`, give the planner another core",
        ),
    ),
    ErrorCode.EMPTY_WORKSPACE: Reason(
        "No point of the cloud lies in the box that the model sees.",
        (
            "the transform from the camera to the planning frame is wrong: look at the cloud in RViz or the view",
            "the table stands elsewhere in the planning frame, for example 0.74 m above it: put a frame on the table",
            "`workspace_low` and `workspace_high` of the voxelizer give another box than the model's: set both to [0.0]",
            "the camera sees nothing there: check its range, its light and what stands before it",
        ),
    ),
    ErrorCode.TRANSFORM: Reason(
        "No transform leads from the cloud's frame to the planning frame at the cloud's stamp.",
        (
            "nobody publishes it: start the driver's or the robot's, or set `static_transforms`",
            "it comes later than `transform_timeout`, or the clocks differ",
            "`planning_frame` is not the same in voxelizer and planner",
        ),
    ),
    ErrorCode.BAD_INSTRUCTION: Reason(
        "The text is empty, longer than allowed, no clean UTF-8, or asks for something that no plan can be.",
        (
            "the sentence says which, with its figure: send it as UTF-8 text of that length",
            "too many completed steps were sent: send the last ones",
        ),
    ),
    ErrorCode.MODEL: Reason(
        "The model could not be loaded, or failed while it planned.",
        (
            "the checkpoint's folder is missing, damaged or for another base LLM: the sentence names the file",
            "the device does not exist or has too little memory: set `device` to cpu",
            "a fault of ours: the log has the details, please report them",
        ),
    ),
    ErrorCode.OUTSIDE_WORKSPACE: Reason(
        "A pose of the plan lies outside the workspace or beyond `max_reach`.",
        (
            "the thing stands at the edge: move it towards the middle",
            "`workspace` or `max_reach` leave too little room: compare them with the pose in the error",
            "the instruction names a place outside: name another one",
        ),
    ),
    ErrorCode.TIMEOUT: Reason(
        "No plan within `planning_timeout`.",
        (
            'the computer is busy: `make bench ARGS="load"` tells how much that costs; `llm_weights: int8` takes less than float32',
            "the plan has many steps: ask for less, or raise `planning_timeout`",
        ),
    ),
    ErrorCode.CANCELLED: Reason(
        "The client cancelled the request, a newer instruction replaced it, or the node ends.",
        ("send it again if it is still wanted",),
    ),
    ErrorCode.LOW_CONFIDENCE: Reason(
        "A step is less sure than `min_confidence`.",
        (
            "the thing is hidden or far away: give the camera a better view",
            "several things fit the words: name colour, kind or place",
            "`min_confidence` asks for more than the model gives: lower it",
        ),
    ),
    ErrorCode.KEEP_OUT: Reason(
        "A pose of the plan lies in a box of `keep_out`.",
        ("the thing stands in the box: move it", "the place is in the box: name another one", "the box is too large"),
    ),
    ErrorCode.NOT_ACTIVE: Reason(
        "The planner is in the state that the error names.",
        (
            "it was not activated: `ros2 lifecycle set /planner activate`",
            "it is still loading its model: ask again",
            "it is finalized: start its process again",
        ),
    ),
    ErrorCode.IMPOSSIBLE: Reason(
        "The model found no step for the instruction in what it sees, or one that names other things than it points at; or it says "
        "that all is done and a completed step is not what is seen; or the question has no answer there.",
        (
            'the thing is not in view or outside the box that the model sees: look at the view, and for "voxels lie outside"',
            "the thing is there and not recognised: give the camera a better view",
            "the thing is not there: put it on the table, or name one that is",
            "a step is among the completed ones that failed, or was undone: send the instruction anew without it (`replan` keeps it)",
            "the question is about other matters than the things on the table, or not in English: ask about those, in English",
            'the instruction asks for what the model cannot do: README, "What it cannot do yet"',
            "a word is none that the model knows: say the thing, its colour and its place as a plan does",
        ),
    ),
    ErrorCode.BUSY: Reason(
        "As many requests wait as may wait.",
        ("somebody asks faster than plans are made: ask again later, and wait for results",),
    ),
}
