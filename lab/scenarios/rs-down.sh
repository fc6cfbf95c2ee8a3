# A real server that is down: its connections are assigned, never sent on, and the client hears of it from the director.
# lab: product
. "$lib/product.sh"

ip -n rs3 link set eth0 down
ip -n director neigh flush dev eth1 to 10.10.10.30

# The director gives up on a neighbour after three seconds: its last word on the last SYN comes after the clients have left.
trace down on client sh -c 'for i in 1 2 3 4 5 6 7 8 9; do
        curl -s -m 6 -o /dev/null -w "%{exitcode}\n" http://192.168.122.100/ & done; wait; sleep 4'
expect_equal "clients served" "$(lines_with '^0$' "$LAB_OUT/down-load.txt")" 6
expect_pass down "tcp/$service"
expect_equal "outcomes" "$(outcomes down | paste -sd' ')" 'closed|6 not_forwarded|3'
