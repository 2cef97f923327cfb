package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/lab/demo"
	"github.com/terraform-ha/terraform-provider-ha/internal/lab/drill"
	"github.com/terraform-ha/terraform-provider-ha/internal/lab/website"
)

const drillUsage = `lab drill run [OPTIONS]: traffic on the site of "lab demo up", one fault at a time, and a comparison
with what is promised. The site is built if it is not there. Ends with 1 if a promise is broken.
  -faults NAME,...   DRILL_FAULTS: these faults only
  -seed NUMBER       DRILL_SEED: decides the order of the faults and the nodes they hit; default 1
  -time DURATION     DRILL_TIME: make faults for that long; default each of them once
  -slow FACTOR       DRILL_SLOW: so many times less traffic than the usual one, which takes six processors;
                         default 1 on so many, 2 on four, 3 on two
  -report FOLDER     DRILL_REPORT: where report.json and report.html are written; default drill in the lab's folder

lab drill list: print the faults.

lab drill table REPORT: print what the documentation keeps of a report.json.

lab drill site [OPTIONS] URL: the same traffic and the same checks on a real site, without faults. The machines
are reached by the program ssh.
  -time DURATION     how long; default 1m
  -report FOLDER     as above
  -web HOST,...  -db HOST,...  -files HOST,...
                     the machines as ssh takes them, for example root@203.0.113.31
  -sudo              run commands by "sudo -n", for other users than root
  -address IPV4      the floating IP of the databases
  -volume NAME       the volume; default content
  -root PATH         where web servers have the files; default /srv/www/site
  DRILL_AUTHOR, DRILL_AUTHOR_PASSWORD      an account of WordPress; without it nobody logs in, posts or uploads
  DRILL_DATABASE, DRILL_DATABASE_USER, DRILL_DATABASE_PASSWORD
                     a database and an account that may make a table there; without them no rows are written.
                     Posts are looked for in the same database, with DRILL_TABLE_PREFIX (wp_)`

// drillVerb obeys one of the verbs of drills.
func drillVerb(ctx context.Context, c command) error {
	if len(c.args) == 0 {
		_, err := fmt.Fprintln(c.stdout, drillUsage)
		return err
	}
	verb, args := c.args[0], c.args[1:]
	switch {
	case verb == "run":
		return c.drillRun(ctx, args)
	case verb == "site":
		return c.drillSite(ctx, args)
	case verb == "list" && len(args) == 0:
		return listFaults(c.stdout)
	case verb == "table" && len(args) == 1:
		return printMeasured(c.stdout, args[0])
	}
	return verbUsageError(drillUsage)
}

