"""Carries out planned steps on an arm, one motion at a time, with a gripper and a motion planner's scene. Free of ROS.

A motion that is not reached is tried at the next equal turn of the tool, as long as nothing has moved for it. Whatever else
fails drops the rest of the step, and nothing moves until `resume`, or until a step comes that was planned on a newer look
which this asked for: with an empty hand, after a goal that was not reached, and a limited number of times.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import Protocol

from moe3d_ros.robot.motion import GRASP, RELEASE, Follower, Motion, Refused
from moe3d_ros.robot.move_errors import Trouble
from moe3d_ros.robot.scene_boxes import SceneBox, SceneChange, held_box, moved, obstacles, taken, touched
from moe3d_ros.world.pose import Pose

Done = Callable[[str], None]  # takes a problem in words; empty: it was done
CONTACT = {GRASP: "pick", RELEASE: "place"}


class Robot(Protocol):
    """An arm with its gripper and scene, as the runner uses them. What takes a ``done`` calls it once, unless stopped."""

    def ready(self) -> str:
        """Reason why nothing can be moved now; empty where it can."""

    def move(self, motion: Motion, done: Callable[[Trouble | None], None]) -> None:
        """Begin a motion."""

    def stop(self) -> None:
        """Cancel the motion that is under way."""

    def grip(self, hold: bool, done: Done) -> None:
        """Hold what the tool touches, or let go."""

    def change_scene(self, change: SceneChange, done: Done) -> None:
        """Change the motion planner's scene."""

    def reached(self) -> None:
        """Tell the planner that a goal is reached."""

    def replan(self, done: Done) -> None:
        """Ask the planner to look and plan again."""

    def watch(self, motion: Motion | None) -> None:
        """Give a motion a limited time; None: nothing is under way."""

    def told(self, words: str, level: str) -> None:
        """Tell people; ``level``: info, warn or error."""


