"""Values in another type that say the same: whole numbers for decimals, one text for a list of texts."""

import pytest

rclpy = pytest.importorskip("rclpy", reason="ROS 2 is not installed")

from rclpy.context import Context
from rclpy.node import Node
from rclpy.parameter import Parameter as RosParameter

from moe3d_ros.nodes.runtime.parameter_tables import TABLES
from moe3d_ros.nodes.runtime.parameters import Parameters

VOXELIZER, PLANNER = (tuple(TABLES[name]) for name in ("voxelizer", "planner"))


@pytest.fixture
def settings():
    """Return a function that makes the settings of a node with a table and values given at its start."""
    context = Context()
    rclpy.init(args=[], context=context)
    nodes = []

    def make(table, lifecycle=True, **values):
        given = [RosParameter(name, value=value) for name, value in values.items()]
        nodes.append(Node("numbers", context=context, parameter_overrides=given, start_parameter_services=False))
        return nodes[-1], Parameters(nodes[-1], table, configured=(lambda: False) if lifecycle else None)

    yield make
    for node in nodes:
        node.destroy_node()
    context.try_shutdown()


@pytest.mark.parametrize(
    ("table", "name", "value", "read"),
    [
        (VOXELIZER, "transform_timeout", 1, 1.0),
        (VOXELIZER, "workspace_low", [0, -1, 0], [0.0, -1.0, 0.0]),
        (VOXELIZER, "workspace_low", 0, [0.0]),
        (VOXELIZER, "cameras", "left", ["left"]),
        (PLANNER, "max_cloud_age", 10, 10.0),
        (PLANNER, "keep_out", "0 0 0 1 1 1", ["0 0 0 1 1 1"]),
    ],
)
def test_a_value_of_another_type_that_says_the_same_is_taken_at_the_start_and_later(settings, table, name, value, read):
    _, given = settings(table, **{name: value})
    given.check()
    assert given[name] == read
    node, later = settings(table)
    result = node.set_parameters([RosParameter(name, value=value)])[0]
    assert result.successful, result.reason
    assert later[name] == read
    assert type(later[name]) is type(read)


@pytest.mark.parametrize(
    ("table", "name", "value"),
    [
        (VOXELIZER, "transform_timeout", "1"),
        (PLANNER, "max_steps", 1.0),
        (PLANNER, "auto_replan", 1),
        (PLANNER, "max_cloud_age", True),
    ],
)
def test_a_value_that_says_something_else_is_refused(settings, table, name, value):
    _, given = settings(table, **{name: value})
    with pytest.raises(ValueError, match=name):
        given.check()
    node, later = settings(table)
    assert not node.set_parameters([RosParameter(name, value=value)])[0].successful
    assert later[name] == next(parameter.default for parameter in table if parameter.name == name)


TABLETOP = tuple(TABLES["tabletop"])


@pytest.mark.parametrize(
    ("table", "name", "value", "words"),
    [
        (VOXELIZER, "transform_timeout", "0.5", "is '0.5', a text: set it to a number, without quotes."),
        (VOXELIZER, "transform_timeout", "abc", "is 'abc', a text: set it to a number."),
        (VOXELIZER, "transform_timeout", [1], "is [1], a list of whole numbers: set it to a number."),
        (VOXELIZER, "transform_timeout", True, "is true, a truth value: set it to a number."),
        (VOXELIZER, "voxel_size", 1, "is 1.0: set it to 0 to 0.1 m."),
        (VOXELIZER, "cameras", [1, 2], "is [1, 2], a list of whole numbers: set it to a list of texts."),
        (PLANNER, "auto_replan", 1, "is 1, a whole number: set it to true or false, here true."),
        (PLANNER, "auto_replan", "false", "is 'false', a text: set it to true or false, without quotes."),
        (PLANNER, "max_steps", 4.5, "is 4.5, a number: set it to a whole number."),
        (PLANNER, "checkpoint", 5, "is 5, a whole number: set it to a text in quotes: \"'5'\" on a command line"),
        (TABLETOP, "seed", 1.5, "is 1.5, a number: set it to a whole number."),
    ],
)
def test_a_value_of_another_type_is_named_in_words_of_people(settings, table, name, value, words):
    _, given = settings(table, **{name: value})
    with pytest.raises(ValueError, match="^The parameter") as refused:
        given.check()
    assert f"The parameter {name} {words}" in str(refused.value)
    node, later = settings(table)
    if not node.describe_parameter(name).read_only:  # else rclpy says no before it looks at the value
        result = node.set_parameters([RosParameter(name, value=value)])[0]
        assert not result.successful
        assert f"The parameter {name} {words}" in result.reason
        assert later[name] == next(parameter.default for parameter in table if parameter.name == name)


def test_changes_together_are_refused_for_one_that_cannot_be_used(settings):
    node, parameters = settings(PLANNER)
    asked = [RosParameter("max_reach", value=0.5), RosParameter("max_steps", value=4.5)]
    result = node.set_parameters_atomically(asked)
    assert "The parameter max_steps is 4.5, a number: set it to a whole number." in result.reason
    assert not result.successful
    assert (parameters["max_reach"], parameters["max_steps"]) == (0.0, 8)
    assert node.set_parameters_atomically([asked[0], RosParameter("max_steps", value=4)]).successful
    assert (parameters["max_reach"], parameters["max_steps"]) == (0.5, 4)


def test_a_node_without_a_lifecycle_says_the_same_at_its_start(settings):
    with pytest.raises(ValueError, match=r"The parameter seed is 1\.5, a number: set it to a whole number\."):
        settings(TABLETOP, lifecycle=False, seed=1.5)
