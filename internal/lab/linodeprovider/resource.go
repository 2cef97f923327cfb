package linodeprovider

import (
	"context"
	"errors"
)

// errRemoved says that an object is gone although its parent answered.
var errRemoved = errors.New("the object no longer exists")

// change is what an apply has to bring about. Unknown values are null in the
// planned object that handlers see; prior is nil when an object is created.
type change struct {
	config, prior, planned object
}

// resource is one entry of the table: how it is planned and how each verb is
// carried out. Create and update return the object as read afterwards; create
// returns it with an error too, when something exists that must be recorded.
type resource struct {
	behavior
	create   func(context.Context, *session, change) (object, error)
	read     func(context.Context, *session, object) (object, error)
	update   func(context.Context, *session, change) (object, error)
	delete   func(context.Context, *session, object) error
	importID func(string) (object, error)
}

// resources is the table of everything the stand-in can create.
func resources() map[string]resource {
	return map[string]resource{
		"linode_firewall":                   firewallResource(),
		"linode_firewall_device":            firewallDeviceResource(),
		"linode_instance":                   instanceResource(),
		"linode_instance_shared_ips":        sharedIPsResource(),
		"linode_lock":                       lockResource(),
		"linode_nodebalancer":               nodeBalancerResource(),
		"linode_nodebalancer_config":        nodeBalancerConfigResource(),
		"linode_nodebalancer_node":          nodeBalancerNodeResource(),
		"linode_placement_group":            placementGroupResource(),
		"linode_placement_group_assignment": placementAssignmentResource(),
		"linode_sshkey":                     sshKeyResource(),
		"linode_volume":                     volumeResource(),
		"linode_vpc":                        vpcResource(),
		"linode_vpc_subnet":                 vpcSubnetResource(),
	}
}
