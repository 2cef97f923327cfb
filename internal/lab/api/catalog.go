package api

import (
	"slices"
	"strings"
)

// The catalog is a small, plausible cut of Linode's: enough regions and plans
// for the modules' validations, and only the images that the lab can boot.

type region struct {
	ID           string         `json:"id"`
	Label        string         `json:"label"`
	Country      string         `json:"country"`
	Capabilities []string       `json:"capabilities"`
	Status       string         `json:"status"`
	SiteType     string         `json:"site_type"`
	Resolvers    map[string]any `json:"resolvers"`
	GroupLimits  map[string]int `json:"placement_group_limits"`
}

// groupLimit is how many Linodes a placement group takes.
const groupLimit = 10

func regions() []region {
	var all []region
	for _, r := range [][3]string{
		{"us-east", "Newark, NJ", "us"}, {"us-ord", "Chicago, IL", "us"}, {"us-sea", "Seattle, WA", "us"},
		{"us-central", "Dallas, TX", "us"}, {"us-west", "Fremont, CA", "us"}, {"us-southeast", "Atlanta, GA", "us"},
		{"eu-central", "Frankfurt, DE", "de"}, {"de-fra-2", "Frankfurt 2, DE", "de"}, {"eu-west", "London, UK", "gb"},
		{"nl-ams", "Amsterdam, NL", "nl"}, {"fr-par", "Paris, FR", "fr"}, {"se-sto", "Stockholm, SE", "se"},
		{"ap-south", "Singapore, SG", "sg"}, {"jp-osa", "Osaka, JP", "jp"}, {"ap-southeast", "Sydney, AU", "au"},
	} {
		all = append(all, region{
			ID: r[0], Label: r[1], Country: r[2], Status: "ok", SiteType: "core",
			Capabilities: []string{"Linodes", "NodeBalancers", "Block Storage", "Block Storage Encryption", "Vlans", "VPCs", "Cloud Firewall",
				"Placement Group", "Metadata"},
			Resolvers:   map[string]any{"ipv4": "192.0.2.53", "ipv6": "2001:db8::53"},
			GroupLimits: map[string]int{"maximum_pgs_per_customer": 100, "maximum_linodes_per_pg": groupLimit},
		})
	}
	return all
}

type plan struct {
	ID           string             `json:"id"`
	Label        string             `json:"label"`
	Class        string             `json:"class"`
	Disk         int                `json:"disk"`
	Memory       int                `json:"memory"`
	VCPUs        int                `json:"vcpus"`
	GPUs         int                `json:"gpus"`
	Transfer     int                `json:"transfer"`
	NetworkOut   int                `json:"network_out"`
	Price        map[string]float64 `json:"price"`
	RegionPrices []any              `json:"region_prices"`
	Addons       map[string]any     `json:"addons"`
	Successor    *string            `json:"successor"`
}

func plans() []plan {
	var all []plan
	for _, p := range []struct {
		id, label, class                         string
		diskGiB, memoryGiB, vcpus, transfer, out int
		monthly                                  float64
	}{
		{"g6-nanode-1", "Nanode 1GB", "nanode", 25, 1, 1, 1000, 1000, 5},
		{"g6-standard-1", "Linode 2GB", "standard", 50, 2, 1, 2000, 2000, 12},
		{"g6-standard-2", "Linode 4GB", "standard", 80, 4, 2, 4000, 4000, 24},
		{"g6-standard-4", "Linode 8GB", "standard", 160, 8, 4, 5000, 5000, 48},
		{"g6-standard-6", "Linode 16GB", "standard", 320, 16, 6, 8000, 6000, 96},
		{"g6-dedicated-2", "Dedicated 4GB", "dedicated", 80, 4, 2, 4000, 4000, 36},
		{"g6-dedicated-4", "Dedicated 8GB", "dedicated", 160, 8, 4, 5000, 5000, 72},
		{"g6-dedicated-8", "Dedicated 16GB", "dedicated", 320, 16, 8, 6000, 6000, 144},
	} {
		price := map[string]float64{"hourly": p.monthly / 667, "monthly": p.monthly}
		all = append(all, plan{
			ID: p.id, Label: p.label, Class: p.class, Disk: p.diskGiB * 1024, Memory: p.memoryGiB * 1024,
			VCPUs: p.vcpus, Transfer: p.transfer, NetworkOut: p.out, Price: price, RegionPrices: []any{},
			Addons: map[string]any{"backups": map[string]any{"price": map[string]float64{"hourly": p.monthly / 2668, "monthly": p.monthly / 4}, "region_prices": []any{}}},
		})
	}
	return all
}

type image struct {
	ID           string   `json:"id"`
	Label        string   `json:"label"`
	Vendor       string   `json:"vendor"`
	Description  *string  `json:"description"`
	Created      string   `json:"created"`
	Updated      string   `json:"updated"`
	CreatedBy    string   `json:"created_by"`
	Capabilities []string `json:"capabilities"`
	Deprecated   bool     `json:"deprecated"`
	EOL          *string  `json:"eol"`
	Expiry       *string  `json:"expiry"`
	IsPublic     bool     `json:"is_public"`
	Regions      []any    `json:"regions"`
	Size         int      `json:"size"`
	TotalSize    int      `json:"total_size"`
	Status       string   `json:"status"`
	Tags         []string `json:"tags"`
	Type         string   `json:"type"`
}

