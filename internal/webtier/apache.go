package webtier

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
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

func apachePart(s Spec, seen NodeStatus, set fileSet) part {
	_, whys := differing(seen, set.apache)
	enable, disable := links(s, seen)
	for _, link := range enable {
		whys = append(whys, link+" is not enabled")
	}
	for _, link := range disable {
		whys = append(whys, link+" is enabled")
	}
	load := len(whys) > 0
	if slices.Contains(seen.Pending, apacheService) {
		load = true
		whys = append(whys, "apache2 has not loaded its configuration")
	}
	whys = append(whys, unitWhys("apache2", seen.Units[apacheUnit])...)
	return part{title: "configure Apache", whys: whys, disruptive: true, repairs: !load, reverts: true, do: configureApache(s, set.apache, load)}
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

// configureApacheScript tests before it loads. Another way to process requests
// and another port need a restart; all else is loaded without losing a request.
const configureApacheScript = `: web-configure-apache
` + transaction + `modules=$1; ours=$2
cd /etc/apache2 || exit 1
tar -cf "$b/enabled.tar" mods-enabled sites-enabled conf-enabled
ports=$(grep -h '^Listen' "$b"/*.old 2>/dev/null | sort); mpm=$(ls mods-enabled/mpm_*.load 2>/dev/null)
back() {
files_back
rm -rf mods-enabled sites-enabled conf-enabled; tar -xf "$b/enabled.tar"
}
unwanted=
for m in mods-enabled/mpm_prefork.load mods-enabled/mpm_worker.load mods-enabled/php*.load; do
[ ! -e "$m" ] && [ ! -L "$m" ] || unwanted="$unwanted $(basename "$m" .load)"
done
{ [ -z "$unwanted" ] || a2dismod -q -f $unwanted
a2enmod -q $modules && a2enconf -q "$ours" && a2ensite -q "$ours"
if [ -L sites-enabled/000-default.conf ]; then a2dissite -q 000-default; fi; } >"$b/said" 2>&1 || { back; rm -f "$pending"; cat "$b/said" >&2; exit 1; }
if ! apachectl configtest >"$b/said" 2>&1; then
back; rm -f "$pending"
echo "Apache refuses the configuration, the one before is back in place:" >&2
grep -v '^AH00558' "$b/said" >&2
exit 1
fi
if systemctl is-active --quiet apache2.service; then
verb=reload
[ "$(grep -h '^Listen' ports.conf | sort)" = "$ports" ] && [ "$(ls mods-enabled/mpm_*.load)" = "$mpm" ] || verb=restart
if ! systemctl "$verb" apache2.service || ! systemctl is-active --quiet apache2.service; then
journalctl -n 15 --no-pager -o cat -u apache2.service >&2
back; systemctl reset-failed apache2.service; systemctl restart apache2.service
rm -f "$pending"; exit 1
fi
fi
rm -f "$pending"`

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
