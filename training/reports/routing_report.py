"""Loads of the experts: table and heat maps of a run's or a checkpoint's loads, ``python training/reports/routing_report.py --help``."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import torch
from torch import Tensor

from moe3d_ros.model.checkpoint import CheckpointError
from moe3d_ros.model.experts.moe import moe_layers
from moe3d_ros.model.experts.routing import RouterRecorder, by_modality
from moe3d_ros.model.language.base_llm import BaseModelError
from moe3d_ros.model.language.packing import pack
from moe3d_ros.planner import Planner
from training.stages.language import LanguageTask
from training.stages.routing import layer_numbers, loads_of_details
from training.stages.settings import LanguageStage

STARVED_LOAD = 0.05  # of its modality's load, below which an expert counts as starved
HELD_OUT_SEED = 9_600_000_000  # training seeds are far below


def loads_of_run(folder: Path, last: int = 10) -> tuple[dict[str, Tensor], list[int]]:
    """Mean loads of the last log intervals of a Stage II run: {modality: (layers, E)}, indices of the layers.

    Raises ValueError where the run has logged none.
    """
    path = folder / "details.jsonl"
    if not path.is_file():
        raise ValueError(
            f"{folder} has no details.jsonl: name the folder of a Stage II run with experts that has logged a step"
        )
    rows = [json.loads(line) for line in path.read_text().splitlines()[-last:]]
    names = {name for row in rows for name in row if name.startswith("load/")}
    return loads_of_details({n: sum(r.get(n, 0.0) for r in rows) / sum(n in r for r in rows) for n in names})


@torch.no_grad()
def loads_of_model(planner: Planner, scenes: int = 40, batch: int = 4) -> tuple[dict[str, Tensor], list[int]]:
    """Loads of a checkpoint over held-out scenes with plans and questions as Stage II has them, seen through the encoder."""
    layers = moe_layers(planner.model.language.llm)
    if not layers:
        raise ValueError(f"the checkpoint {planner.name} is dense: it has no experts to report on")
    config = LanguageStage(output="", batch_size=batch, device=planner.device, model=planner.model.config)
    task = LanguageTask(config, planner.model.language, planner.model.encoder)
    counts: dict[str, Tensor] = {}
    for number in range((scenes + batch - 1) // batch):
        seen = task.make_batch(HELD_OUT_SEED + number)
        objects, slot = task.see(seen)
        packed = pack(task.model, task.model.objects(objects)[1], objects, slot, seen.texts)
        with RouterRecorder(task.model.llm) as routing:
            task.run(packed)
        tokens = by_modality(packed.real, packed.places.is_object)
        for modality, load in routing.load_by_modality(packed.real, packed.places.is_object).items():
            counted = torch.stack(list(load.values())) * int(tokens[modality].sum())
            counts[modality] = counts.get(modality, 0) + counted
    return {name: count / count.sum(1, keepdim=True) for name, count in counts.items()}, layer_numbers(layers)


def table(loads: dict[str, Tensor], layers: list[int]) -> str:
    """Per cent of each modality's choices, one line per layer; starved experts are marked."""
    experts = next(iter(loads.values())).shape[1]
    lines = ["layer  " + "   ".join(f"{f'{name}, % per expert':^{7 * experts}}" for name in loads)]
    for row, layer in enumerate(layers):
        cells = (
            "".join(f"{100 * v:6.1f}{'*' if v < STARVED_LOAD else ' '}" for v in load[row].tolist())
            for load in loads.values()
        )
        lines.append(f"{layer:5}  " + "   ".join(cells))
    lines.append(
        "least  " + "   ".join(f"{f'{100 * float(load.min()):.1f} %':^{7 * experts}}" for load in loads.values())
    )
    starved = sum(int((load < STARVED_LOAD).sum()) for load in loads.values())
    lines.append(
        f"* {starved} experts have less than {STARVED_LOAD:.0%} of their modality"
        if starved
        else f"none below {STARVED_LOAD:.0%}"
    )
    return "\n".join(lines)


def draw(loads: dict[str, Tensor], layers: list[int], path: Path) -> None:
    """Heat map, layers by experts, one panel per modality, as PNG."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    experts = next(iter(loads.values())).shape[1]
    figure = Figure(figsize=(1.5 + len(loads) * (1.2 + 0.5 * experts), 1.8 + 0.28 * len(layers)), layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(1, len(loads), squeeze=False, sharey=True)[0]
    highest = max(float(load.max()) for load in loads.values())
    for panel, (modality, load) in zip(panels, loads.items()):
        image = panel.imshow(load.numpy(), vmin=0.0, vmax=highest, cmap="viridis", aspect="auto")
        panel.set(title=modality, xlabel="expert", xticks=range(experts), yticks=range(len(layers)), yticklabels=layers)
        for row, column in (load < STARVED_LOAD).nonzero().tolist():
            panel.text(column, row, "*", color="white", ha="center", va="center")
    panels[0].set_ylabel("decoder layer")
    figure.colorbar(image, ax=list(panels), label="share of the modality's choices (* below 5 %)")
    figure.savefig(path, dpi=120)


def main(arguments: list[str] | None = None) -> int:
    """Read the loads, print the table, write table, figures and PNG into a folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--run", type=Path, help="folder of a Stage II run: loads that it logged last")
    source.add_argument("--checkpoint", help="folder, or the name of one that ships: loads over held-out scenes")
    parser.add_argument("--scenes", type=int, default=40, help="held-out scenes (with --checkpoint)")
    parser.add_argument("--last", type=int, default=10, help="log intervals that are averaged (with --run)")
    parser.add_argument(
        "--output", type=Path, default=Path("out/routing"), help="folder for the table, loads.json, loads.png"
    )
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args(arguments)
    for name in ("scenes", "last"):
        if getattr(options, name) < 1:
            parser.error(f"--{name} must be at least 1")
    try:
        if options.run:
            loads, layers = loads_of_run(options.run, options.last)
        else:
            loads, layers = loads_of_model(Planner.from_pretrained(options.checkpoint, options.device), options.scenes)
    except (CheckpointError, BaseModelError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    loads = {name: load.cpu() for name, load in loads.items()}
    options.output.mkdir(parents=True, exist_ok=True)
    text = table(loads, layers)
    print(text)
    (options.output / "loads.txt").write_text(text + "\n")
    record = {"layers": layers, "loads": {name: load.tolist() for name, load in loads.items()}}
    (options.output / "loads.json").write_text(json.dumps(record, indent=1) + "\n")
    draw(loads, layers, options.output / "loads.png")
    print(f"{options.output}: loads.txt, loads.json, loads.png")
    return 0


if __name__ == "__main__":
    sys.exit(main())
