#!/usr/bin/env python3
"""PROTOCOL=batch: one run for one batch, from the first line to the end of the input; exit 0 says that all is done."""
import sys

sys.stdout.writelines(sorted(sys.stdin))
