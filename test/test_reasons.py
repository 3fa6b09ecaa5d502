"""The catalogue of errors: complete, and the page that is generated from it is up to date."""

import ast
import re
import subprocess
import sys

import pytest
from places import ROOT

from moe3d_ros.plan import ErrorCode
from moe3d_ros.reasons import REASONS
from moe3d_ros.world.vocabulary import with_article

WORDS = re.compile(r"\b(rephrase|instruction names|name (another|one|colour)|in plain words)\b")


def test_every_error_has_its_reason_in_order():
    assert list(REASONS) == [code for code in ErrorCode if code != ErrorCode.NONE]


@pytest.mark.parametrize("code", REASONS, ids=lambda code: code.name)
def test_a_fact_comes_first_and_the_words_are_blamed_last(code):
    reason = REASONS[code]
    assert reason.fact.endswith(".")
    assert len(set(reason.causes)) == len(reason.causes) >= 1
    if code != ErrorCode.BAD_INSTRUCTION:
        assert not WORDS.search(reason.causes[0])


def test_the_actions_numbers_are_those_of_the_catalogue():
    text = (ROOT / "action" / "PlanTask.action").read_text()
    numbers = {name: int(number) for name, number in re.findall(r"^uint16 ([A-Z_]+)\s*=\s*(\d+)", text, re.MULTILINE)}
    assert {code.name: int(code) for code in REASONS}.items() <= numbers.items()


def test_comments_of_the_action_do_not_blame_the_words():
    text = (ROOT / "action" / "PlanTask.action").read_text()
    comments = dict(re.findall(r"^uint16 ([A-Z_]+)=\d+\s*# (.*)$", text, re.MULTILINE))
    assert set(comments) >= {code.name for code in REASONS}
    assert [name for name, comment in comments.items() if WORDS.search(comment)] == []


def sentences() -> dict[str, str]:
    """Text of every error that is raised in the package: the place -> its literal parts."""
    found = {}
    for path in sorted((ROOT / "moe3d_ros").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            called = node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else ""
            if called.endswith(("Error", "Refused", "Unexpected", "UnknownFrame", "FromTheFuture")):
                parts = [part.value for part in ast.walk(node) if isinstance(part, ast.Constant)]
                found[f"{path.name}:{node.lineno}"] = "".join(part for part in parts if isinstance(part, str))
    return found


def test_no_sentence_begins_with_what_to_do_or_asks_for_other_words_alone():
    """What was measured comes first; the words may be one cause of several, behind those in the scene."""
    found = sentences()
    assert len(found) > 100  # else it looks at nothing
    commands = re.compile(r"^(Check|Set|Start|Name|Give|Rephrase|Say|Use|Try|Raise|Lower|Move)\b")
    blaming = re.compile(r"\b(rephrase|reword|[Nn]ame things that are there|say it otherwise)\b")
    assert {place: text for place, text in found.items() if commands.search(text) or blaming.search(text)} == {}


@pytest.mark.parametrize(("name", "said"), [("orange block", "an orange block"), ("red bowl", "a red bowl")])
def test_things_have_their_articles(name, said):
    assert with_article(name) == said


@pytest.mark.parametrize(
    ("why", "what"),
    [
        ("nobody publishes on /points", "Start the camera"),
        ("the publishers send nothing", "stream on"),
        ("the publishers send nothing that matches by its stamp", "sync_tolerance"),
        ("nothing comes on /rgb/image_rect_color", "that stream"),
        ("left is silent (the publishers send nothing), right only, and missing_cameras is refuse", "stream on"),
    ],
)
def test_a_silent_camera_is_told_what_would_help(why, what):
    pytest.importorskip("rclpy", reason="ROS 2 is not installed")
    from moe3d_ros.nodes.cameras.inputs import advice

    assert what in advice(why)


def test_the_generated_page_is_up_to_date():
    command = [sys.executable, str(ROOT / "tools" / "troubleshooting_table.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
