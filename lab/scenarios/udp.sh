# DNS over UDP: a flow is one connection however many questions it asks, and an expired one is scheduled anew.
# lab: product
. "$lib/product.sh"

for number in 1 2 3; do name_server "rs$number" "10.10.10.${number}0"; done
add_service '-u 192.168.122.100:53 -s rr' '-r 10.10.10.N:53 -m'
on director ipvsadm --set 900 120 2

# Six flows, the same six again at once, and three of them after they have expired.
trace questions bash -euc 'ask="on client messages ask dns 192.168.122.100 53"
    $ask 192.168.122.1:{40001..40006}
    $ask 192.168.122.1:{40001..40006} --count 3
    sleep 4
    $ask 192.168.122.1:{40001..40003}'
expect_equal "questions answered" "$(lines_with 'answered' "$LAB_OUT/questions-load.txt")" 27
expect_pass questions udp/192.168.122.100:53
expect_equal "connections of the kernel" "$(counted questions udp/192.168.122.100:53 | awk '/all/ { print $2 }')" 9
