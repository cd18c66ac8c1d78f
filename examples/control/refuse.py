#!/usr/bin/env python3
"""PROTOCOL=one-to-one, CHILD_CONTROL=ready: tells when it is ready, and refuses records that it cannot work on."""
import json
import os
import sys

control = os.fdopen(int(os.environ["BDZ_CONTROL_FD"]), "w")


def say(**message):
    print(json.dumps(message), file=control, flush=True)


say(type="state", text="loading the model")
say(type="ready")
for number, line in enumerate(sys.stdin, 1):
    try:
        answer = int(line) * 2
    except ValueError:
        # First the message, then the line: it holds the record's place, and is not stored.
        say(type="nack", record=number, reason="not a number")
        answer = ""
    print(answer, flush=True)
    say(type="metric", name="seen", kind="counter", value=1)
