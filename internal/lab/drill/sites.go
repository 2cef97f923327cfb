package drill

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"github.com/linode/linodego"

	"github.com/terraform-ha/terraform-provider-ha/internal/lab/demo"
	"github.com/terraform-ha/terraform-provider-ha/internal/lab/region"
	"github.com/terraform-ha/terraform-provider-ha/internal/lab/website"
)

// wordpress is the name of the database of the example site, and of its account.
const wordpress = "wordpress"

// Settings are what a drill is led with.
type Settings struct {
	Faults []Fault
	Seed   uint64
	// Time is how long faults are made. 0 makes each of them once.
	Time time.Duration
	// Slow is how many times less often than usual clients make attempts. 0 is 1.
	Slow int
	// Report is the folder of the report.
	Report   string
	Progress io.Writer
}

// OfDemo returns a drill of the site of make demo, which has to be there.
func OfDemo(ctx context.Context, d demo.Demo, settings Settings) (*Drill, error) {
	site, machines, err := SiteOfDemo(ctx, d)
	if err != nil {
		return nil, fmt.Errorf("cannot look at the site: %w", err)
	}
	admin, database, err := d.Passwords()
	if err != nil {
		return nil, err
	}
	drill := Of(site, Credentials{
		Author: demo.Administrator, AuthorPassword: admin,
		DatabaseUser: wordpress, DatabasePassword: database, Database: wordpress, TablePrefix: "wp_",
	}, settings)
	drill.Hands = labHands{LabMachines: machines, site: site, apply: func(ctx context.Context, variables map[string]string) error {
		return terraform(ctx, d, variables, "apply", "-auto-approve")
	}}
	drill.Plan = func(ctx context.Context) error {
		err := terraform(ctx, d, nil, "plan", "-detailed-exitcode")
		if exit := new(exec.ExitError); errors.As(err, &exit) && exit.ExitCode() == 2 {
			return fmt.Errorf("the plan is not empty: %w", err)
		}
		return err
	}
	load, _ := os.ReadFile("/proc/loadavg")
	average, _, _ := strings.Cut(string(load), " ")
	drill.Computer = fmt.Sprintf("The lab on %d processors, load %s at the begin", runtime.NumCPU(), average)
	if settings.Slow > 1 {
		drill.Computer += fmt.Sprintf(", 1/%d of the usual traffic", settings.Slow)
	}
	return drill, nil
}

// SiteOfDemo returns the site of make demo, and its machines.
func SiteOfDemo(ctx context.Context, d demo.Demo) (website.Site, website.LabMachines, error) {
	hardware, err := region.Hardware(ctx, d.Docker, d.Folder)
	if err != nil {
		return website.Site{}, website.LabMachines{}, err
	}
	numbers, err := website.FindMachines(ctx, d.Docker, d.Folder.Name)
	if err != nil {
		return website.Site{}, website.LabMachines{}, err
	}
	url, err := d.Output(ctx, "url")
	if err != nil {
		return website.Site{}, website.LabMachines{}, err
	}
	floating, err := d.Output(ctx, "floating_ip")
	if err != nil {
		return website.Site{}, website.LabMachines{}, err
	}
	floating, _, _ = strings.Cut(floating, "/")
	client := linodego.NewClient(nil)
	client.SetBaseURL(d.Settings.URL())
	client.SetToken(d.Settings.Token)
	machines := website.LabMachines{Hardware: hardware, Numbers: numbers}
	return website.Site{
		Machines: machines, Nodes: website.NodesOf(numbers), URL: strings.TrimSuffix(url, "/"), Floating: floating,
		Volume: "content", DocumentRoot: "/srv/www/site", Balancer: website.BalancerOf(&client),
	}, machines, nil
}

// terraform runs Terraform on the demo. Its error has the end of what was said.
func terraform(ctx context.Context, d demo.Demo, variables map[string]string, verb string, args ...string) error {
	command, err := d.Terraform(ctx, append([]string{verb, "-input=false", "-no-color"}, args...)...)
	if err != nil {
		return err
	}
	for name, value := range variables {
		command.Env = append(command.Env, "TF_VAR_"+name+"="+value)
	}
	out, err := command.CombinedOutput()
	if err != nil {
		const end = 1500
		text := strings.TrimSpace(string(out))
		return fmt.Errorf("terraform %s: %w: %s", verb, err, text[max(0, len(text)-end):])
	}
	return nil
}

// processorsOfTraffic is how many processors the computer of a lab needs for the usual traffic:
// all nine machines and their clients run on it.
const processorsOfTraffic = 6

// SlowOf returns how many times less often than usual clients make attempts in a lab on a
// computer of so many processors.
func SlowOf(processors int) int { return max(1, (processorsOfTraffic+processors-1)/processors) }

// Of returns a drill of any site without hands: it makes traffic and looks at the site,
// and cannot break anything.
func Of(site website.Site, credentials Credentials, settings Settings) *Drill {
	recorder, ledger, watched := &Recorder{}, &Ledger{}, &Watched{}
	looker := &Looker{Site: site, Database: credentials.Database, Posts: credentials.TablePrefix + "posts"}
	const longest = 4 * time.Hour
	return &Drill{
		Site: site, Recorder: recorder, Ledger: ledger, Watched: watched,
		Load:  &Traffic{Site: site, Credentials: credentials, Recorder: recorder, Ledger: ledger, Watched: watched, Limit: longest + settings.Time, Slow: settings.Slow},
		Whole: site.Whole, Look: looker.Look,
		Faults: settings.Faults, Seed: settings.Seed, Slow: settings.Slow, Time: settings.Time, Pace: DefaultPace(), Progress: settings.Progress,
		Save: func(r Report) error { return r.Write(settings.Report) },
	}
}
