: galera-heard
# Prints which of the addresses has a server that speaks to the other nodes, or tells
# the guard's question at the port $1 that it serves.
port=$1
shift
for peer; do
    if timeout 5 socat -u OPEN:/dev/null "TCP:$peer:4567,connect-timeout=2" 2>/dev/null; then
        echo "$peer"
    else
        case $(timeout 5 socat -u "TCP:$peer:$port,connect-timeout=2" - 2>/dev/null | head -c 1000 | tr '\n' ' ') in
        *" primary "*) echo "$peer" ;;
        esac
    fi
done
exit 0
