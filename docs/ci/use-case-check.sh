#!/bin/sh
# What a change of use cases would do, as a comment: sh docs/ci/use-case-check.sh BASE LAKEHOUSE [COMMENT]
#   BASE       revision to compare with, such as origin/main
#   LAKEHOUSE  folder of the tables, such as a restored backup; nothing in it is changed
#   COMMENT    file to write (comment.md)
# Exit code: 0, or that of what is wrong (3 a declaration, 14 a leak); the comment says it too.
set -eu
base=$1
LAKEHOUSE_ROOT=$2
comment=${3:-comment.md}
export LAKEHOUSE_ROOT
python=${PYTHON:-.venv/bin/python}
exec "$python" -m lakehouse review --base "$base" --to "$comment" --weeks "${WEEKS:-8}"
