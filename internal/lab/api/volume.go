package api

import (
	"fmt"
	"regexp"
	"strings"
)

// volume is a Block Storage volume as the lab remembers it.
type volume struct {
	ID         int      `json:"id"`
	Label      string   `json:"label"`
	Region     string   `json:"region"`
	Size       int      `json:"size"`
	Status     string   `json:"status"`
	Encryption string   `json:"encryption"`
	Tags       []string `json:"tags"`
	Created    string   `json:"created"`
	Updated    string   `json:"updated"`
	// LinodeID and ConfigID are the Linode that it is attached to, and the
	// configuration profile that gives it to the Linode at each boot.
	LinodeID int `json:"linode_id"`
	ConfigID int `json:"config_id"`
	// Ready says that the machine has the device.
	Ready bool `json:"io_ready"`
	// Work is what is being done to it: attach, detach, delete or nothing.
	Work string `json:"work"`
}

// The sizes of volumes in GB, by Linode's guide to Block Storage and by its
// provider.
const (
	smallestVolume = 10
	largestVolume  = 16384
	defaultVolume  = 20
)

func (s *Server) viewVolume(v *volume) map[string]any {
	view := map[string]any{
		"id": v.ID, "label": v.Label, "region": v.Region, "size": v.Size, "status": v.Status, "encryption": v.Encryption,
		"tags": orEmpty(v.Tags), "created": v.Created, "updated": v.Updated, "hardware_type": "nvme",
		"filesystem_path": "/dev/disk/by-id/scsi-0Linode_Volume_" + v.Label, "io_ready": v.Ready,
		"linode_id": nil, "linode_label": nil,
	}
	if i, ok := s.state.Instances[v.LinodeID]; ok {
		view["linode_id"], view["linode_label"] = i.ID, i.Label
	}
	return view
}

func (v *volume) entity() entity { return entityOf("volume", v.ID, v.Label) }

// object is whose work a volume's belongs to, so that no two overlap.
func (v *volume) object() string {
	if v.LinodeID != 0 {
		return (&instance{ID: v.LinodeID}).object()
	}
	return fmt.Sprintf("volume %d", v.ID)
}

func (v *volume) spec() VolumeSpec { return VolumeSpec{ID: v.ID, Label: v.Label, SizeGB: v.Size} }

// volumes are those that are not being deleted.
func (s *Server) volumes() []*volume {
	var all []*volume
	for _, v := range sorted(s.state.Volumes) {
		if v.Work != "delete" {
			all = append(all, v)
		}
	}
	return all
}

func (s *Server) attachedTo(i *instance) []*volume {
	var attached []*volume
	for _, v := range s.volumes() {
		if v.LinodeID == i.ID {
			attached = append(attached, v)
		}
	}
	return attached
}

func (s *Server) findVolume(id int) (*volume, error) {
	v, err := find(s.state.Volumes, id)
	if err == nil && v.Work == "delete" {
		return nil, errNotFound()
	}
	return v, err
}

// idleVolume finds the volume of an operation that has to wait for others.
func (s *Server) idleVolume(c *call) (*volume, error) {
	v, err := s.findVolume(c.id("volumeId"))
	if err != nil {
		return nil, err
	}
	if v.Work != "" {
		// in the words after which linodego tries again
		return nil, invalid("", "Linode busy.")
	}
	if v.Status != "active" {
		return nil, invalid("", "Volume %d is %s, not active", v.ID, v.Status)
	}
	return v, nil
}

func (s *Server) volumeRoutes() []route {
	return []route{
		{method: "GET", path: "/volumes", handler: s.listVolumes},
		{method: "POST", path: "/volumes", handler: s.createVolume},
		{method: "GET", path: "/volumes/{volumeId}", handler: s.getVolume},
		{method: "PUT", path: "/volumes/{volumeId}", handler: s.updateVolume},
		{method: "DELETE", path: "/volumes/{volumeId}", handler: s.deleteVolume},
		{method: "POST", path: "/volumes/{volumeId}/attach", handler: s.attachVolume},
		{method: "POST", path: "/volumes/{volumeId}/detach", handler: s.detachVolume},
		{method: "POST", path: "/volumes/{volumeId}/resize", handler: s.resizeVolume},
	}
}

func (s *Server) listVolumes(*call) (any, error) { return s.viewVolumes(s.volumes()), nil }

func (s *Server) listInstanceVolumes(c *call) (any, error) {
	i, err := s.instance(c)
	if err != nil {
		return nil, err
	}
	return s.viewVolumes(s.attachedTo(i)), nil
}

func (s *Server) viewVolumes(volumes []*volume) list {
	views := []any{}
	for _, v := range volumes {
		views = append(views, s.viewVolume(v))
	}
	return list{items: views}
}

func (s *Server) getVolume(c *call) (any, error) {
	v, err := s.findVolume(c.id("volumeId"))
	if err != nil {
		return nil, err
	}
	return s.viewVolume(v), nil
}