// drillRun breaks things on the demo.
func (c command) drillRun(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("run", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	seed, err := strconv.ParseUint(cmp.Or(os.Getenv("DRILL_SEED"), "1"), 10, 64)
	if err != nil {
		return fmt.Errorf("DRILL_SEED is no number: %w", err)
	}
	slow, err := strconv.Atoi(cmp.Or(os.Getenv("DRILL_SLOW"), strconv.Itoa(drill.SlowOf(runtime.NumCPU()))))
	if err != nil {
		return fmt.Errorf("DRILL_SLOW is no number: %w", err)
	}
	long, err := time.ParseDuration(cmp.Or(os.Getenv("DRILL_TIME"), "0s"))
	if err != nil {
		return fmt.Errorf("DRILL_TIME is no duration: %w", err)
	}
	settings := drill.Settings{Progress: c.stdout}
	chosen := flags.String("faults", os.Getenv("DRILL_FAULTS"), "")
	flags.Uint64Var(&settings.Seed, "seed", seed, "")
	flags.IntVar(&settings.Slow, "slow", slow, "")
	flags.DurationVar(&settings.Time, "time", long, "")
	c.reportFlag(flags, &settings)
	if err := flags.Parse(args); err != nil || flags.NArg() > 0 {
		return verbUsageError(drillUsage)
	}
	if settings.Faults, err = drill.Choose(names(*chosen)); err != nil {
		return err
	}
	led, err := c.demoDrill(ctx, settings)
	if err != nil {
		return err
	}
	return c.lead(ctx, led, settings)
}

func (c command) reportFlag(flags *flag.FlagSet, settings *drill.Settings) {
	flags.StringVar(&settings.Report, "report", cmp.Or(os.Getenv("DRILL_REPORT"), filepath.Join(c.folder.Path, "drill")), "")
}

// lead leads a drill. That a promise was broken is an error.
func (c command) lead(ctx context.Context, led *drill.Drill, settings drill.Settings) error {
	report, err := led.Run(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(c.stdout, "report: %s\n", filepath.Join(settings.Report, "report.html"))
	if !report.Kept() {
		return errors.New("a promise was broken")
	}
	return nil
}

// names splits a list with commas.
func names(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' })
}

// demoDrill builds the site where there is none.
func (c command) demoDrill(ctx context.Context, settings drill.Settings) (*drill.Drill, error) {
	root, err := repository()
	if err != nil {
		return nil, err
	}
	site := demo.Demo{Root: root, Folder: c.folder, Docker: c.client, Stdout: c.stdout, Progress: c.stderr}
	if site.Settings, err = c.up(ctx); err != nil {
		return nil, err
	}
	if _, err := site.Output(ctx, "url"); err != nil {
		if err := site.Up(ctx); err != nil {
			return nil, err
		}
	}
	return drill.OfDemo(ctx, site, settings)
}

// hostName is what a machine of a real site may be called: names of clients, which
// machines are part of, are put into statements and paths.
var hostName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9@._:-]*$`)

// drillSite makes traffic on a real site.
func (c command) drillSite(ctx context.Context, args []string) error {
	var web, db, files string
	var machines website.SSHMachines
	site := website.Site{Nodes: map[website.Tier][]string{}}
	settings := drill.Settings{Progress: c.stdout}
	flags := flag.NewFlagSet("site", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	long := flags.Duration("time", time.Minute, "")
	c.reportFlag(flags, &settings)
	flags.StringVar(&web, "web", "", "")
	flags.StringVar(&db, "db", "", "")
	flags.StringVar(&files, "files", "", "")
	flags.BoolVar(&machines.Sudo, "sudo", false, "")
	flags.StringVar(&site.Floating, "address", "", "")
	flags.StringVar(&site.Volume, "volume", "content", "")
	flags.StringVar(&site.DocumentRoot, "root", "/srv/www/site", "")
	if err := flags.Parse(args); err != nil || flags.NArg() != 1 {
		return verbUsageError(drillUsage)
	}
	for tier, list := range map[website.Tier]string{website.Web: web, website.Databases: db, website.Files: files} {
		site.Nodes[tier] = names(list)
		for _, host := range site.Nodes[tier] {
			if !hostName.MatchString(host) {
				return fmt.Errorf("cannot use host %q: only letters, digits and @._:- may be in it", host)
			}
		}
	}
	site.Machines, site.URL = machines, strings.TrimSuffix(flags.Arg(0), "/")
	if os.Getenv("DRILL_DATABASE_USER") != "" && site.Floating != "" && len(site.Nodes[website.Databases]) == 0 {
		return errors.New("rows are written, and no database is named in which to look for them: -db")
	}
	settings.Faults = []drill.Fault{drill.Steady(*long)}
	led := drill.Of(site, drill.Credentials{
		Author: os.Getenv("DRILL_AUTHOR"), AuthorPassword: os.Getenv("DRILL_AUTHOR_PASSWORD"),
		DatabaseUser: os.Getenv("DRILL_DATABASE_USER"), DatabasePassword: os.Getenv("DRILL_DATABASE_PASSWORD"),
		Database: cmp.Or(os.Getenv("DRILL_DATABASE"), "wordpress"), TablePrefix: cmp.Or(os.Getenv("DRILL_TABLE_PREFIX"), "wp_"),
	}, settings)
	// There is no fault that clients could work after. Before the time begins, they log in and
	// connect, which takes longer than what follows.
	led.Pace.Before, led.Pace.After = 4*time.Second, 0
	return c.lead(ctx, led, settings)
}

func listFaults(to io.Writer) error {
	table := tabwriter.NewWriter(to, 0, 8, 2, ' ', 0)
	fmt.Fprintln(table, "FAULT\tWHAT\tHOW IT ENDS")
	for _, fault := range drill.Faults() {
		fmt.Fprintf(table, "%s\t%s\t%s\n", fault.Name, fault.What, fault.Undo)
	}
	return table.Flush()
}

func printMeasured(to io.Writer, file string) error {
	report, err := drill.Read(file)
	if err != nil {
		return err
	}
	content, err := json.MarshalIndent(report.Measured(), "", "  ")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(to, "%s\n", content)
	return err
}
