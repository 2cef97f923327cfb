package linode

import (
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/hashicorp/go-retryablehttp"
	"github.com/linode/linodego"
)

const (
	defaultURL = "https://api.linode.com/v4"
	// Five tries with these waits last about eight seconds: longer than a
	// deployment of the API or a burst of requests, shorter than a person's patience.
	mostRetries  = 4
	shortestWait = 500 * time.Millisecond
	longestWait  = 8 * time.Second
	// A request that is answered at all is answered in a few seconds.
	requestTimeout = 30 * time.Second
)

// Options are what a client needs to know.
type Options struct {
	Token string
	// URL is the API's address with its version, as LINODE_URL has it; empty
	// means Linode's own.
	URL       string
	UserAgent string
}

// Client speaks to the Linode API. It is safe for concurrent use.
type Client struct {
	api linodego.Client
	url string
}

// New returns a client. It does not contact the API.
func New(options Options) (*Client, error) {
	return newClient(options, shortestWait)
}

func newClient(options Options, wait time.Duration) (*Client, error) {
	address := strings.TrimSuffix(options.URL, "/")
	if address == "" {
		address = defaultURL
	}
	if parsed, err := url.Parse(address); err != nil || parsed.Host == "" || (parsed.Scheme != "https" && parsed.Scheme != "http") {
		return nil, fmt.Errorf("cannot use %q as the Linode API's address: it must look like %s", address, defaultURL)
	}
	if parsed, err := url.Parse(address); err == nil && parsed.Scheme == "http" && !loopback(parsed.Hostname()) {
		return nil, &PlainHTTPError{URL: address}
	}
	if options.Token == "" {
		return nil, fmt.Errorf("cannot use the Linode API without a token")
	}
	if strings.ContainsAny(options.Token, " \t\r\n") {
		return nil, fmt.Errorf("cannot use the Linode API: the token holds white space")
	}

	transport := retrying(wait).StandardClient()
	transport.CheckRedirect = noRedirect
	api := linodego.NewClient(transport)
	if _, err := api.UseURL(address); err != nil {
		return nil, fmt.Errorf("cannot use %q as the Linode API's address: %w", address, err)
	}
	api.SetToken(options.Token)
	// linodego would retry on its own, a thousand times, and log each.
	api.SetRetryCount(0)
	api.SetLogger(quiet{})
	api.UseCache(false)
	if options.UserAgent != "" {
		api.SetUserAgent(options.UserAgent)
	}
	return &Client{api: api, url: address}, nil
}

// loopback reports whether a host name can only be this machine.
func loopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && address.IsLoopback()
}

// retrying returns the HTTP client underneath. When the tries are used up the
// last answer is passed on, so that its status decides the error.
func retrying(wait time.Duration) *retryablehttp.Client {
	client := retryablehttp.NewClient()
	client.Logger = nil
	client.RetryMax = mostRetries
	client.RetryWaitMin = wait
	client.RetryWaitMax = longestWait
	client.HTTPClient.Timeout = requestTimeout
	client.HTTPClient.CheckRedirect = noRedirect
	client.ErrorHandler = retryablehttp.PassthroughErrorHandler
	client.Backoff = boundedBackoff
	return client
}

// noRedirect stays where it is: the API redirects nowhere, and the token must not
// follow who does.
func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// boundedBackoff honors Retry-After, which can name any time, up to a minute.
func boundedBackoff(least, most time.Duration, attempt int, answer *http.Response) time.Duration {
	return min(retryablehttp.DefaultBackoff(least, most, attempt, answer), time.Minute)
}

// quiet is a logger that says nothing: what matters is in the errors.
type quiet struct{}

func (quiet) Errorf(string, ...any) {}
func (quiet) Warnf(string, ...any)  {}
func (quiet) Debugf(string, ...any) {}
