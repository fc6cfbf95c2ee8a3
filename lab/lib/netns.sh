# shellcheck shell=bash
# The lab on the host's own kernel. Everything lives in one process namespace and one mount namespace, so that the
# kernel itself takes all of it away, network namespaces included, when the first process in there ends.

become_root() {
    [ "$EUID" != 0 ] || return 0
    command -v sudo >/dev/null ||
        die "the lab on this kernel makes network namespaces: run it as root, or set LAB_KERNEL=uml" 77
    exec sudo --preserve-env=LAB_KERNEL,LAB_TIMEOUT,LAB_MEMORY,LAB_IPVSCOPE "$lab/run" "${command_line[@]}"
}

prepare_host() {
    work=$(mktemp -d /run/ipvscope-lab.XXXXXX)
    mkdir "$work/state"
    loaded_modules >"$work/modules"
    made_netns_folder=0
    [ -d /run/netns ] || { mkdir /run/netns && made_netns_folder=1; }
    modprobe -a ip_vs ip_vs_rr veth bridge overlay ||
        die "modprobe cannot load ip_vs, veth, bridge and overlay; mend that, or set LAB_KERNEL=uml" 69
}

# A kernel without modules has none to list.
loaded_modules() { { cut -d' ' -f1 /proc/modules || true; } 2>/dev/null | sort; }

# Becomes the first process of the job.
# shellcheck disable=SC2016 # expands inside
enter_host() {
    exec setpriv --pdeathsig KILL unshare --mount --pid --fork --kill-child --mount-proc --propagation private \
        bash -euc 'mount -t tmpfs tmpfs "$1/state"
            mount -t tmpfs tmpfs /run/netns
            mkdir "$1/state/work"
            mount --bind "$1" "$1/state/work"
            exec "$2" "$1/state"' \
        bash "$work" "$lab/lib/inside"
}

open_shell_host() { (enter_host) || true; }

# Unloads what this job loaded and nobody else uses by now; another lab may have taken it over meanwhile.
cleanup_host() {
    local module
    for module in $(loaded_modules | comm -13 "$work/modules" - | grep -E '^(ip_vs|veth$|bridge$|overlay$)' | tac); do
        modprobe -r "$module" 2>/dev/null || true
    done
    [ "$made_netns_folder" = 0 ] || rmdir /run/netns 2>/dev/null || true
}
