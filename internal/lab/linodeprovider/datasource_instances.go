package linodeprovider

import (
	"context"
	"strconv"

	"github.com/linode/linodego"
)

// lookUpInstances filters on what the list has before it asks for the
// addresses, disks and configuration profiles of each instance.
func lookUpInstances(ctx context.Context, s *session, config object) (object, error) {
	instances, err := s.ListInstances(ctx, nil)
	if err != nil {
		return nil, err
	}
	matching, err := filtered(config, mapped(instances, func(i linodego.Instance) object {
		return instanceAttributes(&i).with(object{"id": int64(i.ID), "image": i.Image})
	}))
	if err != nil {
		return nil, err
	}
	out := []any{}
	for _, candidate := range matching {
		listed, ok := candidate.(object)
		if !ok {
			continue
		}
		whole, err := s.wholeInstance(ctx, listed)
		if gone(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		out = append(out, whole)
	}
	return object{"id": "instances", "instances": out}, nil
}

func (s *session) wholeInstance(ctx context.Context, listed object) (object, error) {
	whole, err := readInstance(ctx, s, object{"id": strconv.Itoa(listed.integer("id"))})
	if err != nil {
		return nil, err
	}
	whole["id"], whole["image"] = listed["id"], listed["image"]
	for _, onlyInResource := range []string{"booted", "backups_enabled", "private_ip", "shared_ipv4"} {
		delete(whole, onlyInResource)
	}
	if group, ok := whole.first("placement_group"); ok {
		delete(group, "compliant_only")
	}
	return whole, nil
}
