#!/bin/sh
# Print the first Python that can build the environment, or say on stderr what to install and fail.
# A Python named in $PYTHON is the only one tried.
here=$(dirname "$0")
for candidate in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11}; do
  # A version manager's placeholder exists but does not run, so running it is the test.
  fault=$("$candidate" "$here/check_python.py" 2>&1) && { echo "$candidate"; exit 0; }
  [ -n "$first" ] || first="$candidate: ${fault:-not found}"
done
echo "No usable Python. $first" >&2
exit 1
