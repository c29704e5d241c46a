"""The beginnings of reasons that hold for a whole delivery: it is refused, whatever its other lines contain.

Alone in its module: Spark's Python workers import it with the parser, and nothing heavier.
"""

# The header is wrong, or the bytes are no text.
HEADER = "header: "
# The bytes end before the delivery does.
TRUNCATED = "truncated: "

# The bytes differ from those that the delivery was identified by a moment before.
CHANGED = "changed: "

# Of a row alone: its document was erased, and nothing of it is taken in. It is no fault of the delivery's.
KEPT_OUT = "erased on request; kept out"

OF_A_DELIVERY = (HEADER, TRUNCATED, CHANGED)
