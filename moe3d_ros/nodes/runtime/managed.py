"""A node with a lifecycle: what a transition may do, what becomes of its errors, and starting without a manager.

A subclass says what to do in `configure`, `activate`, `deactivate` and `cleanup`; the last two must do no harm when
called twice. A refusal leaves the state as it was; any other error frees everything and leads to unconfigured. The
services of the lifecycle have a callback group of their own, so that a transition that takes long, such as loading a
model, blocks no callback.
"""

from __future__ import annotations

import threading
import traceback

from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.lifecycle import LifecycleNodeMixin, TransitionCallbackReturn
from rclpy.node import Node

from moe3d_ros.nodes.runtime.diagnostics import ERROR, OK, WARN, Diagnostics
from moe3d_ros.nodes.runtime.memory import release_memory
from moe3d_ros.nodes.runtime.parameters import Parameters

SUCCESS, FAILURE, FAULT = (
    TransitionCallbackReturn.SUCCESS,
    TransitionCallbackReturn.FAILURE,
    TransitionCallbackReturn.ERROR,
)


class Refused(Exception):
    """A transition cannot be done now; the message is a sentence that says why and what to do."""


class ManagedNode(LifecycleNodeMixin, Node):
    """See the module's docstring.

    Attributes:
        settings: the node's parameters by name.
        diagnostics: its status on /diagnostics, sent in every state.
        starting: True while the node brings itself up (`autostart`), when no transition may wait for anything slow.
    """

    def __init__(self, name: str, task: str, table, together=lambda values: None):
        """
        Args:
            name: of the program, and the node's unless it is remapped.
            task: what it does, for the name of its status.
            table, together: see `Parameters`.
        """
        Node.__init__(self, name)
        LifecycleNodeMixin.__init__(self, callback_group=ReentrantCallbackGroup())
        self._changing = threading.Lock()
        self._answer_change = self._service_change_state.callback
        self._service_change_state.callback = self._on_change_request
        self._reason = ""
        self.starting = False
        self.settings = Parameters(self, table, together, lambda: self.state != "unconfigured")
        self.diagnostics = Diagnostics(self, name, task)
        self._show_state()

    # --- for subclasses

    def configure(self) -> None:
        """Make what needs the parameters, which have been checked. Raises Refused or ValueError."""

    def activate(self) -> None:
        """Begin to work. Raises Refused."""

    def bring_up(self) -> None:
        """Become active by itself, at once or when what that needs is there. Raises ValueError with the reason."""
        if self.trigger_activate() != SUCCESS:
            raise ValueError(self._reason)

    def deactivate(self) -> None:
        """Stop working and free the model."""

    def cleanup(self) -> None:
        """Free everything else that `configure` made."""

    @property
    def state(self) -> str:
        """The lifecycle's state: unconfigured, inactive, active, finalized, or one between two of them."""
        return self._state_machine.current_state[1]

    # --- starting and ending

    def start(self) -> None:
        """Configure and activate where the parameter `autostart` says so. Raises ValueError with the reason."""
        if not self.settings["autostart"]:
            self.get_logger().info(f"{self.state}: waits for `ros2 lifecycle set {self.full_name} configure`")
            return
        self.starting = True
        try:
            if self.trigger_configure() != SUCCESS:
                raise ValueError(self._reason)
            self.bring_up()
        finally:
            self.starting = False

    def close(self) -> None:
        """Free everything; called once, after the executor has stopped."""
        self._release()

    @property
    def full_name(self) -> str:
        """The node's name with its namespace, as the command line takes it."""
        return self.get_fully_qualified_name()

    # --- transitions, as rclpy calls them

    def on_configure(self, state):
        def work():
            self.settings.check()
            self.configure()

        return self._step("configure", "inactive", work, super().on_configure, state)

    def on_activate(self, state):
        return self._step("activate", "active", self.activate, super().on_activate, state)

    def on_deactivate(self, state):
        def work():
            self.deactivate()
            self.diagnostics.forget()  # of a cloud or a plan that is not worked on any more

        # The publishers are shut last: a plan that is being published leaves whole.
        return self._step("deactivate", "inactive", work, super().on_deactivate, state)

    def on_cleanup(self, state):
        def work():
            self.cleanup()
            release_memory()

        return self._step("clean up", "unconfigured", work, super().on_cleanup, state)

    def on_shutdown(self, state):
        return self._step("shut down", "finalized", self._release, super().on_shutdown, state)

    def on_error(self, state):
        """Free everything: the node can be configured again."""
        self._release()
        self._show_state("unconfigured", ERROR, self._reason)
        return SUCCESS

    def _step(self, verb: str, reached: str, work, inherited, state):
        try:
            work()
            result = inherited(state)
        except (Refused, ValueError) as error:
            self._reason = str(error)
            self.get_logger().error(f"Cannot {verb}: {error}")
            self._show_state(state.label, WARN if isinstance(error, Refused) else ERROR, str(error))
            return FAILURE
        except Exception as error:
            self._reason = f"Cannot {verb} ({type(error).__name__}: {error})."
            self.get_logger().error(f"Cannot {verb}, the node goes back to unconfigured:\n{traceback.format_exc()}")
            return FAULT
        self._show_state(reached)
        return result

    def _release(self) -> None:
        for free in (self.deactivate, self.cleanup):
            try:
                free()
            except Exception:
                self.get_logger().error(f"{free.__name__} failed:\n{traceback.format_exc()}")
        self.diagnostics.forget()
        release_memory()

    def _show_state(self, label: str | None = None, level: bytes = OK, message: str = "") -> None:
        label = label or self.state
        self.diagnostics.set("lifecycle state", label)
        if label != "active" and not (label == "inactive" and self.starting):
            self.diagnostics.report(level, message or label)

    def _on_change_request(self, request, response):
        """Answer a transition request that is not possible now; rclpy raises or, in later releases, gives no reason."""
        response.success = False
        wish = request.transition.label or request.transition.id
        if not self._changing.acquire(blocking=False):
            self.get_logger().warning(f"The transition '{wish}' was refused: another one is under way.")
            return response
        try:
            possible = {number: label for number, label, *_ in self._state_machine.available_transitions}
            if wish not in possible and wish not in possible.values():
                others = ", ".join(sorted(possible.values()))
                self.get_logger().warning(
                    f"The transition '{wish}' was refused. Possible from '{self.state}': {others}."
                )
                return response
            return self._answer_change(request, response)
        except Exception as error:
            self.get_logger().warning(f"The transition '{wish}' was refused. {error}")
            return response
        finally:
            self._changing.release()
