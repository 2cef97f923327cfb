package api

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"

	"github.com/terraform-ha/terraform-provider-ha/internal/lab/openapi"
)

// maxBody bounds a request's body; user data of 64 KiB is the largest field.
const maxBody = 1 << 20

// Server is the lab's Linode API.
type Server struct {
	options Options
	router  *router
	store   store
	work    *work
	stats   statsCache

	mu      sync.Mutex
	state   *state
	closed  bool
	applies map[int]*applyTimer
	// rendered counts the configurations of NodeBalancers; queued has, for each,
	// the number of the latest one that was queued.
	rendered int
	queued   map[int]int
}

// NewServer loads the region and resumes what an earlier server left undone.
func NewServer(ctx context.Context, options Options) (*Server, error) {
	options, err := options.withDefaults()
	if err != nil {
		return nil, err
	}
	doc, err := openapi.Document()
	if err != nil {
		return nil, err
	}
	s := &Server{
		options: options,
		store:   store{options.StateFile},
		applies: map[int]*applyTimer{}, queued: map[int]int{},
	}
	if s.state, err = s.store.load(); err != nil {
		return nil, err
	}
	if s.router, err = newRouter(doc, s.routes()); err != nil {
		return nil, err
	}
	s.work = newWork(detach(ctx), options.Parallel)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.resume()
	return s, s.store.save(s.state)
}

// Close refuses further requests and waits until queued work is done. When ctx
// ends first, the work is canceled and what it was doing is resumed by the
// next server.
func (s *Server) Close(ctx context.Context) error {
	s.mu.Lock()
	s.closed = true
	for id := range s.applies {
		s.applyNow(id)
	}
	s.mu.Unlock()
	err := s.work.close(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	return errors.Join(err, s.store.save(s.state))
}

// ServeHTTP answers one request of the API.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := s.serve(w, r)
	if err == nil {
		writeJSON(w, http.StatusOK, body)
		return
	}
	var refusal *apiError
	if !errors.As(err, &refusal) {
		s.options.Logger.Error("request failed", "method", r.Method, "path", r.URL.Path, "error", err)
		refusal = &apiError{http.StatusInternalServerError, "", err.Error()}
	}
	writeError(w, refusal)
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if !s.authorized(r) {
		return nil, &apiError{http.StatusUnauthorized, "", "Invalid Token"}
	}
	match, err := s.router.match(r)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		return nil, invalid("", "the request's body cannot be read: %v", err)
	}
	req := &call{http: r, params: match.params, body: body}
	if err := match.validateRequest(r.Context(), req); err != nil {
		return nil, err
	}
	if match.refresh != nil {
		match.refresh(req)
	}
	answer, err := s.handle(match, req)
	if err != nil {
		return nil, err
	}
	if s.options.ValidateResponses {
		if err := match.validateResponse(r.Context(), req, answer); err != nil {
			err = fmt.Errorf("the answer to %s %s violates the contract: %w", r.Method, r.URL.Path, err)
			s.options.OnInvalidResponse(err)
			return nil, err
		}
	}
	return answer, nil
}

// handle runs a handler on the locked state. The answer is encoded while the
// lock is held because handlers answer with the state's own objects.
func (s *Server) handle(match *match, req *call) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, &apiError{http.StatusServiceUnavailable, "", "the lab is shutting down"}
	}
	answer, err := match.handler(req)
	if err != nil {
		return nil, err
	}
	encoded, err := encode(req, answer)
	if err != nil || req.http.Method == http.MethodGet {
		return encoded, err
	}
	return encoded, s.store.save(s.state)
}

func (s *Server) authorized(r *http.Request) bool {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	return strings.EqualFold(scheme, "Bearer") &&
		subtle.ConstantTimeCompare([]byte(token), []byte(s.options.Token)) == 1
}

// persist saves after asynchronous changes; the caller holds the lock.
func (s *Server) persist() {
	if err := s.store.save(s.state); err != nil {
		s.options.Logger.Error("cannot save the region", "error", err)
	}
}

// timestamp is the time in Linode's format: UTC without a zone.
func (s *Server) timestamp() string { return s.options.Now().UTC().Format(timeLayout) }

const timeLayout = "2006-01-02T15:04:05"
