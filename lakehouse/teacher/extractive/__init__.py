"""The summariser that is built in: it needs no network, costs nothing, and gives the same answer to the same request.

``MODEL`` names what it computes, and is part of each request's key: a change of the computation gets another number, and so new
answers; the recorded ones stay.
"""

from lakehouse.ops.call import BUILT_IN

ENDPOINT = BUILT_IN
MODEL = "textrank-mmr-1"
