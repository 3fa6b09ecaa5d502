"""Files of settings that are damaged or hold values of another type end with a sentence, not with a traceback."""

import pytest

from training.stages.command_line import parse

CASES = {
    "a: b: c": "is no YAML",
    "task: [perception": "is no YAML",
    "\u0085\udcff": "is no YAML",
    "- perception": "holds no settings",
    "1: 2": "holds no settings",
    "task: {a: b}": "there is no task {'a': 'b'}",
    "task: perception": "the setting output is missing, expected a text",
    "task: perception\noutput: 5": "output is 5, expected a text",
    "task: perception\noutput: a\nsteps: many": "steps is 'many', expected a whole number",
    "task: perception\noutput: a\nsteps: true": "steps is True, expected a whole number",
    "task: perception\noutput: a\nsteps: 1.5": "steps is 1.5, expected a whole number",
    "task: perception\noutput: a\nema: 9e-1": "write 1.0e-4",
    "task: perception\noutput: a\nema: .nan": "ema is nan, expected a number",
    "task: perception\noutput: a\nresume: perhaps": "resume is 'perhaps', expected true or false",
    "task: perception\noutput: a\nmodel: large": "model is 'large', expected settings by their names",
    "task: perception\noutput: a\nmodel.object_width: wide": "model.object_width is 'wide', expected a whole number",
}


@pytest.mark.parametrize("text", CASES)
def test_a_wrong_file_of_settings_is_a_sentence(capsys, tmp_path, text):
    path = tmp_path / "stage.yaml"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(SystemExit) as ended:
        parse(["--stage", str(path)])
    assert ended.value.code == 2
    assert CASES[text] in capsys.readouterr().err


def test_whole_numbers_are_numbers(tmp_path):
    path = tmp_path / "stage.yaml"
    path.write_text("task: perception\noutput: a\nema: 0\nsteps: 3")
    config = parse(["--stage", str(path)])
    assert (config.ema, config.steps) == (0, 3)
