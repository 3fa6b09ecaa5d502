"""From a planned step to motions: where they go, in which order, and what is refused or stops them."""

import numpy as np
import pytest

from moe3d_ros.robot.motion import GRASP, RELEASE, SECOND_NS, Follower, Refused, back_off, check_step, motions
from moe3d_ros.world.geometry import pose_from_matrix, pose_from_xyz_yaw
from moe3d_ros.world.pose import Pose

PICK, PLACE = pose_from_xyz_yaw((0.4, 0.1, 0.04), 0.3), pose_from_xyz_yaw((0.6, -0.2, 0.08), -1.0)
NOW = 100 * SECOND_NS


def test_backing_off_goes_against_the_tools_own_z():
    assert np.allclose(back_off(PICK, 0.1).position, (0.4, 0.1, 0.14))  # top-down: upwards
    tilted = pose_from_matrix((0.5, 0.0, 0.2), np.array([[0, 0, 1], [0, 1, 0], [-1, 0, 0]], float))  # z along +x
    assert np.allclose(back_off(tilted, 0.05).position, (0.45, 0.0, 0.2))
    assert back_off(tilted, 0.05).orientation == tilted.orientation


def test_a_step_is_approach_contact_retreat_twice():
    made = motions(PICK, PLACE, approach=0.1, retreat=0.05)
    assert [m.pose.position[2] for m in made] == pytest.approx([0.14, 0.04, 0.09, 0.18, 0.08, 0.13])
    assert [m.gripper for m in made] == ["", GRASP, "", "", RELEASE, ""]
    assert [m.straight for m in made] == [False, True, True, False, True, True]
    assert [m.reaches_goal for m in made] == [False, False, True, False, False, True]
    assert {m.pose.orientation for m in made[:3]} == {PICK.orientation}
    assert {m.pose.orientation for m in made[3:]} == {PLACE.orientation}


def test_one_step_at_a_time_to_its_end():
    follower = Follower(0.1, 0.1)
    done = [follower.begin("first", PICK, PLACE)]
    with pytest.raises(Refused, match="'second' is not followed: 'first' is under way"):
        follower.begin("second", PICK, PLACE)
    while follower.busy:
        assert follower.current is done[-1]
        following = follower.advance()
        done += [following] if following else []
    assert tuple(done) == motions(PICK, PLACE, 0.1, 0.1)
    assert follower.current is None
    assert follower.begin("second", PICK, PLACE).name == "approach the pick"


def test_a_failure_drops_the_rest_until_somebody_resumes():
    follower = Follower(0.1, 0.1)
    follower.begin("first", PICK, PLACE)
    follower.advance()
    follower.fail("no way there.")
    assert not follower.busy
    assert follower.advance() is None
    assert follower.stopped == "pick of 'first' was stopped: no way there."
    with pytest.raises(Refused, match="resume_motion"):
        follower.begin("second", PICK, PLACE)
    follower.resume()
    assert follower.begin("second", PICK, PLACE).name == "approach the pick"


def step(**changes):
    """What check_step takes, all well, but for the changes to the place pose and to the rest."""
    place = {"frame": "base_link", "stamp": NOW - SECOND_NS, "pose": PLACE}
    place.update({key: value for key, value in changes.items() if key in place})
    poses = {
        "pick": ("/base_link", NOW - SECOND_NS, PICK),
        "place": (place["frame"], place["stamp"], place["pose"]),
    }
    return changes.get("verb", "pick_place"), poses, "base_link", NOW, changes.get("max_age", 30.0)


def test_a_good_step_may_be_followed():
    check_step(*step())
    check_step(*step(stamp=0, max_age=0.0))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"verb": "push"}, "push"),
        ({"frame": "camera"}, "place pose is in the frame 'camera', expected 'base_link'"),
        ({"frame": ""}, "frame ''"),
        ({"stamp": NOW - 31 * SECOND_NS}, "31.0 s old"),
        ({"stamp": 0}, "no stamp"),
        ({"stamp": NOW + 5 * SECOND_NS}, "clocks"),
        ({"pose": Pose((0.5, float("nan"), 0.1), PLACE.orientation)}, "finite"),
        ({"pose": Pose((0.5, 0.0, 0.1), (0.0, 0.0, 0.0, 0.0))}, "unit quaternion"),
    ],
)
def test_what_cannot_be_followed_is_refused_with_the_reason(changes, words):
    with pytest.raises(Refused) as refusal:
        check_step(*step(**changes))
    assert words in str(refusal.value)