class StepRunner:
    """See the module's docstring.

    Attributes:
        holding: the tool holds something, as far as is known.
    """

    def __init__(self, follower: Follower, robot: Robot, now_ns: Callable[[], int], replans: Callable[[], int]):
        """
        Args:
            now_ns: the clock of the steps' stamps, nanoseconds.
            replans: how often in a row a new plan may be asked for.
        """
        self._follower, self._robot, self._now_ns, self._replans = follower, robot, now_ns, replans
        self._lock = threading.RLock()
        self.holding = False
        self._asked = 0  # new plans in a row
        self._newer_than: int | None = None  # a step of a newer look, nanoseconds, is followed though all is stopped
        self._boxes: tuple[SceneBox, ...] = ()  # that were seen, and stand up from the table
        self._table: tuple[SceneBox, ...] = ()
        self._shown: set[str] = set()  # names of the boxes that the scene has of us
        self._pick = self._place = Pose((0.0, 0.0, 0.0), (0.0, 0.0, 0.0, 1.0))
        self._target: SceneBox | None = None
        self._touched: tuple[SceneBox, ...] = ()
        self._attached = ""  # name of the box that the scene has on the tool
        self._away: dict[str, SceneBox] = {}  # boxes that are out of the scene so that they can be touched

    @property
    def busy(self) -> bool:
        """A step is under way."""
        return self._follower.busy

    @property
    def stopped(self) -> str:
        """Reason why nothing moves any more; empty while all is well."""
        return self._follower.stopped

    def see(self, boxes: Iterable[SceneBox], table: SceneBox | None = None) -> None:
        """Note what is seen, and the table below; the scene has it from the next step on."""
        with self._lock:
            self._boxes, self._table = obstacles(boxes), () if table is None else (table,)

    def begin(self, text: str, pick: Pose, place: Pose, stamp_ns: int) -> None:
        """Begin a step, of a cloud taken at ``stamp_ns``. Raises Refused while busy or stopped."""
        with self._lock:
            reason = self._robot.ready()
            if reason:
                raise Refused(reason)
            if self.stopped and self._newer_than is not None and stamp_ns > self._newer_than:
                self._follower.resume()
            first = self._follower.begin(text, pick, place)
            self._newer_than = None
            self._pick, self._place = pick, place
            self._target = taken(self._boxes, pick)
            self._touched = touched(self._boxes, place, self._target)
            standing = (*self._table, *self._boxes)
            names = {box.name for box in standing}
            change = SceneChange(add=standing, remove=tuple(sorted(self._shown - names)))
            self._shown, self._away = names, {}
            self._robot.watch(first)
            self._change(first, change, lambda: self._move(first))

    def stop(self, reason: str) -> None:
        """Stop everything, with the reason; nothing moves until `resume`."""
        with self._lock:
            self._stop(Trouble(reason))

    def late(self, motion: Motion, reason: str) -> None:
        """Stop everything where this motion is still under way."""
        with self._lock:
            if self._follower.current is motion:
                self._stop(Trouble(reason))

    def resume(self) -> None:
        """Accept steps again: the arm is free, and holds nothing."""
        with self._lock:
            if self._attached:
                self._robot.change_scene(SceneChange(detach=self._attached), self._tell_scene)
                self._attached = ""
            self.holding, self._asked, self._newer_than = False, 0, None
            self._follower.resume()

    # --- one motion: free the way to touch, move, grip, tell the scene

    def _move(self, motion: Motion) -> None:
        self._robot.watch(motion)
        self._robot.told(f"Motion: {motion.name}", "info")
        change = SceneChange(remove=tuple(box.name for box in self._to_touch(motion)))
        self._away.update((box.name, box) for box in self._to_touch(motion))
        self._change(motion, change, lambda: self._robot.move(motion, lambda trouble: self._on_moved(motion, trouble)))

    def _to_touch(self, motion: Motion) -> tuple[SceneBox, ...]:
        """The boxes that are touched with a motion's end."""
        if motion.gripper == GRASP:
            return (self._target,) if self._target is not None else ()
        return self._touched if motion.gripper == RELEASE else ()

    def _on_moved(self, motion: Motion, trouble: Trouble | None) -> None:
        with self._lock:
            if self._follower.current is not motion:
                return
            if trouble is not None:
                following = self._follower.turn() if trouble.unreached else None
                if following is None:
                    self._stop(trouble)
                else:
                    self._robot.told(f"{motion.name}: {trouble.reason}; trying another turn of the tool.", "info")
                    self._move(following)
            elif motion.gripper:
                self.holding = True  # until it has let go, whatever a gripper that fails has done
                self._robot.grip(motion.gripper == GRASP, lambda problem: self._on_gripped(motion, problem))
            else:
                self._advance(motion)

    def _on_gripped(self, motion: Motion, problem: str) -> None:
        with self._lock:
            if self._follower.current is not motion:
                return
            if problem:
                self._stop(Trouble(f"the gripper did not {motion.gripper}: {problem}"))
                return
            self.holding = motion.gripper == GRASP
            target, change = self._target, SceneChange()
            if target is not None:
                self._away.pop(target.name, None)
                change = SceneChange(attach=held_box(target)) if self.holding else SceneChange(detach=target.name)
                self._attached = target.name if self.holding else ""
                if not self.holding:  # it stands there again once the tool is out of the way
                    self._away[target.name] = moved(target, self._pick, self._place)
            self._change(motion, change, lambda: self._advance(motion))

    def _advance(self, motion: Motion) -> None:
        """Handle the end of a motion; after the lift, and once the arm is out of the way, notify the planner."""
        following = self._follower.advance()
        if following is None:
            self._asked = 0
            self._robot.watch(None)
            self._bring_back()
        if motion.reaches_goal:
            self._robot.reached()
        if following is not None:
            self._move(following)
        elif not self.busy:  # else what was told has begun the next one
            self._robot.told("waiting for planned_action", "info")

    def _change(self, motion: Motion, change: SceneChange, then: Callable[[], None]) -> None:
        """Change the scene, then go on, or stop where that fails."""

        def done(problem: str) -> None:
            with self._lock:
                if self._follower.current is not motion:
                    return
                if problem:
                    self._stop(Trouble(f"the planning scene was not changed: {problem}"))
                else:
                    then()

        if change:
            self._robot.change_scene(change, done)
        else:
            then()

    def _bring_back(self) -> None:
        """Put back what was taken out of the scene to be touched."""
        change, self._away = SceneChange(add=tuple(self._away.values())), {}
        if change:
            self._robot.change_scene(change, self._tell_scene)

    def _tell_scene(self, problem: str) -> None:
        if problem:
            self._robot.told(f"The planning scene was not changed: {problem}", "warn")

    # --- after a failure

    def _stop(self, trouble: Trouble) -> None:
        self._robot.watch(None)
        self._robot.stop()
        self._follower.fail(trouble.reason)
        self._bring_back()
        again = trouble.unreached and not self.holding and self._asked < self._replans()
        self._newer_than = self._now_ns() if again else None
        if not again:
            self._robot.told(f"{self.stopped} Call resume_motion when the arm is free.", "error")
            return
        self._asked += 1
        self._robot.told(f"{self.stopped} A new plan was asked for ({self._asked} of {self._replans()}).", "warn")
        self._robot.replan(self._on_replanned)

    def _on_replanned(self, problem: str) -> None:
        with self._lock:
            if problem and self._newer_than is not None:
                self._newer_than = None
                words = f"{self.stopped} There is no new plan: {problem.rstrip('.')}. Call resume_motion when the arm is free."
                self._robot.told(words, "error")
