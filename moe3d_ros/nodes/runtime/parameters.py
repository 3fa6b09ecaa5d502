"""A node's parameters: declared with descriptors from `moe3d_ros/parameters`, checked, and read as they are now."""

from __future__ import annotations

from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor, SetParametersResult
from rclpy.exceptions import ParameterException
from rclpy.parameter import Parameter as RosParameter

from moe3d_ros.nodes.runtime.parameter_tables import CONFIGURE, START, WHEN, Parameter
from moe3d_ros.nodes.settings.parameter_types import as_declared, type_problem


class _Refused(RosParameter):
    """The present value of a parameter in place of one that is refused, with the reason as a sentence.

    rclpy refuses types and ranges before it asks us, in words of its own; the present value it lets through to our refusal.
    """

    def __init__(self, present: RosParameter, reason: str):
        super().__init__(present.name, present.type_, present.value)
        self.reason = reason


class Parameters:
    """Declares a table of parameters; ``parameters["name"]`` is the present value.

    A change of what is read once, at the start, is refused by rclpy in its words; everything else is checked here, with
    the reason.
    """

    def __init__(self, node, table: tuple[Parameter, ...], together=lambda values: None, configured=None):
        """
        Args:
            together: given all values by name, raises ValueError where they do not go with each other.
            configured: of a node with a lifecycle, called without arguments: whether what is read when it is
                configured must stay as it is. Such a node starts with any values; `check` refuses bad ones.

        Raises:
            ValueError: a value of a node without a lifecycle is of another type or out of range.
        """
        self._node, self._table, self._together = node, {parameter.name: parameter for parameter in table}, together
        self._configured = configured
        self._refused: dict[str, str] = {}  # given at the start, refused by rclpy, and not set since
        for parameter in table:
            if parameter.name in node._parameter_overrides:
                node._parameter_overrides[parameter.name] = self._typed(node._parameter_overrides[parameter.name])
            self._declare(parameter)
        node.add_pre_set_parameters_callback(lambda changes: [self._admitted(change) for change in changes])
        node.add_on_set_parameters_callback(self._on_set)

    def _declare(self, parameter: Parameter) -> None:
        try:
            self._node.declare_parameter(parameter.name, parameter.default, descriptor(parameter))
        except ParameterException as error:  # its sentence names types of messages and no unit
            value = self._node._parameter_overrides[parameter.name].value
            reason = type_problem(parameter.name, value, parameter.default) or parameter.problem(value) or str(error)
            if self._configured is None:
                raise ValueError(reason) from error
            self._refused[parameter.name] = reason
            self._node.declare_parameter(parameter.name, parameter.default, descriptor(parameter), ignore_override=True)

    def _typed(self, given: RosParameter) -> RosParameter:
        """The parameter as its declared type where it says the same: 1 as 1.0, a text as a list of one."""
        known = self._table.get(given.name)
        value = given.value if known is None else as_declared(given.value, known.default)
        return given if value is given.value else RosParameter(given.name, value=value)

    def _admitted(self, change: RosParameter) -> RosParameter:
        """A change as rclpy may check it: in its declared type, or refused where it cannot be used by itself."""
        known = self._table.get(change.name)
        if known is None:
            return change
        change, present = self._typed(change), self._node.get_parameter(change.name)
        problem = type_problem(known.name, change.value, known.default) if change.type_ != present.type_ else None
        problem = problem or known.problem(change.value)
        return _Refused(present, problem) if problem else change

    def __getitem__(self, name: str):
        value = self._node.get_parameter(name).value
        return list(value) if isinstance(self._table[name].default, list) else value

    def check(self) -> None:
        """Raise ValueError with the reason where a value cannot be used."""
        for reason in self._refused.values():
            raise ValueError(reason)
        self._check({name: self[name] for name in self._table}, self._table)

    def _check(self, values: dict, names) -> None:
        for name in names:
            problem = self._table[name].problem(values[name])
            if problem:
                raise ValueError(problem)
        self._together(values)

    def _on_set(self, changes) -> SetParametersResult:
        """Accept or refuse a change, as rclpy asks before it."""
        changed = {change.name: change.value for change in changes if change.name in self._table}
        try:
            for change in changes:
                if isinstance(change, _Refused):
                    raise ValueError(change.reason)
            for name in changed:
                if self._table[name].when == CONFIGURE and self._configured():
                    raise ValueError(f"The parameter {name} is read-only now: deactivate and clean up the node first.")
            self._check({**{name: self[name] for name in self._table}, **changed}, changed)
        except ValueError as error:
            self._node.get_logger().warning(str(error))
            return SetParametersResult(successful=False, reason=str(error))
        for name in changed:
            self._refused.pop(name, None)
        return SetParametersResult(successful=True)


def descriptor(parameter: Parameter) -> ParameterDescriptor:
    """Descriptor as `ros2 param describe` shows it: description with unit, range, and when it may change."""
    unit = f" [{parameter.unit}]" if parameter.unit else ""
    choices = f"One of {', '.join(parameter.choices)}. " if parameter.choices else ""
    made = ParameterDescriptor(
        description=f"{parameter.description}{unit}",
        additional_constraints=choices + WHEN[parameter.when],
        read_only=parameter.when == START,
    )
    if parameter.low is not None:
        if isinstance(parameter.default, float):
            span = FloatingPointRange(from_value=float(parameter.low), to_value=float(parameter.high))
            made.floating_point_range = [span]
        else:
            made.integer_range = [IntegerRange(from_value=int(parameter.low), to_value=int(parameter.high), step=1)]
    return made
