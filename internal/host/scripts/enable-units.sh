: enable-units
if systemctl is-enabled -- "$@" 2>/dev/null | grep -q '^masked'; then
    systemctl unmask --quiet -- "$@"
    systemctl unmask --runtime --quiet -- "$@"
fi
systemctl enable --quiet -- "$@"
