"""The catalogue of errors: complete, and the page that is generated from it is up to date."""

import re
import subprocess
import sys

import pytest
from places import ROOT

from moe3d_ros.plan import ErrorCode
from moe3d_ros.reasons import REASONS

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


def test_the_generated_page_is_up_to_date():
    command = [sys.executable, str(ROOT / "tools" / "troubleshooting_table.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
