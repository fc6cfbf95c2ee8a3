# Direct routing: the director sends on what arrives, unchanged, and the real servers answer the clients themselves.
# lab: product
. "$lib/product.sh"

real_servers_answer_directly
servers serve udp 192.168.122.100 9000
on director ipvsadm -C
add_service '-t 192.168.122.100:80 -s rr' '-r 10.10.10.N -g'
add_service '-u 192.168.122.100:9000 -s rr' '-r 10.10.10.N -g'

trace direct bash -euc 'on client ab -q -n 30 -c 5 http://192.168.122.100/
    on client messages ask udp 192.168.122.100 9000 192.168.122.1:{40001..40006} --count 2'
expect_match "ab" "$(<"$LAB_OUT/direct-load.txt")" 'Complete requests: +30$'
expect_equal "datagrams answered" "$(lines_with 'answered' "$LAB_OUT/direct-load.txt")" 12
for protocol in tcp/192.168.122.100:80 udp/192.168.122.100:9000; do
    expect_pass direct "$protocol"
    expect_match "nothing comes back through the director" "$(counted direct "$protocol")" '^all [0-9]+ [0-9]+ 0 [0-9]+ 0$'
done
expect_equal "connections that were not sent on" "$(outcomes direct | grep not_forwarded || true)" ''
