package cluster

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
)

// A user who has interrupted a change, or whose time was over, has nothing to fix.
func TestAChangeThatEndsEarly(t *testing.T) {
	r, _ := newLamp(t.Context(), t, "green")
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	late, end := context.WithTimeout(t.Context(), 0)
	defer end()
	refusal := &reconcile.RefusedError{What: "light black"}
	waits := func(ctx context.Context) error {
		return reconcile.Wait(ctx, "the lamp", time.Hour, func(context.Context) (string, error) { return "it is dark", nil })
	}
	for name, test := range map[string]struct {
		ctx           context.Context //nolint:containedctx // one for each case
		verb          string
		err           error
		summary, says string
	}{
		"create":        {canceled, "Create", waits(canceled), "Create of Lamp Was Interrupted", "and was interrupted: it is dark.\n\nDone before it: light green. Nothing was rolled back.\n\nTerraform was told to stop, and has not recorded the resource."},
		"update":        {canceled, "Update", waits(canceled), "Update of Lamp Was Interrupted", "the next apply goes on from what it finds"},
		"delete":        {canceled, "Delete", waits(canceled), "Delete of Lamp Was Interrupted", "the next destroy goes on from what it finds"},
		"read":          {canceled, "Read", waits(canceled), "Read of Lamp Was Interrupted", "Terraform was told to stop."},
		"a limit":       {late, "Update", waits(late), "Unable to Update Lamp", "for the lamp: it is dark.\n\nDone before it: light green. Nothing was rolled back.\n\nThe time that timeouts.update allows is over."},
		"a refusal":     {canceled, "Update", refusal, "Unable to Update Lamp", "Refused to light black."},
		"a real reason": {t.Context(), "Update", waits(late), "Unable to Update Lamp", "Fix the cause and apply again"},
	} {
		t.Run(name, func(t *testing.T) {
			got := r.failure(test.ctx, test.verb, test.err, "light green")
			if got.Summary() != test.summary || !strings.Contains(got.Detail(), test.says) {
				t.Errorf("%s: %s", got.Summary(), got.Detail())
			}
			if fix := strings.Contains(got.Detail(), "Fix the cause"); fix != (name == "a real reason") {
				t.Errorf("%s", got.Detail())
			}
			for _, jargon := range []string{"context", "deadline", "%!"} {
				if strings.Contains(got.Detail(), jargon) {
					t.Errorf("the user reads %q: %s", jargon, got.Detail())
				}
			}
		})
	}
}
