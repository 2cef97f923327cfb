package sitetest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/linode/linodego"

	"github.com/terraform-ha/terraform-provider-ha/internal/lab/demo"
	"github.com/terraform-ha/terraform-provider-ha/internal/lab/docker"
	"github.com/terraform-ha/terraform-provider-ha/internal/lab/labtest"
	"github.com/terraform-ha/terraform-provider-ha/internal/lab/machine"
	"github.com/terraform-ha/terraform-provider-ha/internal/lab/region"
	"github.com/terraform-ha/terraform-provider-ha/internal/lab/website"
)

// serveVariable turns this test's program into the lab's API.
const serveVariable = "SITE_TEST_SERVE"

func TestMain(m *testing.M) {
	if path := os.Getenv(serveVariable); path != "" {
		if err := serve(path); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// keeps says that the site stays after the test, for a look.
func keeps() bool { return os.Getenv("SITE_KEEP") == "1" }

func serve(path string) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, cancel := labtest.ServeContext(ctx, keeps())
	defer cancel()
	folder, err := region.NewFolder(path, "")
	if err != nil {
		return err
	}
	return region.Serve(ctx, docker.CLI{}, folder, os.Stderr)
}

// site is the example site in a lab of its own.
type site struct {
	demo.Demo
	keep     bool
	hardware *machine.Region
	client   *linodego.Client
	// variables are what the configuration is given besides what the demo gives.
	variables map[string]string
	// tiers are the nodes of each tier by their names, with their generations.
	tiers map[tier]map[string]int
	// maintenance is that of nodes which are out of service.
	maintenance map[string]string
	// machines are the numbers of the machines by node.
	machines map[string]int
	url      string
	// floating is the database's address, without its network's length.
	floating string
	// applied is what the latest apply said, with the time of each step.
	applied string
}

// TestSite leads one site through its life. Each part leaves it healthy for the
// next one, and says how long it took.
func TestSite(t *testing.T) {
	labtest.NeedsDocker(t)
	s := start(t)
	s.lead(t, []part{
		{"create", s.create},
		{"secondPlan", s.secondPlan},
		{"replication", s.replication},
		{"clientAddress", s.clientAddress},
		{"health", s.health},
		{"drift", s.drift},
		{"databaseDies", s.databaseDies},
		{"webServerDies", s.webServerDies},
		{"fileServerDies", s.fileServerDies},
		{"unreachable", s.unreachable},
		{"update", s.update},
		{"roll", s.roll},
		{"replace", s.replace},
		{"import", s.importAll},
		{"interrupted", s.interrupted},
		{"destroyKeep", s.destroyKeep},
		{"destroyWipe", s.destroyWipe},
		{"destroyAll", s.destroyAll},
	})
}

// part is a part of a site's life.
type part struct {
	name string
	run  func(t *testing.T)
}

// lead leads the site through parts of its life, each of which leaves it healthy for the
// next one.
func (s *site) lead(t *testing.T, parts []part) {
	t.Helper()
	for _, part := range parts {
		passed := t.Run(part.name, func(t *testing.T) {
			started := time.Now()
			if part.name != "create" {
				s.find(t)
			}
			part.run(t)
			took(t, "the part "+part.name, started)
		})
		// What a failure leaves behind would make the others fail for no reason of
		// their own, unless it can be repaired as a user would.
		if !passed && !t.Run(part.name+"/repair", s.repair) {
			t.Fatal("the site cannot be repaired, so the other parts are not run")
		}
	}
}

// took prints a time where the reader of a log looks for it.
func took(t *testing.T, what string, since time.Time) {
	t.Helper()
	t.Logf("TIME %6.1fs %s", time.Since(since).Seconds(), what)
}

// start brings up the lab, without machines. Everything of it lies in one
// folder, the same each time, so that what a killed run has left is found.
func start(t *testing.T) *site {
	t.Helper()
	root, err := filepath.Abs(filepath.Join("..", ".."))
	must(t, err)
	state := os.Getenv("LAB_STATE")
	if state == "" {
		state = filepath.Join(root, ".lab")
	}
	folder, err := region.NewFolder(filepath.Join(state, "sitetest"), "")
	must(t, err)
	s := &site{
		Demo:      demo.Demo{Root: root, Folder: folder, Stdout: t.Output(), Progress: t.Output()},
		keep:      keeps(),
		variables: map[string]string{},
		tiers:     map[tier]map[string]int{},
	}
	for _, each := range []tier{files, database, web} {
		s.tiers[each] = each.firstGenerations(3)
	}
	program, err := demo.EnsureProgram(t.Context(), region.Folder{Path: state}, t.Output())
	must(t, err)
	t.Setenv("LAB_TERRAFORM", program)
	t.Setenv(serveVariable, folder.Path)
	if s.keep {
		s.loadDeclared(t)
	} else {
		must(t, s.remove(t.Context()))
	}
	t.Cleanup(func() { s.end(t) })
	self, err := os.Executable()
	must(t, err)
	s.Settings, err = region.Up(t.Context(), s.Docker, folder, []string{self}, t.Output())
	must(t, err)
	s.hardware, err = region.Hardware(t.Context(), s.Docker, folder)
	must(t, err)
	client := linodego.NewClient(nil)
	client.SetBaseURL(s.Settings.URL())
	client.SetToken(s.Settings.Token)
	s.client = &client
	return s
}

func (s *site) end(t *testing.T) {
	if t.Failed() {
		log, err := os.ReadFile(s.Folder.LogFile())
		if err == nil {
			lines := strings.Split(string(log), "\n")
			t.Logf("the last of the lab's log:\n%s", strings.Join(lines[max(0, len(lines)-30):], "\n"))
		}
	}
	if s.keep {
		t.Logf("the lab %s stays: lab down -state %s", s.Folder.Name, s.Folder.Path)
		return
	}
	if err := s.remove(context.Background()); err != nil {
		t.Error(err)
	}
}

// remove takes the lab down, and the demo's files with it.
func (s *site) remove(ctx context.Context) error {
	if _, err := os.Stat(s.Folder.Path); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return errors.Join(region.Down(ctx, s.Docker, s.Folder), demo.Remove(s.Folder))
}

// find learns what the parts need to know of the site that was built.
func (s *site) find(t *testing.T) {
	t.Helper()
	var err error
	s.machines, err = website.FindMachines(t.Context(), s.Docker, s.Folder.Name)
	must(t, err)
	s.url = s.output(t, "url")
	s.floating, _, _ = strings.Cut(s.output(t, "floating_ip"), "/")
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
