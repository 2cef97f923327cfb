package floatingip

import (
	"strings"
	"testing"

	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// TestAMachineYieldsBeforeItsDatabaseStops runs the program that the unit of a database runs.
func TestAMachineYieldsBeforeItsDatabaseStops(t *testing.T) {
	yield := program("yield")
	if yield.Path != tier.YieldProgram {
		t.Fatalf("it is %s, and other tiers know %s", yield.Path, tier.YieldProgram)
	}
	instance := instanceFile(Spec{Address: "10.0.0.100/24", Nodes: simNodes, Check: Check{Kind: CheckGalera}}.Defaulted(), simNodes[0], "eth1")
	for name, test := range map[string]struct {
		holds, answers bool
		moment, file   string
		// asleep is for how many tenths of a second it waited.
		asleep int
	}{
		"it holds nothing":               {moment: "stopping", file: "1"},
		"another machine takes over":     {holds: true, answers: true, moment: "stopping", file: "1", asleep: 1},
		"nobody else may have them":      {holds: true, moment: "stopping", file: "1", asleep: 4},
		"the server has died":            {holds: true, moment: "stopped", file: "1"},
		"the server has started":         {holds: true, moment: "started", file: "0"},
		"the server has ended elsewhere": {moment: "stopped", file: "1"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t)
			s.write("terraform-ha-db.conf", string(instance.Content))
			// Keepalived reads the file at once.
			s.program("sleep", `echo slept >>"$STAGE/slept"; rm -f "$STAGE/holds"`)
			if test.holds {
				s.write("holds", "")
			}
			if test.answers {
				s.write("answers-10.0.0.100", "")
			}
			text := strings.ReplaceAll(string(yield.Content), "/etc/keepalived/conf.d", s.folder)
			text = strings.ReplaceAll(text, "grep -q /run/terraform-ha/vrrp/database.gone", "grep -q vrrp/database.gone")
			if out, err := s.run([]byte(text), test.moment); err != nil || out != "" {
				t.Fatalf("%v: %s", err, out)
			}
			if got := s.read("database.gone"); got != test.file {
				t.Errorf("the file says %q instead of %q", got, test.file)
			}
			if slept := strings.Count(s.read("slept"), "slept"); slept != test.asleep {
				t.Errorf("it waited %d times instead of %d", slept, test.asleep)
			}
		})
	}
}