// volumeLabel is the published pattern without its part that looks ahead.
var volumeLabel = regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9_-]+$`)

func (s *Server) checkVolumeLabel(label string, id int) error {
	if !volumeLabel.MatchString(label) || strings.Contains(label, "--") || strings.Contains(label, "__") {
		return invalid("label", "Label must begin with a letter, and hold only letters, numbers, single hyphens and underscores")
	}
	for _, other := range s.volumes() {
		if other.ID != id && other.Label == label {
			return invalid("label", "Must be unique")
		}
	}
	return nil
}

func checkVolumeSize(size int) error {
	if size < smallestVolume || size > largestVolume {
		return invalid("size", "Must be %d-%d", smallestVolume, largestVolume)
	}
	return nil
}

type volumeRequest struct {
	Label      string   `json:"label"`
	Region     string   `json:"region"`
	Size       int      `json:"size"`
	Encryption string   `json:"encryption"`
	Tags       []string `json:"tags"`
	attachment
}

func (s *Server) createVolume(c *call) (any, error) {
	r := volumeRequest{Size: defaultVolume, Encryption: "enabled"}
	if err := c.decode(&r); err != nil {
		return nil, err
	}
	if err := s.checkVolumeLabel(r.Label, 0); err != nil {
		return nil, err
	}
	if err := checkVolumeSize(r.Size); err != nil {
		return nil, err
	}
	var to place
	if r.LinodeID != 0 || r.ConfigID != 0 {
		var err error
		if to, err = s.findPlace(r.attachment, r.Region); err != nil {
			return nil, err
		}
		r.Region = to.linode.Region
	}
	if r.Region == "" {
		return nil, invalid("region", "region is required without linode_id")
	}
	if err := checkRegion(r.Region); err != nil {
		return nil, err
	}
	v := &volume{
		ID: s.state.nextID("volume"), Label: r.Label, Region: r.Region, Size: r.Size, Status: "creating", Encryption: r.Encryption,
		Tags: r.Tags, Created: s.timestamp(), Updated: s.timestamp(),
	}
	s.state.Volumes[v.ID] = v
	for _, tag := range v.Tags {
		s.rememberTag(tag)
	}
	s.queueVolume(v, s.post("volume_create", "scheduled", v.entity()))
	to.give(v)
	return s.viewVolume(v), nil
}

func (s *Server) updateVolume(c *call) (any, error) {
	v, err := s.findVolume(c.id("volumeId"))
	if err != nil {
		return nil, err
	}
	change := struct {
		Label string   `json:"label"`
		Tags  []string `json:"tags"`
	}{v.Label, v.Tags}
	if err := c.decode(&change); err != nil {
		return nil, err
	}
	if err := s.checkVolumeLabel(change.Label, v.ID); err != nil {
		return nil, err
	}
	for _, tag := range change.Tags {
		s.rememberTag(tag)
	}
	// A machine that has the device keeps the name that it was attached with.
	v.Label, v.Tags, v.Updated = change.Label, change.Tags, s.timestamp()
	s.notify("volume_update", v.entity())
	return s.viewVolume(v), nil
}

func (s *Server) deleteVolume(c *call) (any, error) {
	v, err := s.idleVolume(c)
	if err != nil {
		return nil, err
	}
	if v.LinodeID != 0 {
		return nil, invalid("", "This volume must be detached before it can be deleted.")
	}
	v.Work = "delete"
	s.queueVolumeDelete(v, s.post("volume_delete", "scheduled", v.entity()))
	return none{}, nil
}

func (s *Server) attachVolume(c *call) (any, error) {
	v, err := s.idleVolume(c)
	if err != nil {
		return nil, err
	}
	r := struct {
		attachment
		Persist bool `json:"persist_across_boots"`
	}{Persist: true}
	if err := c.decode(&r); err != nil {
		return nil, err
	}
	if !r.Persist {
		return nil, invalid("persist_across_boots", "the lab attaches volumes for every boot")
	}
	if v.LinodeID != 0 {
		return nil, invalid("", "Volume %d is already attached", v.ID)
	}
	to, err := s.findPlace(r.attachment, v.Region)
	if err != nil {
		return nil, err
	}
	to.give(v)
	s.queueAttach(v, s.post("volume_attach", "scheduled", v.entity()))
	return s.viewVolume(v), nil
}

// detachVolume accepts a volume that is not attached: Linode's provider detaches
// one before it deletes it, attached or not.
func (s *Server) detachVolume(c *call) (any, error) {
	v, err := s.idleVolume(c)
	if err != nil {
		return nil, err
	}
	if v.LinodeID == 0 {
		return none{}, nil
	}
	if i := s.state.Instances[v.LinodeID]; i.busy() {
		return nil, invalid("", "Linode busy.")
	}
	s.queueDetach(v, s.post("volume_detach", "scheduled", v.entity()))
	return none{}, nil
}

func (s *Server) resizeVolume(c *call) (any, error) {
	v, err := s.idleVolume(c)
	if err != nil {
		return nil, err
	}
	var r struct {
		Size int `json:"size"`
	}
	if err := c.decode(&r); err != nil {
		return nil, err
	}
	if err := checkVolumeSize(r.Size); err != nil {
		return nil, err
	}
	if r.Size <= v.Size {
		return nil, invalid("size", "Storage volumes can only be resized up")
	}
	v.Status = "resizing"
	s.queueResize(v, r.Size, s.post("volume_resize", "scheduled", v.entity()))
	return s.viewVolume(v), nil
}
