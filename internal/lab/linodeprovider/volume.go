package linodeprovider

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/linode/linodego"
)

const (
	volumeCreateLimit = 15 * time.Minute
	volumeUpdateLimit = 20 * time.Minute
	volumeDeleteLimit = 10 * time.Minute
)

func volumeResource() resource {
	return resource{
		behavior: behavior{
			defaults: map[string]any{"size": int64(20), "tags": []any{}},
			replace:  []string{"region", "encryption", "source_volume_id"},
			// Without a wish a new volume is encrypted, and an existing one stays as it is.
			adjust: func(config, prior, planned object) {
				if prior == nil && config["encryption"] == nil {
					planned["encryption"] = "enabled"
				}
			},
		},
		create: createVolume, read: readVolume, update: updateVolume, delete: deleteVolume, importID: plainID,
	}
}

func createVolume(ctx context.Context, s *session, c change) (object, error) {
	p := c.planned
	if p.has("source_volume_id") {
		return nil, errors.New("the lab's stand-in does not clone volumes")
	}
	limit, err := timeLimit(c.config, "create", volumeCreateLimit)
	if err != nil {
		return nil, err
	}
	made, err := s.CreateVolume(ctx, linodego.VolumeCreateOptions{
		Label: p.str("label"), Region: p.str("region"), Size: p.integer("size"), LinodeID: p.integer("linode_id"),
		Encryption: p.str("encryption"), Tags: p.strings("tags"),
	})
	if err != nil {
		return nil, err
	}
	ready, err := s.WaitForVolumeStatus(ctx, made.ID, linodego.VolumeActive, seconds(limit))
	if err != nil {
		return p.with(volumeAttributes(made)), err
	}
	return p.with(volumeAttributes(ready)), nil
}

func readVolume(ctx context.Context, s *session, state object) (object, error) {
	id, err := state.numericID()
	if err != nil {
		return nil, err
	}
	v, err := s.GetVolume(ctx, id)
	if err != nil {
		return nil, err
	}
	return state.with(volumeAttributes(v)), nil
}

// updateVolume enlarges, renames and then moves a volume, in this order, as the real
// resource does.
func updateVolume(ctx context.Context, s *session, c change) (object, error) {
	id, err := c.prior.numericID()
	if err != nil {
		return nil, err
	}
	limit, err := timeLimit(c.config, "update", volumeUpdateLimit)
	if err != nil {
		return nil, err
	}
	if changed("size", c.prior, c.planned) {
		if err := s.ResizeVolume(ctx, id, c.planned.integer("size")); err != nil {
			return nil, err
		}
		if _, err := s.WaitForVolumeStatus(ctx, id, linodego.VolumeActive, seconds(limit)); err != nil {
			return nil, err
		}
	}
	if changed("label", c.prior, c.planned) || changed("tags", c.prior, c.planned) {
		tags := c.planned.strings("tags")
		if _, err := s.UpdateVolume(ctx, id, linodego.VolumeUpdateOptions{Label: c.planned.str("label"), Tags: &tags}); err != nil {
			return nil, err
		}
	}
	if changed("linode_id", c.prior, c.planned) {
		if err := s.moveVolume(ctx, id, c, limit); err != nil {
			return nil, err
		}
	}
	return readVolume(ctx, s, c.planned.with(object{"id": c.prior["id"]}))
}

func (s *session) moveVolume(ctx context.Context, id int, c change, limit time.Duration) error {
	if c.prior.has("linode_id") {
		if err := s.takeVolume(ctx, id, limit); err != nil {
			return err
		}
	}
	to := c.planned.integer("linode_id")
	if to == 0 {
		return nil
	}
	if _, err := s.AttachVolume(ctx, id, &linodego.VolumeAttachOptions{LinodeID: to}); err != nil {
		return err
	}
	_, err := s.WaitForVolumeLinodeID(ctx, id, &to, seconds(limit))
	return err
}

// takeVolume detaches a volume, or finds that it was not attached.
func (s *session) takeVolume(ctx context.Context, id int, limit time.Duration) error {
	if err := s.DetachVolume(ctx, id); err != nil {
		return err
	}
	_, err := s.WaitForVolumeLinodeID(ctx, id, nil, seconds(limit))
	return err
}

func deleteVolume(ctx context.Context, s *session, state object) error {
	id, err := state.numericID()
	if err != nil {
		return err
	}
	limit, err := timeLimit(state, "delete", volumeDeleteLimit)
	if err != nil {
		return err
	}
	if state.has("linode_id") {
		if err := s.takeVolume(ctx, id, limit); err != nil {
			return err
		}
	}
	return s.DeleteVolume(ctx, id)
}

func seconds(limit time.Duration) int { return int(limit.Seconds()) }

// volumeAttributes show a volume without a Linode as one of Linode 0, as the real
// resource does.
func volumeAttributes(v *linodego.Volume) object {
	linode := 0
	if v.LinodeID != nil {
		linode = *v.LinodeID
	}
	return object{
		"id": strconv.Itoa(v.ID), "label": v.Label, "region": v.Region, "size": int64(v.Size), "linode_id": int64(linode),
		"status": string(v.Status), "filesystem_path": v.FilesystemPath, "io_ready": v.IOReady, "encryption": v.Encryption,
		"tags": set(v.Tags),
	}
}
