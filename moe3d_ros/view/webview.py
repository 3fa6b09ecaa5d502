"""The live view in the browser: voxels, workspace, plan and goals in 3D, the plan in words, a field for an instruction.

viser serves one page and its data from this process; nothing is loaded from elsewhere. Free of ROS: `nodes/viewer`
feeds it. What a person types comes back by a callback. Only pages of this server may connect, since whoever can type
an instruction decides what the robot does, and any page that is open in a browser may reach localhost.
"""

from __future__ import annotations

import html
import socket
from collections.abc import Callable
from urllib.parse import urlsplit

import numpy as np

from moe3d_ros.plan import Plan
from moe3d_ros.view.robot_drawing import RobotDrawing
from moe3d_ros.view.robot_model import RobotModel
from moe3d_ros.world.geometry import quaternion_to_matrix
from moe3d_ros.world.grid import VOXEL_SIZE
from moe3d_ros.world.pose import Pose
from moe3d_ros.world.workspace import Workspace

TITLE = "moe3d_ros"
LOOPBACK = ("localhost", "127.0.0.1", "::1")
CAMERA_OFFSET = (-0.62, 0.0, 0.72)  # in widths of the workspace, from the middle of its floor: from behind the robot
ROBOT_CAMERA_OFFSET = (
    -0.22,
    -0.98,
    0.68,
)  # likewise where there is a robot, which would stand before that: from its right
LATERAL_OFFSET = -0.15  # in widths of the workspace: the scene stands left of the panel
GOAL_LENGTH = 0.12  # metres, of the arrow that comes to the goal along the approach
GOAL_COLOR = (255, 190, 25)
LEVELS = {"ok": "#2b8a3e", "warn": "#b35c00", "error": "#c92a2a"}


