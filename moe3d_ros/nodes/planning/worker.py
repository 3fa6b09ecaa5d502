"""The thread that owns the model: it loads it, runs one request at a time, and never blocks a ROS callback.

Free of ROS, so that preemption, cancelling and deadlines can be tested alone. A plan request replaces the one before
it (a newer instruction counts); questions wait in a short queue.
"""

from __future__ import annotations

import threading
import time
import traceback
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from moe3d_ros.plan import ErrorCode, PlanningError

MAX_WAITING = 8
SUPERSEDED = "A newer instruction replaced this one: send it again if it is still wanted."


@dataclass
class Request:
    """One thing to do with the planner.

    Attributes:
        run: called in the worker's thread as run(planner, request); its result is kept, its PlanningError too.
        publish: called with the result when the request was not cancelled meanwhile; from then on it cannot be.
        on_progress: (stage, partial text) as planning goes on.
        on_done: called once with the request when it has ended, whichever way.
        replaces: a plan request: it cancels the plan requests before it.
        timeout: seconds that ``run`` may take, loading not counted.
    """

    run: Callable[[Any, Request], Any]
    publish: Callable[[Any], None] = lambda result: None
    on_progress: Callable[[str, str], None] = lambda stage, text: None
    on_done: Callable[[Request], None] = lambda request: None
    replaces: bool = False
    timeout: float = float("inf")
    result: Any = None
    error: PlanningError | None = None
    done: threading.Event = field(default_factory=threading.Event)
    stopped: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _settled: bool = False
    _deadline: float = float("inf")

    def should_stop(self) -> bool:
        """True when no caller waits for the result any more, or its time is up."""
        return self.stopped.is_set() or time.monotonic() > self._deadline

    def settle(self) -> bool:
        """Claim the right to decide the outcome; True for the first caller only."""
        with self._lock:
            first, self._settled = not self._settled, True
            return first

    def fail(self, error: PlanningError) -> bool:
        """End with an error at once; the worker notices at its next step. False where it has ended already."""
        if not self.settle():
            return False
        self.error = error
        self.stopped.set()
        self.end()
        return True

    def end(self) -> None:
        """Announce that the outcome is final; called by the thread that has settled it."""
        try:
            self.on_done(self)
        finally:
            self.done.set()

    def cancel(self, reason: str) -> bool:
        """End as cancelled; ``reason`` is a sentence for the user."""
        return self.fail(PlanningError(ErrorCode.CANCELLED, reason))


class PlanningWorker:
    """A thread with a model that is loaded at the start, and again at the next request where that failed.

    The model is let go when the thread ends.
    """

    def __init__(
        self,
        load: Callable[[], Any],
        log,
        on_state: Callable[[str, str], None],
        after: PlanningWorker | None = None,
    ):
        """
        Args:
            load: returns the planner, or raises with a sentence.
            log: an object with info() and error().
            on_state: (state, sentence) with state one of loading, ready, failed.
            after: a stopped worker that may not have ended: its model is let go before this one loads.
        """
        self._load, self._log, self._on_state = load, log, on_state
        self._planner = None
        self._load_error: PlanningError | None = None
        self._waiting: deque[Request] = deque()
        self._running: Request | None = None
        self._wake = threading.Condition()
        self._stopping: PlanningError | None = None  # why it takes no more requests
        self._tried = threading.Event()  # the first load has ended, whichever way
        self._thread = threading.Thread(
            target=self._work, args=(after and after._thread,), name="planning", daemon=True
        )
        self._thread.start()

    def submit(self, request: Request) -> Request:
        """Queue a request and return it; ``request.done`` is set when it has ended."""
        with self._wake:
            if request.replaces:
                for older in [*self._waiting, self._running]:
                    if older is not None and older.replaces:
                        older.cancel(SUPERSEDED)
                self._waiting = deque(r for r in self._waiting if not r.done.is_set())
            if self._stopping is not None:
                request.fail(self._stopping)
            elif len(self._waiting) >= MAX_WAITING:
                request.fail(
                    PlanningError(
                        ErrorCode.BUSY,
                        f"The planner takes no request: {MAX_WAITING} requests wait already. Ask again later.",
                    )
                )
            else:
                self._waiting.append(request)
                self._wake.notify()
        return request

    def wait_loaded(self) -> PlanningError | None:
        """Wait until the model is loaded; the error where that failed or the worker was stopped meanwhile."""
        self._tried.wait()
        return self._stopping or self._load_error

    def stop(self, timeout: float = 5.0, why: PlanningError | None = None) -> bool:
        """Fail what waits and runs, and end the thread; True where it has ended within ``timeout`` seconds.

        ``why``: the error of these requests and of later ones; None: the node is shutting down.
        """
        why = why or PlanningError(ErrorCode.CANCELLED, "The planner node is shutting down: send it again later.")
        with self._wake:
            self._stopping = why
            for request in [*self._waiting, self._running]:
                if request is not None:
                    request.fail(why)
            self._waiting.clear()
            self._wake.notify()
        self._tried.set()
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _work(self, before: threading.Thread | None) -> None:
        if before is not None:
            before.join()
        if self._stopping is None:
            self._load_error = self._ready()
        self._tried.set()
        while True:
            with self._wake:
                while not self._waiting and self._stopping is None:
                    self._wake.wait()
                if self._stopping is not None:
                    self._planner = None
                    return
                self._running = self._waiting.popleft()
            self._serve(self._running)
            with self._wake:
                self._running = None

    def _ready(self) -> PlanningError | None:
        """Load the model unless it is there; the error where that fails."""
        if self._planner is not None:
            return None
        start = time.monotonic()
        self._on_state("loading", "loading the model")
        try:
            self._planner = self._load()
        except Exception as error:
            message = f"The model cannot be loaded: {error}"
            self._on_state("failed", message)
            return PlanningError(ErrorCode.MODEL, message)
        self._on_state("ready", f"model loaded in {time.monotonic() - start:.1f} s")
        return None

    def _serve(self, request: Request) -> None:
        if request.stopped.is_set():
            return
        error, result = self._ready(), None
        if error is None:
            request._deadline = time.monotonic() + request.timeout
            try:
                result = request.run(self._planner, request)
            except PlanningError as failure:
                error = failure
            except Exception as failure:
                self._log.error("Planning failed:\n" + traceback.format_exc())
                error = PlanningError(
                    ErrorCode.MODEL,
                    f"The model failed ({type(failure).__name__}: {failure}). The node's "
                    "log has the details; please report them.",
                )
        if error is not None:
            late = error.code == ErrorCode.CANCELLED and not request.stopped.is_set()
            request.fail(
                PlanningError(
                    ErrorCode.TIMEOUT,
                    f"No plan within {request.timeout:g} s (planning_timeout): the computer is busy, or the plan is long. End "
                    "what else computes, raise planning_timeout, or ask for less.",
                )
                if late
                else error
            )
        elif request.settle():
            request.result = result
            try:
                request.publish(result)
            except PlanningError as failure:  # the request is obsolete: nothing was published
                request.error, request.result = failure, None
            except Exception as failure:
                self._log.error("The result could not be published:\n" + traceback.format_exc())
                request.error = PlanningError(ErrorCode.MODEL, f"The result could not be published: {failure}")
            request.end()
