package host

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// RunDetached runs long work under systemd on the machine itself, so that it
// outlives this connection and this process. Asked for the same work again
// while it still runs, it attaches to it instead of starting it twice; a call
// whose connection broke fetches the result even if the work has ended since.
// The work is named by its text, so it must not read standard input.
func (h *Host) RunDetached(ctx context.Context, what string, work shell.Command) error {
	sum := sha256.Sum256([]byte(work.Line()))
	unit := "ha-work-" + hex.EncodeToString(sum[:6])
	// The work goes through a file: systemd would expand "${name}" and "$$" in an
	// argument (systemd.service(5), "Command lines"). It holds a lock until it ends,
	// for which others wait in the kernel: to ask systemd ten times a second takes a
	// tenth of a processor from the work itself.
	attach := shell.Script(`: detached
set -u
u=$1; line=$2; caller=$3; d=/run/terraform-ha/work; mkdir -p -m 0700 $d
exec 9>"$d/$u.lock"; flock 9
if [ -e "$d/$u.status" ] && grep -qxF -- "$caller" "$d/$u.callers" 2>/dev/null; then :
else
while [ -e "$d/$u.status" ] && systemctl is-active --quiet "$u.service"; do sleep 0.1; done
if systemctl is-active --quiet "$u.service"; then echo "$caller" >>"$d/$u.callers"
else
rm -f "$d/$u.status" "$d/$u.out"
echo "$caller" >"$d/$u.callers"
printf 'exec 8>>%s.running; flock 8\n(%s\n) >%s.out 2>&1 8>&-\necho $? >%s.status.new; mv %s.status.new %s.status\n' "$d/$u" "$line" "$d/$u" "$d/$u" "$d/$u" "$d/$u" >"$d/$u.sh"
systemctl reset-failed "$u.service" 2>/dev/null
systemd-run --quiet --collect --unit="$u" -p KillMode=process sh "$d/$u.sh" 9>&- || exit 125
fi
fi
exec 9>&- 8>>"$d/$u.running"
until [ -e "$d/$u.status" ]; do
flock -s -w 10 8 && flock -u 8
[ ! -e "$d/$u.status" ] || break
systemctl is-active --quiet "$u.service" || { sleep 1; [ -e "$d/$u.status" ] || { echo "the work ended without a result" >&2; exit 126; }; }
sleep 0.1
done
s=$(cat "$d/$u.status"); [ "$s" = 0 ] || tail -c 4000 "$d/$u.out" >&2
exit "$s"`, unit, work.Line(), rand.Text())
	const reattach = 5
	for try := 1; ; try++ {
		_, err := h.runner.Run(ctx, attach)
		if err == nil {
			return nil
		}
		// The connection broke, the work did not: look again.
		if IsUnreachable(err) && ctx.Err() == nil && try < reattach {
			pause(ctx, 2*time.Second)
			continue
		}
		return fmt.Errorf("cannot %s on %s: %w", what, h.name, err)
	}
}

// pause waits out a moment in which the machine is not worth asking.
func pause(ctx context.Context, moment time.Duration) {
	timer := time.NewTimer(moment)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
