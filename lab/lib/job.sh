# shellcheck shell=bash
# A job on the host: scenarios or a shell, on one kernel. Starts it, waits, brings back the results, cleans up.
# Sourced by lab/run after host.sh; each kernel adds prepare_, enter_, open_shell_ and cleanup_ functions.

. "$lab/lib/uml.sh"
. "$lab/lib/netns.sh"

kernel='' # of the current job
work=''   # the job's folder on the host: the order goes in, the results come out
group=''  # the job's process group while it runs in the background
watchdog='' # the process that keeps its time

# Ends what runs in the background; the shell would print a line for each process that it sees killed.
end_group() {
    {
        kill -KILL -- "-$group" "$watchdog"
        wait
    } 2>/dev/null || true
    group=''
}

# Runs at every exit, wanted or not, and ends only what this process started.
finish_job() {
    [ -z "$group" ] || end_group
    if [ -n "$work" ]; then
        "cleanup_$kernel" || true
        rm -rf "$work"
        work=''
    fi
}
# bash says on stderr which of its children were killed; nobody needs to read that.
trap 'finish_job 2>/dev/null' EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

start_job() { # KERNEL NAME=VALUE...: makes $work with the order inside
    kernel=$1
    shift
    "prepare_$kernel"
    mkdir "$work/out"
    : >"$work/results"
    local assignment
    for assignment in "$@" "LAB_IPVSCOPE=$(realpath -m "$(product)")"; do
        printf '%s=%q\n' "${assignment%%=*}" "${assignment#*=}"
    done >"$work/order"
}

# Runs a command for at most so many seconds in a process group of its own, so that Ctrl-C reaches us alone and we can
# end all of it. Its output goes through cat because user-mode Linux switches a terminal to raw mode; the second cat
# drains what nobody wants to read any more.
run_in_background() { # SECONDS COMMAND...
    local job
    set -m
    "${@:2}" </dev/null | { cat || cat >/dev/null; } &
    job=$! group=$(jobs -p %+)
    set +m
    setpriv --pdeathsig KILL sleep "$1" >/dev/null &
    watchdog=$!
    wait -n "$job" "$watchdog" || true
    end_group
}

# The scenarios in $scenarios, by kernel; each kernel is entered once.
run_scenarios() { # ARGUMENT...
    local name wanted passed=0 failed=0 code=0
    local -A on_kernel=()
    for name in "${scenarios[@]}"; do
        wanted=$(kernel_for "$name")
        on_kernel[$wanted]+="$name "
    done
    [ -z "${on_kernel[host]:-}" ] || become_root
    : >"$outdir/results"
    for wanted in "${!on_kernel[@]}"; do
        [ "$keep_going" = 1 ] || all_passed || break
        run_job "$wanted" "${on_kernel[$wanted]}" "$@"
    done

    for name in "${scenarios[@]}"; do
        code=$(awk -v name="$name" '$1 == name { print $2 }' "$outdir/results")
        if [ -z "$code" ]; then
            code=1
            printf 'FAILED %s: it did not run\n' "$name"
            printf '%s 1 0\n' "$name" >>"$outdir/results"
        fi
        if [ "$code" = 0 ]; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
    done
    # shellcheck disable=SC2153
    [ -z "${SUDO_UID:-}" ] || chown -R "$SUDO_UID:$SUDO_GID" "$outdir"
    printf 'lab: %d passed, %d failed; artefacts in %s\n' "$passed" "$failed" "$outdir"
    [ "${#scenarios[@]}" -gt 1 ] || exit "$code"
    [ "$failed" = 0 ]
}

all_passed() { awk '$2 != 0 { exit 1 }' "$outdir/results"; }

run_job() { # KERNEL "SCENARIO..." ARGUMENT...
    local names=$2 count limit=${LAB_TIMEOUT:-300} arguments=''
    count=$(wc -w <<<"$names")
    [ $# -le 2 ] || arguments=$(printf '%q ' "${@:3}")
    start_job "$1" "SCENARIOS=$names" "ARGUMENTS=$arguments" "KEEP_GOING=$keep_going" "LAB_TIMEOUT=$limit"
    # The inside keeps the time of each scenario; the limit here is for a kernel that hangs.
    run_in_background $((count * (limit + 60))) "enter_$1"
    cat "$work/results" >>"$outdir/results"
    if [ ! -e "$work/finished" ]; then
        printf 'lab: the %s kernel ended before its scenarios did\n' "$1" >&2
        tail -n 15 "$work/boot.log" >&2 2>/dev/null || true
    fi
    if [ "${#scenarios[@]}" -gt 1 ]; then
        cp -R "$work/out/." "$outdir/"
    elif [ -d "$work/out/${scenarios[0]}" ]; then
        cp -R "$work/out/${scenarios[0]}/." "$outdir/"
    fi
    finish_job
}

open_shell() {
    if ! [ -t 0 ] || ! [ -t 1 ]; then die "lab/shell needs a terminal; use lab/run for scripts"; fi
    local wanted
    wanted=$(kernel_for '')
    [ "$wanted" != host ] || become_root
    start_job "$wanted" SCENARIOS=
    "open_shell_$wanted"
}
