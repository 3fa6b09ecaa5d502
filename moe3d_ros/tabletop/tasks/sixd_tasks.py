"""Tasks whose pick or place is not top-down: the instruction, the step in the planner's words, and its 6D poses.

    ramp-pick   a block that lies tilted on a ramp goes into a bowl, onto a zone, into an area
    ramp-place  a block from the table goes onto the inclined face of a free ramp
    slot        a bar is taken by its near end and stood upright in a slot
    rack-pick   a block is taken sideways out of a rack and goes into a bowl, onto a zone, into an area
    rack-ramp   out of a rack onto a ramp: neither end is top-down

A tool presses on the face by which a thing is taken (`frames.face_normal`), its x along the face's heading. A bar is taken
by the end that is nearer to the robot, the tool's x pointing up.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from moe3d_ros.tabletop.rules.placing import place_pose
from moe3d_ros.tabletop.scenes.faces import about_z, face_normal, tool_on_face
from moe3d_ros.tabletop.scenes.furniture import SLOT_FLOOR
from moe3d_ros.tabletop.scenes.scene import Scene
from moe3d_ros.tabletop.scenes.sixd_scenes import sixd_scene
from moe3d_ros.tabletop.scenes.step import Step
from moe3d_ros.tabletop.scenes.support import support_of
from moe3d_ros.tabletop.tasks.single_step import VARIANTS, Task, step_text
from moe3d_ros.tabletop.words import sixd_wordings as say
from moe3d_ros.tabletop.words import wordings
from moe3d_ros.world.areas import AREAS
from moe3d_ros.world.geometry import pose_from_matrix, pose_from_xyz_yaw
from moe3d_ros.world.kinds import BAR, BLOCK, BOWL, RACK, RAMP, SLOT, ZONE
from moe3d_ros.world.pose import Pose
from moe3d_ros.world.vocabulary import COLOR_NAMES, KIND

SIXD_TASKS = ("ramp-pick", "ramp-place", "slot", "rack-pick", "rack-ramp")
AREA_SHARE = 0.2  # of the destinations of ramp-pick and rack-pick
END_TOOL = np.array([[0.0, 0.0, 1.0], [0.0, -1.0, 0.0], [1.0, 0.0, 0.0]])  # from a bar's frame: z along +x, x up


def quarter_nearest(angle: float, reference: float) -> float:
    """``angle`` plus the quarter turns that bring it nearest to ``reference``, radians."""
    return reference + (angle - reference + np.pi / 4) % (np.pi / 2) - np.pi / 4


def pick_6d(scene: Scene, index: int) -> Pose:
    """Tool pose at contact with the face by which the thing is taken."""
    thing = scene.objects[index]
    if thing.kind == BAR:
        turn = about_z(thing.yaw)
        return pose_from_matrix(np.array(thing.position) - turn[:, 0] * thing.half_extents[0], turn @ END_TOOL)
    normal = np.array(face_normal(thing))
    return tool_on_face(np.array(thing.position) + normal * thing.half_extents[2], normal, thing.yaw)


def place_6d(scene: Scene, index: int, goal: int | None, area: str | None) -> Pose:
    """Tool pose at release: on a ramp's face, upright in a slot, or top-down as for everything else."""
    thing = scene.objects[index]
    below = None if goal is None else scene.objects[goal]
    if below is not None and below.kind == RAMP:
        middle, normal = np.array(below.position), np.array(face_normal(below))
        return tool_on_face(middle + normal * 2 * thing.half_extents[2], normal, quarter_nearest(below.yaw, thing.yaw))
    if below is not None and below.kind == SLOT:
        x, y, z = below.position
        height = z - below.half_extents[2] + SLOT_FLOOR + 2 * thing.half_extents[0]
        return pose_from_xyz_yaw((x, y, height), quarter_nearest(below.yaw, thing.yaw))
    return place_pose(scene, index, goal, area)


def make_step_6d(scene: Scene, pick: int, place: int | None = None, area: str | None = None) -> Step:
    """The step that moves object ``pick`` there."""
    return Step(
        pick, place, area, step_text(scene, pick, place, area), pick_6d(scene, pick), place_6d(scene, pick, place, area)
    )


def doable(scene: Scene, name: str) -> list[tuple[int, int | None]]:
    """Pairs of what task ``name`` can move in this scene and where to; None as destination: an area of the table."""
    kinds = [thing.kind for thing in scene.objects]
    lying = {i: support_of(scene, i) for i, kind in enumerate(kinds) if kind == BLOCK}
    of = lambda kind: [i for i, own in enumerate(kinds) if own == kind]  # noqa: E731
    on = lambda kind: [i for i, below in lying.items() if below is not None and kinds[below] == kind]  # noqa: E731
    free = [i for i in of(RAMP) if i not in lying.values()]
    flat: list[int | None] = [*of(BOWL), *of(ZONE), None]
    table: dict[str, Callable] = {
        "ramp-pick": lambda: (on(RAMP), flat),
        "ramp-place": lambda: ([i for i, below in lying.items() if below is None], free),
        "slot": lambda: (of(BAR), of(SLOT)),
        "rack-pick": lambda: (on(RACK), flat),
        "rack-ramp": lambda: (on(RACK), free),
    }
    if name not in table:
        raise ValueError(f"{name!r} is no 6D task: use {', '.join(SIXD_TASKS)}")
    picks, goals = table[name]()
    return [(pick, goal) for pick in picks for goal in goals]


