# The kernel's choices while everything changes at random are what the scheduler models expect. Arguments: ASSIGNMENTS SEED.
# lab: product
. "$lib/product.sh"

# Built beside ipvscope.
judge=$(dirname "$(readlink -f "$(command -v ipvscope)")")/assignment-judge
count=${1:-2000} seed=${2:-$SRANDOM}

note "$count assignments, seed $seed"
assignments "$LAB_OUT/assignments.log" --count "$count" --seed "$seed"
expect_exit 0 "$judge" <"$LAB_OUT/assignments.log"
cat "$printed"
expect_match "the judgement" "$(<"$printed")" 'choices, 0 mismatches$'
expect_more "choices judged" "$(awk 'END { print $1 }' "$printed")" $((count * 9 / 10))
