"""Reading the text of a rule: SQL as Spark writes it, into sqlglot's tree. Only this module imports sqlglot."""

from __future__ import annotations

from typing import Any, ClassVar

from sqlglot import Token, TokenType, exp
from sqlglot.dialects.spark import Spark
from sqlglot.errors import ParseError, TokenError

from lakehouse.declaration.row_rules.types import RuleError

# sqlglot's parser takes some twenty calls a level, and Python has a thousand: what loads here loads wherever it is called from.
MOST_NESTED = 12
MOST_TOKENS = 1_000

MOST_SIGNS = 2

# sqlglot takes the whole text for a command where it begins so.
_STATEMENTS = (*Spark.Tokenizer.COMMANDS,)
_OPEN = (TokenType.L_PAREN, TokenType.CASE)
_CLOSE = (TokenType.R_PAREN, TokenType.END)
_SIGNS = (TokenType.NOT, TokenType.DASH, TokenType.PLUS)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "0": "\0", "Z": "\x1a"}


class RowRules(Spark):
    """Spark's SQL whose functions keep the names and arguments they were written with."""

    class Parser(Spark.Parser):  # type: ignore[misc, valid-type]
        """Without what sqlglot makes of functions, statements and words that are functions without parentheses."""

        FUNCTIONS: ClassVar[dict[Any, Any]] = {}
        FUNCTION_PARSERS: ClassVar[dict[Any, Any]] = {
            name: parser for name, parser in Spark.Parser.FUNCTION_PARSERS.items() if name in ("CAST", "TRY_CAST")
        }
        NO_PAREN_FUNCTIONS: ClassVar[dict[Any, Any]] = {}
        NO_PAREN_FUNCTION_PARSERS: ClassVar[dict[Any, Any]] = {
            name: parser for name, parser in Spark.Parser.NO_PAREN_FUNCTION_PARSERS.items() if name in ("CASE", "IF")
        }
        STATEMENT_PARSERS: ClassVar[dict[Any, Any]] = {}


def read(expression: str) -> exp.Expression:
    """The tree of one expression.

    Raises:
        RuleError: it can't be read as one.
    """
    dialect = RowRules()
    try:
        tokens = _prepared(dialect.tokenize(expression), expression)
        parsed = dialect.parser().parse(tokens, expression)
    except TokenError as error:
        raise RuleError("expected a condition in SQL, found text that is not closed: a quote or a comment") from error
    except ParseError as error:
        first = error.errors[0] if error.errors else {}
        what = str(first.get("description") or "can't be read").split(" for <class")[0].rstrip(".")
        raise RuleError(
            f"expected a condition in SQL; {what}, at {str(first.get('highlight') or 'the end')!r}"
        ) from error
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        if isinstance(error, RuleError):
            raise
        # The parser stumbles over some texts instead of refusing them.
        raise RuleError(f"expected a condition in SQL, found what can't be read: {error}") from error
    except RecursionError as error:
        raise RuleError("is nested too deep; write several rules") from error
    if len(parsed) != 1 or not isinstance(parsed[0], exp.Expression):
        raise RuleError("expected one condition, found none or several")
    return parsed[0]


def _prepared(tokens: list[Token], text: str) -> list[Token]:
    """The tokens, their texts as Spark reads them; what is hidden in a rule is refused."""
    if not tokens:
        raise RuleError("expected a condition, found no text")
    if len(tokens) > MOST_TOKENS:
        raise RuleError(f"expected at most {MOST_TOKENS} words and signs, found {len(tokens)}; write several rules")
    result: list[Token] = []
    nested = signs = 0
    for token, after in zip(tokens, [*tokens[1:], None], strict=True):
        if token.comments:
            raise RuleError("expected a condition without comments; say it in the rule's name")
        if token.token_type == TokenType.SEMICOLON:
            raise RuleError("expected one condition without ';'")
        if token.token_type in _STATEMENTS or (
            token.token_type != TokenType.IDENTIFIER
            and token.text.lower() == "if"
            and (after is None or after.token_type != TokenType.L_PAREN)
        ):
            raise RuleError(f"expected a condition, found {token.text}; a column of that name is written in backticks")
        nested += (token.token_type in _OPEN) - (token.token_type in _CLOSE)
        signs = signs + 1 if token.token_type in _SIGNS else 0
        if nested > MOST_NESTED or signs > MOST_SIGNS:
            raise RuleError(f"is nested deeper than {MOST_NESTED} levels; write several rules")
        if token.token_type not in (TokenType.STRING, TokenType.RAW_STRING):
            result.append(token)
            continue
        written = text[token.start : token.end + 1]
        value = token.text if token.token_type == TokenType.RAW_STRING else _unescaped(written[1:-1])
        before = result[-1] if result else None
        if before is not None and before.token_type == TokenType.STRING:
            if before.end + 1 != token.start or text[before.end] != text[token.start]:
                raise RuleError("two texts follow one another; expected || between them")
            # 'it''s' is one text with a quote in it.
            result.pop()
            value = before.text + text[token.start] + value
        result.append(Token(TokenType.STRING, value, line=token.line, col=token.col, start=token.start, end=token.end))
    return result


def _unescaped(written: str) -> str:
    """The text between quotes. Spark drops the backslash of an escape that it does not know; that is refused."""
    result: list[str] = []
    index = 0
    while index < len(written):
        char = written[index]
        index += 1
        if char != "\\":
            result.append(char)
            continue
        escaped = written[index : index + 1]
        index += 1
        if escaped in ("\\", "'", '"'):
            result.append(escaped)
        elif escaped in ("%", "_"):
            result.append("\\" + escaped)
        elif escaped == "0" and written[index : index + 1].isdigit():
            raise RuleError("octal escapes are not known in a text; write the character")
        elif escaped in _ESCAPES:
            result.append(_ESCAPES[escaped])
        else:
            raise RuleError(f"'\\{escaped}' in a text is no escape; write '\\\\{escaped}', or r'...' for a pattern")
    return "".join(result)
