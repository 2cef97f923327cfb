package cluster

import (
	"context"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// upgrader is a server that keeps the state which it is to upgrade.
type upgrader struct {
	tfprotov6.ProviderServer
	state string
}

func (u *upgrader) UpgradeResourceState(_ context.Context, req *tfprotov6.UpgradeResourceStateRequest) (*tfprotov6.UpgradeResourceStateResponse, error) {
	if req.RawState != nil {
		u.state = string(req.RawState.JSON)
	}
	return nil, nil
}

func TestAStateIsReadWithoutItsRollout(t *testing.T) {
	for state, want := range map[string]string{
		`{"rollout":{"restarts":3,"nodes":[]},"name":"db","replica":9007199254740993}`: `{"name":"db","replica":9007199254740993,"rollout":null}`,
		`{ "name": "db", "rollout": null }`:                                            `{"name":"db","rollout":null}`,
		`{ "host": "of another resource" }`:                                            `{ "host": "of another resource" }`,
		`no state`:                                                                     `no state`,
		``:                                                                             ``,
	} {
		var got upgrader
		raw := &tfprotov6.RawState{JSON: []byte(state)}
		if _, err := WithoutOldRollouts(&got).UpgradeResourceState(t.Context(), &tfprotov6.UpgradeResourceStateRequest{RawState: raw}); err != nil {
			t.Fatal(err)
		}
		if got.state != want || string(raw.JSON) != state {
			t.Errorf("%s is read as %s and not as %s", state, got.state, want)
		}
	}
	if _, err := WithoutOldRollouts(&upgrader{}).UpgradeResourceState(t.Context(), &tfprotov6.UpgradeResourceStateRequest{}); err != nil {
		t.Error(err)
	}
}
