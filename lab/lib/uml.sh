# shellcheck shell=bash
# The lab on user-mode Linux: a kernel with ip_vs as a process, on the host's own file system. It needs no root.

prepare_uml() {
    command -v linux.uml >/dev/null ||
        die "user-mode Linux is not installed, and kernel $(uname -r) has no ip_vs; run 'make deps' (package user-mode-linux)" 69
    work=$(mktemp -d "${TMPDIR:-/tmp}/ipvscope-lab.XXXXXX")
    mkdir "$work/tmp"
}

# The memory of the kernel is a file, unlinked as soon as it is open. /dev/shm is the fast place, but containers often
# have a tiny one, and a page that does not fit there kills the kernel.
uml_memory_folder() {
    local needed free
    needed=$(numfmt --from=iec "$1")
    free=$(df --output=avail -B1 /dev/shm 2>/dev/null | tail -n 1)
    if [ "${free:-0}" -gt "$needed" ]; then echo /dev/shm; else echo "$work/tmp"; fi
}

# Becomes the kernel. File descriptors 3 and 4 are its console, 1 and 2 what user-mode Linux itself has to say.
enter_uml() {
    local memory=${LAB_MEMORY:-1G} folder namespace=(unshare --pid --fork --kill-child)
    folder=$(uml_memory_folder "$memory")
    # In a process namespace of its own the kernel ends with all its processes even if the lab is killed with SIGKILL.
    # Only root may have one: a user's would come with a user namespace, in which hostfs shows nothing as root's.
    "${namespace[@]}" true 2>/dev/null || namespace=()
    exec 3<&0 4>&1
    TMPDIR=$folder exec setpriv --pdeathsig KILL "${namespace[@]}" linux.uml \
        "mem=$memory" root=/dev/root rootfstype=hostfs rootflags=/ rw "init=$lab/lib/uml-init" \
        "lab_work=$work" "uml_dir=$work/uml/" con=null con0=fd:3,fd:4 quiet loglevel=1 \
        </dev/null >"$work/boot.log" 2>&1
}

open_shell_uml() {
    local terminal
    terminal=$(stty -g)
    (enter_uml) || true
    stty "$terminal"
}

cleanup_uml() { :; }
