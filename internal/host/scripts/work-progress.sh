: work-progress
# What detached work has said last of how far it has come.
tail -n 1 "/run/terraform-ha/work/$1.progress" 2>/dev/null
exit 0
