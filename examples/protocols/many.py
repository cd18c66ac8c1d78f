#!/usr/bin/env python3
"""PROTOCOL=many: any number of lines for each record, and then an empty one."""
import sys

for line in sys.stdin:
    for word in line.split():
        print(word)
    print(flush=True)
