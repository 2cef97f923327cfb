package api

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
)

// lock keeps a Linode from being deleted or rebuilt.
type lock struct {
	ID       int    `json:"id"`
	Type     string `json:"lock_type"`
	LinodeID int    `json:"linode_id"`
}

const (
	lockWhole = "cannot_delete"
	lockParts = "cannot_delete_with_subresources"
)

const lockBeyond = "locks are newer than the part of the document that is kept here"

func (s *Server) lockRoutes() []route {
	return []route{
		{method: "GET", path: "/locks", beyond: lockBeyond, handler: onlyBeta(s.listLocks)},
		{method: "POST", path: "/locks", beyond: lockBeyond, handler: onlyBeta(s.createLock)},
		{method: "GET", path: "/locks/{lockId}", beyond: lockBeyond, handler: onlyBeta(s.getLock)},
		{method: "DELETE", path: "/locks/{lockId}", beyond: lockBeyond, handler: onlyBeta(s.deleteLock)},
	}
}

// onlyBeta hides an operation from the stable version of the API, which does not
// have it.
func onlyBeta(handler func(*call) (any, error)) func(*call) (any, error) {
	return func(c *call) (any, error) {
		if !strings.HasPrefix(c.http.URL.Path, "/v4beta/") {
			return nil, errNotFound()
		}
		return handler(c)
	}
}

func (s *Server) viewLock(l *lock) map[string]any {
	locked := s.state.Instances[l.LinodeID].entity()
	return map[string]any{"id": l.ID, "lock_type": l.Type, "entity": locked}
}

func (s *Server) listLocks(*call) (any, error) {
	views := []any{}
	for _, l := range sorted(s.state.Locks) {
		views = append(views, s.viewLock(l))
	}
	return list{items: views}, nil
}

func (s *Server) getLock(c *call) (any, error) {
	l, err := find(s.state.Locks, c.id("lockId"))
	if err != nil {
		return nil, err
	}
	return s.viewLock(l), nil
}

func (s *Server) createLock(c *call) (any, error) {
	var r struct {
		EntityType string `json:"entity_type"`
		EntityID   int    `json:"entity_id"`
		LockType   string `json:"lock_type"`
	}
	decoder := json.NewDecoder(strings.NewReader(string(c.body)))
	decoder.DisallowUnknownFields() // no document has checked the request
	if err := decoder.Decode(&r); err != nil {
		return nil, invalid("", "the request's body does not fit: %v", err)
	}
	if r.EntityType != "linode" {
		return nil, invalid("entity_type", "the lab locks only Linodes")
	}
	if r.LockType != lockWhole && r.LockType != lockParts {
		return nil, invalid("lock_type", "lock_type is not valid")
	}
	i, err := find(s.state.Instances, r.EntityID)
	if err != nil || i.Status == "deleting" {
		return nil, invalid("entity_id", "entity_id is not valid")
	}
	if s.lockOf(i) != nil {
		return nil, invalid("", "Linode %d has a lock already", i.ID)
	}
	l := &lock{ID: s.state.nextID("lock"), Type: r.LockType, LinodeID: i.ID}
	s.state.Locks[l.ID] = l
	return s.viewLock(l), nil
}

func (s *Server) deleteLock(c *call) (any, error) {
	l, err := find(s.state.Locks, c.id("lockId"))
	if err != nil {
		return nil, err
	}
	delete(s.state.Locks, l.ID)
	return none{}, nil
}

// lockOf returns the one lock that a Linode can have.
func (s *Server) lockOf(i *instance) *lock {
	for _, l := range s.state.Locks {
		if l.LinodeID == i.ID {
			return l
		}
	}
	return nil
}

// locksOf is how an instance shows its lock.
func (s *Server) locksOf(i *instance) []string {
	if l := s.lockOf(i); l != nil {
		return []string{l.Type}
	}
	return []string{}
}

// unlocked refuses what a lock of one of the types forbids.
func (s *Server) unlocked(i *instance, forbids ...string) error {
	if l := s.lockOf(i); l != nil && slices.Contains(forbids, l.Type) {
		return &apiError{http.StatusBadRequest, "", "This Linode has a lock of the type " + l.Type + ": remove the lock first."}
	}
	return nil
}

// unlockedParts wraps the deletion of what belongs to a Linode.
func (s *Server) unlockedParts(handler func(*call) (any, error)) func(*call) (any, error) {
	return func(c *call) (any, error) {
		i, err := s.instance(c)
		if err != nil {
			return nil, err
		}
		if err := s.unlocked(i, lockParts); err != nil {
			return nil, err
		}
		return handler(c)
	}
}
