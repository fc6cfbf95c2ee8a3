# ICMP errors: from a real server's closed port, from a router on the client's side, and from the director itself.
# lab: product
. "$lib/product.sh"

add_service '-u 192.168.122.100:9000 -s rr' '-r 10.10.10.N:9000 -m'
for host in rs1 rs2 rs3; do head -c 20000 /dev/zero >"$LAB_STATE/$host/html/large"; done
# 172.16.0.1 is behind the name server, which is a router with a small link to it.
ip -n client address add 172.16.0.1/32 dev lo
ip -n director route add 172.16.0.0/12 via 192.168.122.53
ip -n dns route add 172.16.0.1 via 192.168.122.1 mtu lock 1280
set_kernel dns net.ipv4.ip_forward=1 net.ipv4.conf.all.send_redirects=0 net.ipv4.conf.eth0.send_redirects=0

# Six datagrams to a closed port, which the real servers refuse; three that the director may not send on.
trace unreachable bash -euc 'ask="on client messages ask udp 192.168.122.100 9000"
    $ask 192.168.122.1:{40001..40006}
    $ask 192.168.122.1:{40011..40013} --ttl 1'
expect_equal "refusals" "$(lines_with 'refused' "$LAB_OUT/unreachable-load.txt")" 6
expect_match "what the kernel counted: connections and packets" "$(counted unreachable udp/192.168.122.100:9000)" '^all 9 9 6 540 528$'
expect_pass unreachable udp/192.168.122.100:9000

trace frag-needed on client sh -c 'for i in 1 2 3 4 5 6; do
        curl -s --interface 172.16.0.1 -o /dev/null -m 5 -w "%{size_download}\n" http://192.168.122.100/large; done'
expect_equal "whole downloads" "$(lines_with '^20000$' "$LAB_OUT/frag-needed-load.txt")" 6
expect_pass frag-needed "tcp/$service"
