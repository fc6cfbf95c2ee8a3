# Two megabytes each way: in packets as large as the hosts make them, put together by the director, or as small as on a wire.
# lab: product
. "$lib/product.sh"

head -c 2000000 /dev/zero >"$LAB_STATE/large"
for host in rs1 rs2 rs3; do cp "$LAB_STATE/large" "$LAB_STATE/$host/html/"; done
printf 'address add 172.16.0.%s/32 dev lo\n' 1 2 3 4 | ip -n client -batch -
on director ip route add 172.16.0.0/12 via 192.168.122.1

# A client for each kind of packets: as sent; put together by the director, to which the cables carry single ones; as on a
# wire; and with a way to the real servers that takes less than they know, so that the director refuses with the size.
cat >"$TMPDIR/load" <<'END'
both_ways() { # CLIENT
    on client sh -euc 'for i in 1 2 3; do
        curl -s -m 10 --interface "$1" -o /dev/null -w "%{http_code} %{size_download}\n" http://192.168.122.100/large
        curl -s -m 10 --interface "$1" -o /dev/null -w "%{http_code} %{size_upload}\n" -T "$0" "http://192.168.122.100/$1-$i"
    done' "$LAB_STATE/large" "$1"
}
both_ways 172.16.0.1
for interface in eth0 eth1; do
    on switch ethtool -K "director-$interface" tso off
    on director ethtool -K "$interface" gro on
done
both_ways 172.16.0.2
for interface in eth0 eth1; do on director ethtool -K "$interface" gro off; done
both_ways 172.16.0.3
on director ip route change 10.10.10.0/24 dev eth1 src 10.10.10.1 mtu lock 1400
both_ways 172.16.0.4
END
trace large bash -eu "$TMPDIR/load"
expect_equal "whole transfers" "$(lines_with '^20[01] 2000000$' "$LAB_OUT/large-load.txt")" 24
expect_pass large "tcp/$service"

# The longest packet of a client on the VIP side, in bytes.
longest_of() { # CLIENT
    tcpdump -nvr "$LAB_OUT/large/vip.pcap" "tcp and host $1" 2>/dev/null | sed -n 's/.* length \([0-9]*\))$/\1/p' | sort -n | tail -n 1
}
expect_more "the longest packet as sent" "$(longest_of 172.16.0.1)" 30000
expect_more "the longest packet put together" "$(longest_of 172.16.0.2)" 1500
expect_equal "the longest packet as on a wire" "$(longest_of 172.16.0.3)" 1500
expect_match "what the last client has learned" "$(on client ip route get 192.168.122.100 from 172.16.0.4)" 'mtu 1400'
