"""A practice task whose words tell things by a relation: which things these are is seen in the finished scene."""

from __future__ import annotations

from moe3d_ros.tabletop.scenes.scene import Scene
from moe3d_ros.tabletop.tasks.draft import Draft
from moe3d_ros.tabletop.tasks.goals import Into
from moe3d_ros.tabletop.tasks.registry import long_task
from moe3d_ros.world.areas import DIRECTIONS
from moe3d_ros.world.kinds import BLOCK, BOWL, ZONE

SIDE_WORDS = {  # from the robot's point of view
    "left": ("left of", "to the left of"),
    "right": ("right of", "to the right of"),
    "far": ("behind", "beyond"),
    "near": ("in front of", "before"),
}
CLEAR = 0.03  # metres by which a block must lie on one side or the other, so that nobody could dispute it


@long_task("practice", told_by_place=True, settled=True)
def beside_to_bowl(draft: Draft):
    """Put the blocks left of the [c] zone in the [d] bowl."""
    zone, bowl = draft.add(ZONE, draft.colors[0]), draft.add(BOWL, draft.colors[1])
    draft.others(3, 6, size="small")
    draft.distract({BOWL: 1}, draft.colors[2:])

    def settle(scene: Scene):
        side = str(draft.rng.choice(list(SIDE_WORDS)))
        axis, sign = DIRECTIONS[side]
        start = scene.objects[zone].position[axis]
        gaps = {i: sign * (o.position[axis] - start) for i, o in enumerate(scene.objects) if o.kind == BLOCK}
        picks = tuple(i for i, gap in gaps.items() if gap > 0)
        if not (all(abs(gap) > CLEAR for gap in gaps.values()) and 1 <= len(picks) <= 3):
            return None
        # A draft of its own says it, once: its draws are part of what a seed stands for.
        said = Draft(draft.rng, draft.colors, draft.scale, draft.held_out, draft.wording).say(
            side=str(draft.rng.choice(SIDE_WORDS[side])), c=scene.objects[zone].color, d=scene.objects[bowl].color
        )
        return said, ((Into(picks, ((bowl,),) * len(picks)),),)

    return settle
