"""Long things of parts: kitchen utensils and tools with a handle, along x on the plane z = 0; lengths in metres."""

from __future__ import annotations

import numpy as np

from moe3d_ros.tabletop.household.solids import (
    Mesh,
    Rng,
    between,
    box,
    cylinder,
    ellipsoid,
    joined,
    lathe,
    prism,
    sweep,
    turned,
)


def rod(start: float, end: float, radius, lift: float | None = None) -> Mesh:
    """A rod along x, of one radius or of one for each of its points; ``lift`` is the height of its axis."""
    radius = np.atleast_1d(np.asarray(radius, dtype=float))
    points = np.linspace(start, end, max(len(radius), 3))
    height = radius.max() if lift is None else lift
    path = np.stack([points, np.zeros(len(points)), np.full(len(points), height)], axis=-1)
    return sweep(path, radius if len(radius) > 1 else radius[0])


def _handle(rng: Rng, length: float) -> tuple[Mesh, float]:
    """A handle that ends at the origin, round, flat or waisted; and the height of its axis."""
    thick = between(rng, 0.004, 0.014)
    if rng.random() < 0.4:
        return box(length, between(rng, 0.01, 0.03), 2 * thick).shifted(x=-length / 2), thick
    return rod(-length, 0, thick * rng.uniform(0.65, 1.0, 5)), thick


def spoon(rng: Rng) -> Mesh:
    """A spoon or ladle: its bowl is filled, as a camera from above sees it."""
    handle, lift = _handle(rng, between(rng, 0.08, 0.2))
    long, wide = between(rng, 0.018, 0.04), between(rng, 0.014, 0.03)
    bowl = ellipsoid(long, wide, max(lift, between(rng, 0.004, 0.02))).shifted(x=0.9 * long)
    return joined(handle, bowl.painted(int(rng.integers(2))))


def spatula(rng: Rng) -> Mesh:
    """A flat blade on a handle: a spatula, a turner, a trowel, a bat."""
    handle, lift = _handle(rng, between(rng, 0.08, 0.18))
    long, wide = between(rng, 0.05, 0.12), between(rng, 0.03, 0.08)
    blade = prism(((0, -0.35 * wide), (long, -wide / 2), (long, wide / 2), (0, 0.35 * wide)), 0.004)
    return joined(handle, blade.shifted(x=-0.003, z=max(lift - 0.002, 0)).painted(int(rng.integers(2))))


def knife(rng: Rng) -> Mesh:
    """A handle and a blade that narrows to its tip."""
    handle, lift = _handle(rng, between(rng, 0.07, 0.12))
    long, wide = between(rng, 0.07, 0.18), between(rng, 0.012, 0.04)
    blade = prism(((0, -wide / 2), (0.7 * long, -wide / 2), (long, 0.3 * wide), (0, wide / 2)), 0.003)
    return joined(handle, blade.shifted(x=-0.003, z=max(lift - 0.0015, 0)).painted(1))


def brush(rng: Rng) -> Mesh:
    """A handle, a collar and bristles, in line as a paint brush's or across as a broom's."""
    handle, lift = _handle(rng, between(rng, 0.08, 0.17))
    long, wide = between(rng, 0.02, 0.06), between(rng, 0.012, 0.06)
    high = max(2 * lift, between(rng, 0.008, 0.03))
    collar = box(0.02, wide, 0.9 * high).shifted(x=0.008).painted(1)
    return joined(
        handle, collar, box(long, 0.95 * wide, high).shifted(x=0.018 + long / 2).painted(int(rng.integers(2)))
    )


def wrench(rng: Rng) -> Mesh:
    """A flat bar with a ring or a fork at each end."""
    length, thick = between(rng, 0.1, 0.22), between(rng, 0.005, 0.012)
    parts = [box(length, between(rng, 0.01, 0.022), thick)]
    for side in (-1, 1):
        reach = between(rng, 0.012, 0.024)
        if rng.random() < 0.5:
            angle = np.linspace(0, 2 * np.pi, 14)
        else:
            angle = np.linspace(0.7, 2 * np.pi - 0.7, 12) + (0 if side > 0 else np.pi)
        x, y = side * (length / 2 + 0.8 * reach) + reach * np.cos(angle), reach * np.sin(angle)
        radius = max(thick / 2, 0.004)
        parts.append(sweep(np.stack([x, y, np.full(len(angle), radius)], axis=-1), radius))
    return joined(*parts)


def scissors(rng: Rng) -> Mesh:
    """Two blades that cross and two rings to hold: scissors, or pliers where the blades are short."""
    blade, grip, opened = between(rng, 0.03, 0.1), between(rng, 0.05, 0.1), float(rng.uniform(0.05, 0.35))
    parts, thick = [], between(rng, 0.004, 0.008)
    for side in (-1, 1):
        cutter = box(blade, 0.014, 2 * thick).shifted(x=blade / 2).painted(1)
        hold = rod(-grip, 0, thick)
        if blade > 0.05:
            angle, reach = np.linspace(0, 2 * np.pi, 14), between(rng, 0.012, 0.02)
            ring = np.stack(
                [reach * np.cos(angle) - grip, reach * np.sin(angle) - side * reach, np.full(14, thick)], -1
            )
            hold = joined(hold, sweep(ring, thick))
        parts.append(joined(cutter, hold).moved(turned("z", side * opened)))
    return joined(*parts)


def pan(rng: Rng) -> Mesh:
    """A pan or saucepan with a long handle at its rim."""
    radius, height, wall = between(rng, 0.05, 0.1), between(rng, 0.02, 0.07), 0.004
    inner = ((radius - wall, height), (0.85 * radius - wall, wall), (0, wall))
    body = lathe(((0, 0), (0.85 * radius, 0), (radius, height), *inner))
    length, thick = between(rng, 0.07, 0.15), between(rng, 0.006, 0.011)
    handle = rod(-radius - length, -radius + 0.004, thick, lift=max(0.85 * height, thick))
    return joined(body, handle.painted(int(rng.integers(2))))


def torch(rng: Rng) -> Mesh:
    """A tube with a wider head, or a pen with its cap: lying, of two parts."""
    thick, length = between(rng, 0.004, 0.016), between(rng, 0.07, 0.15)
    wider, head = thick * float(rng.uniform(1.0, 1.9)), between(rng, 0.02, 0.06)
    tip = (thick, wider, wider) if rng.random() < 0.7 else (wider, wider, 0.3 * wider)
    tube = cylinder(thick, length).moved(turned("y", np.pi / 2), (-length, 0, wider))
    return joined(tube, rod(0, head, tip, lift=wider).painted(1))


def pen(rng: Rng) -> Mesh:
    """One to three round parts in a row: a pen, a marker, a cigar, a tube of sweets. In its middle none is twice as thick as the next."""
    thick, parts, start = between(rng, 0.004, 0.016), [], 0.0
    radii = thick * rng.uniform(0.72, 1.4, int(rng.integers(1, 4)))
    for number, radius in enumerate(radii):
        end = start + between(rng, 0.08, 0.2) / len(radii) ** float(rng.uniform(0.5, 1.2))
        narrowed = radius * (rng.uniform(0.6, 1.0, 2) if rng.random() < 0.3 else np.ones(2))
        part = rod(start, end, (narrowed[0], radius, narrowed[1]), lift=radii.max())
        parts.append(part.painted(int(rng.integers(2)) if number else 0))
        start = end - 0.002
    return joined(*parts)
