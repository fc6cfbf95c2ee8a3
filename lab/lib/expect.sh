# shellcheck shell=bash
# What scenarios say. An expectation that does not hold is printed and counted; the scenario goes on and fails at its
# end. `fail` ends it at once.

failures=0

note() { printf -- '-- %s\n' "$1"; }

fail() {
    printf 'FAILED %s\n' "$1"
    exit 1
}

miss() {
    printf 'FAILED %s\n' "$1"
    failures=$((failures + 1))
}

expect_equal() { # WHAT ACTUAL EXPECTED
    [ "$2" = "$3" ] || miss "$1: expected '$3', saw '$2'"
}

expect_match() { # WHAT TEXT REGEX
    grep -Eq -- "$3" <<<"$2" || miss "$1: expected something that matches '$3', saw '$2'"
}

expect_more() { # WHAT ACTUAL LIMIT: a whole number above the limit
    if ! [[ $2 =~ ^[0-9]+$ ]] || [ "$2" -le "$3" ]; then miss "$1: expected more than $3, saw '$2'"; fi
}

expect_same_file() { # WHAT ACTUAL EXPECTED
    if ! diff -u --label expected "$3" --label seen "$2" >"$TMPDIR/difference"; then
        miss "$1: the files differ:"
        head -n 40 "$TMPDIR/difference"
    fi
}

lines_with() { # REGEX FILE: how many
    grep -cE -- "$1" "$2" || true
}

# Runs a command that should end with CODE, or one of CODE|CODE. What it printed is left in the files $printed and $complained.
printed=$TMPDIR/printed
complained=$TMPDIR/complained
expect_exit() { # CODE COMMAND...
    local code=0
    "${@:2}" >"$printed" 2>"$complained" || code=$?
    if [[ ! $code =~ ^($1)$ ]]; then
        miss "'${*:2}': expected exit code $1, saw $code with:"
        tail -n 20 "$printed" "$complained"
    fi
}

# A refusal is one line on stderr that matches REGEX, nothing on stdout, and the exit code.
expect_refusal() { # WHAT CODE REGEX COMMAND...
    note "$1"
    expect_exit "$2" timeout --kill-after 5 30 "${@:4}"
    sed 's/^/   /' "$complained"
    expect_equal "$1: lines on stderr" "$(wc -l <"$complained")" 1
    expect_equal "$1: bytes on stdout" "$(wc -c <"$printed")" 0
    expect_match "$1: stderr" "$(<"$complained")" "$3"
}

# -- the kernel's own figures ------------------------------------------------------------------------------------

# The kernel folds its counters every two seconds.
let_counters_settle() { sleep 3; }

# "ADDRESS:PORT CONNECTIONS" of each real server of one virtual service, by address.
kernel_conns() { # SERVICE-OPTION SERVICE, as for ipvsadm
    on director ipvsadm -Ln --stats --exact "$1" "$2" | awk '$1 == "->" && $2 ~ /[0-9]/ { print $2, $3 }' | sort
}

# Connections of the virtual service itself.
kernel_conns_total() {
    on director ipvsadm -Ln --stats --exact "$1" "$2" | awk '$1 ~ /^(TCP|UDP|FWM)$/ { print $3 }'
}
