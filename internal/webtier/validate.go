package webtier

import (
	"fmt"
	"maps"
	"net/netip"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// Problem is a fault of a [Spec].
type Problem = tier.Problem

var (
	namePattern     = regexp.MustCompile(`^[a-z][a-z0-9-]{0,30}$`)
	hostPattern     = regexp.MustCompile(`^([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$`)
	pathPattern     = regexp.MustCompile(`^(/[A-Za-z0-9_][A-Za-z0-9._-]*)+$`)
	healthPattern   = regexp.MustCompile(`^(/[A-Za-z0-9_][A-Za-z0-9._-]*)+$`)
	settingPattern  = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z0-9_]+)*$`)
	volumePattern   = regexp.MustCompile(`^/?[A-Za-z0-9_-]+(/[A-Za-z0-9._-]+)*$`)
	optionPattern   = regexp.MustCompile(`^[A-Za-z0-9_.:=/-]+(,[A-Za-z0-9_.:=/-]+)*$`)
	nodeNamePattern = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9._-]{0,62})$`)
)

// Validate returns what is wrong with the spec. What the user left out is not.
func (s Spec) Validate() []Problem {
	s = s.Defaulted()
	v := &validation{}
	if !namePattern.MatchString(s.Name) {
		v.add(fmt.Sprintf("%q is not a name of at most 31 lower-case letters, digits and hyphens that starts with a letter", s.Name), "name")
	}
	v.nodes(s)
	v.directories(s)
	v.apache(s)
	v.phpSettings(s)
	v.openBasedir(s)
	v.sessions(s)
	if s.Mount != nil {
		v.mount(*s.Mount)
	}
	for _, name := range s.Packages {
		if !host.ValidPackage(name) {
			v.add(fmt.Sprintf("%q is not the name of a package", name), "packages")
		}
	}
	if s.Check != nil {
		s.Check.validate(v)
	}
	if s.NodeBalancer != nil && (s.NodeBalancer.ID <= 0 || s.NodeBalancer.ConfigID <= 0) {
		v.add("a NodeBalancer is named by its number, id, and by that of one of its configurations, config_id", "nodebalancer")
	}
	if *s.DrainSeconds < 0 || *s.DrainSeconds > 3600 {
		v.add(fmt.Sprintf("draining takes between 0 and 3600 seconds, not %d", *s.DrainSeconds), "drain_seconds")
	}
	if s.WordPress != nil {
		s.WordPress.validate(v, s)
	}
	return v.problems
}

type validation struct{ problems []Problem }

func (v *validation) add(message string, path ...string) {
	v.problems = append(v.problems, Problem{Path: path, Message: message})
}

func (v *validation) nodes(s Spec) {
	if len(s.Nodes) == 0 {
		v.add("a web tier needs at least one node", "nodes")
	}
	names, addresses := map[string]bool{}, map[string]string{}
	for _, node := range s.Nodes {
		if !nodeNamePattern.MatchString(node.Name) {
			v.add(fmt.Sprintf("%q is not a name of letters, digits, dots, hyphens and underscores", node.Name), "nodes", node.Name)
		}
		if names[node.Name] {
			v.add(fmt.Sprintf("node %s is listed twice", node.Name), "nodes", node.Name)
		}
		names[node.Name] = true
		if node.Address == "" {
			continue // not known yet
		}
		if fault := node.FaultOfAddress(); fault != "" {
			v.add(fault, "nodes", node.Name, "address")
			continue
		}
		address := netip.MustParseAddr(node.Address)
		if other, found := addresses[address.String()]; found {
			v.add(fmt.Sprintf("%s is the address of %s too", address, other), "nodes", node.Name, "address")
		}
		addresses[address.String()] = node.Name
	}
	backends := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(s.Backends)) {
		if !names[name] {
			v.add(fmt.Sprintf("there is no node %s", name), "backends", name)
		}
		address, err := netip.ParseAddr(s.Backends[name])
		if err != nil {
			v.add(fmt.Sprintf("%q is not an IP address", s.Backends[name]), "backends", name)
			continue
		}
		if other, found := backends[address.String()]; found {
			v.add(fmt.Sprintf("%s is the address of %s too", address, other), "backends", name)
		}
		backends[address.String()] = name
	}
}

