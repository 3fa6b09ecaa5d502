"""The tabletop world in MuJoCo, without a screen: objects that fall and collide, depth cameras, a gripper.

The gripper's tip is a frame that moves along straight lines: by itself, without a body, or as the tip of an arm. What it has
attached is drawn after that frame by a limited force, so that a carried block pushes, and is pushed, like any other. The one
primitive is that of Ravens (Zeng et al. 2020): pick at a pose, lift, move over, descend until contact, release.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from moe3d_ros.tabletop.rules.moved import moved
from moe3d_ros.tabletop.rules.step_done import step_done, words_done
from moe3d_ros.tabletop.scenes.scene import CAMERAS, Camera, Scene
from moe3d_ros.tabletop.simulation.gripper import TIME_STEP, BodilessTip, Carried, Leg, Tip, Unreachable
from moe3d_ros.tabletop.simulation.rendering import CameraView, render
from moe3d_ros.world.geometry import quaternion_to_matrix
from moe3d_ros.world.gripper_names import FINGERS, SUCTION
from moe3d_ros.world.pose import Pose

if TYPE_CHECKING:
    from moe3d_ros.tabletop.simulation.mujoco_arm import ArmBody
    from moe3d_ros.tabletop.simulation.mujoco_engine import Engine

GRASP_REACH = 0.015  # metres between the pick pose and the surface, either way, at which suction still holds
SPEED, DESCENT_SPEED = 0.8, 0.15  # metres a second, of the tip
RETREAT = 0.05  # metres along the tool's axis before and after contact
CLEARANCE = 0.03  # metres between what is carried and everything below it
TOP_DOWN_COSINE = 0.98  # cosine of the tool's axis with straight down, from which on a pose counts as top-down
MAX_CARRY_LAG = 0.03  # metres that a carried thing may lag behind the tip before suction breaks
LINEAR_REST, ANGULAR_REST = 0.003, 0.05  # metres and radians a second, below which a thing counts as still
REST_STEPS = 24  # time steps for which all must be still


@dataclass(frozen=True)
class ExecutionResult:
    """Outcome of a pick and place.

    Attributes:
        grasped: something was attached to the gripper.
        released: it was still held when the gripper reached the place, and was let go there.
        message: one sentence for people.
        object_index: which object of the scene was grasped.
    """

    grasped: bool
    released: bool
    message: str
    object_index: int | None = None


class TabletopWorld:
    """A scene with physics, in an engine of its own; nothing in it depends on time or chance.

    Args:
        scene: what stands on the table. Blocks and objects move, bowls are fixed, zones are paint.
        gravity: m/s2, downwards.
        arm: an arm carries, with its joints' limits; else suction without a body does. Neither is seen by the cameras.
        gripper: of `gripper_names.GRIPPERS`, the arm's.

    Attributes:
        watch: called after each time step of an execution, with the world; None: nobody looks.

    Raises:
        ImportError: MuJoCo, or what an arm needs, is not installed; the message says how to install it.
        ValueError: there is no such gripper, or no arm for it.
    """

    def __init__(self, scene: Scene, gravity: float = 9.81, arm: bool = False, gripper: str = SUCTION):
        if not arm and gripper != SUCTION:
            raise ValueError(f"without an arm there is only {SUCTION}, got {gripper!r}")
        self.scene = scene
        self.watch: Callable[[TabletopWorld], None] | None = None
        self._engine = _engine(scene, gravity, arm, gripper)
        self._tip = _tip(self._engine, scene)
        self._free_overlaps()
        self.settle()
        self._before = self.current_scene()

    def __enter__(self) -> TabletopWorld:
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def close(self) -> None:
        """Release the engine; closing twice is allowed."""
        for part in ("_engine", "_tip"):  # its memory goes with the last reference to it
            vars(self).pop(part, None)

    @property
    def arm(self) -> ArmBody | None:
        """Joints and links of the arm; None without one."""
        return self._engine.arm

    def _free_overlaps(self) -> None:
        """Lift what the scene has put a little inside something else (a big block in a bowl): physics would throw it out."""
        engine = self._engine
        for thing in sorted(map(int, engine.movable), key=lambda thing: engine.positions()[thing][2]):
            for _ in range(40):
                if engine.depth_inside(thing) < 0.001:
                    break
                engine.raise_thing(thing, 0.002)

    def object_poses(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """Position (3,) metres and quaternion (4,) xyzw, in the base frame, of each of the scene's objects now."""
        return list(zip(self._engine.positions(), self._engine.quaternions()))

    def current_scene(self) -> Scene:
        """The scene as it lies now; what has toppled has its half extents in the order of its new position."""
        return replace(self.scene, objects=tuple(map(moved, self.scene.objects, self.object_poses())))

    # --- seeing

    def render(
        self,
        cameras: str | Camera | Sequence[str | Camera] = "front",
        width: int = 640,
        height: int = 480,
        noise: np.random.Generator | None = None,
        arm: bool = False,
    ) -> list[CameraView]:
        """Renders one view for each camera.

        Args:
            cameras: names of ``scenes.CAMERAS`` or cameras of your own.
            noise: where given, a real sensor's noise and holes are drawn from it.
            arm: draw the arm, too; the planner never sees it.

        Raises:
            KeyError: no camera has that name.
        """
        if isinstance(cameras, (str, Camera)):
            cameras = [cameras]
        chosen = [CAMERAS[camera] if isinstance(camera, str) else camera for camera in cameras]
        return [render(self._engine, camera, width, height, noise, arm) for camera in chosen]

    def cloud(
        self,
        cameras: str | Camera | Sequence[str | Camera] = ("front", "left", "right"),
        width: int = 640,
        height: int = 480,
        noise: np.random.Generator | None = None,
    ):
        """Points (N, 3) float32 metres in the base frame and colours (N, 3) uint8 of all cameras together."""
        clouds = [view.cloud() for view in self.render(cameras, width, height, noise)]
        return np.concatenate([points for points, _ in clouds]), np.concatenate([colors for _, colors in clouds])

    # --- acting

    def pick_and_place(self, pick: Pose, place: Pose) -> ExecutionResult:
        """Descend at ``pick``, attach what is there, lift, move over, turn by R_place R_pick^-1, descend, release.

        The tip grasps what it touches first, if that is within 1.5 cm of the pick pose. With the object it descends
        along the place's z axis until something below touches the object, or to the place pose.
        """
        self._before = self.current_scene()
        start, turn = np.asarray(pick.position, float), quaternion_to_matrix(pick.orientation)
        goal, goal_turn = np.asarray(place.position, float), quaternion_to_matrix(place.orientation)
        index, tip, reason = self._touch(start, turn[:, 2])
        if index is None:
            return ExecutionResult(False, False, f"Nothing was picked: {reason}.")
        name = self.scene.objects[index].name
        route = self._route(index, tip, turn, goal, goal_turn)
        try:
            self._tip.plan(index, tip, turn, route)
        except Unreachable as error:
            return ExecutionResult(False, False, f"Nothing was picked: {error}.")
        if reason := self._missed(index):
            return ExecutionResult(False, False, f"Nothing was picked: {reason}.")
        carried = Carried(self._engine, index, *self._tip.pose())
        try:
            placed = self._carry(carried, route)
        finally:
            carried.release()
        self._withdraw()
        self.settle()
        if not placed:
            return ExecutionResult(True, False, f"The {name} was picked, but knocked off the gripper.", index)
        return ExecutionResult(True, True, f"The {name} was picked and released.", index)

    def _touch(self, target: np.ndarray, approach: np.ndarray) -> tuple[int | None, np.ndarray, str]:
        """The movable thing that the tip touches near ``target`` (3,), where it does, and, if none, why not."""
        begin = target - 2 * RETREAT * approach
        distance, thing = self._engine.touch(begin, approach)
        point, early = begin + distance * approach, 2 * RETREAT - distance
        if -early > GRASP_REACH:
            return None, target, "there is nothing within 1.5 cm of the pick pose"
        name = self.scene.objects[thing].name if thing >= 0 else "table"
        if thing not in self._engine.movable:
            return None, point, f"the tip met the {name}, which is fixed"
        if early > GRASP_REACH:
            return None, point, f"the tip met the {name} {100 * early:.0f} cm before the pick pose"
        return thing, point, ""

    def _missed(self, index: int) -> str:
        """Bring the tip to the pick -> why the thing there is then not held, and the tip has withdrawn; empty if it is."""
        moved = False
        for _ in self._tip.approach():
            moved = True
            self._step()
        if not moved:
            return ""
        position, rotation = self._tip.pose()
        reason = self._tip.missed()
        if not reason and self._touch(position, rotation[:, 2])[0] != index:
            reason = f"the {self.scene.objects[index].name} had been pushed away before the tip came"
        if reason:
            self._withdraw()
            self.settle()
        return reason

    def _withdraw(self) -> None:
        for _ in self._tip.withdraw():
            self._step()

    def _route(self, index: int, tip, turn, goal, goal_turn) -> tuple[Leg, ...]:
        """The way of a thing that is taken at ``tip`` (3,) to ``goal`` (3,): up, over, and down along the place's approach."""
        low, high = self._engine.bounds()
        highest = max(0.0, float(np.delete(high[:, 2], index).max(initial=0.0)))
        reach = max(float(tip[2] - low[index, 2]), 0.0)  # of the object below the tip
        if (
            min(-turn[2, 2], -goal_turn[2, 2]) < TOP_DOWN_COSINE
        ):  # it is tilted on the way: any part of it may come to hang below
            corners = np.abs(np.array([low[index], high[index]]) - tip).max(axis=0)
            reach = float(np.linalg.norm(corners))
        before_goal = goal - RETREAT * goal_turn[:, 2]
        up = max(highest + reach + CLEARANCE, float(tip[2]) + RETREAT, before_goal[2])
        lifted = tip - RETREAT * turn[:, 2]
        over, above = np.array([*lifted[:2], up]), np.array([*before_goal[:2], up])
        return (
            Leg(lifted, turn, SPEED),
            Leg(over, turn, SPEED),
            Leg(above, goal_turn, SPEED),
            Leg(before_goal, goal_turn, SPEED, careful=True),
            Leg(goal, goal_turn, DESCENT_SPEED, careful=True),
        )

    def _carry(self, carried: Carried, route: Sequence[Leg]) -> bool:
        """Move what is carried along the route; False if it was lost on the way."""
        approach = route[-1].rotation[:, 2]
        for number, leg in enumerate(route):
            for position, rotation in self._tip.leg(number):
                carried.move(position, rotation)
                self._step()
                if carried.lag() > MAX_CARRY_LAG:
                    return False
                if leg.careful and self._supported(carried.thing, approach):
                    return True
        return True

    def _supported(self, thing: int, approach: np.ndarray) -> bool:
        """True if a contact pushes ``thing`` back against the approach (3,); merely brushing past does not count."""
        return bool((self._engine.pushes(thing) @ -approach > 0.3).any())

    def settle(self, seconds: float = 3.0) -> None:
        """Let everything come to rest, for at most so long."""
        still = 0
        for _ in range(int(seconds / TIME_STEP)):
            self._step()
            still = still + 1 if self._engine.at_rest(LINEAR_REST, ANGULAR_REST) else 0
            if still >= REST_STEPS:
                break

    def _step(self) -> None:
        self._engine.step()
        if self.watch is not None:
            self.watch(self)

    # --- judging

    def succeeded(self, step) -> bool:
        """True if the oracle's ``step`` is done: its object lies at its goal by the rules of `success`."""
        return step_done(self.current_scene(), step)[0]

    def judge(self, target: str, destination: str, picked_at) -> tuple[bool, str]:
        """Judges the last pick and place by its own words: success, and a sentence that says where the thing lies.

        Args:
            target: ``small red block``. destination: ``in the green bowl``.
            picked_at: (3,) metres, the pick pose's position, which tells things of one name apart.
        """
        return words_done(self._before, self.current_scene(), target, destination, picked_at)


def armed(gripper: str) -> dict[str, Any]:
    """Arguments of TabletopWorld for an arm with a gripper; empty: suction without a body."""
    return {"arm": bool(gripper), "gripper": gripper or SUCTION}


def _engine(scene: Scene, gravity: float, arm: bool, gripper: str) -> Engine:
    try:
        from moe3d_ros.tabletop.simulation.mujoco_engine import Engine
    except ImportError as error:
        raise ImportError(f"The simulator needs MuJoCo ({error}): install it with `pip install mujoco`.") from error
    return Engine(scene, gravity, TIME_STEP, arm, gripper)


def _tip(engine: Engine, scene: Scene) -> Tip:
    if engine.arm is None:
        return BodilessTip()
    try:
        from moe3d_ros.tabletop.simulation.arm_tip import ArmTip
        from moe3d_ros.tabletop.simulation.finger_tip import FingerTip
    except ImportError as error:
        raise ImportError(
            f"The arm needs mink and its solver ({error}): install them with `pip install mink[daqp]`, or leave the arm out."
        ) from error
    names = [thing.name for thing in scene.objects]
    return FingerTip(engine.arm, names, engine.width) if engine.arm.gripper == FINGERS else ArmTip(engine.arm, names)
