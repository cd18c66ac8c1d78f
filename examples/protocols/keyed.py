#!/usr/bin/env python3
"""PROTOCOL=keyed: answers carry the id of their record, so that they may come in any order, and from many threads."""
import json
import sys
from concurrent.futures import ThreadPoolExecutor


def answer(**fields):
    # One write for one line: print would let other threads in before the newline.
    sys.stdout.write(json.dumps(fields) + "\n")
    sys.stdout.flush()


def work(record):
    # One record may have several answers: all but the last one say so.
    for word in record["data"].split():
        answer(id=record["id"], data=word, last=False)
    answer(id=record["id"])


with ThreadPoolExecutor() as pool:
    for line in sys.stdin:
        pool.submit(work, json.loads(line))
