"""Robots from a URDF: where their links are, and what is refused."""

import numpy as np
import pytest

from moe3d_ros.tabletop.simulation.arm_model import HOME, description, joints, links
from moe3d_ros.view.robot_model import LARGEST, RobotModel

SLIDER = """
<robot name="r">
  <material name="red"><color rgba="1 0 0 1"/></material>
  <link name="hand"><visual><geometry><sphere radius="0.03"/></geometry><material name="red"/></visual></link>
  <link name="base"><visual><origin xyz="0 0 0.1"/><geometry><box size="0.1 0.2 0.3"/></geometry></visual>
    <visual><geometry><mesh filename="package://x/y.stl"/></geometry></visual></link>
  <link name="planning"/>
  <joint name="foot" type="fixed"><origin xyz="0 0 -0.5"/><parent link="base"/><child link="planning"/></joint>
  <joint name="rail" type="prismatic">
    <origin xyz="1 0 0" rpy="0 0 1.5707963"/><parent link="base"/><child link="hand"/><axis xyz="0 2 0"/>
  </joint>
</robot>"""


def test_links_of_the_arm_are_where_the_simulator_has_them():
    pytest.importorskip("mujoco", reason="MuJoCo is not installed")
    from moe3d_ros.tabletop.scenes.scene import Scene
    from moe3d_ros.tabletop.simulation.mujoco_engine import Engine

    true = Engine(Scene(()), 9.81, 1 / 240, arm=True).arm.link_poses()
    poses = RobotModel(description()).poses(dict(zip(joints().names, HOME)))
    assert set(poses) == set(true) == {"arm_mount", *links()}
    for name, pose in true.items():
        assert np.allclose(poses[name], pose, atol=1e-5), name


def test_a_joint_slides_along_its_axis_and_the_frame_that_is_drawn_in_is_the_origin():
    model = RobotModel(SLIDER, "planning")
    assert {name: [shape.kind for shape in shapes] for name, shapes in model.shapes.items()} == {
        "hand": ["sphere"],
        "base": ["box"],
    }
    assert model.shapes["hand"][0].color == (255, 0, 0)
    assert model.shapes["base"][0].size == (0.1, 0.2, 0.3)
    poses = model.poses({"rail": 0.2, "another robot's": 1.0})
    assert np.allclose(poses["planning"], np.eye(4))
    assert np.allclose(poses["hand"][:3, 3], (0.8, 0.0, 0.5))
    assert np.allclose(RobotModel(SLIDER).poses({})["hand"][:3, 3], (1.0, 0.0, 0.0))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no URDF"),
        ("<robot><joint name='j' type='fixed'/></robot>", "no URDF"),
        ("<robot><link name='a'><visual><geometry><box size='big'/></geometry></visual></link></robot>", "big"),
        (" " * (LARGEST + 1), "at most"),
    ],
)
def test_what_is_no_robot_is_refused_with_the_reason(text, why):
    with pytest.raises(ValueError, match=why):
        RobotModel(text)


def test_joints_in_a_circle_end_the_search():
    circle = SLIDER.replace('<parent link="base"/><child link="hand"/>', '<parent link="hand"/><child link="hand"/>')
    assert set(RobotModel(circle).poses({})) == {"base", "planning"}
