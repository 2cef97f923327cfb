package linodeprovider

import (
	"context"
	"strconv"

	"github.com/linode/linodego"
)

// lockResource is in the API's beta alone: with api_version "v4" it is not found.
func lockResource() resource {
	return resource{
		behavior: behavior{replace: []string{"entity_id", "entity_type", "lock_type"}},
		create: func(ctx context.Context, s *session, c change) (object, error) {
			lock, err := s.CreateLock(ctx, linodego.LockCreateOptions{
				EntityID: c.planned.integer("entity_id"), EntityType: linodego.EntityType(c.planned.str("entity_type")),
				LockType: linodego.LockType(c.planned.str("lock_type")),
			})
			if err != nil {
				return nil, err
			}
			return c.planned.with(lockAttributes(lock)), nil
		},
		read: func(ctx context.Context, s *session, state object) (object, error) {
			id, err := state.numericID()
			if err != nil {
				return nil, err
			}
			lock, err := s.GetLock(ctx, id)
			if err != nil {
				return nil, err
			}
			return state.with(lockAttributes(lock)), nil
		},
		update: func(_ context.Context, _ *session, c change) (object, error) { return c.planned, nil },
		delete: func(ctx context.Context, s *session, state object) error {
			id, err := state.numericID()
			if err != nil {
				return err
			}
			return s.DeleteLock(ctx, id)
		},
		importID: plainID,
	}
}

func lockAttributes(l *linodego.Lock) object {
	return object{
		"id": strconv.Itoa(l.ID), "lock_type": string(l.LockType), "entity_id": int64(l.Entity.ID),
		"entity_type": string(l.Entity.Type), "entity_label": l.Entity.Label, "entity_url": l.Entity.URL,
	}
}
