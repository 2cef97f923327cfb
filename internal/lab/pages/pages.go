package pages

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"text/tabwriter"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/lab/website"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

//go:embed scripts/*.sh
var scripts embed.FS

var (
	placeScript  = shell.Embedded(scripts, "place")
	removeScript = shell.Embedded(scripts, "remove")
)

const (
	// localFolder is where the copy is on web servers.
	localFolder = "/var/lib/terraform-ha-pages"
	// localName is the name by which visitors ask for the copy. No name of that domain
	// exists (RFC 2606).
	localName = "pages.invalid"
	// localHeader is what answers of the copy have.
	localHeader = "X-Files"
	// patience is how long one page may take.
	patience = 30 * time.Second
	// copyLimit is how long the files may be copied.
	copyLimit = 10 * time.Minute
)

// Settings say what is measured.
type Settings struct {
	// Path is the page.
	Path string
	// Clients is how many visitors ask at the same time, each over a new connection for
	// each page.
	Clients int
	// Round is how long one turn takes, and Rounds how many turns each of both has.
	Round  time.Duration
	Rounds int
	// Progress takes a line for each turn.
	Progress io.Writer
}

// Measured is what visitors met.
type Measured struct {
	// Times are how long the pages took that came, sorted.
	Times []time.Duration
	// Over is how long visitors asked.
	Over time.Duration
	// Failed is how many pages did not come, and Failure why one of them did not.
	Failed  int
	Failure error
}

// PerSecond is how many pages came in a second.
func (m Measured) PerSecond() float64 {
	if m.Over <= 0 {
		return 0
	}
	return float64(len(m.Times)) / m.Over.Seconds()
}

// Within is the time within which so many of a hundred pages came.
func (m Measured) Within(percent int) time.Duration {
	if len(m.Times) == 0 {
		return 0
	}
	return m.Times[min(len(m.Times)-1, len(m.Times)*percent/100)]
}

func (m Measured) and(more Measured) Measured {
	m.Times = slices.Concat(m.Times, more.Times)
	slices.Sort(m.Times)
	m.Over, m.Failed, m.Failure = m.Over+more.Over, m.Failed+more.Failed, errors.Join(m.Failure, more.Failure)
	return m
}

// Comparison is a site on its volume and on local disks.
type Comparison struct{ Volume, Local Measured }

// Compare measures both in turns, so that what else the computer does meanwhile is in both.
// The copy is taken away again, also if ctx ends.
func Compare(ctx context.Context, site website.Site, settings Settings) (found Comparison, err error) {
	defer func() { err = errors.Join(err, remove(context.WithoutCancel(ctx), site)) }()
	if err := place(ctx, site); err != nil {
		return found, err
	}
	volume := visitor{site: site, path: settings.Path}
	local := visitor{site: site, path: settings.Path, local: true}
	// Every worker of PHP on every node has read the files before it counts.
	for _, one := range []visitor{volume, local} {
		if warm := one.crowd(ctx, settings.Clients, settings.Round/2); warm.Failed > 0 {
			return found, fmt.Errorf("cannot measure pages: %d did not come while the caches were filled: %w", warm.Failed, warm.Failure)
		}
	}
	for round := range settings.Rounds {
		for _, turn := range []struct {
			name string
			of   visitor
			into *Measured
		}{{"volume", volume, &found.Volume}, {"local disk", local, &found.Local}} {
			now := turn.of.crowd(ctx, settings.Clients, settings.Round)
			if ctx.Err() != nil {
				return found, ctx.Err()
			}
			*turn.into = turn.into.and(now)
			fmt.Fprintf(settings.Progress, "pages: turn %d of %d, %s: %.1f pages a second, p99 %s, %d failed\n",
				round+1, settings.Rounds, turn.name, now.PerSecond(), milliseconds(now.Within(99)), now.Failed)
		}
	}
	return found, nil
}

// everywhere does something on all web servers at once.
func everywhere(site website.Site, do func(node string) error) error {
	var all sync.WaitGroup
	nodes := site.Nodes[website.Web]
	errs := make([]error, len(nodes))
	for i, node := range nodes {
		all.Go(func() { errs[i] = do(node) })
	}
	all.Wait()
	return errors.Join(errs...)
}

func place(ctx context.Context, site website.Site) error {
	ctx, cancel := context.WithTimeout(ctx, copyLimit)
	defer cancel()
	err := everywhere(site, func(node string) error {
		said, err := site.Run(ctx, node, "", string(placeScript), site.DocumentRoot, localFolder, localName)
		if err != nil {
			return fmt.Errorf("%w: %s", err, said)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("cannot serve a copy of the site from local disks: %w", err)
	}
	return nil
}

func remove(ctx context.Context, site website.Site) error {
	ctx, cancel := context.WithTimeout(ctx, copyLimit)
	defer cancel()
	err := everywhere(site, func(node string) error {
		_, err := site.Run(ctx, node, "", string(removeScript), localFolder)
		return err
	})
	if err != nil {
		return fmt.Errorf("cannot take the copy of the site away: %w", err)
	}
	return nil
}

// Print writes both as a table.
func (c Comparison) Print(to io.Writer) error {
	table := tabwriter.NewWriter(to, 0, 8, 2, ' ', 0)
	fmt.Fprintln(table, "FILES\tPAGES A SECOND\tP50\tP99\tPAGES\tFAILED")
	for _, row := range []struct {
		name string
		of   Measured
	}{{"volume", c.Volume}, {"local disk", c.Local}} {
		fmt.Fprintf(table, "%s\t%.1f\t%s\t%s\t%d\t%d\n", row.name, row.of.PerSecond(), milliseconds(row.of.Within(50)), milliseconds(row.of.Within(99)), len(row.of.Times), row.of.Failed)
	}
	fmt.Fprintf(table, "ratio\t%.2f\t%.2f\t%.2f\t\t\n", c.Volume.PerSecond()/c.Local.PerSecond(),
		ratio(c.Volume.Within(50), c.Local.Within(50)), ratio(c.Volume.Within(99), c.Local.Within(99)))
	return table.Flush()
}

func ratio(of, to time.Duration) float64 { return of.Seconds() / to.Seconds() }

func milliseconds(d time.Duration) string { return fmt.Sprintf("%.0f ms", 1000*d.Seconds()) }
