"""Stops a computation between its layers: a prefill of the whole prompt takes too long to wait for its end."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from torch import nn


class Stopped(Exception):
    """The computation was asked to stop."""


@contextmanager
def interruptible(layers: Iterable[nn.Module], should_stop: Callable[[], bool] | None) -> Iterator[None]:
    """While the block runs, ``should_stop`` is asked before each of ``layers``; the numbers stay the same.

    For one computation at a time: any other one that runs these layers meanwhile is interrupted too.

    Raises:
        Stopped: in the block, as soon as ``should_stop()`` is true.
    """

    def ask(*_: object) -> None:
        if should_stop is not None and should_stop():
            raise Stopped

    hooks = [] if should_stop is None else [layer.register_forward_pre_hook(ask) for layer in layers]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()
