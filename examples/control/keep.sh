#!/bin/sh
# PROTOCOL=sink, CHILD_CONTROL=ack: keeps records one by one, and tells how far they are safe.
number=0
while IFS= read -r line; do
  number=$((number + 1))
  printf '%s\n' "$line" >>"$1"
  printf '{"type":"ack","record":%d}\n' "$number" >&"$BDZ_CONTROL_FD"
done
