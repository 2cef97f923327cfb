: unit-states
printf 'Unit=%s\n' "$@"
TZ=UTC systemctl show -p LoadState,ActiveState,SubState,UnitFileState,NeedDaemonReload,ExecMainStartTimestamp,DropInPaths -- "$@"
