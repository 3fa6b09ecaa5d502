"""MoveIt's planning scene: boxes in its world and on the tool, by the service `apply_planning_scene`."""

from __future__ import annotations

from collections.abc import Callable

from moe3d_ros.nodes.following.move_group import MoveItMessages
from moe3d_ros.nodes.runtime.conversions import header, pose_to_msg
from moe3d_ros.robot.scene_boxes import SceneBox, SceneChange


class MoveItScene:
    """Changes the planning scene. A held box may touch `tool_link` and `touch_links`."""

    def __init__(self, node, settings, group, messages: MoveItMessages):
        """
        Args:
            settings: the parameters of `moveit_goals` by name.
            group: callback group.
        """
        self._node, self._settings, self._messages = node, settings, messages
        kind = messages.services.ApplyPlanningScene
        self._client = node.create_client(kind, "apply_planning_scene", callback_group=group)

    def ready(self) -> str:
        """Empty where the scene can be changed; else a sentence."""
        if self._client.service_is_ready():
            return ""
        return "Nobody answers on the service apply_planning_scene: start move_group, remap it, or set scene to false."

    def change(self, change: SceneChange, done: Callable[[str], None]) -> None:
        """Make a change; ``done`` is called once, with an empty text or with the reason why it was not made."""
        request = self._messages.services.ApplyPlanningScene.Request(scene=self.scene(change))
        future = self._client.call_async(request)
        future.add_done_callback(
            lambda answer: done(
                "" if answer.result().success else "apply_planning_scene refused it, see move_group's log"
            )
        )

    def scene(self, change: SceneChange):
        """moveit_msgs/PlanningScene: the change as a difference to the scene that MoveIt has."""
        msgs = self._messages.msgs
        kind = msgs.CollisionObject
        scene = msgs.PlanningScene(is_diff=True)
        scene.robot_state.is_diff = True
        objects = [self._object(box, kind.ADD) for box in change.add]
        objects += [self._removed(name) for name in change.remove]
        links = [link for link in self._settings["touch_links"] if link]
        tool = self._settings["tool_link"]
        attached = []
        if change.attach is not None:
            held = self._object(change.attach, kind.ADD)
            attached.append(msgs.AttachedCollisionObject(link_name=tool, object=held, touch_links=[tool, *links]))
        if change.detach:
            released = self._removed(change.detach)
            attached.append(msgs.AttachedCollisionObject(link_name=tool, object=released))
            objects.append(self._removed(change.detach))  # MoveIt puts into the world what is let go of
        scene.world.collision_objects = objects
        scene.robot_state.attached_collision_objects = attached
        return scene

    def _object(self, box: SceneBox, operation):
        """moveit_msgs/CollisionObject: a box in the planning frame."""
        head = header(self._settings["planning_frame"], self._node.get_clock().now().to_msg())
        solid = self._messages.shapes.SolidPrimitive
        made = self._messages.msgs.CollisionObject(header=head, id=box.name, operation=operation)
        made.pose.orientation.w = 1.0
        made.primitives = [solid(type=solid.BOX, dimensions=[2.0 * half for half in box.half])]
        made.primitive_poses = [pose_to_msg(box.pose, head).pose]
        return made

    def _removed(self, name: str):
        kind = self._messages.msgs.CollisionObject
        return kind(id=name, operation=kind.REMOVE)
