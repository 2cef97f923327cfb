package webtier

import (
	"context"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

const apacheUnit = "apache2.service"

// apacheName is the name of our files in Apache's configuration.
func (s Spec) apacheName() string { return "terraform-ha-" + s.Name + ".conf" }

// modules are the modules of Apache that the configuration needs.
func (s Spec) modules() []string {
	names := []string{"headers", "mpm_event", "remoteip", "rewrite", "setenvif", "mime", "alias", "dir", "authz_core", "authz_host"}
	if s.php() {
		names = append(names, "proxy", "proxy_fcgi")
	}
	slices.Sort(names)
	return names
}

// defaultSite is the site that Debian's package enables.
const defaultSite = "000-default.conf"

// fromProxy is true for those who may say how a visitor came: the trusted proxies and
// the machine itself. mod_remoteip leaves the connection's own address alone.
func fromProxy(trusted []string) string {
	var conditions []string
	for _, network := range append([]string{"127.0.0.0/8", "::1"}, trusted...) {
		conditions = append(conditions, fmt.Sprintf("%%{CONN_REMOTE_ADDR} -ipmatch '%s'", network))
	}
	return strings.Join(conditions, " || ")
}

// apacheFiles have to be tested and loaded.
func apacheFiles(s Spec) []host.File {
	site := struct {
		Spec
		phpSockets
		PHP                                                                          bool
		Library, HealthPattern, OKFile, DrainFile, MaintenanceFile, RuntimeDirectory string
		Sentinel                                                                     string
		// FromProxy is a condition: the request comes from a trusted proxy.
		FromProxy string
		// Writable are directories of uploads, of which nothing is run.
		Writable []string
		// BodyBytes is how much a visitor may send; 0 leaves that to Apache's default.
		BodyBytes int64
		// ProxySeconds is how long Apache waits for PHP-FPM, which is to say itself that
		// a page took too long.
		ProxySeconds int
	}{
		Spec: s, phpSockets: socketsOf(s), PHP: s.php(), Library: s.library(),
		HealthPattern: regexp.QuoteMeta(s.HealthPath), OKFile: okFile, DrainFile: drainFile, MaintenanceFile: s.maintenanceFile(), RuntimeDirectory: runtimeDirectory,
		Sentinel: s.sentinel(), FromProxy: fromProxy(s.TrustedProxies),
		BodyBytes: bodyBytes(s.PHPSettings), ProxySeconds: pageSeconds(s.PHPSettings) + 10,
	}
	if s.WordPress != nil {
		site.Writable = s.writable()
	}
	return []host.File{
		rendered(portsFile, "0644", "ports.conf.tmpl", s),
		rendered("/etc/apache2/conf-available/"+s.apacheName(), "0644", "apache.conf.tmpl", s),
		rendered("/etc/apache2/sites-available/"+s.apacheName(), "0644", "vhost.conf.tmpl", site),
	}
}

// portsFile is Debian's own.
const portsFile = "/etc/apache2/ports.conf"

var apacheEnabledScript = shell.Embedded(scripts, "apache-enabled")

func askApache(s Spec, _ string) tier.Questions {
	return tier.Questions{
		Files: paths(apacheFiles(s)), Units: []string{apacheUnit},
		Parts: []shell.Part{shell.Ask("enabled", apacheEnabledScript)},
	}
}

func readApache(_ Spec, _ string, answers tier.Answers, seen *NodeStatus) {
	seen.Enabled = answers.Parts.Lines("enabled")
}

func planApache(d *draft, m *machine) {
	wanted := apacheFiles(d.spec)
	_, reasons := differing(m.seen, wanted)
	missing, tooMany := links(d.spec, m.seen)
	for _, link := range missing {
		reasons = append(reasons, link+" is not enabled")
	}
	for _, link := range tooMany {
		reasons = append(reasons, link+" is enabled")
	}
	load := len(reasons) > 0
	if slices.Contains(m.seen.Pending, apacheService) {
		load = true
		reasons = append(reasons, "apache2 has not loaded its configuration")
	}
	reasons = append(reasons, serverReasons("apache2", m.seen.Units[apacheUnit])...)
	m.add(part{
		title: "configure Apache", reasons: reasons, disruptive: true, repairs: !load, reverts: true, configures: load,
		do: configureApache(d.spec, wanted, load),
	})
}

// links returns the links below /etc/apache2 that are missing and those that
// must not be there.
func links(s Spec, seen NodeStatus) (missing, tooMany []string) {
	wanted := []string{"conf-enabled/" + s.apacheName(), "sites-enabled/" + s.apacheName()}
	for _, module := range s.modules() {
		wanted = append(wanted, "mods-enabled/"+module+".load")
	}
	for _, link := range wanted {
		if !slices.Contains(seen.Enabled, link) {
			missing = append(missing, link)
		}
	}
	for _, link := range seen.Enabled {
		module, isModule := strings.CutPrefix(link, "mods-enabled/")
		switch {
		case link == "sites-enabled/"+defaultSite,
			isModule && strings.HasSuffix(module, ".load") && unwantedModule(module):
			tooMany = append(tooMany, link)
		}
	}
	return missing, tooMany
}

// unwantedModule reports whether a module is another way to process requests or
// PHP inside Apache.
func unwantedModule(file string) bool {
	name := strings.TrimSuffix(file, ".load")
	return name == "mpm_prefork" || name == "mpm_worker" || strings.HasPrefix(name, "php")
}

// apacheService is what [pendingDirectory] calls Apache.
const apacheService = "apache2"

var configureApacheScript = shell.Embedded(scripts, "configure-apache")

func configureApache(s Spec, files []host.File, load bool) action {
	return func(ctx context.Context, h *host.Host) error {
		if load {
			command := configure(configureApacheScript, apacheService, files, strings.Join(s.modules(), " "), strings.TrimSuffix(s.apacheName(), ".conf"))
			if err := run(ctx, h, "configure Apache", command); err != nil {
				return err
			}
		}
		return startService(ctx, h, apacheUnit)
	}
}

func validateApache(s Spec, found *tier.Problems) {
	if s.Port < 1 || s.Port > 65535 {
		found.Add(tier.At("port"), "%d is not a port", s.Port)
	}
	if s.ServerName != "" && !isHostName(s.ServerName) {
		found.Add(tier.At("server_name"), "%q is not a host name", s.ServerName)
	}
	for _, alias := range s.ServerAliases {
		if !isHostName(strings.TrimPrefix(alias, "*.")) {
			found.Add(tier.At("server_aliases"), "%q is not a host name", alias)
		}
	}
	if s.ServerName == "" && len(s.ServerAliases) > 0 {
		found.Add(tier.At("server_aliases"), "aliases are of no use without server_name: the site answers to every name")
	}
	if !healthPattern.MatchString(s.HealthPath) {
		found.Add(tier.At("health_path"), "%q is not a path such as /healthz", s.HealthPath)
	}
	for _, proxy := range s.TrustedProxies {
		prefix, err := netip.ParsePrefix(proxy)
		if _, single := netip.ParseAddr(proxy); err != nil && single != nil {
			found.Add(tier.At("trusted_proxies"), "%q is neither a network nor an address", proxy)
		} else if err == nil && prefix.Bits() == 0 {
			found.Add(tier.At("trusted_proxies"), "%s would let every visitor say who they are", proxy)
		}
	}
}
