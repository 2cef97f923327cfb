: web-set-kernel
while [ $# -gt 0 ]; do printf '%s\n' "$2" >"$1" || exit 1; shift 2; done
