#!/usr/bin/env python3
"""PROTOCOL=one-to-one, CHILD_CONTROL=ready,notify: what a service for systemd does works here, too."""
import os
import socket
import sys

supervisor = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
supervisor.connect(os.environ["NOTIFY_SOCKET"])


def notify(*assignments):
    supervisor.send("\n".join(assignments).encode())


notify("STATUS=loading the model")
notify("READY=1", "STATUS=at work")
for line in sys.stdin:
    print(len(line.rstrip("\n")), flush=True)
    if "WATCHDOG_USEC" in os.environ:
        notify("WATCHDOG=1")
notify("STOPPING=1")
