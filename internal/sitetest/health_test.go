package sitetest

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"
	"time"
)

// allHealthy is what the data sources say of a site without a problem.
var allHealthy = []string{
	"files: 3 of 3 bricks are online.", "database: 3 of 3 nodes are members that serve.",
	"floating IP: 3 of 3 nodes can hold 10.0.0.10.", "web: 3 of 3 nodes serve.",
}

// health reads the data sources, as "make demo-status" does, of a site that is whole, with
// a database and a web server stopped, and when they run again.
func (s *site) health(t *testing.T) {
	s.wantHealth(t, "of a whole site", allHealthy...)
	s.sh(t, "db3", "systemctl stop mariadb")
	s.sh(t, "web2", "systemctl stop apache2")
	s.wantHealth(t, "with two servers stopped", allHealthy[0],
		"database: 2 of 3 nodes are members that serve; db3 is no member: the server is inactive.",
		"floating IP: 2 of 3 nodes can hold 10.0.0.10; db3 cannot hold 10.0.0.10: ",
		"web: 2 of 3 nodes serve; web2 does not serve: Apache is inactive.")
	s.sh(t, "db3", "systemctl start mariadb")
	s.sh(t, "web2", "systemctl start apache2")
	s.wantHealth(t, "of a whole site again", allHealthy...)
}

// wantHealth wants lines of the status that begin with these.
func (s *site) wantHealth(t *testing.T, when string, lines ...string) {
	t.Helper()
	s.until(t, "until the health "+when+" was told", 30*time.Second, func(ctx context.Context) error {
		var told bytes.Buffer
		status := s.Demo
		status.Stdout = &told
		started := time.Now()
		if err := status.Status(ctx); err != nil {
			return err
		}
		for _, line := range lines {
			if !strings.Contains(told.String(), "\n"+line) {
				return fmt.Errorf("%q is missing in:\n%s", line, told.String())
			}
		}
		took(t, "the health "+when, started)
		return nil
	})
}
