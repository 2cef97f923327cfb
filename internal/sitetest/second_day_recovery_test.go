package sitetest

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

// survivorGoesOn has all databases but the one with the address lose power. It goes on alone
// by a person's word and not without it, has every row that was acknowledged, and the others
// are members again when their machines are back.
func (s *site) survivorGoesOn(t *testing.T) {
	survivor := s.holding(t)
	lost := slices.DeleteFunc(s.databases(), func(name string) bool { return name == survivor })
	probe := s.startProbe(t)
	together(t, lost, func(name string) error { return s.hardware.PowerOff(t.Context(), s.machines[name]) })
	s.until(t, "until "+survivor+" had lost the majority", time.Minute, func(ctx context.Context) error {
		state, err := s.sql(ctx, survivor, "SHOW STATUS LIKE 'wsrep_cluster_status'")
		if err == nil && !strings.Contains(state, "non-Primary") {
			err = errors.New("it is Primary")
		}
		return err
	})
	probe.report(t, s, "before the majority was lost")
	out, err := s.terraform(t, "apply", "-auto-approve", "-input=false", "-no-color").CombinedOutput()
	said := strings.Join(strings.Fields(strings.ReplaceAll(string(out), "│", " ")), " ")
	if want := `bootstrap_node = "` + survivor + `"`; err == nil || !strings.Contains(said, want) {
		t.Errorf("the apply is not refused with %s: %v\n%s", want, err, out)
	}
	s.variables["database_recovery"] = `{"bootstrap_node": "` + survivor + `", "allow_missing": ["` + strings.Join(lost, `", "`) + `"], "attempt": 1}`
	s.saveDeclared(t)
	s.apply(t, "apply with the word that "+survivor+" goes on")
	s.until(t, "until pages were there", time.Minute, func(ctx context.Context) error {
		_, err := s.get(ctx, "/")
		return err
	})
	alone := s.startProbe(t)
	together(t, lost, func(name string) error { return s.hardware.StartMachine(t.Context(), s.machines[name]) })
	s.apply(t, "apply after the others were back")
	s.wantServed(t, alone, "while the others returned")
	s.wantWhole(t)
	s.wantKept(t, probe)
	s.wantKept(t, alone)
	// What was given up is kept, and the plan speaks of it until it is gone.
	for _, name := range lost {
		s.sh(t, name, "ls -d /var/lib/mysql.set-aside-*Z/wordpress && rm -r /var/lib/mysql.set-aside-*Z")
	}
	delete(s.variables, "database_recovery")
	s.saveDeclared(t)
	s.apply(t, "apply without the word")
	s.wantEmpty(t, "after the recovery")
}
