#!/bin/sh
# PROTOCOL=keyed: each record is a JSON line that begins with its "id"; an answer is a JSON line with the same "id".
while IFS= read -r line; do
  id=${line#'{"id":"'}
  id=${id%%'"'*}
  printf '{"id":"%s","data":"seen"}\n' "$id"
done
