package pages

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/lab/website"
)

// visitor asks for one page again and again.
type visitor struct {
	site  website.Site
	path  string
	local bool
}

// crowd has several visitors for a time.
func (v visitor) crowd(ctx context.Context, clients int, long time.Duration) Measured {
	ctx, cancel := context.WithTimeout(ctx, long)
	defer cancel()
	begun := time.Now()
	var all sync.WaitGroup
	measured := make([]Measured, clients)
	for i := range measured {
		all.Go(func() { measured[i] = v.visits(ctx) })
	}
	all.Wait()
	var together Measured
	for _, one := range measured {
		together = together.and(one)
	}
	together.Over = time.Since(begun)
	return together
}

// visits are those of one visitor until the context ends. A page that was asked for by then
// is waited for.
func (v visitor) visits(ctx context.Context) Measured {
	var met Measured
	for ctx.Err() == nil {
		begun := time.Now()
		if err := v.visit(context.WithoutCancel(ctx)); err != nil {
			met.Failed, met.Failure = met.Failed+1, err
			continue
		}
		met.Times = append(met.Times, time.Since(begun))
	}
	slices.Sort(met.Times)
	return met
}

// longestPage bounds what is read of a page.
const longestPage = 4 << 20

// visit loads the page over a connection of its own, and wants it to be whole and of the
// files that were asked for.
func (v visitor) visit(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, v.site.URL+v.path, nil)
	if err != nil {
		return err
	}
	request.Close = true
	if v.local {
		request.Host = localName
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	page, err := io.ReadAll(io.LimitReader(answer.Body, longestPage))
	switch {
	case err != nil:
		return err
	case answer.StatusCode != http.StatusOK:
		return fmt.Errorf("%s answers %s", v.path, answer.Status)
	case !strings.Contains(string(page), "</html>"):
		return fmt.Errorf("%s is no whole page", v.path)
	case (answer.Header.Get(localHeader) != "") != v.local:
		return fmt.Errorf("%s is of the other files", v.path)
	}
	return nil
}
