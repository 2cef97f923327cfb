package linodeprovider

import (
	"context"
	"strconv"

	"github.com/linode/linodego"
)

func nodeBalancerNodeResource() resource {
	return resource{
		behavior: behavior{
			replace:  []string{"nodebalancer_id", "config_id", "subnet_id"},
			volatile: []string{"status"},
		},
		create: createNode, read: readNode, update: updateNode,
		delete: func(ctx context.Context, s *session, state object) error {
			id, err := state.numericID()
			if err != nil {
				return err
			}
			return s.DeleteNodeBalancerNode(ctx, state.integer("nodebalancer_id"), state.integer("config_id"), id)
		},
		importID: parentsAndID("nodebalancer_id", "config_id"),
	}
}

func createNode(ctx context.Context, s *session, c change) (object, error) {
	p := c.planned
	node, err := s.CreateNodeBalancerNode(ctx, p.integer("nodebalancer_id"), p.integer("config_id"), linodego.NodeBalancerNodeCreateOptions{
		Address: p.str("address"), Label: p.str("label"), Weight: p.integer("weight"),
		Mode: linodego.NodeMode(p.str("mode")), SubnetID: p.integer("subnet_id"),
	})
	if err != nil {
		return nil, err
	}
	recorded := p.with(object{"id": strconv.Itoa(node.ID)})
	attributes, err := s.nodeAttributes(ctx, node)
	if err != nil {
		return recorded, err
	}
	return recorded.with(attributes), nil
}

func readNode(ctx context.Context, s *session, state object) (object, error) {
	id, err := state.numericID()
	if err != nil {
		return nil, err
	}
	node, err := s.GetNodeBalancerNode(ctx, state.integer("nodebalancer_id"), state.integer("config_id"), id)
	if err != nil {
		return nil, err
	}
	attributes, err := s.nodeAttributes(ctx, node)
	if err != nil {
		return nil, err
	}
	return state.with(attributes), nil
}

func (s *session) nodeAttributes(ctx context.Context, n *linodego.NodeBalancerNode) (object, error) {
	out := object{
		"nodebalancer_id": int64(n.NodeBalancerID), "config_id": int64(n.ConfigID), "label": n.Label, "address": n.Address,
		"weight": int64(n.Weight), "mode": string(n.Mode), "status": n.Status, "subnet_id": nil, "vpc_config_id": nil,
	}
	if n.VPCConfigID == 0 {
		return out, nil
	}
	config, err := s.GetNodeBalancerVPCConfig(ctx, n.NodeBalancerID, n.VPCConfigID)
	if err != nil {
		return nil, err
	}
	out["subnet_id"], out["vpc_config_id"] = int64(config.SubnetID), int64(config.ID)
	return out, nil
}

func updateNode(ctx context.Context, s *session, c change) (object, error) {
	id, err := c.prior.numericID()
	if err != nil {
		return nil, err
	}
	p := c.planned
	node, err := s.UpdateNodeBalancerNode(ctx, p.integer("nodebalancer_id"), p.integer("config_id"), id, linodego.NodeBalancerNodeUpdateOptions{
		Address: p.str("address"), Label: p.str("label"), Weight: p.integer("weight"),
		Mode: linodego.NodeMode(p.str("mode")), SubnetID: p.integer("subnet_id"),
	})
	if err != nil {
		return nil, err
	}
	attributes, err := s.nodeAttributes(ctx, node)
	if err != nil {
		return nil, err
	}
	return p.with(attributes), nil
}
