# shellcheck shell=bash
# What the host knows before anything starts: the scenarios, the program under test, and the kernel to use.
# Sourced by lab/run, which sets $lab and $command_line.

# A user's PATH on Debian lacks the folders of ip, modprobe and nginx.
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
project=$(dirname "$lab")

# Exit codes as everywhere in this project: 64 usage, 69 something needed is unavailable, 77 not permitted.
die() {
    printf 'lab: %s\n' "$1" >&2
    exit "${2:-64}"
}

# -- scenarios ---------------------------------------------------------------------------------------------------

scenario_names() {
    local file
    for file in "$lab"/scenarios/*.sh; do
        basename "$file" .sh
    done
}

# The first line of a scenario is "# SENTENCE".
scenario_sentence() { sed -n '1s/^# *//p' "$lab/scenarios/$1.sh"; }

# A line "# lab: product" says that a scenario needs ipvscope, "# lab: uml" that it needs a kernel of its own.
scenario_needs() { grep -qx "# lab: $2" "$lab/scenarios/$1.sh"; }

list_scenarios() {
    local name
    for name in $(scenario_names); do
        printf '%-14s %s\n' "$name" "$(scenario_sentence "$name")"
    done
}

check_scenarios() {
    local name
    for name; do
        [ -f "$lab/scenarios/$name.sh" ] ||
            die "no scenario '$name' in $lab/scenarios; the names are: $(scenario_names | paste -sd' ')"
    done
    for name; do
        if scenario_needs "$name" product && [ ! -x "$(product)" ]; then
            die "scenario '$name' needs $(product), which is not there; run 'swift build -c release' or set LAB_IPVSCOPE" 69
        fi
    done
}

product() { printf '%s\n' "${LAB_IPVSCOPE:-$project/.build/release/ipvscope}"; }

# -- which kernel ------------------------------------------------------------------------------------------------

host_has_ipvs() { [ -e /proc/net/ip_vs ] || modprobe --dry-run --quiet ip_vs 2>/dev/null; }

# In a container root may not make namespaces, however good the kernel is.
host_is_usable() {
    host_has_ipvs || return 1
    if [ "$EUID" = 0 ]; then
        unshare --mount --net --pid --fork true 2>/dev/null
    else
        command -v sudo >/dev/null
    fi
}

# Prints host or uml for the scenario $1 (empty: for a shell).
kernel_for() {
    case ${LAB_KERNEL:-} in
        host)
            host_has_ipvs ||
                die "LAB_KERNEL=host, but kernel $(uname -r) has no module ip_vs; unset LAB_KERNEL to use user-mode Linux" 69
            [ -z "$1" ] || ! scenario_needs "$1" uml ||
                die "scenario '$1' changes the whole kernel and runs only in user-mode Linux; unset LAB_KERNEL" 69
            echo host
            ;;
        uml) echo uml ;;
        '') if { [ -z "$1" ] || ! scenario_needs "$1" uml; } && host_is_usable; then echo host; else echo uml; fi ;;
        *) die "LAB_KERNEL=$LAB_KERNEL is neither host nor uml" ;;
    esac
}
