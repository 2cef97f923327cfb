package cluster

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
)

// TestDefaultTimeouts holds for what the framework makes descriptions of.
func TestDefaultTimeouts(t *testing.T) {
	at := Attributes(t.Context(), nil, nil)["timeouts"].(schema.SingleNestedAttribute)
	for verb, limit := range map[string]time.Duration{"create": createLimit, "update": updateLimit, "read": readLimit, "delete": deleteLimit} {
		want := fmt.Sprintf("Default: `%dm`.", int(limit.Minutes()))
		if said := at.Attributes[verb].GetDescription() + at.Attributes[verb].GetMarkdownDescription(); !strings.Contains(said, want) {
			t.Errorf("%s is documented as %q, not as %q", verb, said, want)
		}
	}
}
