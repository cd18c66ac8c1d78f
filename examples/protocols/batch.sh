#!/bin/sh
# PROTOCOL=batch: one run for one batch, from the first line to the end of the input; exit 0 says that all is done.
exec sort
