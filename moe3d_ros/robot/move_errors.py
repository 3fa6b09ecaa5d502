"""MoveIt's numbers for what went wrong, in words, and after which of them something else may be tried. Free of ROS."""

from __future__ import annotations

from dataclasses import dataclass

SUCCESS = 1

# moveit_msgs/MoveItErrorCodes: number -> its name there, and what it says to a person.
CODES = {
    99999: ("FAILURE", "it failed, without a reason"),
    0: ("UNDEFINED", "it gave no reason"),
    -1: ("PLANNING_FAILED", "no path was found: something is in the way, or planning_time is short"),
    -2: ("INVALID_MOTION_PLAN", "the path that was found is not valid"),
    -3: ("MOTION_PLAN_INVALIDATED_BY_ENVIRONMENT_CHANGE", "something came into the way"),
    -4: ("CONTROL_FAILED", "the arm's controller gave up: see its log, and whether the arm is in protective stop"),
    -5: ("UNABLE_TO_AQUIRE_SENSOR_DATA", "a sensor of MoveIt's sends nothing"),
    -6: ("TIMED_OUT", "it took too long"),
    -7: ("PREEMPTED", "it was called off by another goal"),
    -10: ("START_STATE_IN_COLLISION", "the arm touches something where it stands"),
    -11: ("START_STATE_VIOLATES_PATH_CONSTRAINTS", "the arm stands where its path may not be"),
    -26: ("START_STATE_INVALID", "where the arm stands is not valid: look at joint_states and the joint limits"),
    -12: ("GOAL_IN_COLLISION", "the arm would touch something at the goal"),
    -13: ("GOAL_VIOLATES_PATH_CONSTRAINTS", "the goal is where its path may not be"),
    -14: ("GOAL_CONSTRAINTS_VIOLATED", "the arm did not end at the goal within the tolerances"),
    -27: ("GOAL_STATE_INVALID", "the arm at the goal is not valid"),
    -28: ("UNRECOGNIZED_GOAL_TYPE", "the planner does not know this kind of goal"),
    -15: ("INVALID_GROUP_NAME", "there is no such planning group: set the parameter group"),
    -16: ("INVALID_GOAL_CONSTRAINTS", "the goal is not valid"),
    -17: ("INVALID_ROBOT_STATE", "the arm's state is not valid"),
    -18: ("INVALID_LINK_NAME", "there is no such link: set the parameter tool_link"),
    -19: ("INVALID_OBJECT_NAME", "an object is not in the planning scene"),
    -21: (
        "FRAME_TRANSFORM_FAILURE",
        "the planning frame is unknown to MoveIt: set planning_frame, or publish its transform",
    ),
    -22: ("COLLISION_CHECKING_UNAVAILABLE", "collisions cannot be checked"),
    -23: ("ROBOT_STATE_STALE", "joint_states are old: look at the arm's driver"),
    -24: ("SENSOR_INFO_STALE", "a sensor's data are old"),
    -25: ("COMMUNICATION_FAILURE", "a part of MoveIt does not answer"),
    -29: ("CRASH", "a planner crashed: see move_group's log"),
    -30: ("ABORT", "it was aborted"),
    -31: ("NO_IK_SOLUTION", "the arm cannot reach the goal: too far, or turned beyond the joints' limits"),
}
# Nothing has moved, and the reason lies with the goal: another turn of the tool, or another plan, may be reached.
UNREACHED = frozenset({-1, -2, -12, -13, -27, -31})


@dataclass(frozen=True)
class Trouble:
    """A motion that did not end well.

    Attributes:
        reason: in words.
        unreached: nothing has moved, and another goal may be reached.
    """

    reason: str
    unreached: bool = False


def trouble(code: int, message: str = "") -> Trouble | None:
    """Trouble that MoveIt's number tells of a motion, ``message`` its own words if any; None where all went well."""
    if code == SUCCESS:
        return None
    name, words = CODES.get(code, ("unknown", "a number that this version does not know"))
    more = f" ({message.strip()})" if message.strip() else ""
    return Trouble(f"move_group reports error {code}, {name}: {words}{more}", code in UNREACHED)