def sixd_task(scene: Scene, name: str, rng: np.random.Generator, held_out: bool = False) -> Task | None:
    """A random instruction of task ``name`` that can only mean one move in this scene; None if there is none."""
    pairs = doable(scene, name)
    if not pairs:
        return None
    solid = [pair for pair in pairs if pair[1] is not None]
    pairs = solid if solid and rng.random() > AREA_SHARE else [p for p in pairs if p[1] is None] or solid
    pick, goal = pairs[int(rng.integers(len(pairs)))]
    area = str(rng.choice(AREAS)) if goal is None else None
    target, by_place = _target(scene, pick, rng)
    destination = f"the {rng.choice(wordings.AREA_WORDS[area])}" if goal is None else _furniture(scene, goal, rng)
    if target is None or destination is None:
        return None
    text = _word(scene, name, pick, goal, target, by_place, destination, rng, held_out)
    return Task(text, (make_step_6d(scene, pick, goal, area),), by_place, held_out)


def sixd_episode(name: str, rng: np.random.Generator, held_out: bool = False, colors=COLOR_NAMES) -> tuple[Task, Scene]:
    """A scene that offers task ``name``, and the task."""
    while True:
        scene = sixd_scene(rng, colors)
        task = sixd_task(scene, name, rng, held_out)
        if task is not None:
            return task, scene


def random_sixd_task(scene: Scene, rng: np.random.Generator) -> Task | None:
    """A random one of the tasks that the scene offers, all sorts equally likely; None if it offers none."""
    for name in rng.permutation(SIXD_TASKS):
        task = sixd_task(scene, str(name), rng)
        if task is not None:
            return task
    return None


def absent_sixd_task(scene: Scene, rng: np.random.Generator) -> Task:
    """An instruction that names a thing which is not there, so that it has no steps."""
    kind, goal = ((BAR, SLOT), (BLOCK, RAMP))[int(rng.integers(2))]
    phrases = []
    for own in (kind, goal):
        absent = [c for c in COLOR_NAMES if all((o.kind, o.color) != (own, c) for o in scene.objects)]
        phrases.append(f"the {rng.choice(absent)} {rng.choice(wordings.KIND_WORDS[own])}")
    template = str(rng.choice(say.STANDING if kind == BAR else say.SLOPING))
    return Task(template.format(a=phrases[0], b=phrases[1]), (), False)


def _target(scene: Scene, index: int, rng) -> tuple[str | None, bool]:
    """Words for what is picked, and whether they say where it lies."""
    thing, below = scene.objects[index], support_of(scene, index)
    noun = rng.choice(wordings.KIND_WORDS[thing.kind])
    same = [i for i, o in enumerate(scene.objects) if i != index and o.kind == thing.kind]
    rivals = [i for i in same if scene.objects[i].color == thing.color]
    if below is None:
        sized = thing.size and all(scene.objects[i].size != thing.size for i in rivals)
        if rivals and not sized:
            return None, False
        size = f"{rng.choice(wordings.SIZE_WORDS[thing.size])} " if sized and (rivals or rng.random() < 0.25) else ""
        alone = not same and rng.random() < 0.3
        return f"the {noun}" if alone else f"the {size}{thing.color} {noun}", False
    if not rivals and rng.random() < 0.35:
        return f"the {thing.color} {noun}", False
    base = scene.objects[below]
    phrase = _furniture(scene, below, rng)
    if phrase is None:
        return None, False
    beside = [
        i for i in same if support_of(scene, i) is not None and scene.objects[support_of(scene, i)].kind == base.kind
    ]
    lying = rng.choice(say.LYING[base.kind]).format(o=phrase)
    color = "" if not beside and rng.random() < 0.5 else f"{thing.color} "
    if color and any(scene.objects[i].color == thing.color for i in beside):
        return None, False
    return f"the {color}{noun} {lying}", True


def _furniture(scene: Scene, index: int, rng) -> str | None:
    """``the green ramp``, or ``the ramp`` where there is only one."""
    thing = scene.objects[index]
    same = [o for i, o in enumerate(scene.objects) if i != index and o.kind == thing.kind]
    noun = rng.choice(wordings.KIND_WORDS[thing.kind])
    if not same and rng.random() < 0.4:
        return f"the {noun}"
    return None if any(o.color == thing.color for o in same) else f"the {thing.color} {noun}"


def _word(
    scene, name: str, pick: int, goal: int | None, target: str, by_place: bool, destination: str, rng, held_out
) -> str:
    below = support_of(scene, pick)
    base = None if below is None else scene.objects[below].kind
    plain = wordings.HELD_OUT_INSTRUCTIONS if held_out else wordings.INSTRUCTIONS
    source = None if below is None else _furniture(scene, below, rng)
    if name == "slot":
        templates = say.HELD_OUT_STANDING if held_out else say.STANDING
    elif base is not None and not by_place and source is not None and rng.random() < 0.6:
        templates = (say.HELD_OUT_TAKING if held_out else say.TAKING)[base]
    elif name.endswith(("place", RAMP)) and rng.random() < 0.6:
        templates = say.HELD_OUT_SLOPING if held_out else say.SLOPING
    else:
        templates = plain
    kind = None if goal is None else scene.objects[goal].kind
    word = "on" if kind is None else KIND[kind].preposition
    word = str(rng.choice(VARIANTS[word])) if kind else word
    return wordings.finished(str(rng.choice(templates)).format(a=target, b=destination, p=word, o=source), rng)
