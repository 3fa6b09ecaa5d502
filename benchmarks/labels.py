"""Share of right decisions on things with labels, on symbolic scenes: words that the model was never trained on.

    python -m benchmarks labels [--scenes 200] [--seed 7]

Scenes have 3 to 7 things with household labels, some of them containers, and colours that repeat; half of them also some
blocks without labels. Instructions put one thing into a container or on an area of the table. The same is asked without
labels, of a thing that is not there, and of one with a colour that it has not.
"""

from __future__ import annotations

import argparse
import random
from typing import NamedTuple

import torch
import torch.nn.functional as F

from moe3d_ros.model.perception.objects import ObjectSet
from moe3d_ros.planner import Planner
from moe3d_ros.world.areas import AREAS
from moe3d_ros.world.kinds import BLOCK, BOWL, OBJECT
from moe3d_ros.world.named_things import kind_of_label
from moe3d_ros.world.vocabulary import COLOR_NAMES, KINDS

THINGS = (
    *(
        "apple",
        "banana",
        "battery",
        "bottle",
        "carrot",
        "comb",
        "eraser",
        "fork",
        "hammer",
        "key",
        "knife",
        "lemon",
        "lighter",
    ),
    *(
        "marker",
        "pen",
        "phone",
        "potato",
        "scissors",
        "screwdriver",
        "spoon",
        "sponge",
        "stapler",
        "tomato",
        "toothbrush",
    ),
    *("cereal box", "computer mouse", "rubber duck", "teddy bear", "tennis ball", "water bottle", "wrench"),
)
CONTAINERS = ("basket", "bin", "bowl", "box", "cardboard box", "coffee mug", "cup", "pan", "plate", "pot", "tray")
INTO = (
    "put the {} in the {}",
    "place the {} into the {}",
    "move the {} to the {}",
    "could you put the {} in the {} please",
)
AREA = ("pick the {} and place it on the {}", "move the {} to the {}", "put the {} on the {}")
APART = 0.12  # metres between the middles of two things


class Case(NamedTuple):
    """A scene with an instruction: labels and objects from left to right, the columns meant, or the area."""

    objects: ObjectSet
    labels: tuple[str, ...]
    form: str
    target: str
    destination: str
    pick: int
    place: int | None


def draw(rng: random.Random, blocks: int) -> Case:
    """One case with so many blocks without labels, at most."""
    containers = rng.randint(1, 2)
    labels = rng.sample(THINGS, rng.randint(3, 7) - containers) + rng.sample(CONTAINERS, containers)
    labels += [""] * rng.randint(0, blocks)
    spots: list[tuple[float, float]] = []
    while len(spots) < len(labels):
        spot = rng.uniform(0.3, 0.7), rng.uniform(-0.42, 0.42)
        if all((spot[0] - x) ** 2 + (spot[1] - y) ** 2 > APART**2 for x, y in spots):
            spots.append(spot)
    order = sorted(range(len(labels)), key=lambda i: -spots[i][1])
    labels, spots = [labels[i] for i in order], [spots[i] for i in order]
    kinds = [kind_of_label(label) if label else BLOCK for label in labels]
    sizes = {BOWL: (0.06, 0.06, 0.02), BLOCK: (0.02, 0.02, 0.02)}
    half = [sizes.get(kind) or tuple(rng.uniform(0.012, 0.04) for _ in range(3)) for kind in kinds]
    count = len(labels)
    objects = ObjectSet(
        F.one_hot(torch.tensor([[KINDS.index(kind) for kind in kinds]]), len(KINDS)).float(),
        F.one_hot(torch.tensor([[rng.randrange(len(COLOR_NAMES)) for _ in kinds]]), len(COLOR_NAMES)).float(),
        torch.tensor([[(*spot, size[2]) for spot, size in zip(spots, half)]]),
        torch.tensor([half]),
        torch.zeros(1, count),
        torch.ones(1, count, dtype=torch.bool),
        torch.ones(1, count),
    )
    pick = rng.choice([i for i, kind in enumerate(kinds) if labels[i] and kind == OBJECT])
    if rng.random() < 0.5:
        place = rng.choice([i for i, kind in enumerate(kinds) if kind == BOWL])
        return Case(objects, tuple(labels), rng.choice(INTO), labels[pick], labels[place], pick, place)
    return Case(objects, tuple(labels), rng.choice(AREA), labels[pick], rng.choice(AREAS[:5]), pick, None)


def main(arguments: list[str] | None = None) -> int:
    """Print the shares."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenes", type=int, default=200)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args(arguments)
    planner, rng = Planner.from_pretrained("default"), random.Random(options.seed)
    cases = [draw(rng, 4 * (number % 2)) for number in range(options.scenes)]

    def decided(targets: list[str], labelled: bool = True):
        looks = [planner.look_at_objects(case.objects, case.labels if labelled else ()) for case in cases]
        asked = [(case.form.format(target, case.destination), ()) for case, target in zip(cases, targets)]
        return planner.decisions(looks, asked)

    def right(found) -> float:
        hits = [
            one.pick == case.pick
            and one.place == case.place
            and not one.side
            and (case.place is not None or one.destination == f"on the {case.destination}")
            for one, case in zip(found, cases)
        ]
        return sum(hits) / len(hits)

    def refused(found) -> float:
        return sum(one.end == "cannot" for one in found) / len(found)

    said = [case.target for case in cases]
    absent = [rng.choice([thing for thing in THINGS if thing not in case.labels]) for case in cases]
    colors = [COLOR_NAMES[int(case.objects.color[0, case.pick].argmax())] for case in cases]
    other = [f"{rng.choice([c for c in COLOR_NAMES if c != color])} {name}" for color, name in zip(colors, said)]
    plain = decided(said, labelled=False)
    print(f"{options.scenes} instructions on scenes of 3 to 7 things with labels, half with blocks beside them")
    print(f"right thing and right place: {right(decided(said)):.3f}; without labels {right(plain):.3f}")
    print(f"refused: a label that is not there {refused(decided(absent)):.3f}; without labels {refused(plain):.3f}")
    print(f"refused: a label with a color that it has not {refused(decided(other)):.3f}")
    return 0
