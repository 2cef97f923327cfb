package floatingip

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// yields runs the program that moves addresses on a machine that may have one. Each time
// that it sleeps the clock goes on by five hundredths of a second.
type yields struct {
	*stage
	text string
}

func newYields(t *testing.T) yields {
	t.Helper()
	yield := program("yield")
	if yield.Path != tier.YieldProgram {
		t.Fatalf("it is %s, and other tiers know %s", yield.Path, tier.YieldProgram)
	}
	spec := Spec{Name: "my-db", Address: "10.0.0.100/24", Nodes: simNodes, Check: Check{Kind: CheckGalera}}.Defaulted()
	if instance := instanceFile(spec, simNodes[0], "eth1"); !strings.Contains(string(instance.Content), tier.DatabaseGoneFile) {
		t.Fatalf("Keepalived does not read %s", tier.DatabaseGoneFile)
	}
	s := yields{stage: newStage(t)}
	s.write("terraform-ha-my-db.conf", string(instanceFile(spec, simNodes[0], "eth1").Content))
	s.program("ip", `case $*:$(cat "$STAGE/holds" 2>/dev/null) in
*" 10.0.0.100/32:"*) [ ! -e "$STAGE/holds" ] || echo '2: eth1 inet 10.0.0.100/24' ;;
*" 10.0.0.101/32:and another") echo '2: eth1 inet 10.0.0.101/24' ;;
esac`)
	// Keepalived reads at once that the database is gone.
	s.program("sleep", `echo slept >>"$STAGE/slept"
n=$(wc -l <"$STAGE/slept"); echo "$((1000 + n / 20)).$(printf %02d $((n % 20 * 5))) 7.00" >"$STAGE/uptime"
[ ! -e "$STAGE/database.gone" ] || [ "$(cat "$STAGE/database.gone")" = 0 ] || rm -f "$STAGE/holds"`)
	s.program("nft", `echo "nft $*" >>"$STAGE/did"`)
	// A unit that is there cannot be made again.
	s.program("systemd-run", `[ ! -e "$STAGE/timer" ] || exit 1
echo "$*" | sed "s#$STAGE/##" >"$STAGE/timer"
echo "systemd-run $(cat "$STAGE/timer")" >>"$STAGE/did"`)
	s.program("systemctl", `[ "$*" = "stop terraform-ha-drained.timer terraform-ha-drained.service" ] && rm "$STAGE/timer"`)
	s.program("ss", `for last; do :; done
n=$(wc -l <"$STAGE/slept"); [ ! -e "$STAGE/connections" ] || awk -v n="$n" -v at=" $last:" '$1 >= n && index($0, at)' "$STAGE/connections" | cut -d" " -f2-`)
	s.write("slept", "")
	s.write("uptime", "1000.00 7.00\n")
	s.text = strings.ReplaceAll(string(yield.Content), "/etc/keepalived/conf.d", s.folder)
	return s
}

func (s yields) runs(arguments ...string) {
	s.t.Helper()
	if out, err := s.run([]byte(s.text), arguments...); err != nil || out != "" {
		s.t.Fatalf("%v: %s", err, out)
	}
}

func (s yields) slept() int { return strings.Count(s.read("slept"), "slept") }

// TestAMachineYieldsBeforeItsDatabaseStops runs the program that the unit of a database runs.
func TestAMachineYieldsBeforeItsDatabaseStops(t *testing.T) {
	for name, test := range map[string]struct {
		holds, answers bool
		moment, file   string
		// asleep is how often it waited: once for requests, and then for another holder.
		asleep int
	}{
		"it holds nothing":               {moment: "stopping", file: "1"},
		"another machine takes over":     {holds: true, answers: true, moment: "stopping", file: "1", asleep: 2},
		"nobody else may have them":      {holds: true, moment: "stopping", file: "1", asleep: 5},
		"the server has died":            {holds: true, moment: "stopped", file: "1"},
		"the server has started":         {holds: true, moment: "started", file: "0"},
		"the server has ended elsewhere": {moment: "stopped", file: "1"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newYields(t)
			if test.holds {
				s.write("holds", "")
			}
			if test.answers {
				s.write("answers-10.0.0.100", "")
			}
			s.runs(test.moment)
			if got := s.read("database.gone"); got != test.file {
				t.Errorf("the file says %q instead of %q", got, test.file)
			}
			if slept := s.slept(); slept != test.asleep {
				t.Errorf("it waited %d times instead of %d", slept, test.asleep)
			}
		})
	}
}

