package linodeprovider

import (
	"context"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/lab/api"
)

// emptyRegion is a backend without machines: the API's own behavior is what
// these tests are about.
type emptyRegion struct{}

func (emptyRegion) CreateMachine(context.Context, api.MachineSpec) error  { return nil }
func (emptyRegion) StartMachine(context.Context, int) error               { return nil }
func (emptyRegion) StopMachine(context.Context, int) error                { return nil }
func (emptyRegion) RebootMachine(context.Context, int) error              { return nil }
func (emptyRegion) RebuildMachine(context.Context, api.MachineSpec) error { return nil }
func (emptyRegion) DeleteMachine(context.Context, int) error              { return nil }
func (emptyRegion) ApplyBalancer(context.Context, api.BalancerSpec) error { return nil }
func (emptyRegion) BalancerStats(context.Context, int) ([]byte, error) {
	return []byte("# pxname,svname\n"), nil
}
func (emptyRegion) DeleteBalancer(context.Context, int) error               { return nil }
func (emptyRegion) ConfigureMachine(context.Context, api.MachineSpec) error { return nil }

func (emptyRegion) CreateVolume(context.Context, api.VolumeSpec) error      { return nil }
func (emptyRegion) ResizeVolume(context.Context, api.VolumeSpec) error      { return nil }
func (emptyRegion) DeleteVolume(context.Context, int) error                 { return nil }
func (emptyRegion) AttachVolume(context.Context, int, api.VolumeSpec) error { return nil }
func (emptyRegion) DetachVolume(context.Context, int, int) error            { return nil }

// newLabAPI serves the lab's own API, every answer checked against the contract.
func newLabAPI(t *testing.T) string {
	t.Helper()
	server, err := api.NewServer(t.Context(), api.Options{
		Token: fakeToken, Backend: emptyRegion{}, ValidateResponses: true,
		OnInvalidResponse: func(err error) { t.Errorf("the API's answer violates the contract: %v", err) },
	})
	if err != nil {
		t.Fatal(err)
	}
	endpoint := httptest.NewServer(server)
	t.Cleanup(func() {
		endpoint.Close()
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := server.Close(ctx); err != nil {
			t.Errorf("cannot close the API: %v", err)
		}
	})
	return endpoint.URL
}

// testLabAPI builds the same site against the API that the lab really has.
func testLabAPI(t *testing.T, in installation) {
	configuration := func(tag string, weight int) string {
		key := "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDv7BnJc7XRwvP4MYcmenaVPGCP4cY+/Bo6LBvoMi+KW test"
		return strings.Replace(fmt.Sprintf(site+siteFirewall, tag, weight), "ssh-ed25519 AAAA test", key, 1)
	}
	const labRegion = "us-east"
	configure := func(tag string, weight int) string {
		return strings.ReplaceAll(configuration(tag, weight), `"lab"`, `"`+labRegion+`"`)
	}
	w := in.workspace(t, newLabAPI(t), configure("v1", 100))
	w.apply()
	w.mustBeEmpty()
	checkInstance(t, w.attributes("linode_instance.web[0]"))
	w.write(configure("v2", 50))
	w.apply()
	w.mustBeEmpty()
	t.Run("import", func(t *testing.T) { testImport(t, w.under(t)) })
	w.mustRun("destroy", "-auto-approve", "-input=false")
}
