#!/usr/bin/env python3
"""PROTOCOL=relay (the default): any number of lines for any number of records."""
import sys

for line in sys.stdin:
    if "error" in line:
        print("alarm:", line.rstrip("\n"), flush=True)
