# without_python runs a command without Python's library. At each start the command
# line of GlusterFS runs a Python program, gsyncd, to learn whether there is
# geo-replication, and that is three quarters of what a command costs a machine:
# 45 ms of 60. Without its library Python says no at once.
without_python() { PYTHONHOME=/nonexistent "$@"; }