class WebView:
    """See the module's docstring. All methods may be called from any thread.

    Attributes:
        address: of the page, with the port that was free.
        robot: what is drawn of a robot.
    """

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 8080,
        said: Callable[[str], None] | None = None,
    ):
        """
        Args:
            host: address to listen on; 127.0.0.1: this machine alone. There is no password.
            port: the next one that is free is taken where it is not; 0: any.
            said: called with the instruction that a person typed; None: nobody can type one.

        Raises:
            ValueError: nobody can listen on ``host``, or viser is not installed.
        """
        check_host(host)
        try:
            import viser
        except ImportError as error:
            raise ValueError(f"viser is needed for the view ({error}): pip install viser.") from error
        self._said = said
        self._host, self._foreign = host, set()  # of clients
        self._server = server = viser.ViserServer(host=host, port=port, label=TITLE, verbose=False)
        server._websock_server.on_client_connect(self._check_origin)
        shown = "localhost" if host in (*LOOPBACK, "0.0.0.0", "::") else host
        self.address = f"http://{shown}:{server.get_port()}"
        self.robot = RobotDrawing(server.scene)
        self._voxels = None
        self._poses: dict[str, list] = {}
        self._drawn: dict[str, list] = {}
        self._status: dict[str, tuple[str, str]] = {}
        server.scene.set_up_direction("+z")
        server.scene.world_axes.visible = False
        server.scene.add_frame("/planning_frame", axes_length=0.1, axes_radius=0.004)
        self.set_space(Workspace())
        self._set_panel()

    def close(self) -> None:
        """Stop serving."""
        self._server.stop()

    # --- the page

    def set_space(self, workspace: Workspace, voxel_size: float = VOXEL_SIZE, corner=None) -> None:
        """Draw a workspace, and look at it with the next page that is opened.

        Args:
            workspace: box in the planning frame, metres.
            voxel_size: edge of a voxel, metres.
            corner: (3,) metres, a corner of the grid of voxels; None: the workspace's lowest.
        """
        self._corner = np.asarray(workspace.low if corner is None else corner)
        self._edge = voxel_size
        scene, (low, high) = self._server.scene, (workspace.low, workspace.high)
        self._workspace = workspace
        self._look()
        middle = np.array([*workspace.center[:2], low[2]])
        wide, deep = high[0] - low[0], high[1] - low[1]
        scene.add_grid(
            "/table", width=wide, height=deep, cell_size=0.1, section_size=0.5, position=tuple(middle - [0, 0, 0.002])
        )
        scene.add_line_segments("/workspace", box_edges(workspace), (120, 120, 120), thickness=0.002)

    def _look(self) -> None:
        """Choose from where the next page that is opened looks."""
        workspace = self._workspace
        middle = np.array([*workspace.center[:2], workspace.low[2]])
        size = 2 * float(workspace.half_range[:2].max())
        if self.robot.shown:
            offset, aside, target = ROBOT_CAMERA_OFFSET, (0.2, 0.0, 0.0), (-0.12, 0.0, 0.12)
        else:
            offset, aside, target = CAMERA_OFFSET, (0.0, LATERAL_OFFSET, 0.0), (0.03, 0.0, 0.0)
        self._server.initial_camera.position = tuple(middle + size * np.add(offset, aside))
        self._server.initial_camera.look_at = tuple(middle + size * np.add(target, aside))

    def _set_panel(self) -> None:
        gui = self._server.gui
        gui.configure_theme(show_logo=False, show_share_button=False, control_width="large")
        if self._said is not None:
            with gui.add_form(None) as form:
                self._field = gui.add_text("Instruction", "", hint="What should happen; Enter sends it.")
                button = gui.add_button("Plan")
            form.on_submit(self._on_typed)
            button.on_click(self._on_typed)
        self._words = gui.add_html(plan_html(None, ""))
        self._state = gui.add_html("")
        box = gui.add_checkbox("Voxels", True)
        box.on_update(lambda event: self._show_voxels(event.target.value))
        box = gui.add_checkbox("Robot", True)
        box.on_update(lambda event: self.robot.set_visible(event.target.value))

    def _show_voxels(self, visible: bool) -> None:
        self._visible = visible
        if self._voxels is not None:
            self._voxels.visible = visible

    _visible = True

    # --- what is shown

    def show_voxels(self, points: np.ndarray, colors: np.ndarray | None) -> None:
        """Draw voxels as squares of their size: centroids (V, 3) metres, colours (V, 3) uint8 or None for grey."""
        points = np.asarray(points, np.float64).reshape(-1, 3)
        corner, edge = self._corner, self._edge
        cells = (np.floor((points - corner) / edge + 1e-3) + 0.5) * edge + corner
        colors = np.full((len(cells), 3), 128, np.uint8) if colors is None else np.asarray(colors, np.uint8)
        self._voxels = self._server.scene.add_point_cloud(
            "/voxels",
            cells.astype(np.float32),
            colors,
            point_size=edge,
            point_shape="square",
            point_shading="flat",
            precision="float32",
            visible=self._visible,
        )

    def show_robot(self, model: RobotModel) -> None:
        """Draw a robot, whose joints then move it (``robot``)."""
        self.robot.show(model)
        self._look()

    def show_pose(self, name: str, pose: Pose | None, arrow: bool = False) -> None:
        """Draw a pose as a frame with its name, or as an arrow along its approach; None takes it away."""
        for handle in reversed(self._poses.pop(name, [])):  # what hangs on another one first: viser takes it along
            handle.remove()
        if pose is None:
            return
        scene, at = self._server.scene, np.asarray(pose.position, float)
        if arrow:
            start = at - GOAL_LENGTH * quaternion_to_matrix(pose.orientation)[:, 2]
            self._poses[name] = [
                scene.add_arrows(
                    f"/{name}",
                    np.stack([start, at])[None],
                    GOAL_COLOR,
                    shaft_radius=0.004,
                    head_radius=0.010,
                    head_length=0.025,
                )
            ]
            return
        x, y, z, w = pose.orientation
        self._poses[name] = [
            scene.add_frame(f"/{name}", axes_length=0.07, axes_radius=0.003, wxyz=(w, x, y, z), position=tuple(at)),
            scene.add_label(f"/{name}/label", name, anchor="bottom-center", position=(0.0, 0.0, -0.02)),
        ]

    def draw_lines(self, name: str, points: np.ndarray, colors: np.ndarray, width: float) -> None:
        """Draw line segments (N, 2, 3) with colours (N, 2, 3) uint8 and a width in metres."""
        self.erase(name)
        handle = self._server.scene.add_line_segments(f"/plan/{name}", points, colors, thickness=width)
        self._drawn[name] = [handle]

    def draw_arrow(self, name: str, ends: np.ndarray, color, shaft: float, head: float, length: float) -> None:
        """Draw an arrow between ends (2, 3): radii of shaft and head, and the head's length, metres."""
        self.erase(name)
        handle = self._server.scene.add_arrows(
            f"/plan/{name}", np.asarray(ends)[None], color, shaft_radius=shaft, head_radius=head, head_length=length
        )
        self._drawn[name] = [handle]

    def draw_text(self, name: str, position, text: str) -> None:
        """Write a text at a position (3,), metres."""
        self.erase(name)
        handle = self._server.scene.add_label(f"/plan/{name}", text, anchor="center-center", position=tuple(position))
        self._drawn[name] = [handle]

    def erase(self, name: str) -> None:
        """Take away what was drawn under this name."""
        for handle in reversed(self._drawn.pop(name, [])):
            handle.remove()

    def show_plan(self, plan: Plan | None, asked: str = "") -> None:
        """Write a plan in words; None with ``asked``: this instruction has no plan yet."""
        self._words.content = plan_html(plan, asked)

    def show_status(self, node: str, level: str, message: str) -> None:
        """Write what a node says of itself; ``level``: ok, warn or error."""
        if self._status.get(node) != (level, message):
            self._status[node] = (level, message)
            self._state.content = status_html(self._status)

    # --- what is typed

    def _on_typed(self, event) -> None:
        text = self._field.value.strip()
        if text and event.client_id is not None and event.client_id not in self._foreign:
            self._said(text)

    async def _check_origin(self, connection) -> None:
        """Turn away pages of other sites before anything is sent to them or taken from them."""
        socket_ = self._server._websock_server._live_connections[connection.client_id]
        if not own_page(socket_.request.headers, self._host):
            self._foreign.add(connection.client_id)
            await socket_.close(1008, "Open the page of this server itself.")


