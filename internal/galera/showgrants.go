package galera

import (
	"slices"
	"strings"
)

// read takes up a line of SHOW GRANTS.
func (a *Account) read(login Login, line string) {
	tokens, err := tokenize(line)
	if err == nil {
		c := cursor{tokens}
		if a.take(login, &c) {
			return
		}
	}
	a.Unread = append(a.Unread, line)
}

// take reads a line's tokens; false if they say nothing that is known. A line may
// be about another grantee, such as a role of the account, whose privileges go
// with the role.
func (a *Account) take(login Login, c *cursor) bool {
	switch {
	case c.accepts("SET", "DEFAULT", "ROLE"):
		role, found := c.name()
		a.DefaultRole = role
		return found
	case c.accepts("REVOKE"):
		// A restriction of what is granted elsewhere (MySQL manual, "Privilege
		// Restriction Using Partial Revokes").
		return true
	case !c.accepts("GRANT"):
		return false
	case c.accepts("PROXY", "ON"):
		as, found := c.login()
		if to, known := c.grantee(login); !found || !known || !to {
			return found && known
		}
		a.Proxies = append(a.Proxies, as)
		return true
	case c.peek().kind == nameToken:
		return a.takeRoles(login, c)
	}
	grant, read := parseGrant(c)
	if !read {
		return false
	}
	mine, read := c.grantee(login)
	if !read {
		return false
	}
	if c.contains("WITH", "GRANT", "OPTION") {
		grant.Privileges = append(grant.Privileges, grantOption)
	}
	grant.Privileges = slices.DeleteFunc(normalPrivileges(grant.Privileges), func(p string) bool { return p == "USAGE" })
	if mine && (len(grant.Privileges) > 0 || len(grant.Columns) > 0) {
		a.Grants = append(a.Grants, grant)
	}
	return true
}

// grantee reads to whom something is granted: an account, a role, or PUBLIC.
func (c *cursor) grantee(login Login) (mine, read bool) {
	if !c.accepts("TO") {
		return false, false
	}
	if c.accepts("PUBLIC") {
		return false, true
	}
	before := *c
	if to, found := c.login(); found {
		return to.Name == login.Name && strings.EqualFold(to.Host, login.Host), true
	}
	*c = before
	_, found := c.name()
	return false, found
}

func (a *Account) takeRoles(login Login, c *cursor) bool {
	var roles []Role
	for {
		before := *c
		if role, found := c.login(); found {
			roles = append(roles, Role(role))
		} else {
			*c = before
			name, found := c.name()
			if !found {
				return false
			}
			roles = append(roles, Role{Name: name})
		}
		if !c.accepts(",") {
			break
		}
	}
	mine, read := c.grantee(login)
	if mine {
		a.Roles = append(a.Roles, roles...)
	}
	return read
}

// parseGrant reads privileges and their object.
func parseGrant(c *cursor) (grant Grant, read bool) {
	for {
		var words []string
		for c.peek().kind == wordToken && c.peek().text != "ON" {
			words = append(words, c.next().text)
		}
		if len(words) == 0 {
			return Grant{}, false
		}
		privilege := strings.Join(words, " ")
		if c.accepts("(") {
			columns, read := c.names()
			if !read {
				return Grant{}, false
			}
			grant.Columns = append(grant.Columns, ColumnGrant{normalPrivilege(privilege), columns})
		} else {
			grant.Privileges = append(grant.Privileges, privilege)
		}
		if !c.accepts(",") {
			break
		}
	}
	if !c.accepts("ON") {
		return Grant{}, false
	}
	for _, kind := range routineKinds {
		if c.accepts(strings.Fields(kind)...) {
			grant.Object.Kind = kind
			break
		}
	}
	slices.SortFunc(grant.Columns, func(a, b ColumnGrant) int { return strings.Compare(a.Privilege, b.Privilege) })
	return grant, c.object(&grant.Object)
}

// names reads a list of names up to its closing bracket.
func (c *cursor) names() (names []string, read bool) {
	for {
		name, found := c.name()
		if !found {
			return nil, false
		}
		names = append(names, name)
		if c.accepts(")") {
			slices.Sort(names)
			return names, true
		}
		if !c.accepts(",") {
			return nil, false
		}
	}
}

// object reads *.*, `schema`.* or `schema`.`name`.
func (c *cursor) object(o *Object) bool {
	if c.accepts("*", ".", "*") {
		return o.Kind == ""
	}
	schema, found := c.name()
	if !found || schema == "" || !c.accepts(".") {
		return false
	}
	o.Schema = schema
	if c.accepts("*") {
		return o.Kind == ""
	}
	o.Name, found = c.name()
	return found && o.Name != ""
}
