"""Makes the small samples beside it, one of each dataset format, from generated scenes.

Run it as `python test/samples/make_samples.py`. Everything in them is ours. The same files come
out every time; a test makes them anew and compares.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import torch
from plyfile import PlyData, PlyElement

HERE = Path(__file__).resolve().parent

from moe3d_ros.recording import bags
from moe3d_ros.recording.bag_writer import STORAGES
from moe3d_ros.sensing.voxels import voxelize
from moe3d_ros.tabletop.scenes.sampling import SceneRange, sample_scenes
from moe3d_ros.tabletop.simulation.raycast import SensorRange, sense
from moe3d_ros.tabletop.tasks.single_step import random_step

RANGE = SceneRange(blocks=(2, 3), bowls=(1, 2), zones=(0, 1))
SENSOR = SensorRange(cameras=(2, 2), object_rays=250, table_rays=150)
ROOM = 8.0  # a scan is a table scene, this much enlarged and moved away, as if it were a room
SHIFT = np.array([-3.0, 2.0, 0.1], np.float32)
SCENES = ("scene9000_00", "scene9001_00")
FRAME, SECOND = "base_link", bags.NANOSECONDS


def generated(seed: int):
    """One scene with its cloud: Scene, slots of its objects, points (N, 3), colors (N, 3) uint8, slot of each point."""
    generator = torch.Generator().manual_seed(seed)
    scenes = sample_scenes(1, RANGE, generator)
    cloud = sense(scenes, SENSOR, generator)
    scene, slots = scenes.scene(0)
    points = np.round(cloud.points.numpy(), 3)
    return scene, slots, points, (cloud.colors.numpy() * 255).astype(np.uint8), cloud.slot.numpy()


def write_ply(path: Path, columns: dict[str, np.ndarray], text: bool) -> None:
    """One element `vertex` with these columns, ascii or binary little endian."""
    table = np.zeros(len(next(iter(columns.values()))), [(name, values.dtype.str) for name, values in columns.items()])
    for name, values in columns.items():
        table[name] = values
    path.parent.mkdir(parents=True, exist_ok=True)
    PlyData([PlyElement.describe(table, "vertex")], text=text, byte_order="<").write(str(path))


def write_json(path: Path, value) -> None:
    path.write_text(json.dumps(value, indent=1) + "\n", encoding="utf-8")


def write_scan(folder: Path, scene_id: str, seed: int, text: bool):
    """A scan in ScanNet's layout; object ids are places in the scene's list, segments are 100 + id, 1 for the rest."""
    scene, slots, points, colors, slot = generated(seed)
    number_of = {slots[i]: i for i in range(len(scene.objects))}
    numbers = np.array([number_of.get(int(s), -1) for s in slot])
    room = np.round((points - [0.5, 0, 0]) * ROOM + SHIFT, 3).astype("<f4")
    table = dict(zip(("x", "y", "z"), room.T)) | dict(zip(("red", "green", "blue"), colors.T))
    base = folder / scene_id / f"{scene_id}_vh_clean_2.ply"
    write_ply(base, table, text)
    write_ply(base.with_name(base.stem + ".labels.ply"), table | {"label": (numbers + 1).astype("<u2")}, False)
    indices = np.where(numbers >= 0, 100 + numbers, 1).tolist()
    segments = base.with_name(f"{scene_id}_vh_clean_2.0.010000.segs.json")
    segments.write_text(
        json.dumps({"params": {}, "sceneId": scene_id, "segIndices": indices}, separators=(",", ":")) + "\n"
    )
    groups = [
        {"id": i, "objectId": i, "segments": [100 + i], "label": thing.kind}
        for i, thing in enumerate(scene.objects)
        if (numbers == i).any()
    ]
    write_json(
        base.with_name(f"{scene_id}.aggregation.json"),
        {"sceneId": f"scannet.{scene_id}", "appId": "sample", "segGroups": groups, "segmentsFile": segments.name},
    )
    return scene, [group["objectId"] for group in groups]


def write_texts(folder: Path, scenes: dict) -> None:
    """ScanQA, SQA3D and LEO files about the scans; ``scenes``: id -> scene, ids of its labelled objects."""
    scanqa, questions, annotations = [], [], []
    leo: dict[str, dict] = {"qa": {}, "plan": {}, "scene_caption": {}, "object_caption": {}}
    for number, (scene_id, (scene, ids)) in enumerate(scenes.items()):
        things = [(i, scene.objects[i]) for i in ids]
        index, thing = things[0]
        scanqa += [
            {
                "scene_id": scene_id,
                "question_id": f"train-{scene_id}-{i}",
                "question": f"What color is the {kind.size} {kind.kind}?".replace("  ", " "),
                "answers": [kind.color, f"it is {kind.color}"],
                "object_ids": [i],
                "object_names": [kind.kind],
            }
            for i, kind in things[:2]
        ]
        turn = {"_x": 0, "_y": 0, "_z": 0.6, "_w": 0.8}
        questions.append(
            {
                "scene_id": scene_id,
                "question_id": 9000 + number,
                "question": "What is in front of me?",
                "situation": "I stand at the near side of the table.",
                "alternative_situation": ["I look at the table from its near side."],
            }
        )
        annotations.append(
            {
                "scene_id": scene_id,
                "question_type": "N/A",
                "answer_type": "other",
                "question_id": 9000 + number,
                "answers": [{"answer": f"a {thing.kind}", "answer_confidence": "yes", "answer_id": 1}],
                "rotation": turn,
                "position": {"x": 0.5 * number, "y": -1.25, "z": 0},
            }
        )
        graph = f"{{'{thing.kind}-{index}': {{'relations': []}}}}"
        leo["qa"][scene_id] = {
            "query": graph,
            "response": [
                {
                    "Q": "How many things are on the table?",
                    "T": ", ".join(f"{t.kind}-{i}" for i, t in things),
                    "A": [str(len(things))],
                }
            ],
        }
        leo["plan"][scene_id] = {
            "query": graph,
            "response": [{"instruction": "Tidy the table.", "plan": "1. Pick up the blocks. 2. Put them in the bowl."}],
        }
        words = ", ".join(f"a {t.name}" for _, t in things)
        leo["scene_caption"][scene_id] = [{"query": graph, "response": f"A table with {words}."}]
        leo["object_caption"][scene_id] = {f"{thing.kind}-{index}": [{"response": f"It is {thing.color}."}]}
    write_json(folder / "scanqa.json", scanqa)
    write_json(folder / "sqa3d_questions.json", {"info": {}, "questions": questions})
    write_json(folder / "sqa3d_sqa_annotations.json", {"info": {}, "annotations": annotations})
    for name, value in leo.items():
        write_json(folder / f"leo_{name}.json", value)


def demonstration_messages(count: int = 2) -> list[tuple[str, int, object]]:
    """Cloud, instruction and poses of ``count`` steps, a second apart."""
    messages, now = [], SECOND
    for number in range(count):
        scene, _, points, colors, _ = generated(70 + number)
        step = random_step(scene, np.random.default_rng(number))
        voxels, shades = voxelize(points, colors)
        pick, place = step.pick, step.place
        for topic, make in (
            ("/voxels", lambda t: bags.cloud(voxels, shades, t, FRAME)),
            ("/instruction", lambda t: bags.string(step.text)),
            ("/pick_pose", lambda t: bags.pose_stamped(pick.position, pick.orientation, t, FRAME)),
            ("/place_pose", lambda t: bags.pose_stamped(place.position, place.orientation, t, FRAME)),
        ):
            messages.append((topic, now, make(now)))
            now += SECOND
    return messages


def make(folder: Path) -> None:
    """Write all samples into a folder that has none yet."""
    scenes = {name: write_scan(folder / "scans", name, 50 + i, text=i == 1) for i, name in enumerate(SCENES)}
    write_texts(folder, scenes)
    for storage in STORAGES:
        bags.write_bag(folder / f"recording_{storage}", demonstration_messages(2 if storage == "mcap" else 1), storage)


if __name__ == "__main__":
    for old in HERE.iterdir():
        if old.name not in (Path(__file__).name, "__pycache__"):
            shutil.rmtree(old) if old.is_dir() else old.unlink()
    make(HERE)
