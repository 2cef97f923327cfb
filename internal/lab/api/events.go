package api

import (
	"context"
	"fmt"
)

// maxEvents bounds the history; Linode keeps 90 days, the lab a few thousand.
const maxEvents = 5000

type event struct {
	ID              int     `json:"id"`
	Action          string  `json:"action"`
	Created         string  `json:"created"`
	Duration        float64 `json:"duration"`
	Entity          entity  `json:"entity"`
	Secondary       *entity `json:"secondary_entity,omitempty"`
	Message         *string `json:"message"`
	PercentComplete int     `json:"percent_complete"`
	Read            bool    `json:"read"`
	Seen            bool    `json:"seen"`
	Status          string  `json:"status"`
	TimeRemaining   *string `json:"time_remaining"`
	Username        string  `json:"username"`
}

type entity struct {
	ID    int    `json:"id"`
	Label string `json:"label"`
	Type  string `json:"type"`
	URL   string `json:"url"`
}

func entityOf(kind string, id int, label string) entity {
	paths := map[string]string{
		"linode": "/v4/linode/instances/%d", "nodebalancer": "/v4/nodebalancers/%d",
		"firewall": "/v4/networking/firewalls/%d", "placement_group": "/v4/placement/groups/%d",
		"vpc": "/v4/vpcs/%d", "user_ssh_key": "/v4/profile/sshkeys/%d", "volume": "/v4/volumes/%d",
	}
	return entity{id, label, kind, fmt.Sprintf(paths[kind], id)}
}

// post records an event; status is "scheduled" for work that follows and
// "notification" for what is already done.
func (s *Server) post(action, status string, about entity) *event {
	e := &event{
		ID: s.state.nextID("event"), Action: action, Status: status, Entity: about,
		Created: s.timestamp(), Username: s.state.Profile.Username,
	}
	if status == "notification" {
		e.PercentComplete = 100
	}
	s.state.Events = append(s.state.Events, e)
	if extra := len(s.state.Events) - maxEvents; extra > 0 {
		s.state.Events = s.state.Events[extra:]
	}
	return e
}

func (s *Server) notify(action string, about entity) { s.post(action, "notification", about) }

// run posts an event and queues the work behind it. before and after change
// the state under the lock; after is told how the work ended.
type task struct {
	object string
	event  *event
	before func()
	do     func(ctx context.Context) error
	after  func(err error)
}

func (s *Server) run(t task) {
	s.work.enqueue(t.object, func(ctx context.Context) {
		started := s.options.Now()
		s.locked(func() {
			if t.event != nil {
				t.event.Status = "started"
			}
			if t.before != nil {
				t.before()
			}
		})
		err := t.do(ctx)
		if err != nil {
			s.options.Logger.Error("work failed", "object", t.object, "action", actionOf(t.event), "error", err)
		}
		s.locked(func() {
			// Work that was cut off by closing stays "started": the next
			// server says that it was interrupted.
			if t.event != nil && ctx.Err() == nil {
				t.event.end(s.options.Now().Sub(started).Seconds(), err)
			}
			if t.after != nil && ctx.Err() == nil {
				t.after(err)
			}
		})
	})
}

func actionOf(e *event) string {
	if e == nil {
		return ""
	}
	return e.Action
}

func (e *event) end(seconds float64, err error) {
	e.Duration, e.PercentComplete, e.Status = seconds, 100, "finished"
	if err != nil {
		message := err.Error()
		e.Status, e.Message = "failed", &message
	}
}

// locked changes the state outside a request and saves it.
func (s *Server) locked(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
	s.persist()
}

func (s *Server) eventRoutes() []route {
	return []route{
		{method: "GET", path: "/account/events", handler: s.listEvents},
		{method: "GET", path: "/account/events/{eventId}", handler: s.getEvent},
		{method: "POST", path: "/account/events/{eventId}/seen", handler: s.markEventsSeen},
		{method: "POST", path: "/account/events/{eventId}/read", handler: s.markEventRead},
	}
}

func (s *Server) listEvents(*call) (any, error) {
	return list{items: s.state.Events, newestFirst: true}, nil
}

func (s *Server) getEvent(c *call) (any, error) { return s.findEvent(c) }

func (s *Server) findEvent(c *call) (*event, error) {
	for _, e := range s.state.Events {
		if e.ID == c.id("eventId") {
			return e, nil
		}
	}
	return nil, errNotFound()
}

// markEventsSeen marks the event and all before it.
func (s *Server) markEventsSeen(c *call) (any, error) {
	last, err := s.findEvent(c)
	if err != nil {
		return nil, err
	}
	for _, e := range s.state.Events {
		if e.ID <= last.ID {
			e.Seen = true
		}
	}
	return none{}, nil
}

func (s *Server) markEventRead(c *call) (any, error) {
	e, err := s.findEvent(c)
	if err != nil {
		return nil, err
	}
	e.Read = true
	return none{}, nil
}
