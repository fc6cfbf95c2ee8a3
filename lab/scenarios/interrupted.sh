# A run cut short: Ctrl-C ends the command, and what was seen until then is judged all the same.
# lab: product
. "$lib/product.sh"

note "a load that would take minutes, interrupted after some seconds"
on director ipvscope run "${vip_and_dip[@]}" --database "$database" -- \
    on client sh -c 'while sleep 0.02; do curl -s -o /dev/null http://192.168.122.100/; done' \
    >"$LAB_OUT/run.txt" 2>"$LAB_OUT/run-stderr.txt" &
sleep 5
pkill -INT -x ipvscope
code=0
wait $! || code=$?
cat "$LAB_OUT/run.txt"
expect_equal "exit code" "$code" 0
expect_match "verdict" "$(<"$LAB_OUT/run.txt")" 'verdict: pass'
expect_match "stderr" "$(<"$LAB_OUT/run-stderr.txt")" 'the command ended with status'
expect_equal "runs that finished" "$(sqlite3 "$database" "SELECT count(*) FROM run WHERE state = 'finished'")" 1

note "a command that does not exist is refused before anything is collected"
expect_refusal "no such command" 69 'nonesuch: command not found' \
    on director ipvscope run "${vip_and_dip[@]}" --database "$LAB_OUT/other.sqlite" -- nonesuch
expect_equal "databases made" "$(find "$LAB_OUT" -name other.sqlite | wc -l)" 0
