package linodeprovider

import (
	"context"
	"strconv"

	"github.com/linode/linodego"
)

func sshKeyResource() resource {
	return resource{
		behavior: behavior{replace: []string{"ssh_key"}},
		create: func(ctx context.Context, s *session, c change) (object, error) {
			key, err := s.CreateSSHKey(ctx, linodego.SSHKeyCreateOptions{Label: c.planned.str("label"), SSHKey: c.planned.str("ssh_key")})
			if err != nil {
				return nil, err
			}
			return c.planned.with(sshKeyAttributes(key)), nil
		},
		read: func(ctx context.Context, s *session, state object) (object, error) {
			id, err := state.numericID()
			if err != nil {
				return nil, err
			}
			key, err := s.GetSSHKey(ctx, id)
			if err != nil {
				return nil, err
			}
			return state.with(sshKeyAttributes(key)), nil
		},
		update: func(ctx context.Context, s *session, c change) (object, error) {
			id, err := c.prior.numericID()
			if err != nil {
				return nil, err
			}
			key, err := s.UpdateSSHKey(ctx, id, linodego.SSHKeyUpdateOptions{Label: c.planned.str("label")})
			if err != nil {
				return nil, err
			}
			return c.planned.with(sshKeyAttributes(key)), nil
		},
		delete: func(ctx context.Context, s *session, state object) error {
			id, err := state.numericID()
			if err != nil {
				return err
			}
			return s.DeleteSSHKey(ctx, id)
		},
		importID: plainID,
	}
}

func sshKeyAttributes(k *linodego.SSHKey) object {
	return object{"id": strconv.Itoa(k.ID), "label": k.Label, "ssh_key": k.SSHKey, "created": timestamp(k.Created)}
}
