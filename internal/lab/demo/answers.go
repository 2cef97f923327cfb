package demo

import (
	"context"
	"fmt"
	"net/http"
	"time"
)

// patience is how long the site may take to answer: a NodeBalancer sends
// visitors to a machine only after some checks.
const patience = 60 * time.Second

// answers returns once the site shows its page: that everything was applied is
// not yet that it works.
func answers(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		err := ask(ctx, url)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("cannot see the site: everything was applied, and %w; \"make demo-status\" tells how the tiers are", err)
		case <-tick.C:
		}
	}
}

func ask(ctx context.Context, url string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return fmt.Errorf("%s is no address: %w", url, err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("%s does not answer: %w", url, err)
	}
	answer.Body.Close()
	// An empty site answers 403, which is an answer; a broken one 500 or 503.
	if answer.StatusCode >= http.StatusInternalServerError {
		return fmt.Errorf("%s answers %s", url, answer.Status)
	}
	return nil
}
