package drill

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/lab/website"
)

const (
	// patience is how long a visitor waits for an answer.
	patience = 10 * time.Second
	// How often each kind makes an attempt. Two cores have to run the whole site, so this
	// is steady and not much: a page takes a quarter of a second of a core on all nine
	// machines together, and what an author does several times that. Twice as many requests
	// took all of a slow computer, so that it had failures without a fault.
	pageEvery   = 500 * time.Millisecond
	authorEvery = 3 * time.Second
	rowEvery    = 200 * time.Millisecond
	fileEvery   = 500 * time.Millisecond
	// clientNodes is how many web servers have clients of the database and of the files.
	clientNodes = 2
)

// Credentials are what clients log in with. A kind of client without them is left out.
type Credentials struct {
	// Author and AuthorPassword are an account of WordPress that may publish.
	Author, AuthorPassword string
	// DatabaseUser, DatabasePassword and Database are for rows. Database is also that of
	// WordPress, whose tables begin with TablePrefix.
	DatabaseUser, DatabasePassword, Database, TablePrefix string
}

// Traffic is the load of a drill.
type Traffic struct {
	Site        website.Site
	Credentials Credentials
	Recorder    *Recorder
	Ledger      *Ledger
	// Watched are the states of the nodes.
	Watched *Watched
	// Limit is when the clients on the machines end at the latest, whatever happens to the
	// drill.
	Limit time.Duration
	// Slow is how many times less often than usual clients make attempts, for a computer that
	// the usual traffic overloads. 0 is 1.
	Slow int

	token string
	stop  context.CancelFunc
	all   sync.WaitGroup
	// stopping keeps clients on machines from being started again.
	stopping atomic.Bool
}

// Start prepares the site and starts all clients, which run until Stop.
func (t *Traffic) Start(ctx context.Context) error {
	t.token = rand.Text()
	if err := t.prepare(ctx); err != nil {
		return fmt.Errorf("cannot prepare the traffic: %w", err)
	}
	ctx, t.stop = context.WithCancel(ctx)
	client := &http.Client{}
	t.visits(ctx, Pages, t.every(pageEvery), func(ctx context.Context) error {
		_, err := t.Site.Load(ctx, client, "/")
		return err
	})
	if t.Credentials.Author != "" {
		t.startAuthors(ctx, client)
	}
	t.startWorkers(ctx)
	t.startWatches(ctx)
	return nil
}

// every is how often a kind makes an attempt that usually makes one so often.
func (t *Traffic) every(usual time.Duration) time.Duration {
	return usual * time.Duration(max(t.Slow, 1))
}

func (t *Traffic) startAuthors(ctx context.Context, client *http.Client) {
	t.attempts(ctx, Logins, t.every(authorEvery), func(ctx context.Context) error {
		_, err := t.Site.LogIn(ctx, client, t.Credentials.Author, t.Credentials.AuthorPassword)
		return err
	})
	for kind, publish := range map[Kind]func(*author, context.Context) error{Posts: (*author).post, Uploads: (*author).upload} {
		writer := &author{site: t.Site, credentials: t.Credentials, ledger: t.Ledger, client: client}
		t.attempts(ctx, kind, t.every(authorEvery), func(ctx context.Context) error { return publish(writer, ctx) })
	}
}

// attempts makes attempts of a kind until the context ends, each after the one before has
// ended.
func (t *Traffic) attempts(ctx context.Context, kind Kind, every time.Duration, attempt func(context.Context) error) {
	t.Recorder.Expect(Client{Kind: kind})
	t.onTicks(ctx, every, func() { t.attempt(ctx, kind, attempt) })
}

// visits makes attempts of a kind until the context ends, as visitors do who do not know
// of each other: also while the ones before wait for an answer. The longest time without
// a page is then what the site was away for, and not what one visitor waited for.
func (t *Traffic) visits(ctx context.Context, kind Kind, every time.Duration, attempt func(context.Context) error) {
	t.Recorder.Expect(Client{Kind: kind})
	t.onTicks(ctx, every, func() { t.all.Go(func() { t.attempt(ctx, kind, attempt) }) })
}

// onTicks does something now and then, until the context ends.
func (t *Traffic) onTicks(ctx context.Context, every time.Duration, do func()) {
	t.all.Go(func() {
		ticks := time.NewTicker(every)
		defer ticks.Stop()
		for ctx.Err() == nil {
			do()
			select {
			case <-ctx.Done():
			case <-ticks.C:
			}
		}
	})
}

// attempt makes one attempt. One that the end of the traffic interrupts does not count.
func (t *Traffic) attempt(ctx context.Context, kind Kind, attempt func(context.Context) error) {
	started := time.Now()
	limited, cancel := context.WithTimeout(ctx, patience)
	err := attempt(limited)
	cancel()
	if ctx.Err() == nil {
		t.Recorder.Add(Client{Kind: kind}, Attempt{Start: started, End: time.Now(), Failure: failureOf(err)})
	}
}

// longestFailure keeps a page of an error out of the report.
const longestFailure = 200

func failureOf(err error) string {
	if err == nil {
		return ""
	}
	return shortened(err.Error())
}

func shortened(text string) string {
	if len(text) > longestFailure {
		return text[:longestFailure] + "…"
	}
	return text
}

// Stop ends all clients and waits for them. The clients on machines see that their token
// is gone; one that was about to be started has written it again, and a program on a machine
// outlives the one that reads what it prints.
func (t *Traffic) Stop(ctx context.Context) {
	t.stopping.Store(true)
	t.dismiss(ctx)
	t.stop()
	t.all.Wait()
	t.dismiss(ctx)
}
