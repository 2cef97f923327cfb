package linodeprovider

import (
	"context"
	"slices"
	"strconv"

	"github.com/linode/linodego"
)

func sharedIPsResource() resource {
	return resource{
		behavior: behavior{replace: []string{"linode_id"}},
		create:   shareIPs, update: shareIPs, read: readSharedIPs,
		delete: func(ctx context.Context, s *session, state object) error {
			return s.ShareIPAddresses(ctx, linodego.IPAddressesShareOptions{LinodeID: state.integer("linode_id"), IPs: []string{}})
		},
		importID: func(id string) (object, error) {
			numbers, err := splitNumbers(id, []string{"linode_id"})
			if err != nil {
				return nil, err
			}
			return object{"id": id, "linode_id": numbers[0]}, nil
		},
	}
}

func shareIPs(ctx context.Context, s *session, c change) (object, error) {
	linode := c.planned.integer("linode_id")
	err := s.ShareIPAddresses(ctx, linodego.IPAddressesShareOptions{LinodeID: linode, IPs: c.planned.strings("addresses")})
	if err != nil {
		return nil, err
	}
	return c.planned.with(object{"id": strconv.Itoa(linode)}), nil
}

func readSharedIPs(ctx context.Context, s *session, state object) (object, error) {
	answer, err := s.GetInstanceIPAddresses(ctx, state.integer("linode_id"))
	if err != nil {
		return nil, err
	}
	shared := []string{}
	if answer.IPv4 != nil {
		shared = append(shared, plainAddresses(answer.IPv4.Shared)...)
	}
	if answer.IPv6 != nil {
		for _, global := range answer.IPv6.Global {
			// A range without a route target is announced over BGP: shared.
			if global.RouteTarget == "" {
				shared = append(shared, global.Range)
			}
		}
	}
	slices.Sort(shared)
	return state.with(object{"addresses": list(shared)}), nil
}
