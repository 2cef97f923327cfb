package cluster

import (
	"context"
	"encoding/json"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// WithoutOldRollouts returns a server that takes the rollout of the last change out of
// each state that Terraform reads. Terraform prints an attribute as a difference from the
// state: of a change like the one before it would print nothing.
//
// An upgrade of the state is the only place for that. An apply has to return the rollout
// as it was planned, and what a refresh changes is drift, which a plan with -refresh-only
// prints. Terraform has every state upgraded, whatever its version, before it compares
// anything with it; the framework passes those of the current version on as they are.
func WithoutOldRollouts(server tfprotov6.ProviderServer) tfprotov6.ProviderServer {
	return &forgetful{server}
}

type forgetful struct{ tfprotov6.ProviderServer }

// UpgradeResourceState implements [tfprotov6.ProviderServer].
func (s *forgetful) UpgradeResourceState(ctx context.Context, req *tfprotov6.UpgradeResourceStateRequest) (*tfprotov6.UpgradeResourceStateResponse, error) {
	if req.RawState != nil {
		upgraded := *req
		upgraded.RawState = &tfprotov6.RawState{JSON: withoutRollout(req.RawState.JSON), Flatmap: req.RawState.Flatmap}
		req = &upgraded
	}
	return s.ProviderServer.UpgradeResourceState(ctx, req)
}

// withoutRollout returns a state without its rollout. What is none stays as it is, for
// the framework to tell.
func withoutRollout(state []byte) []byte {
	var attributes map[string]json.RawMessage
	if json.Unmarshal(state, &attributes) != nil || attributes["rollout"] == nil {
		return state
	}
	attributes["rollout"] = json.RawMessage("null")
	content, err := json.Marshal(attributes)
	if err != nil {
		return state
	}
	return content
}
