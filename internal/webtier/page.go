package webtier

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// Check is a page by which a change is judged. The health endpoint says whether a node
// can serve, and a setting that breaks every page does not change that.
type Check struct {
	// Path is the page's, with its query if it has one.
	Path string
	// Status is the HTTP status that it must answer with; 0 means 200.
	Status int
	// Contains is text that must be in it; empty for any.
	Contains string
}

// pathOfPage is a path with a query as they stand in a request (RFC 3986, 3.3 and 3.4).
var pathOfPage = regexp.MustCompile(`^/[A-Za-z0-9._~!$&'()*+,;=:@%/?-]*$`)

func (c Check) validate(found *tier.Problems) {
	if !pathOfPage.MatchString(c.Path) {
		found.Add(tier.At("check", "path"), "%q is not the path of a page such as /index.php?page=1", c.Path)
	}
	if c.Status < 200 || c.Status > 599 {
		found.Add(tier.At("check", "status"), "%d is not the status of an answer: it lies between 200 and 599", c.Status)
	}
	if strings.ContainsFunc(c.Contains, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		found.Add(tier.At("check", "contains"), "the text holds a control character or a line break")
	}
}

var askPageScript = shell.Embedded(scripts, "ask-page")

// pageQuestion asks a node for the page as the balancer would, and prints what is
// wrong with it.
func (s Spec) pageQuestion() shell.Command {
	name, scheme := s.ServerName, ""
	if s.WordPress != nil {
		if site, err := url.Parse(s.WordPress.URL); err == nil {
			name, scheme = site.Host, site.Scheme
		}
	}
	return shell.Script(askPageScript, "http://127.0.0.1:"+strconv.Itoa(s.Port)+s.Check.Path, strconv.Itoa(s.Check.Status), s.Check.Contains, name, scheme)
}

// pageFault says what is wrong with a node's page; empty if nothing is.
func pageFault(ctx context.Context, view host.View, s Spec) (string, error) {
	result, err := view.Query(ctx, s.pageQuestion())
	if err != nil {
		return "", fmt.Errorf("cannot ask %s for %s: %w", view.Name(), s.Check.Path, err)
	}
	if said := strings.TrimSpace(string(result.Stdout)); said != "" {
		return s.Check.Path + " " + said, nil
	}
	return "", nil
}

// askPages returns what is wrong with each node's page.
func askPages(ctx context.Context, views host.Views, s Spec) map[string]string {
	faults := map[string]string{}
	for name, seen := range host.Look(ctx, views, func(ctx context.Context, view host.View) (string, error) { return pageFault(ctx, view, s) }) {
		faults[name] = seen.Value
		if seen.Err != nil {
			faults[name] = seen.Err.Error()
		}
	}
	return faults
}

// warm has a machine that begins to serve answer a page once before visitors come, that of
// the check or the front page: PHP compiles its files then, and the mount looks at each of
// them for the first time (measured: more than four seconds, on two processors that had other
// work). The answer does not matter, because the site may not be installed yet.
func warm(s Spec) action {
	return func(ctx context.Context, h *host.Host) error {
		asked := s
		if asked.Check == nil {
			asked.Check = &Check{Path: "/", Status: http.StatusOK}
		}
		_, err := h.Run(ctx, asked.pageQuestion())
		if _, answered := errors.AsType[*shell.ExitError](err); answered {
			return nil
		}
		return err
	}
}

// inTurn does one thing after the other.
func inTurn(actions ...action) action {
	return func(ctx context.Context, h *host.Host) error {
		for _, do := range actions {
			if err := do(ctx, h); err != nil {
				return err
			}
		}
		return nil
	}
}

// pageLimitOfNode is how long a changed node may take to serve the page: PHP looks at
// files again, and caches are cold.
const pageLimitOfNode = 20 * time.Second

// awaitPage waits until a changed node serves the page of the check. Where it does not
// and another node does, the change is to blame and ends there. Where no node does, it
// is not: the database is away, or the site is not installed yet.
func awaitPage(ctx context.Context, s Spec, node host.Node, target Target) error {
	if s.Check == nil {
		return nil
	}
	fault := ""
	err := reconcile.WaitAtMost(ctx, pageLimitOfNode, s.Check.Path, time.Second, func(ctx context.Context) (string, error) {
		now, err := pageFault(ctx, target.Hosts[node.Name].View, s)
		if err == nil {
			fault = now
		}
		return now, err
	})
	if err == nil || ctx.Err() != nil || fault == "" {
		return err
	}
	others := host.Views{}
	for _, other := range s.Nodes {
		if h, found := target.Hosts[other.Name]; found && other.Name != node.Name {
			others[other.Name] = h.View
		}
	}
	faults := askPages(ctx, others, s)
	for _, other := range s.Nodes {
		if fine, asked := faults[other.Name]; asked && fine == "" {
			return &gateError{node: node.Name, answer: fmt.Sprintf("%s, and %s serves that page as it must", fault, other.Name)}
		}
	}
	return nil
}