// connection is a line of ss, which is there until somebody has slept so often, a twentieth
// of a second each time.
func connection(until, sent, received int) string {
	line := fmt.Sprintf("%d 0 0 10.0.0.100:3306 10.0.0.7:41000 cubic rto:204", until)
	if sent > 0 {
		line += fmt.Sprint(" lastsnd:", sent)
	}
	if received > 0 {
		line += fmt.Sprint(" lastrcv:", received)
	}
	return line + " lastack:1\n"
}

// TestRequestsEndBeforeAnAddressMoves has connections to an address that is about to move.
func TestRequestsEndBeforeAnAddressMoves(t *testing.T) {
	const held = "nft add element inet terraform_ha_vrrp_my_db held { 10.0.0.100 timeout 2s }"
	always := 1000
	for name, test := range map[string]struct {
		connections string
		asleep      int
	}{
		"none":                           {"", 1},
		"a request that ends":            {connection(3, 40, 40), 4},
		"one that was just answered":     {connection(5, 0, 2), 6},
		"one of a pool, that is idle":    {connection(always, 9000, 9000), 1},
		"one of a pool, that is used":    {connection(always, 40, 41), 9},
		"a statement that takes long":    {connection(always, 9000, 8000), 12},
		"one that has asked this moment": {connection(always, 700, 0), 12},
		"an answer on its way":           {"1000 0 512 10.0.0.100:3306 10.0.0.7:41000 lastsnd:900 lastrcv:900\n", 12},
		"several, one of which works on": {connection(always, 9000, 9000) + connection(6, 4, 4), 7},
	} {
		t.Run(name, func(t *testing.T) {
			s := newYields(t)
			s.write("holds", "")
			s.write("connections", test.connections)
			s.runs("pausing")
			if diff := cmp.Diff(held, s.read("did")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if s.slept() != test.asleep {
				t.Errorf("it waited %d times instead of %d", s.slept(), test.asleep)
			}
			if s.read("database.gone") != "" {
				t.Error("Keepalived was told something")
			}
		})
	}
}

// TestNothingIsHeldBackWithoutNeed has machines without the address, and one whose packet
// filter does not do it: the address moves as it would without.
func TestNothingIsHeldBackWithoutNeed(t *testing.T) {
	for name, prepare := range map[string]func(s yields) []string{
		"no address":          func(yields) []string { return []string{"pausing"} },
		"another floating IP": func(s yields) []string { s.write("holds", ""); return []string{"pausing", "web"} },
		"no table, or no nft": func(s yields) []string { s.write("holds", ""); s.program("nft", "exit 1"); return []string{"pausing"} },
		"drained, no address": func(yields) []string { return []string{"draining", "20", "/run/terraform-ha/drain"} },
		"drained, others' alone": func(s yields) []string {
			s.write("holds", "")
			return []string{"draining", "20", "/x/floating-ip-web.maintenance"}
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newYields(t)
			s.write("connections", connection(1000, 4, 4))
			s.runs(prepare(s)...)
			if s.slept() > 0 || s.read("did") != "" || s.read("database.gone") != "" {
				t.Errorf("it slept %d times and did %q", s.slept(), s.read("did"))
			}
		})
	}
}

// another configures a second floating IP, whose address the machine has if both says so.
func (s yields) another(kind CheckKind, both bool) {
	spec := Spec{Name: "my-web", Address: "10.0.0.101/24", Nodes: simNodes, Check: Check{Kind: kind, Port: 80}}.Defaulted()
	s.write("terraform-ha-my-web.conf", string(instanceFile(spec, simNodes[0], "eth1").Content))
	s.write("holds", map[bool]string{true: "and another"}[both])
}

