package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/lab/demo"
	"github.com/terraform-ha/terraform-provider-ha/internal/lab/docker"
	"github.com/terraform-ha/terraform-provider-ha/internal/lab/region"
)

// site is examples/website in a lab of its own, without WordPress.
type site struct {
	bench
	folder      region.Folder
	settings    region.Settings
	program     string
	provider    string
	work        string
	environment []string
}

// The versions in the mirror. That of the lab's linode provider only has to
// satisfy the modules' constraint.
const (
	haVersion     = "0.1.0"
	linodeVersion = "3.99.0"
)

func newSite(b bench) *site {
	b.Helper()
	s := &site{bench: b, folder: region.Folder{Path: b.TempDir(), Name: siteLab}}
	b.Setenv(serveVariable, s.folder.Path)
	b.Cleanup(func() {
		if os.Getenv("LAB_KEEP") == "1" {
			return
		}
		if err := region.Down(context.Background(), docker.CLI{}, s.folder); err != nil {
			b.Error(err)
		}
	})
	self, err := os.Executable()
	b.must(err)
	s.settings, err = region.Up(b.Context(), docker.CLI{}, s.folder, []string{self}, b.progress)
	b.must(err)
	// Where the demo keeps an OpenTofu that it had to build.
	kept, err := region.NewFolder(filepath.Join(root(b), ".lab"), "")
	b.must(err)
	s.program, err = demo.EnsureProgram(b.Context(), kept, b.progress)
	b.must(err)
	s.layOut()
	s.environment = s.variables(s.mirror())
	b.must(s.run("init", "-input=false", "-no-color"))
	return s
}

func (s *site) path(name string) string { return filepath.Join(s.folder.Path, "bench", name) }

// layOut makes a folder that takes what Terraform writes.
func (s *site) layOut() {
	s.Helper()
	s.work = s.path("examples/website")
	s.must(os.MkdirAll(s.work, 0o700))
	s.must(os.Symlink(filepath.Join(root(s.bench), "modules"), s.path("modules")))
	files, err := filepath.Glob(filepath.Join(root(s.bench), "examples/website/*.tf"))
	s.must(err)
	for _, file := range files {
		s.must(os.Symlink(file, filepath.Join(s.work, filepath.Base(file))))
	}
}

// mirror builds both providers into a filesystem mirror and returns the file
// that tells Terraform of it.
func (s *site) mirror() string {
	s.Helper()
	place := func(pkg, namespace, name, version string) string {
		path := filepath.Join(namespace, name, version, runtime.GOOS+"_"+runtime.GOARCH, "terraform-provider-"+name+"_v"+version)
		built := filepath.Join(s.path("mirror/registry.terraform.io"), path)
		s.buildProvider(built, pkg)
		// OpenTofu looks for the same providers under the host of its own registry, and
		// follows no link to a folder of hosts.
		same := filepath.Join(s.path("mirror/registry.opentofu.org"), path)
		s.must(os.MkdirAll(filepath.Dir(same), 0o755))
		s.must(os.Link(built, same))
		return built
	}
	s.provider = place(".", "terraform-ha", "ha", haVersion)
	place("./internal/lab/cmd/terraform-provider-linode", "linode", "linode", linodeVersion)
	file := s.path("cli.tfrc")
	content := fmt.Sprintf("disable_checkpoint = true\nprovider_installation {\n  filesystem_mirror {\n    path = %q\n  }\n}\n", s.path("mirror"))
	s.must(os.WriteFile(file, []byte(content), 0o600))
	return file
}

func (b bench) buildProvider(binary, pkg string) {
	b.Helper()
	build := exec.CommandContext(b.Context(), "go", "build", "-ldflags", "-s -w -X main.version="+haVersion, "-o", binary, pkg)
	build.Dir, build.Env = root(b), append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		b.Fatalf("cannot build %s: %v\n%s", pkg, err, out)
	}
}

