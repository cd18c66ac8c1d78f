#!/bin/sh
# PROTOCOL=one-to-one: exactly one line for each record, in order.
while IFS= read -r line; do
  printf '%s\n' "${#line}"
done
