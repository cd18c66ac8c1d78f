#!/bin/sh
# PROTOCOL=sink: results stay here (a file, a database); stdout is log.
while IFS= read -r line; do
  printf '%s\n' "$line" >>"${1:?file}"
  echo "kept $line"
done
