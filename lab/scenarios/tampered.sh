# Evidence that is wrong: one connection moved to another real server is named; a tenth of the packets lost is no verdict.
# lab: product
. "$lib/product.sh"
good=$LAB_OUT/good

note "a small run"
expect_exit 0 on director ipvscope run "${vip_and_dip[@]}" --database "$LAB_OUT/good.sqlite" --record "$good" -- \
    on client ab -q -n 300 -c 30 http://192.168.122.100/
expect_exit 0 replay "$good" "$LAB_OUT/again.sqlite"

# The hundredth SYN on the DIP side: "… IP 192.168.122.1.PORT > 10.10.10.N0.80: Flags [S] …".
read -r port from < <(tcpdump -nr "$good/dip.pcap" 'tcp[tcpflags] & (tcp-syn|tcp-ack) == tcp-syn' 2>/dev/null |
    awk 'NR == 100 { sub(/.*\./, "", $3); sub(/\.80:$/, "", $5); print $3, $5 }')
case $from in
    10.10.10.10) to=10.10.10.20 ;;
    *) to=10.10.10.10 ;;
esac
note "the connection of client port $port goes to $to instead of $from"
mkdir "$LAB_OUT/moved"
cp "$good/vip.pcap" "$good/kernel.jsonl" "$LAB_OUT/moved/"
edit-capture "$good/dip.pcap" "$LAB_OUT/moved/dip.pcap" --move "$port" "$from" "$to"
expect_exit 99 replay "$LAB_OUT/moved" "$LAB_OUT/moved.sqlite"
tee "$LAB_OUT/moved.txt" <"$printed"
expect_match "the connection is named" "$(<"$printed")" "192\.168\.122\.1:$port([^0-9]|$)"
expect_exit 99 ipvscope verify --database "$LAB_OUT/moved.sqlite"
expect_match "verify names the connection" "$(<"$printed")" "192\.168\.122\.1:$port([^0-9]|$)"

for seed in 1 2 3; do
    note "a tenth of the packets of both sides left out (seed $seed)"
    folder=$LAB_OUT/lossy-$seed
    mkdir "$folder"
    cp "$good/kernel.jsonl" "$folder/"
    for side in vip dip; do
        edit-capture "$good/$side.pcap" "$folder/$side.pcap" --drop-fraction 0.1 --seed "$seed"
    done
    expect_exit 98 replay "$folder" "$LAB_OUT/lossy-$seed.sqlite"
    cp "$printed" "$LAB_OUT/lossy-$seed.txt"
    head -n 12 "$printed"
done
