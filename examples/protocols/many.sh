#!/bin/sh
# PROTOCOL=many: any number of lines for each record, and then an empty one.
while IFS= read -r line; do
  for word in $line; do printf '%s\n' "$word"; done
  printf '\n'
done