// binaryMegabytes is the size of the provider as it is released, stripped.
func (s *site) binaryMegabytes() float64 {
	s.Helper()
	info, err := os.Stat(s.provider)
	s.must(err)
	size := float64(info.Size()) / 1e6
	s.goal("the provider's binary", size, 150, "MB")
	return size
}

// variables is the environment for Terraform. What belongs to another site is
// not passed on.
func (s *site) variables(config string) []string {
	s.Helper()
	private, err := os.ReadFile(s.folder.KeyFile())
	s.must(err)
	public, err := os.ReadFile(s.folder.KeyFile() + ".pub")
	s.must(err)
	release, err := s.settings.Release()
	s.must(err)
	environment := slices.DeleteFunc(os.Environ(), func(variable string) bool {
		return slices.ContainsFunc([]string{"TF_", "HA_", "LINODE_"}, func(prefix string) bool { return strings.HasPrefix(variable, prefix) })
	})
	return append(environment,
		"TF_CLI_CONFIG_FILE="+config, "TF_IN_AUTOMATION=1", "CHECKPOINT_DISABLE=1",
		"LINODE_URL="+s.settings.URL(), "LINODE_TOKEN="+s.settings.Token,
		"TF_VAR_wordpress=false", "TF_VAR_image="+release.Linode(), fmt.Sprintf("TF_VAR_admin_cidrs=[%q]", s.settings.Subnet),
		"TF_VAR_ssh_public_key="+strings.TrimSpace(string(public)), "TF_VAR_ssh_private_key="+string(private),
	)
}

func (s *site) run(args ...string) error {
	command := exec.CommandContext(s.Context(), s.program, args...)
	command.Dir, command.Env = s.work, s.environment
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) }
	command.WaitDelay = time.Minute
	out, err := command.CombinedOutput()
	if err != nil {
		return fmt.Errorf("cannot %s the site: %w\n%s", args[0], err, out)
	}
	return nil
}

// ground are the modules that make machines, networks and the NodeBalancer, and
// set nothing up.
func (s *site) ground() []string {
	var targets []string
	for _, module := range []string{"network", "files_instances", "db_instances", "web_instances", "load_balancer"} {
		targets = append(targets, "-target=module.website.module."+module)
	}
	return targets
}

// apply keeps the provider's log of the last apply.
func (s *site) apply(options ...string) error {
	return s.logged("DEBUG", func() error {
		return s.run(append([]string{"apply", "-auto-approve", "-input=false", "-no-color"}, options...)...)
	})
}

// logged does something while the provider writes a new log.
func (s *site) logged(level string, action func() error) error {
	before := s.environment
	defer func() { s.environment = before }()
	if err := os.Remove(s.logFile()); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	s.environment = append(slices.Clone(before), "TF_LOG_PROVIDER="+level, "TF_LOG_PATH="+s.logFile())
	return action()
}

// loggedPlan makes an empty plan whose log has everything.
func (s *site) loggedPlan() planned {
	s.Helper()
	begun := time.Now()
	s.must(s.logged("TRACE", func() error {
		begun = time.Now()
		s.plans("site: empty plan, counted and logged", 1)
		return nil
	}))
	return planned{events: s.events(), span: span{begun, time.Now()}, logins: map[string][]login{}}
}

func (s *site) logFile() string { return s.path("provider.log") }

// plans makes empty plans and returns the median of their times.
func (s *site) plans(what string, count int, options ...string) time.Duration {
	s.Helper()
	var took []time.Duration
	var said []string
	for range count {
		begun := time.Now()
		if err := s.run(append([]string{"plan", "-detailed-exitcode", "-input=false", "-no-color"}, options...)...); err != nil {
			// A plan that is not empty is a fault, and its time is still of interest.
			s.Error(err)
		}
		took = append(took, time.Since(begun))
		said = append(said, fmt.Sprintf("%.2f", took[len(took)-1].Seconds()))
	}
	s.say("%s: %s s (load %s)", what, strings.Join(said, " "), load())
	slices.Sort(took)
	return took[len(took)/2]
}