func (v *validation) directories(s Spec) {
	if message := directoryProblem(s.DocumentRoot); message != "" {
		v.add(message, "document_root")
		return
	}
	switch {
	case s.Mount == nil && s.MountPoint != "":
		v.add("a mount point is of no use without a mount", "mount_point")
	case s.Mount != nil:
		if message := directoryProblem(s.MountPoint); message != "" {
			v.add(message, "mount_point")
		} else if s.DocumentRoot != s.MountPoint && !strings.HasPrefix(s.DocumentRoot, s.MountPoint+"/") {
			v.add(fmt.Sprintf("%s does not lie on the mount at %s", s.DocumentRoot, s.MountPoint), "document_root")
		} else if s.DocumentRoot == s.MountPoint {
			v.add(fmt.Sprintf("the document root is a directory below the mount point, such as %s/site: the mount point itself holds what only root may write", s.MountPoint), "document_root")
		}
	}
}

// directoryProblem says why a directory cannot be given to a site; empty if it can.
func directoryProblem(directory string) string {
	switch {
	case !strings.HasPrefix(directory, "/"):
		return fmt.Sprintf("%q is not an absolute path", directory)
	case directory != path.Clean(directory):
		return fmt.Sprintf("%q should be written %q", directory, path.Clean(directory))
	case directory != "/" && !pathPattern.MatchString(directory):
		return fmt.Sprintf("%q has parts other than letters, digits, dots, hyphens and underscores", directory)
	}
	first := strings.SplitN(directory, "/", 3)[1]
	switch first {
	case "", "bin", "boot", "dev", "etc", "lib", "lib32", "lib64", "libx32", "proc", "root", "run", "sbin", "sys", "usr", "tmp":
		return fmt.Sprintf("%s belongs to the system", directory)
	}
	switch directory {
	case "/home", "/media", "/mnt", "/opt", "/srv", "/var", "/var/backups", "/var/cache", "/var/lib", "/var/local", "/var/log", "/var/run", "/var/spool", "/var/tmp":
		return fmt.Sprintf("%s belongs to the system; use a directory below it", directory)
	}
	for _, tree := range []string{"/var/lib/dpkg", "/var/lib/systemd", "/var/lib/terraform-ha", "/var/lib/php", "/var/log", "/var/run", "/var/cache", "/var/spool"} {
		if directory == tree || strings.HasPrefix(directory, tree+"/") {
			return fmt.Sprintf("%s belongs to the system", directory)
		}
	}
	return ""
}

func (v *validation) apache(s Spec) {
	if s.Port < 1 || s.Port > 65535 {
		v.add(fmt.Sprintf("%d is not a port", s.Port), "port")
	}
	if s.ServerName != "" && !isHostName(s.ServerName) {
		v.add(fmt.Sprintf("%q is not a host name", s.ServerName), "server_name")
	}
	for _, alias := range s.ServerAliases {
		if !isHostName(strings.TrimPrefix(alias, "*.")) {
			v.add(fmt.Sprintf("%q is not a host name", alias), "server_aliases")
		}
	}
	if s.ServerName == "" && len(s.ServerAliases) > 0 {
		v.add("aliases are of no use without server_name: the site answers to every name", "server_aliases")
	}
	if !healthPattern.MatchString(s.HealthPath) {
		v.add(fmt.Sprintf("%q is not a path such as /healthz", s.HealthPath), "health_path")
	}
	for _, proxy := range s.TrustedProxies {
		prefix, err := netip.ParsePrefix(proxy)
		if _, single := netip.ParseAddr(proxy); err != nil && single != nil {
			v.add(fmt.Sprintf("%q is neither a network nor an address", proxy), "trusted_proxies")
		} else if err == nil && prefix.Bits() == 0 {
			v.add(fmt.Sprintf("%s would let every visitor say who they are", proxy), "trusted_proxies")
		}
	}
}

func isHostName(name string) bool { return len(name) <= 253 && hostPattern.MatchString(name) }

func (v *validation) mount(m Mount) {
	if _, known := mountTypes[m.Type]; !known {
		v.add(fmt.Sprintf("%q is not a known type; known are: %s", m.Type, strings.Join(slices.Sorted(maps.Keys(mountTypes)), ", ")), "mount", "type")
		return
	}
	server, volume, found := strings.Cut(m.Source, ":")
	if !found || !isHostName(server) || !volumePattern.MatchString(volume) {
		v.add(fmt.Sprintf("%q is not a source such as 10.0.0.11:/content", m.Source), "mount", "source")
	}
	for _, backup := range m.BackupServers {
		if !isHostName(backup) {
			v.add(fmt.Sprintf("%q is neither an address nor a host name", backup), "mount", "backup_servers")
		}
	}
	if m.Options != "" && !optionPattern.MatchString(m.Options) {
		v.add(fmt.Sprintf("%q is not a list of mount options", m.Options), "mount", "options")
	}
}
