package webtier

import (
	"context"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// PHP takes a setting that it does not know without a word, and so does the test of
// PHP-FPM: a name with a slip does nothing. What it knows depends on its version and
// on the extensions that are loaded, and so it is asked on the machine.

// doubtfulSettings are the names of settings that PHP is asked about. Those that the
// tier sets itself are known, so that most plans need not ask.
func (s Spec) doubtfulSettings() []string {
	if !s.php() {
		return nil
	}
	return slices.DeleteFunc(slices.Sorted(maps.Keys(s.PHPSettings)), func(name string) bool { return phpDefaults[name] != "" })
}

// Notices are what a user should know and no plan can change: settings of PHP that have
// no effect because the extension that knows them is not loaded, by machine.
func (s Spec) Notices(status Status) []string {
	nodes := map[string][]string{}
	for _, node := range s.Nodes {
		for _, name := range status.Nodes[node.Name].UnknownSettings {
			nodes[name] = append(nodes[name], node.Name)
		}
	}
	var notices []string
	for _, name := range slices.Sorted(maps.Keys(nodes)) {
		notices = append(notices, fmt.Sprintf("PHP on %s knows no setting %s: it has no effect there. If it belongs to an extension, name its package in packages.", strings.Join(nodes[name], ", "), name))
	}
	return notices
}

// fpmKey stands for the unit of PHP-FPM, whose name has the version of PHP.
const fpmKey = "php-fpm.service"

// versionMark stands for the version of PHP in a path.
const versionMark = "%v"

var phpScript = shell.Embedded(scripts, "php")

// phpSockets are where Apache reaches the two pools: the site's, and the one that only
// answers the health check.
type phpSockets struct{ Socket, HealthSocket string }

func socketsOf(s Spec) phpSockets {
	return phpSockets{"/run/php/terraform-ha-" + s.Name + ".sock", "/run/php/terraform-ha-" + s.Name + "-health.sock"}
}

// phpFiles are the files below /etc/php/<version>/fpm, which have to be tested and
// loaded. There are none while the version is not known.
func phpFiles(s Spec, version string, facts host.Facts) []host.File {
	if !s.php() || version == "" {
		return nil
	}
	at := phpPaths(s, version)
	most := workers(s.PHPWorkers, facts.MemoryMiB)
	start := min(2, most)
	return []host.File{
		rendered(at.ini, "0644", "php.ini.tmpl", struct {
			Name     string
			Settings []setting
		}{s.Name, settings(s.sessionSettings(), s.PHPSettings)}),
		rendered(at.pool, "0644", "pool.conf.tmpl", struct {
			phpSockets
			Name, Library                                    string
			Workers, StartWorkers, SpareWorkers, PageSeconds int
		}{socketsOf(s), s.Name, s.library(), most, start, max(start, min(4, most)), pageSeconds(s.PHPSettings)}),
	}
}

// fpmDropIn is left out while the version of PHP is not known.
func fpmDropIn(s Spec, version string) []host.File {
	if !s.php() || version == "" {
		return nil
	}
	return dropIn(s, fpmUnit(version))
}

// fpmPaths are where the files for PHP-FPM of a version lie.
type fpmPaths struct{ dropIn, ini, pool string }

func phpPaths(s Spec, version string) fpmPaths {
	directory := path.Join("/etc/php", version, "fpm")
	return fpmPaths{
		dropIn: path.Join(systemUnits, fpmUnit(version)+".d", "terraform-ha.conf"),
		ini:    path.Join(directory, "conf.d/99-terraform-ha.ini"),
		pool:   path.Join(directory, "pool.d/terraform-ha-"+s.Name+".conf"),
	}
}

func (p fpmPaths) all() []string { return []string{p.dropIn, p.ini, p.pool} }

func askPHP(s Spec, _ string) tier.Questions {
	args := []string{fpmKey, strings.Join(s.doubtfulSettings(), " ")}
	return tier.Questions{Parts: []shell.Part{shell.Ask("php", phpScript, append(args, phpPaths(s, versionMark).all()...)...)}}
}

// readPHP reads the answer of [phpScript], whose units and files are in the
// formats of package host.
func readPHP(_ Spec, _ string, answers tier.Answers, seen *NodeStatus) {
	var about, units, files strings.Builder
	section := &about
	for _, line := range answers.Parts.Lines("php") {
		kind, rest, _ := strings.Cut(line, " ")
		switch kind {
		case "version":
			seen.PHP = rest
		case "pool":
			seen.DistributionPool = true
		case "unknown", "unloaded":
			if settingPattern.MatchString(rest) {
				seen.UnknownSettings = append(seen.UnknownSettings, rest)
			}
		case "units":
			section = &units
		case "files":
			section = &files
		default:
			section.WriteString(line + "\n")
		}
	}
	maps.Copy(seen.Units, host.ParseUnits(shell.Answer{Out: units.String()}))
	maps.Copy(seen.Files, host.ParseFiles(shell.Answer{Out: files.String()}))
}

func planPHP(d *draft, m *machine) {
	if !d.spec.php() {
		return
	}
	wanted := phpFiles(d.spec, m.seen.PHP, m.seen.Facts)
	_, reasons := differing(m.seen, wanted)
	if m.seen.DistributionPool {
		reasons = append(reasons, "the distribution's pool www is enabled")
	}
	load := len(reasons) > 0
	unit := fpmUnit(m.seen.PHP)
	if slices.Contains(m.seen.Pending, phpService) {
		load = true
		reasons = append(reasons, unit+" has not loaded its configuration")
	}
	reasons = append(reasons, serverReasons(unit, m.seen.Units[fpmKey])...)
	m.add(part{
		title: "configure PHP-FPM", reasons: reasons, disruptive: true, repairs: !load, reverts: true, configures: load,
		do: configurePHP(m.seen.PHP, wanted, d.spec.doubtfulSettings(), load),
	})
}

func fpmUnit(php string) string { return "php" + php + "-fpm.service" }

// phpService is what [pendingDirectory] calls PHP-FPM.
const phpService = "php-fpm"

var configurePHPScript = shell.Embedded(scripts, "configure-php")

func configurePHP(version string, files []host.File, settings []string, load bool) action {
	return func(ctx context.Context, h *host.Host) error {
		if load {
			if err := run(ctx, h, "configure PHP-FPM", configure(configurePHPScript, phpService, files, append([]string{version}, settings...)...)); err != nil {
				return err
			}
		}
		return startService(ctx, h, fpmUnit(version))
	}
}
