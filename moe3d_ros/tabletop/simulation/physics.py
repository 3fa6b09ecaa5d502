"""The tabletop world in PyBullet, without a screen: objects that fall and collide, depth cameras, a suction gripper.

The gripper has no body. Its tip is a frame that moves along straight lines; what it has attached hangs on that
frame by a fixed constraint of limited force, so that a carried block pushes, and is pushed, like any other. The one
primitive is that of Ravens (Zeng et al. 2020): pick at a pose, lift, move over, descend until contact, release.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from moe3d_ros.tabletop.rules.moved import moved
from moe3d_ros.tabletop.rules.step_done import step_done, words_done
from moe3d_ros.tabletop.scenes.furniture import FURNITURE, parts, ramp_mesh
from moe3d_ros.tabletop.scenes.scene import CAMERAS, Camera, Scene, SceneObject
from moe3d_ros.tabletop.simulation.gripper import TIME_STEP, Carried, straight_line
from moe3d_ros.tabletop.simulation.meshes import bowl_mesh
from moe3d_ros.tabletop.simulation.rendering import CameraView, render
from moe3d_ros.world.geometry import quaternion_to_matrix
from moe3d_ros.world.pose import Pose

GRASP_REACH = 0.015  # metres between the pick pose and the surface, either way, at which suction still holds
SPEED, DESCENT_SPEED = 0.8, 0.15  # metres a second, of the tip
RETREAT = 0.05  # metres along the tool's axis before and after contact
CLEARANCE = 0.03  # metres between what is carried and everything below it
TOP_DOWN_COSINE = 0.98  # cosine of the tool's axis with straight down, from which on a pose counts as top-down
MAX_CARRY_LAG = 0.03  # metres that a carried thing may lag behind the tip before suction breaks
DENSITY = 300.0  # kg/m3, light wood
RAMP_FRICTION = 1.5  # lateral friction of ramps: nothing slides off them
FLOOR = -0.75  # metres, below the table
FLOOR_COLOR = (148, 150, 152)


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

    Raises:
        ImportError: PyBullet is not installed; the message says how to install it.
    """

    def __init__(self, scene: Scene, gravity: float = 9.81):
        self.scene = scene
        self._client = _connect()
        self._client.setTimeStep(TIME_STEP)
        self._client.setGravity(0, 0, -gravity)
        self._client.setPhysicsEngineParameter(numSolverIterations=80, deterministicOverlappingPairs=1)
        self._box((0.55, 0.8, 0.025), (0.5, 0.0, -0.025), scene.table_color)
        self._box((4.0, 4.0, 0.05), (0.5, 0.0, FLOOR - 0.05), FLOOR_COLOR)
        self._bodies = [self._add(thing) for thing in scene.objects]
        self._movable = [b for b, t in zip(self._bodies, scene.objects) if t.traits.movable]
        self._free_overlaps()
        self.settle()
        self._before = self.current_scene()

    def __enter__(self) -> TabletopWorld:
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def close(self) -> None:
        """Release the engine; closing twice is allowed."""
        if self._client is not None and self._client.isConnected():
            self._client.disconnect()
        self._client = None

    # --- bodies

    def _body(
        self, collision: int, visual: int, position, yaw: float = 0.0, mass: float = 0.0, orientation=None
    ) -> int:
        quaternion = orientation or self._client.getQuaternionFromEuler([0, 0, yaw])
        body = self._client.createMultiBody(mass, collision, visual, list(map(float, position)), quaternion)
        self._client.changeDynamics(
            body,
            -1,
            lateralFriction=0.7,
            spinningFriction=0.002,
            rollingFriction=0.0005,
            restitution=0.0,
            linearDamping=0.02,
            angularDamping=0.05,
        )
        return body

    def _box(
        self, half, position, color, yaw: float = 0.0, mass: float = 0.0, solid: bool = True, orientation=None
    ) -> int:
        shape = {"halfExtents": list(map(float, half))}
        collision = self._client.createCollisionShape(self._client.GEOM_BOX, **shape) if solid else -1
        return self._body(
            collision, self._visual(self._client.GEOM_BOX, color, **shape), position, yaw, mass, orientation
        )

    def _visual(self, geometry: int, color, **shape) -> int:
        rgba = [float(channel) / 255 for channel in color] + [1.0]
        return self._client.createVisualShape(geometry, rgbaColor=rgba, specularColor=[0, 0, 0], **shape)

    def _add(self, thing: SceneObject) -> int:
        half, client = thing.half_extents, self._client
        if thing.shape == "bowl":
            vertices, triangles = bowl_mesh(half[0], 2 * half[2])
            mesh = {"vertices": vertices.tolist(), "indices": triangles.ravel().tolist()}
            collision = client.createCollisionShape(client.GEOM_MESH, flags=client.GEOM_FORCE_CONCAVE_TRIMESH, **mesh)
            return self._body(collision, self._visual(client.GEOM_MESH, thing.rgb, **mesh), thing.position)
        if thing.shape in FURNITURE:
            return self._add_furniture(thing)
        if thing.shape == "cylinder":
            radius, height = float(half[0]), float(2 * half[2])
            collision = client.createCollisionShape(client.GEOM_CYLINDER, radius=radius, height=height)
            visual = self._visual(client.GEOM_CYLINDER, thing.rgb, radius=radius, length=height)
            return self._body(collision, visual, thing.position, thing.yaw, DENSITY * np.pi * radius**2 * height)
        moves = thing.traits.movable
        mass = DENSITY * 8 * float(np.prod(half)) if moves else 0.0
        return self._box(half, thing.position, thing.rgb, thing.yaw, mass, moves, thing.orientation)

    def _add_furniture(self, thing: SceneObject) -> int:
        """A ramp, a slot or a rack, fixed to the table."""
        client = self._client
        if thing.shape == "ramp":
            vertices, triangles = ramp_mesh(thing.half_extents)
            mesh = {"vertices": vertices.tolist()}
            collision = client.createCollisionShape(client.GEOM_MESH, **mesh)
            visual = self._visual(client.GEOM_MESH, thing.rgb, **mesh, indices=triangles.ravel().tolist())
        else:
            centers, halves = (
                list(map(np.ndarray.tolist, values)) for values in zip(*parts(thing.shape, thing.half_extents))
            )
            shapes = {"shapeTypes": [client.GEOM_BOX] * len(halves), "halfExtents": halves}
            collision = client.createCollisionShapeArray(**shapes, collisionFramePositions=centers)
            rgba = [[float(channel) / 255 for channel in thing.rgb] + [1.0]] * len(halves)
            visual = client.createVisualShapeArray(**shapes, visualFramePositions=centers, rgbaColors=rgba)
        body = self._body(collision, visual, thing.position, thing.yaw)
        if thing.shape == "ramp":
            client.changeDynamics(body, -1, lateralFriction=RAMP_FRICTION)
        return body

    def _free_overlaps(self) -> None:
        """Lift what the scene has put a little inside something else (a big block in a bowl): physics would throw it out."""
        order = sorted(self._movable, key=lambda body: self._client.getBasePositionAndOrientation(body)[0][2])
        for body in order:
            position, quaternion = self._client.getBasePositionAndOrientation(body)
            for step in range(40):
                self._client.performCollisionDetection()
                touching = self._client.getContactPoints(bodyA=body)
                if all(contact[8] > -0.001 for contact in touching):
                    break
                raised = (position[0], position[1], position[2] + 0.002 * (step + 1))
                self._client.resetBasePositionAndOrientation(body, raised, quaternion)

    def object_poses(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """Position (3,) metres and quaternion (4,) xyzw, in the base frame, of each of the scene's objects now."""
        poses = [self._client.getBasePositionAndOrientation(body) for body in self._bodies]
        return [(np.array(position), np.array(quaternion)) for position, quaternion in poses]

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
    ) -> list[CameraView]:
        """Renders one view for each camera.

        Args:
            cameras: names of ``scenes.CAMERAS`` or cameras of your own.
            noise: where given, a real sensor's noise and holes are drawn from it.

        Raises:
            KeyError: no camera has that name.
        """
        if isinstance(cameras, (str, Camera)):
            cameras = [cameras]
        chosen = [CAMERAS[camera] if isinstance(camera, str) else camera for camera in cameras]
        return [render(self._client, camera, width, height, noise) for camera in chosen]

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
        body, tip, reason = self._touch(start, turn[:, 2])
        if body is None:
            return ExecutionResult(False, False, f"Nothing was picked: {reason}.")
        index = self._bodies.index(body)
        name = self.scene.objects[index].name
        carried = Carried(self._client, body, tip, turn)
        try:
            placed = self._carry(carried, tip, turn, goal, goal_turn)
        finally:
            carried.release()
        self.settle()
        if not placed:
            return ExecutionResult(True, False, f"The {name} was picked, but knocked off the gripper.", index)
        return ExecutionResult(True, True, f"The {name} was picked and released.", index)

    def _touch(self, target: np.ndarray, approach: np.ndarray):
        """The movable body that the tip touches near ``target`` (3,), where it does, and, if none, why not."""
        begin, end = target - 2 * RETREAT * approach, target + GRASP_REACH * approach
        body, _, _, point, _ = self._client.rayTest(begin.tolist(), end.tolist())[0]
        if body < 0:
            return None, None, "there is nothing within 1.5 cm of the pick pose"
        early = float((target - point) @ approach)
        things = dict(zip(self._bodies, self.scene.objects))
        name = things[body].name if body in things else "table"
        if body not in self._movable:
            return None, None, f"the tip met the {name}, which is fixed"
        if early > GRASP_REACH:
            return None, None, f"the tip met the {name} {100 * early:.0f} cm before the pick pose"
        return body, np.array(point), ""

    def _carry(self, carried: Carried, tip, turn, goal, goal_turn) -> bool:
        """Move what is carried from ``tip`` to ``goal`` (3,); False if it was lost on the way."""
        others = [b for b in self._bodies if b != carried.body]
        highest = max([0.0] + [self._client.getAABB(body)[1][2] for body in others])
        reach = max(float(tip[2]) - self._client.getAABB(carried.body)[0][2], 0.0)  # of the object below the tip
        if (
            min(-turn[2, 2], -goal_turn[2, 2]) < TOP_DOWN_COSINE
        ):  # it is tilted on the way: any part of it may come to hang below
            corners = np.abs(np.array(self._client.getAABB(carried.body)) - tip).max(axis=0)
            reach = float(np.linalg.norm(corners))
        before_goal = goal - RETREAT * goal_turn[:, 2]
        up = max(highest + reach + CLEARANCE, float(tip[2]) + RETREAT, before_goal[2])
        lifted = tip - RETREAT * turn[:, 2]
        over, above = np.array([*lifted[:2], up]), np.array([*before_goal[:2], up])
        for there, rotation, speed, careful in (
            (lifted, turn, SPEED, False),
            (over, turn, SPEED, False),
            (above, goal_turn, SPEED, False),
            (before_goal, goal_turn, SPEED, True),
            (goal, goal_turn, DESCENT_SPEED, True),
        ):
            for position, orientation in straight_line(carried.position, carried.rotation, there, rotation, speed):
                carried.move(position, orientation)
                self._client.stepSimulation()
                if carried.lag() > MAX_CARRY_LAG:
                    return False
                if careful and self._supported(carried.body, goal_turn[:, 2]):
                    return True
        return True

    def _supported(self, body: int, approach: np.ndarray) -> bool:
        """True if a contact pushes ``body`` back against the approach (3,); merely brushing past does not count."""
        contacts = self._client.getContactPoints(bodyA=body)
        return any(c[9] > 0 and -np.dot(c[7], approach) > 0.3 for c in contacts)

    def settle(self, seconds: float = 3.0) -> None:
        """Let everything come to rest, for at most so long."""
        still = 0
        for _ in range(int(seconds / TIME_STEP)):
            self._client.stepSimulation()
            motion = [self._client.getBaseVelocity(body) for body in self._movable]
            calm = all(np.abs(v).max() < 0.003 and np.abs(w).max() < 0.05 for v, w in motion)
            still = still + 1 if calm else 0
            if still >= 24:
                break

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


def _connect():
    """A client of an engine of its own, in this process.

    PyBullet greets on standard output and error, where a program's own words belong: they are turned off meanwhile.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    kept, nowhere = [os.dup(1), os.dup(2)], os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    try:
        import pybullet
        from pybullet_utils.bullet_client import BulletClient

        return BulletClient(pybullet.DIRECT)
    except ImportError as error:
        raise ImportError(f"The simulator needs PyBullet ({error}): install it with `pip install pybullet`.") from error
    finally:
        ctypes.CDLL(None).fflush(None)  # what C has buffered must go before standard output is back
        for stream, descriptor in enumerate(kept, start=1):
            os.dup2(descriptor, stream)
            os.close(descriptor)
        os.close(nowhere)
