"""Times along a path of joint angles, so that no joint and no tip is faster than it may be, from rest to rest."""

from __future__ import annotations

import numpy as np

SHARE = 0.8  # of a joint's greatest speed that is asked of it; the rest is the servo's
ACCELERATION = 4.0  # of the joint that moves most, radians a second squared


def timed(angles: np.ndarray, least: np.ndarray, speed: np.ndarray, step: float) -> np.ndarray:
    """The path as commands, one a time step.

    Args:
        angles: (N, 6) radians, close to each other.
        least: (N - 1,) seconds that each piece takes at least, for the tip's sake.
        speed: (6,) radians a second, of the joints, at most.
        step: seconds.

    Returns:
        angles (T, 6), the last of the path among them.
    """
    moves = np.abs(np.diff(angles, axis=0))
    length = np.maximum(moves.max(axis=1), 1e-6)  # of each piece, in radians of the joint that moves most
    fastest = length / np.maximum(np.maximum(least, (moves / (SHARE * speed)).max(axis=1)), 1e-6)
    limit = np.zeros(len(angles))
    limit[1:-1] = np.minimum(fastest[:-1], fastest[1:])
    for at in range(1, len(angles)):  # no faster than can be reached from the piece before ...
        limit[at] = min(limit[at], np.sqrt(limit[at - 1] ** 2 + 2 * ACCELERATION * length[at - 1]))
    for at in range(len(angles) - 2, -1, -1):  # ... and than can be braked on the way to the end
        limit[at] = min(limit[at], np.sqrt(limit[at + 1] ** 2 + 2 * ACCELERATION * length[at]))
    pair = limit[:-1] + limit[1:]
    # A path of a single piece begins and ends at rest: its speed rises to the middle, and falls.
    alone = np.maximum(2 * np.sqrt(length / ACCELERATION), 2 * length / fastest)
    seconds = np.where(pair > 0, 2 * length / np.maximum(pair, 1e-9), alone)
    times = np.concatenate([[0.0], np.cumsum(seconds)])
    wanted = np.append(np.arange(step, times[-1], step), times[-1])
    return np.column_stack([np.interp(wanted, times, joint) for joint in angles.T])