def check_host(host: str) -> None:
    """Raises ValueError where nobody can listen on this address."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, 0, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.bind(address)
    except OSError as error:
        raise ValueError(f"nobody can listen on the host '{host}' ({error}): use 127.0.0.1 or 0.0.0.0") from error


def own_page(headers, host: str) -> bool:
    """True where a WebSocket was opened by the page of this very server, or by a program, which sends no Origin.

    On a loopback address the name in the browser must be one of the loopback's too (a foreign name can be made to
    lead here: DNS rebinding).
    """
    origin, here = headers.get("Origin"), headers.get("Host", "")
    if host in LOOPBACK and urlsplit(f"//{here}").hostname not in LOOPBACK:
        return False
    return origin is None or urlsplit(origin).netloc == here


def box_edges(workspace: Workspace) -> np.ndarray:
    """The twelve edges of the workspace (12, 2, 3)."""
    corners = np.array([[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1)])
    pairs = [(a, b) for a in range(8) for b in range(a + 1, 8) if np.abs(corners[a] - corners[b]).sum() == 1]
    return workspace.low + corners[np.array(pairs)] * (np.asarray(workspace.high) - workspace.low)


def plan_html(plan: Plan | None, asked: str) -> str:
    """The plan in words. Texts come from people and from a model, so they are escaped."""
    if plan is None:
        said = f"<b>{html.escape(asked)}</b><p>No plan yet.</p>" if asked else "<p>No plan yet: say what to do.</p>"
        return f'<div style="padding: 0.5em">{said}</div>'
    steps = "".join(f"<li>{html.escape(a.text)}<br>{_poses_words(a)}</li>" for a in plan.actions)
    empty = "Nothing is left to do." if plan.complete else "The planner found no step."
    body = f'<ol style="padding-left: 1.5em; margin: 0.4em 0">{steps}</ol>' if steps else f"<p>{empty}</p>"
    body += "".join(f"<p>{html.escape(note)}</p>" for note in plan.notes)
    took = f"<small>planned in {sum(plan.latency_s.values()):.2f} s</small>" if plan.latency_s else ""
    return f'<div style="padding: 0.5em"><b>{html.escape(plan.instruction)}</b>{body}{took}</div>'


def _poses_words(action) -> str:
    def words(name: str, pose: Pose) -> str:
        x, y, z = pose.position
        return f"{name} ({x:.3f}, {y:+.3f}, {z:.3f}) m"

    poses = ", ".join((words("pick", action.pick), words("place", action.place)))
    return f'<small style="opacity: 0.7">{poses}, confidence {action.confidence:.2f}</small>'


def status_html(status: dict[str, tuple[str, str]]) -> str:
    """Words of the nodes about themselves, a line each."""
    lines = "".join(
        f'<div><b style="color: {LEVELS[level]}">{html.escape(node)}</b> {html.escape(message)}</div>'
        for node, (level, message) in sorted(status.items())
    )
    return f'<div style="padding: 0.5em; font-size: 0.85em">{lines}</div>'
