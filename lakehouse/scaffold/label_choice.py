"""What is predicted: the task that a label column asks for, and what of it is a yes."""

from __future__ import annotations

import math
from dataclasses import dataclass

from lakehouse.errors import BadArguments
from lakehouse.scaffold.contract import ContractColumn

MOST_CLASSES = 20
# Words for the value that a model is asked to find.
_YES = frozenset(
    {
        *(
            "yes",
            "y",
            "true",
            "t",
            "1",
            "positive",
            "pos",
            "bad",
            "default",
            "churn",
            "churned",
            "fraud",
            "failed",
            "late",
        ),
        *(
            "spam",
            "sick",
            "died",
            "dead",
            "malignant",
            "m",
            "attrition",
            "left",
            "cancelled",
            "canceled",
            "accept",
            "won",
        ),
    }
)


@dataclass(frozen=True)
class LabelChoice:
    """What is predicted.

    Attributes:
        column: the label's column.
        task: what the model is trained for.
        is_value: the value that is a yes.
        at_least: or the number from which on it is one.
        classes: the classes, of many.
        why: in words, for a comment.
    """

    column: ContractColumn
    task: str
    is_value: str | bool | int | None = None
    at_least: float | None = None
    classes: tuple[str, ...] | tuple[int, ...] = ()
    why: str = ""

    @property
    def expression(self) -> str | None:
        """The label as a number, as an expression of Spark's columns in Python; None where it is no number."""
        column = f'F.col("{self.column.name}")'
        if self.task == "multiclass":
            return None
        if self.is_value is not None:
            return f'({column} == F.lit({self.is_value!r})).cast("int")'
        if self.at_least is not None:
            return f'({column} >= F.lit({self.at_least!r})).cast("int")'
        # Decimals add up to the same in whatever order.
        return (
            f'{column}.cast("long")' if self.column.type in ("int", "long") else f'{column}.try_cast("decimal(28,6)")'
        )


def choose(
    column: ContractColumn, task: str | None = None, positive: str | None = None, at_least: float | None = None
) -> LabelChoice:
    """What a label column asks for, or what is asked for in words.

    Args:
        column: the label's column.
        task: classification, multiclass or regression; guessed when None: two values are yes and no,
            few texts are classes, a number is itself.
        positive: the value that is a yes.
        at_least: the number from which on it is a yes.

    Raises:
        BadArguments: when the column can't be such a label.
    """
    levels = column.levels
    where = f"--label {column.delivered}"
    if levels is not None and len(levels) < 2:
        raise BadArguments(f"{where}: expected a column with different values, found {column.seen or 'none'}")
    if positive is not None or at_least is not None:
        if task not in (None, "classification"):
            raise BadArguments(f"--task {task}: expected classification with --positive or --at-least")
        task = "classification"
    two = levels is not None and len(levels) == 2
    if task is None:
        if two:
            task = "classification"
        elif column.is_number:
            task = "regression"
        elif column.type == "string" and levels is not None and len(levels) <= MOST_CLASSES:
            task = "multiclass"
        else:
            raise BadArguments(
                f"{where}: expected a number, or a text of 2 to {MOST_CLASSES} values, found {column.type}: {column.seen}; "
                "say which value is a yes by --positive"
            )
    if task == "regression":
        if not column.is_number:
            raise BadArguments(
                f"{where}: expected a column of numbers for a regression, found {column.type}: {column.seen}"
            )
        few = levels is not None and len(levels) <= MOST_CLASSES and column.type != "double"
        classes = "; if its values are kinds, not amounts: --task multiclass" if few else ""
        return LabelChoice(column, task, why=f"a number is predicted as it is{classes}")
    if task == "multiclass":
        return _of_classes(column, where)
    return _of_yes(column, where, positive, at_least, two)


def _of_classes(column: ContractColumn, where: str) -> LabelChoice:
    levels = column.levels
    if levels is None or len(levels) > MOST_CLASSES or column.type not in ("string", "int", "long"):
        raise BadArguments(
            f"{where}: expected a text or whole number of 3 to {MOST_CLASSES} values, found {column.seen}"
        )
    why = f"one of {len(levels)} classes"
    if column.type == "string":
        return LabelChoice(column, "multiclass", classes=tuple(sorted(levels)), why=why)
    return LabelChoice(column, "multiclass", classes=tuple(sorted(map(int, levels))), why=why)


def _of_yes(column: ContractColumn, where: str, positive: str | None, at_least: float | None, two: bool) -> LabelChoice:
    levels = column.levels or ()
    if at_least is not None:
        if not column.is_number or not math.isfinite(at_least):
            raise BadArguments(
                f"--at-least: expected a number for a column of numbers, found {column.delivered}: {column.seen}"
            )
        return LabelChoice(column, "classification", at_least=at_least, why=f"yes from {at_least:g} on")
    if positive is None:
        if not two:
            raise BadArguments(
                f"{where}: expected two values for a classification, found {column.seen}; say which one is a yes by --positive, or "
                "from which number on by --at-least"
            )
        positive = _yes(levels, column)
    found = next((text for text in levels if text == positive or text.lower() == positive.strip().lower()), None)
    if found is None:
        listed = ", ".join(levels[:20]) or "more than are counted"
        raise BadArguments(f"--positive {positive}: expected one of the values of {column.delivered}: {listed}")
    why = f"{found!r} is a yes; --positive names another value"
    if column.type == "boolean":
        return LabelChoice(column, "classification", is_value=found.lower() == "true", why=why)
    if column.type in ("int", "long"):
        return LabelChoice(column, "classification", is_value=int(found), why=why)
    if column.type == "double":
        high = max(levels, key=_number)
        if not two or found != high:
            raise BadArguments(
                f"--positive {positive}: expected --at-least and a number, since {column.delivered} has fractions"
            )
        return LabelChoice(column, "classification", at_least=_number(found), why=f"yes from {found} on")
    return LabelChoice(column, "classification", is_value=found, why=why)


def _yes(levels: tuple[str, ...], column: ContractColumn) -> str:
    """Which of two values is meant by a yes: a word for it, else the greater number, else the rarer text."""
    words = [text for text in levels if text.strip().lower() in _YES]
    if len(words) == 1:
        return words[0]
    if column.is_number:
        return max(levels, key=_number)
    return levels[-1]


def _number(text: str) -> float:
    return float(text.replace(",", "."))
