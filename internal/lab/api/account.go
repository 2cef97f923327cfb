package api

import "strings"

type profile struct {
	Username           string         `json:"username"`
	UID                int            `json:"uid"`
	Email              string         `json:"email"`
	Timezone           string         `json:"timezone"`
	EmailNotifications bool           `json:"email_notifications"`
	IPWhitelistEnabled bool           `json:"ip_whitelist_enabled"`
	TwoFactorAuth      bool           `json:"two_factor_auth"`
	Restricted         bool           `json:"restricted"`
	LishAuthMethod     string         `json:"lish_auth_method"`
	AuthenticationType string         `json:"authentication_type"`
	AuthorizedKeys     []string       `json:"authorized_keys"`
	VerifiedPhone      *string        `json:"verified_phone_number"`
	Referrals          map[string]any `json:"referrals"`
}

func defaultProfile() profile {
	return profile{
		Username: "lab", UID: 1, Email: "lab@example.com", Timezone: "GMT",
		LishAuthMethod: "keys_only", AuthenticationType: "password",
		Referrals: map[string]any{"code": "lab", "url": "https://example.com/", "total": 0, "completed": 0, "pending": 0, "credit": 0},
	}
}

type account struct {
	Company           string         `json:"company"`
	Email             string         `json:"email"`
	FirstName         string         `json:"first_name"`
	LastName          string         `json:"last_name"`
	Address1          string         `json:"address_1"`
	Address2          string         `json:"address_2"`
	City              string         `json:"city"`
	State             string         `json:"state"`
	Zip               string         `json:"zip"`
	Country           string         `json:"country"`
	Phone             string         `json:"phone"`
	TaxID             string         `json:"tax_id"`
	Balance           float64        `json:"balance"`
	BalanceUninvoiced float64        `json:"balance_uninvoiced"`
	BillingSource     string         `json:"billing_source"`
	ActiveSince       string         `json:"active_since"`
	EUUID             string         `json:"euuid"`
	Capabilities      []string       `json:"capabilities"`
	ActivePromotions  []any          `json:"active_promotions"`
	CreditCard        map[string]any `json:"credit_card"`
}

func defaultAccount() account {
	return account{
		Company: "Lab", Email: "lab@example.com", Country: "US", BillingSource: "linode",
		ActiveSince: "2020-01-01T00:00:00", EUUID: "00000000-0000-4000-8000-000000000001",
		Capabilities:     []string{"Linodes", "NodeBalancers", "Block Storage", "Block Storage Encryption", "Vlans", "VPCs", "Cloud Firewall", "Placement Group"},
		ActivePromotions: []any{}, CreditCard: map[string]any{"last_four": "0000", "expiry": "01/2099"},
	}
}

type sshKey struct {
	ID      int    `json:"id"`
	Label   string `json:"label"`
	SSHKey  string `json:"ssh_key"`
	Created string `json:"created"`
}

func (s *Server) accountRoutes() []route {
	return []route{
		{method: "GET", path: "/profile", handler: func(*call) (any, error) { return s.state.Profile, nil }},
		{method: "PUT", path: "/profile", handler: s.updateProfile},
		{method: "GET", path: "/account", handler: func(*call) (any, error) { return s.state.Account, nil }},
		{method: "PUT", path: "/account", handler: s.updateAccount},
		{method: "GET", path: "/profile/sshkeys", handler: s.listKeys},
		{method: "POST", path: "/profile/sshkeys", handler: s.createKey},
		{method: "GET", path: "/profile/sshkeys/{sshKeyId}", handler: s.getKey},
		{method: "PUT", path: "/profile/sshkeys/{sshKeyId}", handler: s.updateKey},
		{method: "DELETE", path: "/profile/sshkeys/{sshKeyId}", handler: s.deleteKey},
	}
}

func (s *Server) updateProfile(c *call) (any, error) {
	if err := c.decode(&s.state.Profile); err != nil {
		return nil, err
	}
	return s.state.Profile, nil
}

func (s *Server) updateAccount(c *call) (any, error) {
	if err := c.decode(&s.state.Account); err != nil {
		return nil, err
	}
	return s.state.Account, nil
}

func (s *Server) listKeys(*call) (any, error) { return list{items: sorted(s.state.Keys)}, nil }

func (s *Server) getKey(c *call) (any, error) { return find(s.state.Keys, c.id("sshKeyId")) }

func (s *Server) createKey(c *call) (any, error) {
	key := &sshKey{Created: s.timestamp()}
	if err := c.decode(key); err != nil {
		return nil, err
	}
	if err := checkPublicKey(key.SSHKey); err != nil {
		return nil, invalid("ssh_key", "%v", err)
	}
	if key.Label == "" {
		return nil, invalid("label", "Label is required")
	}
	key.ID = s.state.nextID("sshkey")
	s.state.Keys[key.ID] = key
	s.notify("user_ssh_key_add", entityOf("user_ssh_key", key.ID, key.Label))
	return key, nil
}

func (s *Server) updateKey(c *call) (any, error) {
	key, err := find(s.state.Keys, c.id("sshKeyId"))
	if err != nil {
		return nil, err
	}
	changed := *key
	if err := c.decode(&changed); err != nil {
		return nil, err
	}
	key.Label = changed.Label // the key itself cannot be changed
	return key, nil
}

func (s *Server) deleteKey(c *call) (any, error) {
	if _, err := find(s.state.Keys, c.id("sshKeyId")); err != nil {
		return nil, err
	}
	delete(s.state.Keys, c.id("sshKeyId"))
	return none{}, nil
}

// checkPublicKey accepts the form of an authorized_keys line; whether the key
// is one, only the machine's sshd can say.
func checkPublicKey(key string) error {
	fields := strings.Fields(key)
	if len(fields) < 2 || strings.ContainsAny(key, "\n\r") ||
		!strings.HasPrefix(fields[0], "ssh-") && !strings.HasPrefix(fields[0], "ecdsa-") && !strings.HasPrefix(fields[0], "sk-") {
		return invalid("", "SSH Key must be a public key on one line")
	}
	return nil
}
