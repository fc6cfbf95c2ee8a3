# A real server without a default route: it gets every packet of its share and cannot answer.
# lab: product
. "$lib/product.sh"

ip -n rs2 route del default

trace no-gateway on client sh -c 'for i in 1 2 3 4 5 6 7 8 9; do
        curl -s -m 2 -o /dev/null -w "%{exitcode}\n" http://192.168.122.100/ & done; wait'
expect_equal "clients served" "$(lines_with '^0$' "$LAB_OUT/no-gateway-load.txt")" 6
expect_pass no-gateway "tcp/$service"
expect_equal "outcomes" "$(outcomes no-gateway | paste -sd' ')" 'closed|6 unanswered|3'
