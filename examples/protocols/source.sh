#!/bin/sh
# PROTOCOL=source: reads nothing; each line is a record.
for number in 1 2 3; do
  printf 'measurement %s\n' "$number"
done
