package linode

import (
	"context"
	"fmt"

	"github.com/linode/linodego"
)

// Node is a backend of a NodeBalancer's configuration.
type Node struct {
	ID int
	// Address is "ip:port", as the API has it.
	Address string
	// Mode is "accept", "reject", "drain" or "backup".
	Mode string
	// Status is "UP", "DOWN" or "unknown", by the NodeBalancer's own checks.
	Status string
}

// BackendState is what the NodeBalancer says of one backend. It is an alias of
// a plain struct so that a tier can ask for it in an interface of its own.
type BackendState = struct {
	Mode   string
	Status string
}

// NodeBalancer is one configuration (one port) of one NodeBalancer.
type NodeBalancer struct {
	client *Client
	id     int
	config int
}

// NodeBalancer returns the configuration of a NodeBalancer. It does not contact
// the API.
func (c *Client) NodeBalancer(id, config int) *NodeBalancer {
	return &NodeBalancer{client: c, id: id, config: config}
}

// String names the configuration in words.
func (b *NodeBalancer) String() string {
	return fmt.Sprintf("NodeBalancer %d, configuration %d", b.id, b.config)
}

// Nodes returns every backend.
func (b *NodeBalancer) Nodes(ctx context.Context) ([]Node, error) {
	found, err := b.client.api.ListNodeBalancerNodes(ctx, b.id, b.config, nil)
	if err != nil {
		return nil, b.client.failure(ctx, "list the nodes of", b.String(), err)
	}
	nodes := make([]Node, len(found))
	for i, node := range found {
		nodes[i] = Node{ID: node.ID, Address: node.Address, Mode: string(node.Mode), Status: node.Status}
	}
	return nodes, nil
}

// Find returns the backend with an address, "ip:port".
func (b *NodeBalancer) Find(ctx context.Context, address string) (Node, error) {
	nodes, err := b.Nodes(ctx)
	if err != nil {
		return Node{}, err
	}
	for _, node := range nodes {
		if node.Address == address {
			return node, nil
		}
	}
	return Node{}, &NotFoundError{Object: fmt.Sprintf("node %s of %s", address, b)}
}

// SetMode changes the mode of a backend. The NodeBalancer can take a minute to
// act on it.
func (b *NodeBalancer) SetMode(ctx context.Context, node int, mode string) error {
	options := linodego.NodeBalancerNodeUpdateOptions{Mode: linodego.NodeMode(mode)}
	_, err := b.client.api.UpdateNodeBalancerNode(ctx, b.id, b.config, node, options)
	return b.client.failure(ctx, "set mode "+mode+" of", fmt.Sprintf("node %d of %s", node, b), err)
}

// Drain keeps new visitors away from the backend with an address.
func (b *NodeBalancer) Drain(ctx context.Context, address string) error {
	return b.ensureMode(ctx, address, string(linodego.ModeDrain))
}

// Accept lets visitors reach the backend with an address again.
func (b *NodeBalancer) Accept(ctx context.Context, address string) error {
	return b.ensureMode(ctx, address, string(linodego.ModeAccept))
}

// Reject lets nobody reach the backend with an address, and ends its health checks.
func (b *NodeBalancer) Reject(ctx context.Context, address string) error {
	return b.ensureMode(ctx, address, string(linodego.ModeReject))
}

func (b *NodeBalancer) ensureMode(ctx context.Context, address, mode string) error {
	node, err := b.Find(ctx, address)
	if err != nil || node.Mode == mode {
		return err
	}
	return b.SetMode(ctx, node.ID, mode)
}

// State returns what the NodeBalancer says of its backends, by address.
func (b *NodeBalancer) State(ctx context.Context) (map[string]BackendState, error) {
	nodes, err := b.Nodes(ctx)
	if err != nil {
		return nil, err
	}
	state := make(map[string]BackendState, len(nodes))
	for _, node := range nodes {
		state[node.Address] = BackendState{Mode: node.Mode, Status: node.Status}
	}
	return state, nil
}
