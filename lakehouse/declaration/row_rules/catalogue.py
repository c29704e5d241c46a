"""The functions that a row rule may call, and those that it may not with the reason: the one list of both."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Function:
    """A function: what it takes and gives.

    Attributes:
        takes: a kind an argument: a type's name, ``number``, ``any``, or what has to be written out: ``places``, ``pattern``. A
            function of doubles takes every number, one of dates takes timestamps too.
        gives: a type's name, or ``same``: the type of its arguments.
        optional: how many of the last arguments may be left out.
        repeats: whether the last argument may come again and again.
        also: its other names.
    """

    name: str
    takes: tuple[str, ...]
    gives: str
    optional: int = 0
    repeats: bool = False
    also: tuple[str, ...] = ()

    @property
    def most(self) -> int:
        """The largest number of arguments."""
        return 1_000 if self.repeats else len(self.takes)

    @property
    def signature(self) -> str:
        """How it is called, for people: ``ROUND(number[, places])``."""
        needed = len(self.takes) - self.optional
        words = ", ".join(self.takes[:needed])
        left_out = "".join(f"[, {kind}]" for kind in self.takes[needed:])
        return f"{self.name.upper()}({words}{', ...' if self.repeats else ''}{left_out})"


_TEXT, _TWO_TEXTS = ("string",), ("string", "string")

FUNCTIONS = (
    Function("if", ("boolean", "any", "any"), "same"),
    Function("coalesce", ("any",), "same", repeats=True),
    Function("nvl", ("any", "any"), "same", also=("ifnull",)),
    Function("nullif", ("any", "any"), "same"),
    Function("greatest", ("any", "any"), "same", repeats=True),
    Function("least", ("any", "any"), "same", repeats=True),
    Function("abs", ("number",), "same"),
    Function("sign", ("double",), "double", also=("signum",)),
    Function("round", ("number", "places"), "same", optional=1),
    Function("floor", ("double",), "long"),
    Function("ceil", ("double",), "long", also=("ceiling",)),
    Function("sqrt", ("double",), "double"),
    Function("power", ("double", "double"), "double", also=("pow",)),
    Function("exp", ("double",), "double"),
    Function("ln", ("double",), "double"),
    Function("log10", ("double",), "double"),
    Function("mod", ("number", "number"), "same"),
    Function("length", _TEXT, "int", also=("len", "char_length", "character_length")),
    Function("lower", _TEXT, "string", also=("lcase",)),
    Function("upper", _TEXT, "string", also=("ucase",)),
    Function("trim", _TEXT, "string"),
    Function("ltrim", _TEXT, "string"),
    Function("rtrim", _TEXT, "string"),
    Function("substring", ("string", "int", "int"), "string", optional=1, also=("substr",)),
    Function("concat", _TEXT, "string", repeats=True),
    Function("startswith", _TWO_TEXTS, "boolean"),
    Function("endswith", _TWO_TEXTS, "boolean"),
    Function("contains", _TWO_TEXTS, "boolean"),
    Function("replace", ("string", "string", "string"), "string"),
    Function("regexp_like", ("string", "pattern"), "boolean"),
    Function("year", ("date",), "int"),
    Function("quarter", ("date",), "int"),
    Function("month", ("date",), "int"),
    Function("day", ("date",), "int", also=("dayofmonth",)),
    Function("dayofyear", ("date",), "int"),
    Function("dayofweek", ("date",), "int"),
    Function("weekday", ("date",), "int"),
    Function("hour", ("timestamp",), "int"),
    Function("minute", ("timestamp",), "int"),
    Function("second", ("timestamp",), "int"),
    Function("datediff", ("date", "date"), "int", also=("date_diff",)),
    Function("date_add", ("date", "int"), "date", also=("dateadd",)),
    Function("date_sub", ("date", "int"), "date"),
    Function("to_date", ("any",), "date", also=("date",)),
)
BY_NAME = {name: function for function in FUNCTIONS for name in (function.name, *function.also)}

_CLOCK = "reads the clock, and a row must be judged the same tomorrow"
_CHANCE = "gives something else each time, and a row must be judged the same tomorrow"
_PLACE = "tells who runs the check or where, and a row must be judged the same everywhere"
_MANY = "looks at many rows, and a row rule judges one row by itself"


def _refused(reason: str, *names: str) -> dict[str, str]:
    return dict.fromkeys((name for line in names for name in line.split()), reason)


REFUSED = {
    **_refused(
        _CLOCK, "now current_date curdate current_timestamp current_time localtimestamp localtime unix_timestamp"
    ),
    **_refused(_CHANCE, "rand random randn uuid shuffle randstr uniform"),
    **_refused(
        _PLACE,
        "current_user user session_user current_timezone current_database current_schema current_catalog version",
        "spark_partition_id monotonically_increasing_id input_file_name",
    ),
    **_refused(
        _MANY,
        "sum avg mean min max count count_if median mode first last first_value last_value any_value any some every bool_and",
        "bool_or stddev stddev_pop stddev_samp variance var_pop var_samp corr covar_pop covar_samp percentile",
        "percentile_approx approx_percentile approx_count_distinct collect_list collect_set array_agg listagg string_agg",
        "min_by max_by skewness kurtosis row_number rank dense_rank ntile lag lead explode",
    ),
}


def names() -> str:
    """The names of all functions, for a message."""
    return ", ".join(function.name.upper() for function in FUNCTIONS) + ", CAST, TRY_CAST"
