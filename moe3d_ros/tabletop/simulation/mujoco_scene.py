"""A scene as a MuJoCo specification: a body for each thing, and the table and the floor that they stand on."""

from __future__ import annotations

import mujoco
import numpy as np

from moe3d_ros.tabletop.scenes.furniture import FURNITURE, parts, ramp_mesh
from moe3d_ros.tabletop.scenes.scene import Scene, SceneObject
from moe3d_ros.tabletop.simulation.meshes import bowl_mesh, bowl_walls

DENSITY = 300.0  # kg/m3, light wood
FRICTION = (0.5, 0.002, 0.0005)  # sliding, spinning (metres), rolling (metres)
RAMP_FRICTION = 1.0  # sliding, of ramps: nothing slides off them
# Stiff contacts: what rests sinks in by less than 0.1 mm. The time constant must be at least two time steps.
CONTACT = {"solref": [0.01, 1.0], "solimp": [0.95, 0.99, 0.001, 0.5, 2.0]}
FLOOR = -0.75  # metres, below the table
FLOOR_COLOR = (148, 150, 152)
# Groups of geoms: seen by cameras and touched by things, seen only (paint, a bowl's mesh), touched only (a bowl's boxes).
BOTH, SEEN, FELT = 0, 1, 2


def specify(scene: Scene, gravity: float, time_step: float) -> mujoco.MjSpec:
    """The scene's specification, to which a robot may be attached before it is compiled.

    Bodies 1 to N are the scene's objects, in their order. What moves has a free joint, with its mass in its middle.

    Args:
        gravity: m/s2, downwards. time_step: seconds.
    """
    spec = mujoco.MjSpec()
    option = spec.option
    option.timestep, option.gravity = time_step, [0.0, 0.0, -gravity]
    option.cone, option.impratio = mujoco.mjtCone.mjCONE_ELLIPTIC, 10.0  # what rests on a slope does not creep
    option.integrator = mujoco.mjtIntegrator.mjINT_IMPLICITFAST
    _box(spec.worldbody, (0.55, 0.8, 0.025), (0.5, 0.0, -0.025), scene.table_color)
    _box(spec.worldbody, (4.0, 4.0, 0.05), (0.5, 0.0, FLOOR - 0.05), FLOOR_COLOR)
    for index, thing in enumerate(scene.objects):
        _add(spec, thing, f"thing{index}")
    return spec


def _add(spec: mujoco.MjSpec, thing: SceneObject, name: str) -> None:
    if thing.orientation is not None:
        x, y, z, w = thing.orientation
    else:
        x, y, z, w = 0.0, 0.0, np.sin(thing.yaw / 2), np.cos(thing.yaw / 2)
    body = spec.worldbody.add_body(name=name, pos=list(thing.position), quat=[w, x, y, z])
    half, moves = thing.half_extents, thing.traits.movable
    if moves and thing.shape in ("box", "cylinder"):
        body.add_freejoint()
    if thing.shape == "bowl":
        _mesh(spec, body, name, *bowl_mesh(half[0], 2 * half[2]), thing.rgb, SEEN)
        for center, turn, extent in bowl_walls(half[0], 2 * half[2]):
            _box(body, extent, center, thing.rgb, FELT, quat=turn)
    elif thing.shape == "ramp":
        ramp = _mesh(spec, body, name, *ramp_mesh(half), thing.rgb, BOTH)
        ramp.friction = [RAMP_FRICTION, *FRICTION[1:]]
    elif thing.shape in FURNITURE:
        for center, extent in parts(thing.shape, half):
            _box(body, extent, center, thing.rgb)
    elif thing.shape == "cylinder":
        _geom(body, thing.rgb, BOTH, type=mujoco.mjtGeom.mjGEOM_CYLINDER, size=[half[0], half[2], 0.0])
    else:
        _box(body, half, (0.0, 0.0, 0.0), thing.rgb, BOTH if moves else SEEN)


def _box(body, half, position, color, group: int = BOTH, **options):
    return _geom(body, color, group, type=mujoco.mjtGeom.mjGEOM_BOX, size=list(half), pos=list(position), **options)


def _mesh(spec: mujoco.MjSpec, body, name: str, vertices: np.ndarray, triangles: np.ndarray, color, group: int):
    """A mesh as it is for the cameras; what touches it meets its convex hull."""
    spec.add_mesh(name=name, uservert=vertices.ravel().tolist(), userface=triangles.ravel().tolist())
    return _geom(body, color, group, type=mujoco.mjtGeom.mjGEOM_MESH, meshname=name)


def _geom(body, color, group: int, **options):
    solid = int(group != SEEN)
    return body.add_geom(
        rgba=[*(channel / 255 for channel in color), 1.0],
        group=group,
        contype=solid,
        conaffinity=solid,
        density=DENSITY,
        condim=6,
        friction=list(FRICTION),
        **CONTACT,
        **options,
    )
