"""How the reason begins of a line that stands for a whole delivery: the delivery is refused, whatever its other lines say.

Alone in its module: Spark's Python workers import it with the parser, and nothing heavier.
"""

# The header is wrong, or the bytes are no text.
HEADER = "header: "
# The bytes end before the delivery does.
TRUNCATED = "truncated: "

# The bytes are not those that the delivery was known by a moment before.
CHANGED = "changed: "

OF_A_DELIVERY = (HEADER, TRUNCATED, CHANGED)
