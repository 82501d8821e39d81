#!/bin/sh
# Cron for a container: calls `digest run` at each quarter of an hour. A stop reaches the run and waits for its end.
child='' stopped=''
# "$!" and not "$child": a stop may come when the run has begun and its number is not noted yet.
trap 'stopped=1; [ -z "$!" ] || kill -TERM "$!" 2>/dev/null' TERM INT

# A stop that came before the child was known did not reach it.
pass_on() { [ -z "$stopped" ] || kill -TERM "$child" 2>/dev/null; }

while [ -z "$stopped" ]; do
    digest run --quiet "$@" &
    child=$!
    pass_on
    wait "$child"
    # A signal ends `wait` before the run has ended: wait again until it has.
    while kill -0 "$child" 2>/dev/null; do wait "$child"; done
    [ -n "$stopped" ] && break
    sleep "$((900 - $(date +%s) % 900))" &
    child=$!
    pass_on
    wait "$child"
done
exit 0
