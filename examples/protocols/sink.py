#!/usr/bin/env python3
"""PROTOCOL=sink: results stay here (a file, a database); stdout is log."""
import sys

with open(sys.argv[1], "a") as kept:
    for line in sys.stdin:
        kept.write(line)
        kept.flush()
        print("kept", line.rstrip("\n"), flush=True)
