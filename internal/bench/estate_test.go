package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/galera/galeratest"
	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/lab/demo"
	"github.com/terraform-ha/terraform-provider-ha/internal/lab/region"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
	"github.com/terraform-ha/terraform-provider-ha/internal/ssh/sshtest"
)

// BenchmarkEstate plans database clusters of three machines each, all in one
// configuration. The machines are simulated behind real SSH servers of this process, which
// have a part of the computer as well: what a plan takes is more than the provider's share.
// It needs no Docker.
func BenchmarkEstate(b *testing.B) {
	all := bench{b, os.Stderr}
	config := all.override()
	var seconds []string
	var each []float64
	for _, clusters := range []int{10, 30, 100} {
		e := newEstate(all, clusters, config)
		all.measured(fmt.Sprintf("estate: apply of %d clusters on %d machines", clusters, len(e.servers)), func() error { return e.run("apply", "-auto-approve") })
		took, peak := e.plan()
		unrefreshed, _ := e.plan("-refresh=false")
		all.say("estate: empty plan of %d clusters on %d machines, median %.1f s, of which Terraform alone %.1f s; the provider has %.0f MB at most",
			clusters, len(e.servers), took.Seconds(), unrefreshed.Seconds(), peak)
		each = append(each, took.Seconds()/float64(clusters))
		seconds = append(seconds, fmt.Sprintf("%d: %.0f ms", clusters, 1000*took.Seconds()/float64(clusters)))
		if clusters == 100 {
			all.goal("an empty plan of 100 clusters", took.Seconds(), 10, "s")
			all.goal("the provider's memory", peak, 300, "MB")
			all.goal("connections for each machine", e.connections(), 1, "connection")
			all.ReportMetric(took.Seconds(), "estate-plan-s")
			all.ReportMetric(unrefreshed.Seconds(), "estate-unrefreshed-s")
			all.ReportMetric(peak, "estate-provider-MB")
			all.ReportMetric(e.connections(), "estate-connections/machine")
			all.ReportMetric(0, "ns/op")
		}
	}
	all.say("estate: time of a plan by cluster, for growing numbers of them: %s", strings.Join(seconds, ", "))
	// Terraform's own start is a part of the smallest one, so that linear growth falls.
	all.goal("a cluster among 100, compared with one among 10", each[len(each)-1]/each[0], 1.1, "times its time")
}

// BenchmarkRoll changes a setting of three simulated databases one after the other. Their
// daemons take no time, so what is left is the provider's own, and that of SSH.
func BenchmarkRoll(b *testing.B) {
	all := bench{b, os.Stderr}
	e := newEstate(all, 1, all.override())
	all.must(e.run("apply", "-auto-approve"))
	log := filepath.Join(e.work, "provider.log")
	e.environment = append(e.environment, `TF_VAR_settings={"back_log":"100"}`, "TF_LOG_PROVIDER=DEBUG", "TF_LOG_PATH="+log)
	begun := time.Now()
	all.measured("simulated databases: a setting, node after node", func() error { return e.run("apply", "-auto-approve") })
	nodes := readRoll(all.eventsIn(log), "galera_cluster.shop0", nil)
	if len(nodes) != 3 {
		b.Fatalf("%d nodes were changed", len(nodes))
	}
	all.sayRoll("a setting of simulated databases", nodes, span{begun, time.Now()})
	all.ReportMetric(1000*nodes[0].length().Seconds(), "simulated-node-ms")
	all.ReportMetric(0, "ns/op")
}

// estate is many clusters in one configuration.
type estate struct {
	bench
	work, program string
	environment   []string
	servers       []*sshtest.Server
}

const estateConfiguration = `terraform {
  required_providers {
    ha = { source = "terraform-ha/ha" }
  }
}

variable "key" {
  type      = string
  sensitive = true
}

variable "clusters" {
  type = map(map(object({ host = string, port = number, address = string })))
}

variable "settings" {
  type    = map(string)
  default = {}
}

provider "ha" {
  ssh = {
    user            = "root"
    private_key     = var.key
    host_key_policy = "accept-new"
  }
}

resource "ha_galera_cluster" "this" {
  for_each = var.clusters
  name     = each.key
  nodes    = each.value
  settings = var.settings
}
`

func newEstate(b bench, clusters int, config string) *estate {
	b.Helper()
	e := &estate{bench: b, work: b.TempDir()}
	key := sshtest.NewKey(b)
	b.must(os.WriteFile(filepath.Join(e.work, "main.tf"), []byte(estateConfiguration), 0o600))
	var declared strings.Builder
	declared.WriteString("clusters = {\n")
	for number := range clusters {
		fmt.Fprintf(&declared, "  shop%d = {\n%s  }\n", number, e.cluster(key))
	}
	declared.WriteString("}\n")
	b.must(os.WriteFile(filepath.Join(e.work, "terraform.tfvars"), []byte(declared.String()), 0o600))
	folder, err := region.NewFolder(filepath.Join(root(b), ".lab"), "")
	b.must(err)
	e.program, err = demo.EnsureProgram(b.Context(), folder, b.progress)
	b.must(err)
	e.environment = append(os.Environ(), "TF_VAR_key="+key, "TF_CLI_CONFIG_FILE="+config, "CHECKPOINT_DISABLE=1")
	return e
}

