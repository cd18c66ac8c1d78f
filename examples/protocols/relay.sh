#!/bin/sh
# PROTOCOL=relay (the default): any number of lines for any number of records.
while IFS= read -r line; do
  case $line in
    *error*) printf 'alarm: %s\n' "$line" ;;
  esac
done
