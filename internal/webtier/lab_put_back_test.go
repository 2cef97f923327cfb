package webtier

import (
	"maps"
	"strings"
)

// putsBackWhatFailsItsGate lets the first node have a setting with which each page fails, although
// Apache and PHP-FPM take it: it gets back what it had, and the others are left alone.
func (s *site) putsBackWhatFailsItsGate(spec Spec, balancer *memoryBalancer) {
	s.t.Helper()
	checked := spec
	checked.Check = &Check{Path: "/"}
	s.mustConverge(checked, balancer)
	started := s.Run("web2", "systemctl show -p ActiveEnterTimestamp --value 'php*-fpm'")
	bad := checked
	bad.PHPSettings = maps.Clone(checked.PHPSettings)
	bad.PHPSettings["auto_prepend_file"] = "/srv/www/site/none.php"
	_, err := s.converge(bad, balancer)
	if err == nil || !strings.Contains(err.Error(), "the previous one is back in place, and it serves with it again") {
		s.t.Errorf("got %v", err)
	}
	for _, node := range s.Nodes {
		if page, health := s.answer(node.Name, "/"), s.health(node.Name); page != "200" || health != "200" {
			s.t.Errorf("%s answers %s for a page and %s for its health", node.Name, page, health)
		}
	}
	if now := s.Run("web2", "systemctl show -p ActiveEnterTimestamp --value 'php*-fpm'"); now != started {
		s.t.Errorf("PHP-FPM of web2 was started at %s, and before at %s", now, started)
	}
	if mode := balancer.modes["10.88.0.11:80"]; mode != "accept" {
		s.t.Errorf("web1 is left in mode %s", mode)
	}
	s.wantDrift(checked, "", "")
	s.mustConverge(spec, balancer)
}
