package linodeprovider

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"time"

	"github.com/linode/linodego"
)

// defaultPoll is how often a state of the API is asked for while waiting. The
// real provider asks every four seconds; a lab on the same computer answers
// at once.
const defaultPoll = 500 * time.Millisecond

// session is a configured provider: the client and the choices of its
// configuration that handlers need.
type session struct {
	*linodego.Client
	poll             time.Duration
	skipReadyPoll    bool
	skipDeletePoll   bool
	skipImplicitBoot bool
}

func newSession(config object) (*session, error) {
	token := stringOr(config, "token", "LINODE_TOKEN")
	if token == "" {
		return nil, errors.New("no token: set the provider's token or LINODE_TOKEN")
	}
	// Without an explicit timeout a hung API would hang the apply.
	client := linodego.NewClient(&http.Client{Timeout: 2 * time.Minute})
	client.SetToken(token)
	client.SetUserAgent("terraform-provider-linode-lab")
	if url := stringOr(config, "url", "LINODE_URL"); url != "" {
		client.SetBaseURL(url)
	}
	client.SetAPIVersion(orElse(stringOr(config, "api_version", "LINODE_API_VERSION"), linodego.APIVersion))
	if ca := stringOr(config, "api_ca_path", "LINODE_CA"); ca != "" {
		client.SetRootCertificate(ca)
	}
	// Objects of the lab change behind Terraform's back all the time.
	client.UseCache(false)
	poll, err := pollInterval(config)
	if err != nil {
		return nil, err
	}
	client.SetPollDelay(poll)
	return &session{
		Client: &client, poll: poll,
		skipReadyPoll: config.boolean("skip_instance_ready_poll"), skipDeletePoll: config.boolean("skip_instance_delete_poll"),
		skipImplicitBoot: config.boolean("skip_implicit_reboots"),
	}, nil
}

func pollInterval(config object) (time.Duration, error) {
	if config.has("event_poll_ms") {
		return time.Duration(config.integer("event_poll_ms")) * time.Millisecond, nil
	}
	text := os.Getenv("LINODE_EVENT_POLL_MS")
	if text == "" {
		return defaultPoll, nil
	}
	milliseconds, err := strconv.Atoi(text)
	if err != nil || milliseconds <= 0 {
		return 0, fmt.Errorf("LINODE_EVENT_POLL_MS is %q, not a positive number of milliseconds", text)
	}
	return time.Duration(milliseconds) * time.Millisecond, nil
}

func stringOr(config object, attribute, variable string) string {
	return orElse(config.str(attribute), os.Getenv(variable))
}

func orElse(value, fallback string) string {
	if value == "" {
		return fallback
	}
	return value
}

// until polls a condition; the condition's last reason is part of the error
// when time runs out.
func (s *session) until(ctx context.Context, limit time.Duration, condition func(context.Context) (done bool, reason string, err error)) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	ticker := time.NewTicker(s.poll)
	defer ticker.Stop()
	for {
		done, reason, err := condition(ctx)
		if done || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s: %w", reason, ctx.Err())
		case <-ticker.C:
		}
	}
}
