"""Installs the Python package with pip: planning and training without ROS. The interfaces are built by CMakeLists.txt.

The name, version and description are package.xml's, which is their one home.
"""

from pathlib import Path
from xml.etree import ElementTree

from setuptools import find_packages, setup

ROOT = Path(__file__).resolve().parent
MANIFEST = ElementTree.parse(ROOT / "package.xml").getroot()

CORE = [
    "numpy>=2",
    "scipy>=1.11",
    "pyyaml",
    "torch>=2.6",
    "transformers>=5",
    "peft>=0.21",
    "safetensors>=0.5",
    "tokenizers",
    "accelerate",
    "gguf",
]
SCANS = ["open3d>=0.19", "libusb-package", "plyfile>=1.1"]  # PCD and PLY files, and finding the table as a plane
RECORDINGS = ["rosbags>=0.11", "mcap>=1.6", "pyyaml", "zstandard"]  # MCAP and sqlite3, large messages without a copy
SIM = ["mujoco>=3.17", "mink[daqp]>=1.3", "matplotlib>=3.8", "pillow>=10.1"]
VIEW = ["viser>=1.1"]
FILES = [  # as a build of the ROS package installs them
    (f"share/{MANIFEST.findtext('name')}{below}", [str(path.relative_to(ROOT)) for path in sorted(ROOT.glob(what))])
    for below, what in (
        ("", "package.xml"),
        ("", "NOTICE"),
        ("/launch", "launch/*.py"),
        ("/config", "config/*.*"),
        ("/config/arms", "config/arms/*.yaml"),
    )
]
MCP = ["mcp>=2"]  # an assistant plans and asks
TRAIN = ["tensorboard", "tqdm", "plyfile>=1.1"]
ROS = [
    f"ros-jazzy-{name}"
    for name in (
        "rclpy",
        "rmw-fastrtps-cpp",
        "builtin-interfaces",
        "std-msgs",
        "sensor-msgs",
        "geometry-msgs",
        "visualization-msgs",
        "diagnostic-msgs",
        "std-srvs",
        "action-msgs",
    )
]

setup(
    name=MANIFEST.findtext("name"),
    version=MANIFEST.findtext("version"),
    description=" ".join(MANIFEST.findtext("description").split()),
    long_description=(ROOT / "README.md").read_text(encoding="utf-8") if (ROOT / "README.md").is_file() else "",
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    python_requires=">=3.10",
    packages=find_packages(include=["moe3d_ros", "moe3d_ros.*", "training", "training.*"]),
    package_data={
        "moe3d_ros": ["checkpoints/**", "**/*.json", "**/*.yaml", "**/*.urdf", "*.xml", "py.typed"],
        "training": ["configs/*.yaml", "evaluation/data/*.json"],
    },
    data_files=FILES,
    entry_points={
        "console_scripts": [
            f"moe3d-{name} = training.{name}:main"
            for name in ("train", "evaluate", "export", "study", "heads", "calibrate", "curve")
        ]
        + [
            "moe3d-demo = moe3d_ros.demonstration.alone:main",
            "moe3d-mcp = moe3d_ros.nodes.mcp:main",
            "moe3d-report = moe3d_ros.nodes.report:main",
        ]
    },
    install_requires=CORE,
    extras_require={
        "ros": ROS,
        "scans": SCANS,
        "recordings": RECORDINGS,
        "sim": SIM,
        "view": VIEW,
        "mcp": MCP,
        "train": [*SIM, *RECORDINGS, *TRAIN],
        "dev": [*SCANS, *RECORDINGS, *SIM, *VIEW, *MCP, *TRAIN, "py-trees", "pytest", "psutil"],
    },
)
