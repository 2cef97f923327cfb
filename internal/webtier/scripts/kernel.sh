: web-kernel
grep -H . "$@"; :
