package api

// state is everything the region knows. It is written as it stands, so every
// field is exported to JSON; what must not be shown is removed on answering.
type state struct {
	LastID    map[string]int          `json:"last_id"`
	Instances map[int]*instance       `json:"instances"`
	Balancers map[int]*balancer       `json:"nodebalancers"`
	Groups    map[int]*placementGroup `json:"placement_groups"`
	Firewalls map[int]*firewall       `json:"firewalls"`
	VPCs      map[int]*vpc            `json:"vpcs"`
	Keys      map[int]*sshKey         `json:"ssh_keys"`
	Locks     map[int]*lock           `json:"locks"`
	Volumes   map[int]*volume         `json:"volumes"`
	Events    []*event                `json:"events"`
	Tags      map[string]string       `json:"tags"`
	Ranges    map[string]*ipv6Range   `json:"ipv6_ranges"`
	RDNS      map[string]string       `json:"rdns"`
	Profile   profile                 `json:"profile"`
	Account   account                 `json:"account"`
}

func newState() *state {
	return &state{
		LastID:    map[string]int{},
		Instances: map[int]*instance{},
		Balancers: map[int]*balancer{},
		Groups:    map[int]*placementGroup{},
		Firewalls: map[int]*firewall{},
		VPCs:      map[int]*vpc{},
		Keys:      map[int]*sshKey{},
		Locks:     map[int]*lock{},
		Volumes:   map[int]*volume{},
		Tags:      map[string]string{},
		Ranges:    map[string]*ipv6Range{},
		RDNS:      map[string]string{},
		Profile:   defaultProfile(),
		Account:   defaultAccount(),
	}
}

// firstIDs keeps the kinds apart at a glance and away from small numbers that
// could be mistaken for counts.
var firstIDs = map[string]int{
	"linode": 1001, "disk": 5001, "config": 6001, "interface": 7001,
	"volume": 8001, "nodebalancer": 201, "nbconfig": 301, "node": 401,
}

// nextID returns the next identifier of a kind; identifiers are never reused.
func (st *state) nextID(kind string) int {
	if _, ok := st.LastID[kind]; !ok && firstIDs[kind] > 0 {
		st.LastID[kind] = firstIDs[kind] - 1
	}
	st.LastID[kind]++
	return st.LastID[kind]
}
