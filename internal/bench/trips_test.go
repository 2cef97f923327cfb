package bench

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/lab/docker"
	"github.com/terraform-ha/terraform-provider-ha/internal/lab/image"
	"github.com/terraform-ha/terraform-provider-ha/internal/lab/machine"
	"github.com/terraform-ha/terraform-provider-ha/internal/lab/website"
)

// chatty makes sshd write down every command, for as long as it is there.
const (
	chatty = `set -e
if [ "$1" = on ]; then echo LogLevel VERBOSE >/etc/ssh/sshd_config.d/00-bench.conf; else rm -f /etc/ssh/sshd_config.d/00-bench.conf; fi
systemctl reload ssh`
	// mark ends what was written so far.
	mark = `journalctl --sync; journalctl --quiet --lines=0 --show-cursor | sed -n 's/^-- cursor: //p'`
	// since prints what sshd has written since a mark.
	since = `journalctl --sync
journalctl --quiet --output=short-unix --unit=ssh --after-cursor="$1"`
	// sinceOfSystemd prints what systemd has.
	sinceOfSystemd = `journalctl --sync
journalctl --quiet --output=short-unix --after-cursor="$1" _PID=1`
)

// machines are those of the running lab.
func (s *site) machines() (*machine.Region, []machine.Resource) {
	s.Helper()
	release, err := image.SiteRelease()
	s.must(err)
	images, err := image.Ensure(s.Context(), docker.CLI{}, release, s.progress)
	s.must(err)
	hardware, err := machine.Up(s.Context(), docker.CLI{}, machine.Config{Name: s.folder.Name, Images: images, Subnet: s.settings.Subnet})
	s.must(err)
	resources, err := hardware.List(s.Context())
	s.must(err)
	var machines []machine.Resource
	for _, resource := range resources {
		if resource.Kind == "machine" {
			machines = append(machines, resource)
		}
	}
	return hardware, machines
}

// sh runs a script as root on a machine and returns what it printed.
func (s *site) sh(hardware *machine.Region, one machine.Resource, script string, args ...string) string {
	s.Helper()
	id, err := strconv.Atoi(one.ID)
	s.must(err)
	out, err := hardware.Exec(s.Context(), id, append([]string{"sh", "-c", script, "sh"}, args...), nil)
	s.must(err)
	return strings.TrimSpace(string(out))
}

// trips counts what one empty plan asks of each machine, by sshd's own log.
func (s *site) trips() {
	s.Helper()
	hardware, machines := s.machines()
	marks := map[string]string{}
	for _, one := range machines {
		s.sh(hardware, one, chatty, "on")
		marks[one.ID] = s.sh(hardware, one, mark)
	}
	plan := s.loggedPlan()
	var mostConnections, mostCommands float64
	for _, one := range machines {
		logins := readLogins(s.sh(hardware, one, since, marks[one.ID]))
		s.sh(hardware, one, chatty, "off")
		plan.logins[website.NodeOf(one.Label)] = logins
		connections, commands := float64(len(logins)), 0.0
		for _, login := range logins {
			commands += float64(len(login.sessions))
		}
		resources := 1.0
		if strings.Contains(one.Label, "-db") { // the cluster and its floating IP
			resources = 2
		}
		s.say("site: an empty plan makes %.0f connection and runs %.0f commands on %s, for %.0f resources", connections, commands, one.Label, resources)
		mostConnections = max(mostConnections, connections)
		mostCommands = max(mostCommands, commands/resources)
	}
	s.sayPhases(plan)
	s.sayReads(plan)
	s.ReportMetric(mostConnections, "connections/machine")
	s.ReportMetric(mostCommands, "commands/machine-and-resource")
}

// delay is how much longer a round trip takes to a site that is far away.
const delay = 50 * time.Millisecond

// distant plans with every connection going through a bastion that is near,
// and then through one that is far away.
func (s *site) distant() {
	s.Helper()
	hardware, _ := s.machines()
	host, key := s.bastion(hardware)
	for _, far := range []struct {
		delay  time.Duration
		metric string
	}{{0, "plan-bastion-s"}, {delay, "plan-50ms-s"}} {
		ctx, cancel := context.WithCancel(s.Context())
		relay, wait, err := machine.Relay{Listen: "127.0.0.1:0", Target: net.JoinHostPort(host, "22"), Delay: far.delay}.Start(ctx)
		s.must(err)
		s.throughBastion(relay, key)
		took := s.plans(fmt.Sprintf("site: empty plan through a bastion that is %s away", far.delay), 3)
		s.say("site: empty plan through a bastion that is %s away, median %.2f s", far.delay, took.Seconds())
		if far.delay == delay {
			s.goal("an empty plan through a bastion that is far away", took.Seconds(), 3, "s")
		}
		s.ReportMetric(took.Seconds(), far.metric)
		cancel()
		wait()
	}
}

// bastion makes a machine beside the site and returns its address and host key.
func (s *site) bastion(hardware *machine.Region) (host, key string) {
	s.Helper()
	authorized, err := os.ReadFile(s.folder.KeyFile() + ".pub")
	s.must(err)
	host, err = hardware.FreePublicIPv4(s.Context())
	s.must(err)
	const id = 9001
	s.must(hardware.CreateMachine(s.Context(), machine.MachineSpec{
		ID: id, Label: "bastion", PublicIPv4: host, AuthorizedKeys: []string{strings.TrimSpace(string(authorized))}, Boot: true,
	}))
	out, err := hardware.Exec(s.Context(), id, []string{"cat", "/etc/ssh/ssh_host_ed25519_key.pub"}, nil)
	s.must(err)
	return host, strings.TrimSpace(string(out))
}

// throughBastion overrides the provider block: all else stays as it is.
func (s *site) throughBastion(at, hostKey string) {
	s.Helper()
	host, port, err := net.SplitHostPort(at)
	s.must(err)
	s.must(os.WriteFile(filepath.Join(s.work, "bastion_override.tf"), fmt.Appendf(nil, `provider "ha" {
  ssh = {
    user            = "root"
    private_key     = var.ssh_private_key
    host_key_policy = "accept-new"
    bastions        = [{ host = %q, port = %s, host_key = %q }]
  }
}
`, host, port, hostKey), 0o600))
}
