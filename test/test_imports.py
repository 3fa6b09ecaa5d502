"""The rooms of the house: who may import whom, no circles, no crowded folder, no file name that means two things.

Every rule runs on the tree, and on a small broken one, where it must find what is wrong.
"""

import pytest
from import_graph import (
    circles,
    contract,
    crowded_folders,
    forbidden_arrows,
    foreign_imports,
    import_graph,
    repeated_names,
    sources,
)
from places import ROOT

PROGRAM_FOLDERS = ("moe3d_ros", "training", "benchmarks", "tools")
MOST_FILES = 16

# Rooms and what they may import: a module belongs to the longest name that fits. What is not listed is forbidden.
GROUND = {"moe3d_ros.world", "moe3d_ros"}  # moe3d_ros/__init__.py itself only extends the package's path
INTERFACES = {"moe3d_ros.plan"}
FACADE = {
    f"moe3d_ros.{name}"
    for name in (
        "planner",
        "look",
        "checked_writing",
        "form_check",
        "question_check",
        "posing",
        "pose_limits",
        "refusing",
        "stopwatch",
        "surface_contact",
        "cores",
    )
}  # one room, no folder
ALLOWED = {
    "moe3d_ros": set(),
    "moe3d_ros.world": set(),
    "moe3d_ros.plan": GROUND,
    "moe3d_ros.processes": set(),
    "moe3d_ros.open3d_loader": set(),
    "moe3d_ros.reasons": GROUND | INTERFACES,
    "moe3d_ros.sensing": GROUND | {"moe3d_ros.open3d_loader"},
    "moe3d_ros.recording": GROUND | {"moe3d_ros.sensing"},
    "moe3d_ros.robot": GROUND | INTERFACES,
    "moe3d_ros.view": GROUND | INTERFACES | {"moe3d_ros.sensing"},
    "moe3d_ros.model": GROUND | {"moe3d_ros.sensing"},
    "moe3d_ros.tabletop": GROUND | {"moe3d_ros.open3d_loader"},
    **dict.fromkeys(FACADE, GROUND | INTERFACES | FACADE | {"moe3d_ros.model", "moe3d_ros.sensing"}),
    "moe3d_ros.nodes": GROUND
    | INTERFACES
    | FACADE
    | {
        "moe3d_ros.processes",
        "moe3d_ros.recording",
        "moe3d_ros.robot",
        "moe3d_ros.sensing",
        "moe3d_ros.view",
        "moe3d_ros.nodes.tabletop",
    },
    "moe3d_ros.nodes.tabletop": GROUND  # the simulator's node, the only one that knows the simulator
    | INTERFACES
    | {"moe3d_ros.nodes", "moe3d_ros.nodes.arm_outputs", "moe3d_ros.sensing", "moe3d_ros.tabletop", "moe3d_ros.view"},
    "moe3d_ros.nodes.arm_outputs": GROUND  # what that node shows of its arm
    | {"moe3d_ros.nodes", "moe3d_ros.tabletop", "moe3d_ros.view"},
    "moe3d_ros.demonstration": GROUND  # plays both parts: plans, and judges with the simulator's ground truth
    | INTERFACES
    | FACADE
    | {"moe3d_ros.sensing", "moe3d_ros.tabletop", "moe3d_ros.view"},
    "moe3d_ros.demo": GROUND  # starts the nodes
    | INTERFACES
    | {
        "moe3d_ros.demonstration",
        "moe3d_ros.nodes",
        "moe3d_ros.nodes.demo_client",
        "moe3d_ros.processes",
        "moe3d_ros.tabletop",
        "moe3d_ros.view",
    },
    "moe3d_ros.nodes.demo_client": GROUND
    | INTERFACES
    | {"moe3d_ros.demonstration", "moe3d_ros.nodes", "moe3d_ros.sensing"},
    "training": GROUND
    | INTERFACES
    | FACADE
    | {
        "moe3d_ros.model",
        "moe3d_ros.recording",
        "moe3d_ros.sensing",
        "moe3d_ros.tabletop",
        "moe3d_ros.view",
    },
}

# Names that occur twice, each with what keeps the two apart.
ACCEPTED_NAMES = {
    "planner.py": "the facade and the node around it",
    "voxelizer.py": "the node and its benchmark",
    "config.py": "of the model and of a training run: each configures the room that it stands in",
    "processes.py": "ROS nodes as child processes, and the processes of a training run",
    "routing.py": "the routers' record and the training stage for routers",
    "wordings.py": "the wordings and the suite that compares them",
    "clouds.py": "decoding in numpy, and through sensor_msgs_py where it is installed",
    "report.py": "the program for bug reports, and what an evaluation prints: both print a report",
    "single_step.py": "the tasks and the suite that runs them",
}


@pytest.fixture(scope="module")
def package():
    return sources(ROOT, ["moe3d_ros", "training"])


def rooms_within(graph, prefix, depth):
    """Graph of the rooms within one package of the import graph."""
    return contract({module: targets for module, targets in graph.items() if module.startswith(prefix)}, depth)


