#!/usr/bin/env python3
"""PROTOCOL=source: reads nothing; each line is a record."""
for number in range(1, 4):
    print("measurement", number, flush=True)
