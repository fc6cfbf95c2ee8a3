# A kernel without ip_vs: refused in one line, with exit code 69.
# lab: product
# lab: uml
. "$lib/product.sh"

on director ipvsadm -C
# Whatever schedulers the scenarios before this one had.
mapfile -t users < <(awk '$1 ~ /^ip_vs_/ { print $1 }' /proc/modules)
modprobe -r "${users[@]}" ip_vs
# The kernel would load ip_vs again as soon as somebody asks for it.
loader=$(</proc/sys/kernel/modprobe)
echo /bin/false >/proc/sys/kernel/modprobe

expect_refusal "collect" 69 'ip_vs' on director ipvscope collect "${vip_and_dip[@]}" --database "$LAB_OUT/a.sqlite"
expect_refusal "run" 69 'ip_vs' on director ipvscope run "${vip_and_dip[@]}" --database "$LAB_OUT/b.sqlite" -- true
expect_refusal "services" 69 'ip_vs' on director ipvscope services
expect_refusal "connections" 69 'ip_vs' on director ipvscope connections
expect_refusal "snapshot" 69 'ip_vs' on director ipvscope snapshot

echo "$loader" >/proc/sys/kernel/modprobe
