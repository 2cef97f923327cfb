package webtier

import (
	"bytes"
	"embed"
	"fmt"
	"path"
	"regexp"
	"strings"
	"text/template"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
)

//go:embed templates/*.tmpl
var templateFiles embed.FS

// data is what the templates know.
type data struct {
	Spec
	Node             string
	PHP              bool
	Library          string
	Socket           string
	HealthSocket     string
	HealthPattern    string
	OKFile           string
	DrainFile        string
	RuntimeDirectory string
	Sentinel         string
	SiteRecord       string
	CronLock         string
	ProgramUser      string
	// Writable are directories of uploads, of which nothing is run.
	Writable          []string
	MountOptions      string
	MountUnitQuoted   string
	MountPointPattern string
	Workers           int
	StartWorkers      int
	SpareWorkers      int
	Settings          []setting
	// PageSeconds is how long PHP may work on a page, and BodyBytes how much a visitor
	// may send; 0 leaves that to Apache's default.
	PageSeconds int
	BodyBytes   int64
	// ProxySeconds is how long Apache waits for PHP-FPM, which is to say itself that a
	// page took too long.
	ProxySeconds int
	Kernel       []setting
	// FromProxy is a condition of Apache's: the request comes from a trusted proxy.
	FromProxy string
}

type setting struct{ Name, Value string }

func dataFor(s Spec, node string, memoryMiB int) data {
	d := data{
		Spec: s, Node: node, PHP: s.php(),
		Library:          s.library(),
		Socket:           "/run/php/terraform-ha-" + s.Name + ".sock",
		HealthSocket:     "/run/php/terraform-ha-" + s.Name + "-health.sock",
		HealthPattern:    regexp.QuoteMeta(s.HealthPath),
		OKFile:           okFile,
		DrainFile:        drainFile,
		RuntimeDirectory: runtimeDirectory,
		Sentinel:         s.sentinel(),
		SiteRecord:       s.siteRecord(),
		CronLock:         s.cronLock(),
		ProgramUser:      programUser,
		Workers:          workers(s.PHPWorkers, memoryMiB),
		Settings:         settings(s.sessionSettings(), s.PHPSettings),
		PageSeconds:      pageSeconds(s.PHPSettings),
		BodyBytes:        bodyBytes(s.PHPSettings),
		FromProxy:        fromProxy(s.TrustedProxies),
		Kernel:           keepalive,
	}
	if s.WordPress != nil {
		d.Writable = s.writable()
	}
	d.StartWorkers = min(2, d.Workers)
	d.SpareWorkers = max(d.StartWorkers, min(4, d.Workers))
	d.ProxySeconds = d.PageSeconds + 10
	if s.Mount != nil {
		d.MountOptions = s.mountOptions()
		d.MountUnitQuoted = mountUnit(s.MountPoint)
		d.MountPointPattern = regexp.QuoteMeta(s.MountPoint)
	}
	return d
}

// library is where this tier's own scripts lie on a machine.
func (s Spec) library() string { return path.Join(host.ProgramDirectory, "web-"+s.Name) }

// render fills in a template, which is part of this program and cannot fail on
// data that passed validation.
func render(name string, d data) []byte {
	parsed, err := template.New(name).Funcs(template.FuncMap{"pattern": regexp.QuoteMeta}).ParseFS(templateFiles, "templates/"+name)
	if err != nil {
		panic(err)
	}
	var out bytes.Buffer
	if err := parsed.Execute(&out, d); err != nil {
		panic(fmt.Sprintf("template %s: %v", name, err))
	}
	return out.Bytes()
}

// fileSet is every file that a node needs, by what has to happen when one of
// them changes.
type fileSet struct {
	// scripts are used from disk; nothing has to happen.
	scripts []host.File
	// units have to be read by systemd.
	units []host.File
	// mount has to be mounted again.
	mount []host.File
	// kernel has to be put into effect.
	kernel []host.File
	// php and apache have to be tested and loaded.
	php    []host.File
	apache []host.File
}

// paths returns the paths of files that do not depend on the version of PHP.
func (f fileSet) fixed() []string {
	var paths []string
	for _, group := range [][]host.File{f.scripts, f.units, f.mount, f.kernel, f.apache} {
		for _, file := range group {
			paths = append(paths, file.Path)
		}
	}
	return paths
}

// files returns the files of a node. Those of PHP-FPM are left out while the
// version of PHP is not known.
func files(s Spec, node string, facts host.Facts, php string) fileSet {
	d := dataFor(s, node, facts.MemoryMiB)
	file := func(path, template, mode string) host.File {
		return host.File{Path: path, Content: render(template, d), Mode: mode}
	}
	const system = "/etc/systemd/system/"
	set := fileSet{
		scripts: []host.File{file(d.Library+"/probe", "probe.tmpl", "0755")},
		units: []host.File{
			file(system+probeUnit, "probe.service.tmpl", "0644"),
			file(system+apacheUnit+".d/terraform-ha.conf", "dropin.conf.tmpl", "0644"),
		},
		apache: []host.File{
			file("/etc/apache2/ports.conf", "ports.conf.tmpl", "0644"),
			file("/etc/apache2/conf-available/"+s.apacheName(), "apache.conf.tmpl", "0644"),
			file("/etc/apache2/sites-available/"+s.apacheName(), "vhost.conf.tmpl", "0644"),
		},
	}
	if d.PHP {
		set.kernel = append(set.kernel, file(kernelFile, "sysctl.conf.tmpl", "0644"))
		set.scripts = append(set.scripts, file(d.Library+"/healthz.php", "healthz.php.tmpl", "0644"))
	}
	if s.Mount != nil {
		set.mount = append(set.mount, file(system+mountUnit(s.MountPoint), "mount.tmpl", "0644"))
		set.scripts = append(set.scripts, file(d.Library+"/remount", "remount.tmpl", "0755"))
		set.units = append(set.units,
			file(system+strings.TrimSuffix(remountUnit, "timer")+"service", "remount.service.tmpl", "0644"),
			file(system+remountUnit, "remount.timer.tmpl", "0644"))
	}
	if s.WordPress != nil {
		set.units = append(set.units,
			file(system+strings.TrimSuffix(cronUnit, "timer")+"service", "cron.service.tmpl", "0644"),
			file(system+cronUnit, "cron.timer.tmpl", "0644"))
	}
	if s.updatesApart() {
		set.scripts = append(set.scripts, file(s.updater(), "update.php.tmpl", "0644"))
		set.units = append(set.units,
			file(system+strings.TrimSuffix(updateUnit, "timer")+"service", "update.service.tmpl", "0644"),
			file(system+updateUnit, "update.timer.tmpl", "0644"))
	}
	if d.PHP && php != "" {
		set.units = append(set.units, file(system+fpmUnit(php)+".d/terraform-ha.conf", "dropin.conf.tmpl", "0644"))
		for _, name := range phpFiles(s) {
			set.php = append(set.php, file(path.Join("/etc/php", php, "fpm", name.path), name.template, "0644"))
		}
	}
	return set
}

// differing returns the files that differ, and how.
func differing(seen NodeStatus, wanted []host.File) (changed []host.File, whys []string) {
	for _, file := range wanted {
		if why := file.Difference(seen.Files[file.Path]); why != "" {
			changed = append(changed, file)
			if path.Base(file.Path) == "terraform-ha.conf" {
				why = strings.TrimSuffix(path.Base(path.Dir(file.Path)), ".d") + " drop-in " + why
			}
			whys = append(whys, why)
		}
	}
	return changed, whys
}

func or(value, fallback string) string {
	if value == "" {
		return fallback
	}
	return value
}
