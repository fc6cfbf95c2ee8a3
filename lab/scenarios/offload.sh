# Two megabytes each way: in packets as large as the hosts make them, put together by the director, or as small as on a wire.
# lab: product
. "$lib/product.sh"

head -c 2000000 /dev/zero >"$LAB_STATE/large"
for host in rs1 rs2 rs3; do cp "$LAB_STATE/large" "$LAB_STATE/$host/html/"; done

# Three downloads and three uploads, of which codes and sizes are printed.
both_ways() { # NAME
    trace "$1" on client sh -euc 'for i in 1 2 3; do
            curl -s -m 10 -o /dev/null -w "%{http_code} %{size_download}\n" http://192.168.122.100/large
            curl -s -m 10 -o /dev/null -w "%{http_code} %{size_upload}\n" -T "$0" "http://192.168.122.100/$1-$i"
        done' "$LAB_STATE/large" "$1"
    expect_equal "$1: whole transfers" "$(lines_with '^20[01] 2000000$' "$LAB_OUT/$1-load.txt")" 6
    expect_pass "$1" "tcp/$service"
}

# The longest packet on the VIP side, in bytes.
longest_of() { # NAME
    tcpdump -nvr "$LAB_OUT/$1/vip.pcap" tcp 2>/dev/null | sed -n 's/.* length \([0-9]*\))$/\1/p' | sort -n | tail -n 1
}

both_ways as-sent
expect_more "the longest packet" "$(longest_of as-sent)" 30000

# The cables to the director carry single packets, which it puts together again.
for interface in eth0 eth1; do
    on switch ethtool -K "director-$interface" tso off
    on director ethtool -K "$interface" gro on
done
both_ways put-together
expect_more "the longest packet" "$(longest_of put-together)" 1500

for interface in eth0 eth1; do on director ethtool -K "$interface" gro off; done
both_ways as-on-a-wire
expect_equal "the longest packet" "$(longest_of as-on-a-wire)" 1500

# The way to the real servers takes less, and they do not know: the director refuses what the client sends, with the size.
on director ip route change 10.10.10.0/24 dev eth1 src 10.10.10.1 mtu lock 1400
both_ways small-dip
expect_match "what the client has learned" "$(on client ip route get 192.168.122.100)" 'mtu 1400'