func images() []image {
	var all []image
	for _, i := range []struct{ number, created string }{{"12", "2023-06-12T00:00:00"}, {"13", "2025-08-11T00:00:00"}} {
		all = append(all, image{
			ID: "linode/debian" + i.number, Label: "Debian " + i.number, Vendor: "Debian", Created: i.created, Updated: i.created,
			CreatedBy: "linode", Capabilities: []string{"cloud-init"}, IsPublic: true, Regions: []any{}, Size: 1500, TotalSize: 1500,
			Status: "available", Tags: []string{}, Type: "manual",
		})
	}
	return all
}

// imageNames are the identifiers of the images that the lab boots.
func imageNames() string {
	var names []string
	for _, i := range images() {
		names = append(names, i.ID)
	}
	return strings.Join(names, " and ")
}

type kernel struct {
	ID           string `json:"id"`
	Label        string `json:"label"`
	Version      string `json:"version"`
	Architecture string `json:"architecture"`
	Built        string `json:"built"`
	Deprecated   bool   `json:"deprecated"`
	KVM          bool   `json:"kvm"`
	PVOps        bool   `json:"pvops"`
}

func kernels() []kernel {
	kernelOf := func(id, label string) kernel {
		return kernel{ID: id, Label: label, Version: "0.0.0", Architecture: "x86_64", Built: "2020-01-01T00:00:00", KVM: true, PVOps: true}
	}
	return []kernel{
		kernelOf("linode/grub2", "GRUB 2"), kernelOf("linode/latest-64bit", "Latest 64 bit"), kernelOf("linode/direct-disk", "Direct Disk"),
	}
}

func (s *Server) catalogRoutes() []route {
	return []route{
		{method: "GET", path: "/regions", handler: func(*call) (any, error) { return list{items: regions()}, nil }},
		{method: "GET", path: "/regions/{regionId}", handler: func(c *call) (any, error) {
			return pick(regions(), func(r region) bool { return r.ID == c.params["regionId"] })
		}},
		{method: "GET", path: "/regions/availability", handler: func(*call) (any, error) { return list{items: availability("")}, nil }},
		{method: "GET", path: "/regions/{regionId}/availability", handler: func(c *call) (any, error) { return availability(c.params["regionId"]), nil }},
		{method: "GET", path: "/linode/types", handler: func(*call) (any, error) { return list{items: plans()}, nil }},
		{method: "GET", path: "/linode/types/{typeId}", handler: func(c *call) (any, error) { return findPlan(c.params["typeId"]) }},
		{method: "GET", path: "/images", handler: func(*call) (any, error) { return list{items: images()}, nil }},
		{method: "GET", path: "/images/{imageId}", handler: func(c *call) (any, error) { return findImage(c.params["imageId"]) }},
		// linodego leaves the slash of "linode/debian12" as it is
		{method: "GET", path: "/images/{vendor}/{imageName}", beyond: "image identifiers contain a slash",
			handler: func(c *call) (any, error) { return findImage(c.params["vendor"] + "/" + c.params["imageName"]) }},
		{method: "GET", path: "/linode/kernels", handler: func(*call) (any, error) { return list{items: kernels()}, nil }},
		{method: "GET", path: "/linode/kernels/{kernelId}", handler: func(c *call) (any, error) { return findKernel(c.params["kernelId"]) }},
		{method: "GET", path: "/linode/kernels/{vendor}/{kernelName}", beyond: "kernel identifiers contain a slash",
			handler: func(c *call) (any, error) { return findKernel(c.params["vendor"] + "/" + c.params["kernelName"]) }},
		{method: "GET", path: "/nodebalancers/types", handler: func(*call) (any, error) { return list{items: balancerTypes()}, nil }},
	}
}

func pick[T any](all []T, wanted func(T) bool) (T, error) {
	if i := slices.IndexFunc(all, wanted); i >= 0 {
		return all[i], nil
	}
	var zero T
	return zero, errNotFound()
}

func findPlan(id string) (plan, error) { return pick(plans(), func(p plan) bool { return p.ID == id }) }

func findImage(id string) (image, error) {
	return pick(images(), func(i image) bool { return i.ID == id })
}

func findKernel(id string) (kernel, error) {
	return pick(kernels(), func(k kernel) bool { return k.ID == id })
}

func checkRegion(id string) error {
	if !slices.ContainsFunc(regions(), func(r region) bool { return r.ID == id }) {
		return invalid("region", "region is not valid")
	}
	return nil
}

func availability(only string) []map[string]any {
	all := []map[string]any{}
	for _, r := range regions() {
		for _, p := range plans() {
			if only == "" || only == r.ID {
				all = append(all, map[string]any{"region": r.ID, "plan": p.ID, "available": true})
			}
		}
	}
	return all
}

func balancerTypes() []map[string]any {
	return []map[string]any{{
		"id": "nodebalancer", "label": "NodeBalancer", "price": map[string]float64{"hourly": 0.015, "monthly": 10},
		"region_prices": []any{}, "transfer": 0,
	}}
}
