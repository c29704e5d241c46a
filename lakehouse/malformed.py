"""How the reason begins of a line that stands for a whole delivery: one whose header is wrong.

Alone in its module: Spark's Python workers import it with the parser, and nothing heavier.
"""

HEADER = "header: "
