package api

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/linode/linodego"
)

const testToken = "lab-token"

// fakeBackend keeps machines and balancers and refuses what cannot be: booting
// what does not exist, creating what does.
type fakeBackend struct {
	mu        sync.Mutex
	machines  map[int]*fakeMachine
	balancers map[int]BalancerSpec
	volumes   map[int]*fakeVolume
	applied   map[int]int
	down      map[string]bool
	fail      map[string]error
	working   map[int]bool
	overlap   error
	parallel  int
	most      int
	// hold, when set, blocks every machine operation until it is closed.
	hold chan struct{}
}

type fakeMachine struct {
	spec    MachineSpec
	running bool
}

func newFakeBackend() *fakeBackend {
	return &fakeBackend{
		volumes: map[int]*fakeVolume{}, machines: map[int]*fakeMachine{}, balancers: map[int]BalancerSpec{}, applied: map[int]int{},
		down: map[string]bool{}, fail: map[string]error{}, working: map[int]bool{},
	}
}

// enter notes concurrent work on one machine, which must never happen.
func (f *fakeBackend) enter(ctx context.Context, verb string, id int) (func(), error) {
	f.mu.Lock()
	if f.working[id] {
		f.overlap = fmt.Errorf("%s of machine %d overlaps with other work on it", verb, id)
	}
	f.working[id] = true
	f.parallel++
	f.most = max(f.most, f.parallel)
	hold, err := f.hold, f.fail[verb]
	f.mu.Unlock()
	if hold != nil {
		select {
		case <-hold:
		case <-ctx.Done():
		}
	}
	f.mu.Lock()
	return func() { f.working[id] = false; f.parallel--; f.mu.Unlock() }, err
}

func (f *fakeBackend) machine(id int) (*fakeMachine, error) {
	if m, ok := f.machines[id]; ok {
		return m, nil
	}
	return nil, fmt.Errorf("machine %d does not exist", id)
}

func (f *fakeBackend) CreateMachine(ctx context.Context, spec MachineSpec) error {
	leave, err := f.enter(ctx, "create", spec.ID)
	defer leave()
	if err != nil {
		return err
	}
	if f.machines[spec.ID] != nil {
		return fmt.Errorf("machine %d exists", spec.ID)
	}
	f.machines[spec.ID] = &fakeMachine{spec: spec, running: spec.Boot}
	return nil
}

func (f *fakeBackend) change(ctx context.Context, verb string, id int, do func(*fakeMachine) error) error {
	leave, err := f.enter(ctx, verb, id)
	defer leave()
	if err != nil {
		return err
	}
	m, err := f.machine(id)
	if err != nil {
		return err
	}
	return do(m)
}

func (f *fakeBackend) StartMachine(ctx context.Context, id int) error {
	return f.change(ctx, "start", id, func(m *fakeMachine) error {
		if m.running {
			return errors.New("already running")
		}
		m.running = true
		return nil
	})
}

func (f *fakeBackend) StopMachine(ctx context.Context, id int) error {
	return f.change(ctx, "stop", id, func(m *fakeMachine) error { m.running = false; return nil })
}

func (f *fakeBackend) RebootMachine(ctx context.Context, id int) error {
	return f.change(ctx, "reboot", id, func(m *fakeMachine) error {
		if !m.running {
			return errors.New("not running")
		}
		return nil
	})
}

func (f *fakeBackend) RebuildMachine(ctx context.Context, spec MachineSpec) error {
	return f.change(ctx, "rebuild", spec.ID, func(m *fakeMachine) error { m.spec, m.running = spec, spec.Boot; return nil })
}

func (f *fakeBackend) ConfigureMachine(ctx context.Context, spec MachineSpec) error {
	return f.change(ctx, "configure", spec.ID, func(m *fakeMachine) error { m.spec.VLANs = spec.VLANs; return nil })
}

func (f *fakeBackend) DeleteMachine(ctx context.Context, id int) error {
	leave, err := f.enter(ctx, "delete", id)
	defer leave()
	delete(f.machines, id)
	return err
}

func (f *fakeBackend) ApplyBalancer(_ context.Context, spec BalancerSpec) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.balancers[spec.ID] = spec
	f.applied[spec.ID]++
	return f.fail["apply"]
}

// BalancerStats reports every server of the configuration, as HAProxy would.
func (f *fakeBackend) BalancerStats(_ context.Context, id int) ([]byte, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	spec, ok := f.balancers[id]
	if !ok {
		return nil, fmt.Errorf("balancer %d does not exist", id)
	}
	return statsOf(spec.Config, f.down), nil
}

func (f *fakeBackend) DeleteBalancer(_ context.Context, id int) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.balancers, id)
	return nil
}

// lab is a server under test with a client of it.
type lab struct {
	t       *testing.T
	backend *fakeBackend
	server  *Server
	url     string
	client  linodego.Client
	options Options
}

func newLab(t *testing.T) *lab {
	t.Helper()
	return startLab(t, newFakeBackend(), Options{StateFile: filepath.Join(t.TempDir(), "region.json")})
}

func startLab(t *testing.T, backend *fakeBackend, options Options) *lab {
	t.Helper()
	options.Token, options.Backend = testToken, backend
	options.ValidateResponses = true
	options.OnInvalidResponse = func(err error) { t.Error(err) }
	options.Debounce, options.StatsAge = 5*time.Millisecond, time.Nanosecond
	server, err := NewServer(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	listener := httptest.NewServer(server)
	l := &lab{t: t, backend: backend, server: server, url: listener.URL, options: options, client: newClient(listener.URL, testToken)}
	t.Cleanup(func() {
		listener.Close()
		if err := server.Close(context.Background()); err != nil {
			t.Error(err)
		}
		backend.mu.Lock()
		defer backend.mu.Unlock()
		if backend.overlap != nil {
			t.Error(backend.overlap)
		}
	})
	return l
}

func newClient(url, token string) linodego.Client {
	client := linodego.NewClient(nil)
	client.SetBaseURL(url)
	client.SetToken(token)
	client.SetPollDelay(5) // milliseconds
	client.SetRetryMaxWaitTime(10 * time.Millisecond)
	return client
}

// must returns what a call returned and ends the test on its error.
func must[T any](value T, err error) func(t *testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

// instanceOptions are what the modules ask for.
func instanceOptions(label string) linodego.InstanceCreateOptions {
	return linodego.InstanceCreateOptions{
		Region: "us-east", Type: "g6-standard-1", Label: label, Image: "linode/debian12",
		RootPass: "correct horse battery", AuthorizedKeys: []string{"ssh-ed25519 AAAA test"}, PrivateIP: true, Tags: []string{"web"},
	}
}

// boot creates an instance and waits until it runs.
func (l *lab) boot(options linodego.InstanceCreateOptions) *linodego.Instance {
	l.t.Helper()
	i := must(l.client.CreateInstance(l.t.Context(), options))(l.t)
	return must(l.client.WaitForInstanceStatus(l.t.Context(), i.ID, linodego.InstanceRunning, 10))(l.t)
}

// until polls a condition that is reached asynchronously; what says which.
func (l *lab) until(what string, reached func() bool) {
	l.t.Helper()
	deadline := time.After(10 * time.Second)
	for !reached() {
		select {
		case <-deadline:
			l.t.Fatalf("waited in vain until %s", what)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// wantCode checks that a call was refused with a status.
func wantCode(t *testing.T, err error, code int) {
	t.Helper()
	var refused *linodego.Error
	if !errors.As(err, &refused) || refused.Code != code {
		t.Errorf("error %v, want code %d", err, code)
	}
}
