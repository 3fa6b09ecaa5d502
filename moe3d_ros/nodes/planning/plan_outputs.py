"""The planner node's topics: the model, plans as they are shown to people, and the goals that a robot follows."""

from __future__ import annotations

from geometry_msgs.msg import Point, PoseStamped
from visualization_msgs.msg import MarkerArray

from moe3d_ros.msg import ModelInfo, PlannedAction, SeenThings, TaskPlan
from moe3d_ros.nodes.planning.markers import no_markers, plan_markers
from moe3d_ros.nodes.runtime.conversions import action_to_msg, plan_to_msg, pose_to_msg, seen_to_msg
from moe3d_ros.nodes.runtime.diagnostics import WARN
from moe3d_ros.nodes.runtime.qos import EVENT, LATCHED
from moe3d_ros.nodes.seams.detector_messages import DetectionArrays, NotInstalled
from moe3d_ros.plan import Plan
from moe3d_ros.world.pose import Pose
from moe3d_ros.world.workspace import Workspace


class PlanOutputs:
    """Publishers of `plan`, `plan_markers` and `seen`, and of `planned_action`, `pick_pose`, `place_pose` and `goal_pose`.

    They are the node's lifecycle publishers: silent while it is not active. `model_info` is none of them: it is a fact
    from the moment the model is loaded, which may be before the node is active. `detections` is there where it is asked for.
    """

    def __init__(self, node, detections: bool = False):
        """``node``: with lifecycle. ``detections``: publish what is seen as vision_msgs, too, where that is installed."""
        self._node = node
        self._model = node.create_publisher(ModelInfo, "model_info", LATCHED)
        self._plan = node.create_lifecycle_publisher(TaskPlan, "plan", LATCHED)
        self._markers = node.create_lifecycle_publisher(MarkerArray, "plan_markers", LATCHED)
        self._seen = node.create_lifecycle_publisher(SeenThings, "seen", LATCHED)
        self._action = node.create_lifecycle_publisher(PlannedAction, "planned_action", EVENT)
        self._pick = node.create_lifecycle_publisher(PoseStamped, "pick_pose", EVENT)
        self._place = node.create_lifecycle_publisher(PoseStamped, "place_pose", EVENT)
        self._goal = node.create_lifecycle_publisher(PoseStamped, "goal_pose", EVENT)
        self._publishers = [self._plan, self._markers, self._seen, self._action, self._pick, self._place, self._goal]
        self._arrays = self._detection_arrays() if detections else None
        if self._arrays is not None:
            self._detections = node.create_lifecycle_publisher(self._arrays.message, "detections", LATCHED)
            self._publishers.append(self._detections)

    def _detection_arrays(self) -> DetectionArrays | None:
        """Writer of detections; None where their messages are not installed, which is told."""
        try:
            return DetectionArrays()
        except NotInstalled as error:
            sentence = f"What is seen is not published as detections: {error}"
            self._node.diagnostics.set("detections", sentence)
            self._node.diagnostics.report(WARN, sentence)
            return None

    def close(self) -> None:
        """Take the topics away."""
        self._node.destroy_publisher(self._model)
        for publisher in self._publishers:
            self._node.destroy_lifecycle_publisher(publisher)

    def tell(self, planner, head) -> None:
        """Publish the space that the model sees; ``head``: planning frame, and when the model was ready."""
        self._model.publish(model_info(planner, head))

    def show(self, plan: Plan, head, marker_lifetime: float) -> None:
        """Publish the whole plan and its markers; ``head`` is the header of all its messages."""
        self._plan.publish(plan_to_msg(plan, head))
        self._seen.publish(seen_to_msg(plan.seen, head))
        self._markers.publish(plan_markers(plan, head, marker_lifetime))
        if self._arrays is not None:
            self._detections.publish(self._arrays.array(plan.seen, head))

    def clear(self, head) -> None:
        """Take away the markers of the plan before, which counts no more; it stays on the latched `plan`."""
        if self._node.context.ok():
            self._markers.publish(no_markers(head))

    def release(self, plan: Plan, head) -> None:
        """Publish the next step and its goals, the first of which is its pick."""
        if plan.actions:
            step = plan.actions[0]
            self._action.publish(action_to_msg(step, head))
            self._pick.publish(pose_to_msg(step.pick, head))
            self._place.publish(pose_to_msg(step.place, head))
            self.goal(step.pick, head)

    def goal(self, pose: Pose, head) -> None:
        """Publish the pose to go to now."""
        self._goal.publish(pose_to_msg(pose, head))


def model_info(planner, head) -> ModelInfo:
    """A `moe3d_ros.planner.Planner` -> moe3d_ros/ModelInfo."""

    def corners(box: Workspace) -> list[Point]:
        return [Point(x=float(x), y=float(y), z=float(z)) for x, y, z in (box.low, box.high)]

    (model_low, model_high), (low, high) = corners(planner.model_workspace), corners(planner.workspace)
    return ModelInfo(
        header=head,
        name=planner.name,
        checksum=planner.checksum,
        model_workspace_low=model_low,
        model_workspace_high=model_high,
        workspace_low=low,
        workspace_high=high,
        voxel_size=float(planner.voxel_size),
        margin=float(planner.margin),
        kinds=list(planner.kinds),
    )
