#!/bin/sh
# PROTOCOL=one-to-one, CHILD_CONTROL=ready: tells when it is ready, and refuses records that it cannot work on.
say() {
  printf '%s\n' "$1" >&"$BDZ_CONTROL_FD"
}

say '{"type":"state","text":"loading the model"}'
say '{"type":"ready"}'
number=0
while IFS= read -r line; do
  number=$((number + 1))
  case $line in
    '' | *[!0-9]*)
      # First the message, then the line: it holds the record's place, and is not stored.
      say "{\"type\":\"nack\",\"record\":$number,\"reason\":\"not a number\"}"
      echo
      ;;
    *) echo $((line * 2)) ;;
  esac
  say '{"type":"metric","name":"seen","kind":"counter","value":1}'
done
