"""Kinds of values that several commands take."""

import click

from detectors.months import parse_month


class Month(click.ParamType):
    """A month written YYYY-MM, as `detectors.months` counts it."""

    name = "YYYY-MM"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The month, or a usage error."""
        if isinstance(value, int):
            return value
        try:
            return parse_month(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


MONTH = Month()
