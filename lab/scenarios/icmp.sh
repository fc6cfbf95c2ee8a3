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

trace port-unreachable on client messages ask udp 192.168.122.100 9000 192.168.122.1:{40001..40006}
expect_equal "refusals" "$(grep -c 'refused' "$LAB_OUT/port-unreachable-load.txt")" 6
expect_same_counts port-unreachable udp/192.168.122.100:9000
expect_audit_closed port-unreachable udp/192.168.122.100:9000

trace frag-needed on client sh -c 'for i in 1 2 3; do
        curl -s --interface 172.16.0.1 -o /dev/null -m 5 -w "%{size_download}\n" http://192.168.122.100/large; done'
expect_equal "whole downloads" "$(grep -c '^20000$' "$LAB_OUT/frag-needed-load.txt")" 3
expect_same_counts frag-needed "tcp/$service"
expect_audit_closed frag-needed "tcp/$service"

trace ttl on client messages ask udp 192.168.122.100 9000 192.168.122.1:{40011..40013} --ttl 1
cat "$LAB_OUT/ttl-load.txt"
expect_same_counts ttl udp/192.168.122.100:9000
expect_audit_closed ttl udp/192.168.122.100:9000