def test_rooms_import_only_what_they_may(package):
    assert forbidden_arrows(package, ALLOWED) == []


def test_world_is_free_of_torch_and_of_ours(package):
    world = {module: path for module, path in package.items() if module.startswith("moe3d_ros.world")}
    assert "moe3d_ros.world.geometry" in world
    assert foreign_imports(world, ["torch", "transformers", "rclpy", "open3d"]) == []
    graph = import_graph(package)
    for module in world:
        assert graph[module] <= world.keys(), module


def test_model_and_planner_do_not_know_the_simulator_nor_it_them(package):
    graph = import_graph(package)
    for module, targets in graph.items():
        if f"{module}.".startswith(("moe3d_ros.model.", *(f"{room}." for room in FACADE))):
            assert not [target for target in targets if target.startswith("moe3d_ros.tabletop")], module
        if module.startswith("moe3d_ros.tabletop"):
            assert not [target for target in targets if target.startswith("moe3d_ros.model")], module


def test_rclpy_is_imported_under_nodes_only(package):
    outside = {module: path for module, path in package.items() if not module.startswith("moe3d_ros.nodes")}
    assert foreign_imports(outside, ["rclpy", "tf2_ros", "launch_ros"]) == []
    assert foreign_imports(package, ["rclpy"])


def test_nothing_imports_in_a_circle(package):
    graph = import_graph(package)
    assert circles(graph) == []
    assert circles(contract(graph, 2)) == []
    for prefix, depth in (("moe3d_ros.model", 3), ("moe3d_ros.tabletop", 3), ("moe3d_ros.nodes", 3), ("training", 2)):
        assert circles(rooms_within(graph, prefix, depth)) == [], prefix


def test_folders_are_not_crowded():
    assert crowded_folders(ROOT, [*PROGRAM_FOLDERS, "test"], MOST_FILES) == []


def test_file_names_mean_one_thing():
    assert repeated_names(ROOT, PROGRAM_FOLDERS, ACCEPTED_NAMES) == []


@pytest.fixture
def broken(tmp_path):
    """Writes a small tree of sources, ``{path: text}``, and returns its files by module name."""

    def write(texts):
        for path, text in texts.items():
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_text(text)
        return sources(tmp_path, ["house"])

    return write


@pytest.mark.parametrize(
    "line",
    [
        "import house.attic.chest",
        "from house.attic.chest import key",
        "from house.attic import chest",
        "from ..attic import chest",
        "def late():\n    from house.attic.chest import key",
        "if TYPE_CHECKING:\n    from house.attic.chest import key",
    ],
)
def test_an_arrow_that_is_not_allowed_is_found(broken, line):
    files = broken({"house/__init__.py": "", "house/cellar/wine.py": line, "house/attic/chest.py": "key = 1"})
    rooms = {"house": set(), "house.cellar": set(), "house.attic": set()}
    assert forbidden_arrows(files, rooms) == ["house.cellar.wine must not import house.attic.chest"]
    assert forbidden_arrows(files, rooms | {"house.cellar": {"house.attic"}}) == []


def test_a_file_in_no_room_is_found(broken):
    files = broken({"house/cellar/wine.py": "", "house/shed.py": ""})
    assert forbidden_arrows(files, {"house.cellar": set()}) == ["house.shed stands in no room"]


def test_a_foreign_import_is_found(broken):
    files = broken(
        {"house/cellar/wine.py": "def f():\n    import torch.nn as nn", "house/attic.py": "import torchvision"}
    )
    assert foreign_imports(files, ["torch"]) == ["house.cellar.wine must not import torch.nn"]


def test_circles_of_files_and_of_rooms_are_found(broken):
    graph = import_graph(
        broken(
            {
                "house/cellar/wine.py": "import house.attic.chest",
                "house/attic/chest.py": "import os",
                "house/attic/roof.py": "import house.cellar.wine",
                "house/door.py": "import house.attic.roof",
            }
        )
    )
    assert circles(graph) == []
    assert circles(contract(graph, 2)) == ["house.attic, house.cellar import each other in a circle"]
    graph["house.attic.chest"] = {"house.attic.roof"}
    assert circles(graph) == [
        "house.attic.chest, house.attic.roof, house.cellar.wine import each other in a circle",
    ]


def test_crowded_folders_and_repeated_names_are_found(broken, tmp_path):
    broken({f"house/cellar/{name}.py": "" for name in ("__init__", "a", "b", "c")} | {"house/attic/a.py": ""})
    assert crowded_folders(tmp_path, ["house"], 3) == []
    assert crowded_folders(tmp_path, ["house"], 2) == [
        "house/cellar has 3 Python files side by side, at most 2 are allowed"
    ]
    assert repeated_names(tmp_path, ["house"], []) == [
        "a.py names several files: house/attic/a.py, house/cellar/a.py",
    ]
    assert repeated_names(tmp_path, ["house"], ["a.py", "b.py"]) == [
        "b.py is accepted as a repeated name, and occurs once only"
    ]
