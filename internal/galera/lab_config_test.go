package galera

import (
	"strings"
	"testing"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/lab/labtest"
)

// givesUpTransfers has a joiner whose disk is too small for the data.
func (s *site) givesUpTransfers() {
	s.Run("db2", `systemctl stop mariadb && mount -t tmpfs -o size=170M,mode=0755 tmpfs /var/lib/mysql && chown mysql:mysql /var/lib/mysql && systemctl start --no-block mariadb`)
	given := labtest.Time(s.t, "three transfers and giving up")
	s.Until(4*time.Minute, "the unit to be given up", func() string {
		state := s.Run("db2", `systemctl show -p ActiveState,SubState,NRestarts mariadb | tr '\n' ' '; cat `+s.spec.transfersPath()+` 2>/dev/null || :`)
		if strings.Contains(state, "ActiveState=inactive") {
			return ""
		}
		return state
	})
	given()
	for _, why := range s.drift()["db2"] {
		s.t.Log(why)
	}
	err := s.try()
	refused(s.t, err, "start a state transfer that does not fit")
	s.t.Log(err)
	s.Run("db2", "umount /var/lib/mysql")
	s.converge()
}

// saysWhyAServerDoesNotStart has a setting that the server's own check lets pass.
func (s *site) saysWhyAServerDoesNotStart() {
	s.spec.Settings["default_time_zone"] = "Europe/Nowhere"
	err := s.try()
	if err == nil || !strings.Contains(err.Error(), "time zone 'Europe/Nowhere'") {
		s.t.Errorf("got %v", err)
	}
	s.t.Log(err)
	delete(s.spec.Settings, "default_time_zone")
	s.converge()
}

func TestLabConfiguration(t *testing.T) {
	s := newSite(t)
	// The bootstrap itself has the fault first.
	s.spec.Settings["default_time_zone"] = "Europe/Nowhere"
	begin := time.Now()
	err := s.try()
	if err == nil || !strings.Contains(err.Error(), "time zone 'Europe/Nowhere'") {
		t.Errorf("got %v", err)
	}
	t.Logf("TIME failed bootstrap: %s: %v", time.Since(begin).Round(time.Second), err)
	delete(s.spec.Settings, "default_time_zone")
	s.converge()
	t.Run("transfers", func(t *testing.T) { s.with(t).givesUpTransfers() })
	t.Run("last words", func(t *testing.T) { s.with(t).saysWhyAServerDoesNotStart() })
}
