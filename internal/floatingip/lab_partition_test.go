package floatingip_test

import (
	"strconv"
	"strings"
	"time"
)

// connects opens a new connection to the floating IP each time, four times a
// second, and writes when that worked.
const connects = `while :; do
    timeout 1 bash -c 'exec 3<>/dev/tcp/10.88.0.100/22 && head -c 4 <&3' 2>/dev/null | grep -q SSH- && date +%s.%N
    sleep 0.25
done`

// partitions cut off the machine that holds the address, which goes on holding it
// because its check still passes. A client with new connections has to reach the
// machine that takes over, at once and after the cut is healed.
func (s *site) partitions() {
	s.cutOff("silent cut of the holder", false)
	s.cutOff("rejecting cut of the holder", true)
}

func (s *site) cutOff(what string, reject bool) {
	s.t.Helper()
	const within = 8.0
	from := s.holder()
	_, err := s.Exec(probe, "cat >/tmp/connects.sh", strings.NewReader(connects))
	s.must(err)
	s.Run(probe, "nohup bash /tmp/connects.sh >/tmp/connects 2>/dev/null & echo $! >/tmp/connects.pid")
	connected := func() []string { return strings.Fields(s.Run(probe, "cat /tmp/connects")) }
	more := func(count int) {
		s.t.Helper()
		goal := len(connected()) + count
		s.Until(within*time.Second, "connections", func() string {
			if len(connected()) < goal {
				return "too few"
			}
			return ""
		})
	}
	more(3)
	s.must(s.Cut(reject, from))
	more(10)
	if holders := s.observe().Holders; len(holders) != 2 {
		s.t.Errorf("%s: holders %v; the one behind the cut keeps the address as long as its check passes", what, holders)
	}
	s.must(s.Heal())
	after := s.holder()
	more(10)
	s.Run(probe, "kill $(cat /tmp/connects.pid)")
	longest, last := 0.0, 0.0
	for _, moment := range connected() {
		at, _ := strconv.ParseFloat(moment, 64)
		if last > 0 {
			longest = max(longest, at-last)
		}
		last = at
	}
	s.t.Logf("FAILOVER %-28s %s -> %s, no new connection for %.2f s", what, from, after, longest)
	if longest > within {
		s.t.Errorf("%s: no new connection for %.2f s", what, longest)
	}
	s.empty()
}