// override builds the provider and returns the file that has Terraform take it.
func (b bench) override() string {
	b.Helper()
	folder := b.TempDir()
	b.buildProvider(filepath.Join(folder, "terraform-provider-ha"), ".")
	file := filepath.Join(folder, "cli.tfrc")
	b.must(os.WriteFile(file, fmt.Appendf(nil, "provider_installation {\n  dev_overrides {\n    \"terraform-ha/ha\" = %q\n  }\n  direct {}\n}\n", folder), 0o600))
	return file
}

// cluster makes three machines and returns them as nodes.
func (e *estate) cluster(key string) string {
	e.Helper()
	_, machines := hosttest.Cluster(e, "db1", "db2", "db3")
	galeratest.Install(e, machines, galeratest.MariaDB())
	var nodes strings.Builder
	for _, name := range []string{"db1", "db2", "db3"} {
		server := sshtest.New(e, sshtest.Options{
			Users:   map[string][]string{"root": {sshtest.PublicLine(e, key)}},
			Handler: e.answer(machines[name]),
		})
		e.servers = append(e.servers, server)
		address, _, _ := strings.Cut(machines[name].Facts.Addresses[1].CIDR, "/")
		fmt.Fprintf(&nodes, "    %s = { host = %q, port = %d, address = %q }\n", name, server.Host(), server.Port(), address)
	}
	return nodes.String()
}

// answer runs a command line on a simulated machine.
func (e *estate) answer(machine *hosttest.Machine) sshtest.Handler {
	return func(ctx context.Context, line string, stdin []byte) (stdout, stderr []byte, status int) {
		command, err := shell.ParseLine(line)
		if err != nil {
			e.Error(err)
			return nil, []byte(err.Error()), 255
		}
		result, err := machine.Run(ctx, command.WithStdin(stdin))
		var exit *shell.ExitError
		switch {
		case err == nil:
			return result.Stdout, result.Stderr, 0
		case errors.As(err, &exit):
			return exit.Stdout, exit.Stderr, exit.Status
		}
		return nil, []byte(err.Error()), 255
	}
}

func (e *estate) run(args ...string) error { return e.command(args...).run() }

func (e *estate) command(args ...string) *planning {
	p := &planning{Cmd: exec.CommandContext(e.Context(), e.program, append(args, "-input=false", "-no-color")...)}
	p.Dir, p.Env = e.work, e.environment
	p.Stdout, p.Stderr = &p.said, &p.said
	return p
}

// planning is a run of Terraform.
type planning struct {
	*exec.Cmd
	said bytes.Buffer
}

func (p *planning) run() error {
	if err := p.Run(); err != nil {
		return fmt.Errorf("cannot %s the estate: %w\n%.4000s", p.Args[1], err, &p.said)
	}
	return nil
}

// plan makes three empty plans, and returns the median of their times and the most memory
// that the provider had, in megabytes.
func (e *estate) plan(options ...string) (time.Duration, float64) {
	e.Helper()
	var took []time.Duration
	var peak float64
	for range 3 {
		run := e.command(append([]string{"plan", "-detailed-exitcode"}, options...)...)
		begun := time.Now()
		e.must(run.Start())
		done := make(chan struct{})
		var watch sync.WaitGroup
		watch.Go(func() { peak = max(peak, peakOfProvider(run.Process.Pid, done)) })
		err := run.Wait()
		took = append(took, time.Since(begun))
		close(done)
		watch.Wait()
		if err != nil {
			e.Errorf("the plan is not empty: %v\n%.4000s", err, &run.said)
		}
	}
	slices.Sort(took)
	return took[len(took)/2], peak
}

// connections is the most that a machine has seen in one more plan.
func (e *estate) connections() float64 {
	e.Helper()
	before := make([]int, len(e.servers))
	for place, server := range e.servers {
		before[place] = server.Connections()
	}
	e.must(e.run("plan"))
	most := 0
	for place, server := range e.servers {
		most = max(most, server.Connections()-before[place])
	}
	return float64(most)
}

// peakOfProvider looks at the children of a process until it has ended, and returns the
// most memory in megabytes that one of them had: VmHWM of proc(5), which only grows.
func peakOfProvider(terraform int, ended <-chan struct{}) float64 {
	ticks := time.NewTicker(50 * time.Millisecond)
	defer ticks.Stop()
	peak := 0.0
	for {
		select {
		case <-ended:
			return peak
		case <-ticks.C:
			children, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", terraform))
			for _, file := range children {
				content, _ := os.ReadFile(file)
				for _, child := range strings.Fields(string(content)) {
					peak = max(peak, memoryOf(child))
				}
			}
		}
	}
}

func memoryOf(process string) float64 {
	if runtime.GOOS != "linux" {
		return 0
	}
	content, _ := os.ReadFile(filepath.Join("/proc", process, "status"))
	_, after, _ := strings.Cut(string(content), "VmHWM:")
	fields := strings.Fields(after)
	if len(fields) == 0 {
		return 0
	}
	kilobytes, _ := strconv.ParseFloat(fields[0], 64)
	return kilobytes * 1024 / 1e6
}
