#!/usr/bin/env python3
"""PROTOCOL=one-to-one: exactly one line for each record, in order."""
import sys

for line in sys.stdin:
    print(len(line.rstrip("\n")), flush=True)
