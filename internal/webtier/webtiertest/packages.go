package webtiertest

import "github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"

func (s *Server) packagesConcern() {
	s.act("web-remove-welcome", nothing)
	m := s.Machine
	m.Offer("curl", "glusterfs-client", "wordpress", "php-cli", "php-mysql", "php-gd", "php-xml", "php-curl", "php-mbstring", "php-zip", "php-intl")
	m.Catalog["apache2"] = hosttest.Package{Version: "2.4", Units: []string{"apache2"}, OnInstall: func(*hosttest.Machine) {
		s.Enabled[defaultSite] = true
		for _, module := range []string{"mpm_event", "alias", "dir", "mime", "setenvif", "authz_core"} {
			s.Enabled["mods-enabled/"+module+".load"] = true
		}
	}}
	m.Catalog["php-fpm"] = hosttest.Package{Version: "8.2", Units: []string{"php8.2-fpm"}, OnInstall: func(m *hosttest.Machine) {
		m.WriteFile(poolPath, "[www]\n")
	}}
}
