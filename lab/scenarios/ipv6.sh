# TCP over IPv6.
# lab: product
. "$lib/product.sh"

add_service '-t [fd00:122::100]:80 -s rr' '-r [fd00:10::N]:80 -m'
trace pages on client ab -q -n 24 -c 6 'http://[fd00:122::100]/'
expect_match "ab" "$(<"$LAB_OUT/pages-load.txt")" 'Complete requests: +24$'
expect_pass pages 'tcp/[fd00:122::100]:80'