// TestEachAddressIsHeldBackByItself has a packet filter that fails for one of two: the
// requests to the other one are waited for all the same, and only those.
func TestEachAddressIsHeldBackByItself(t *testing.T) {
	for name, test := range map[string]struct {
		fails  string
		asleep int
	}{
		"neither fails":        {"none", 4},
		"that of the busy one": {"10.0.0.100", 1},
		"that of the idle one": {"10.0.0.101", 4},
		"both":                 {"10.0.0", 0},
	} {
		t.Run(name, func(t *testing.T) {
			s := newYields(t)
			s.another(CheckTCP, true)
			s.write("connections", connection(3, 40, 40))
			s.program("nft", `case $* in *`+test.fails+`*) exit 1 ;; esac`)
			s.runs("pausing")
			if s.slept() != test.asleep {
				t.Errorf("it waited %d times instead of %d", s.slept(), test.asleep)
			}
		})
	}
}

// TestOneFloatingIPMovesAlone drains a machine for one of two floating IPs. The tracked file
// would keep it from taking the other one, whoever holds that.
func TestOneFloatingIPMovesAlone(t *testing.T) {
	const one, all = "/x/floating-ip-my-db.maintenance", "/run/terraform-ha/drain"
	for name, test := range map[string]struct {
		other        CheckKind
		both         bool
		record, file string
	}{
		"a database's, held here":         {CheckGalera, true, one, ""},
		"a database's, held elsewhere":    {CheckGalera, false, one, ""},
		"one that leads to no database":   {CheckTCP, true, one, "1"},
		"both are databases', both drain": {CheckGalera, false, all, "1"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newYields(t)
			s.another(test.other, test.both)
			s.runs("draining", "20", test.record)
			if got := s.read("database.gone"); got != test.file {
				t.Errorf("the file says %q instead of %q", got, test.file)
			}
		})
	}
}

// TestADrainMovesAnAddressAtOnce lets the checks say what the program has said before them,
// and takes that back.
func TestADrainMovesAnAddressAtOnce(t *testing.T) {
	const timer = "systemd-run --quiet --collect --unit=terraform-ha-drained --timer-property=AccuracySec=1s --on-active=20 script drained"
	for name, test := range map[string]struct {
		record, after, file string
	}{
		"drained, and its time has come":    {"/run/terraform-ha/drain", "drained", "0"},
		"in maintenance":                    {"/x/floating-ip-my-db.maintenance", "drained", "0"},
		"a database in maintenance":         {"/x/galera-floating-ip.maintenance", "drained", "0"},
		"the database has stopped since":    {"/run/terraform-ha/drain", "stopping", "1"},
		"the database has started since":    {"/run/terraform-ha/drain", "started", "0"},
		"the database has died in the time": {"/run/terraform-ha/drain", "stopped", "1"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newYields(t)
			s.write("holds", "")
			s.runs("draining", "20", test.record)
			if s.read("database.gone") != "1" || !strings.Contains(s.read("did"), timer) || !strings.Contains(s.read("did"), "nft") {
				t.Fatalf("the file says %q, and it did %q", s.read("database.gone"), s.read("did"))
			}
			s.runs(test.after)
			s.runs("drained")
			if got := s.read("database.gone"); got != test.file {
				t.Errorf("the file says %q instead of %q", got, test.file)
			}
		})
	}
	t.Run("nobody would take it back", func(t *testing.T) {
		s := newYields(t)
		s.write("holds", "")
		s.program("systemd-run", "exit 1")
		s.runs("draining", "20", "/run/terraform-ha/drain")
		if s.read("database.gone") != "" {
			t.Error("Keepalived was told something that stays")
		}
	})
	t.Run("nobody would take it back, and an earlier drain has said it", func(t *testing.T) {
		s := newYields(t)
		s.write("holds", "")
		s.runs("draining", "20", "/run/terraform-ha/drain")
		s.write("holds", "")
		s.program("systemd-run", "exit 1")
		s.runs("draining", "20", "/run/terraform-ha/drain")
		if s.read("database.gone") != "0" {
			t.Error("Keepalived was told something that stays")
		}
	})
	t.Run("the timer is that of the last drain", func(t *testing.T) {
		s := newYields(t)
		for _, seconds := range []string{"70", "20"} {
			s.write("holds", "")
			s.runs("draining", seconds, "/run/terraform-ha/drain")
			if s.read("database.gone") != "1" || !strings.Contains(s.read("timer"), "--on-active="+seconds+" ") {
				t.Errorf("the file says %q, and the timer is %q", s.read("database.gone"), s.read("timer"))
			}
			s.runs("drained")
		}
	})
}
