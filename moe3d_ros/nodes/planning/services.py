"""Services of the planner node: each hands its request to the active planning, and waits where it must."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from std_srvs.srv import Trigger

from moe3d_ros.nodes.planning.session import Planning
from moe3d_ros.nodes.runtime.conversions import seen_to_msg
from moe3d_ros.plan import PlanningError
from moe3d_ros.srv import AnswerQuestion, LookAtScene, ReleasePlan


class PlanningServices:
    """The services `answer`, `look`, `replan`, `confirm`, `reject` and `release`."""

    def __init__(
        self,
        node,
        group,
        planning: Callable[[], Planning | None],
        request: Callable[[Callable[[Planning], Any]], Any],
        not_active: Callable[[], PlanningError],
    ):
        """
        Args:
            node, group: the node and the callback group of the services.
            planning: called without arguments, the active planning; None: there is none.
            request: called with a function that makes a Request of the active planning: that, or one that has failed.
            not_active: called without arguments, the error of a node that is not active.
        """
        self._now_ns = lambda: node.get_clock().now().nanoseconds
        self._planning, self._request, self._not_active = planning, request, not_active
        for kind, name, callback in (
            (AnswerQuestion, "answer", self._on_question),
            (LookAtScene, "look", self._on_look),
            (Trigger, "replan", self._on_replan),
            (Trigger, "confirm", lambda _, response: self._decide(response, Planning.confirm)),
            (Trigger, "reject", lambda _, response: self._decide(response, Planning.reject)),
            (ReleasePlan, "release", self._on_release),
        ):
            node.create_service(kind, name, callback, callback_group=group)

    def _on_question(self, wanted: AnswerQuestion.Request, response: AnswerQuestion.Response):
        start = self._now_ns()
        request = self._request(lambda planning: planning.ask(wanted.question))
        request.done.wait()
        response.success = request.error is None
        response.answer = request.result if response.success else ""
        response.error_code = int(request.error.code) if request.error else 0
        response.message = str(request.error or "")
        response.seconds = (self._now_ns() - start) / 1e9
        return response

    def _on_look(self, _, response: LookAtScene.Response) -> LookAtScene.Response:
        request = self._request(lambda planning: planning.look())
        request.done.wait()
        if request.error is None:
            response.success, response.things = True, seen_to_msg(*request.result)
        else:
            response.error_code, response.message = int(request.error.code), str(request.error)
        return response

    def _on_replan(self, _, response: Trigger.Response) -> Trigger.Response:
        request = self._request(lambda planning: planning.again())
        if request is None:
            response.success, response.message = False, "There is nothing to plan again: send an instruction first."
            return response
        request.done.wait()
        response.success = request.error is None
        response.message = (
            str(request.error)
            if request.error
            else "; ".join(a.text for a in request.result[0].actions) or "nothing is left to do"
        )
        return response

    def _on_release(self, wanted: ReleasePlan.Request, response: ReleasePlan.Response) -> ReleasePlan.Response:
        return self._decide(response, lambda planning: planning.release(wanted.plan))

    def _decide(self, response, decide: Callable[[Planning], tuple[bool, str]]):
        """Fill in what ``decide`` says of the active planning: (done, sentence)."""
        planning = self._planning()
        response.success, response.message = decide(planning) if planning else (False, str(self._not_active()))
        return response
