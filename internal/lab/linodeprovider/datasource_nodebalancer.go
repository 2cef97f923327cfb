package linodeprovider

import (
	"context"

	"github.com/linode/linodego"
)

func lookUpNodeBalancer(ctx context.Context, s *session, config object) (object, error) {
	id := config.integer("id")
	out, err := s.nodeBalancerAttributes(ctx, id)
	if err != nil {
		return nil, err
	}
	vpcs, err := s.ListNodeBalancerVPCConfigs(ctx, id, nil)
	// An API without VPCs for NodeBalancers has no such list.
	if err != nil && !gone(err) {
		return nil, err
	}
	out["vpcs"] = mapped(vpcs, func(v linodego.NodeBalancerVPCConfig) object {
		return object{"subnet_id": v.SubnetID, "ipv4_range": v.IPv4Range, "ipv6_range": v.IPv6Range}
	})
	return out, nil
}

func lookUpNodeBalancerConfig(ctx context.Context, s *session, config object) (object, error) {
	answer, err := s.GetNodeBalancerConfig(ctx, config.integer("nodebalancer_id"), config.integer("id"))
	if err != nil {
		return nil, err
	}
	return nodeBalancerConfigAttributes(answer), nil
}

func lookUpNodeBalancerNode(ctx context.Context, s *session, config object) (object, error) {
	node, err := s.GetNodeBalancerNode(ctx, config.integer("nodebalancer_id"), config.integer("config_id"), config.integer("id"))
	if err != nil {
		return nil, err
	}
	return s.nodeAttributes(ctx, node)
}
