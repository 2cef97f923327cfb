package region

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/lab/api"
	"github.com/terraform-ha/terraform-provider-ha/internal/lab/docker"
	"github.com/terraform-ha/terraform-provider-ha/internal/lab/image"
	"github.com/terraform-ha/terraform-provider-ha/internal/lab/machine"
)

const (
	// closeLimit is how long work that has begun may take when the API ends.
	closeLimit = 5 * time.Second
	// firstHost leaves the subnet's first addresses to routers and to people.
	firstHost = 10
)

// Serve is the lab's API: it answers until ctx is done.
func Serve(ctx context.Context, client docker.CLI, folder Folder, log io.Writer) error {
	settings, err := folder.Settings()
	if err != nil {
		return err
	}
	release, err := folder.claim(ctx)
	if err != nil {
		return fmt.Errorf("cannot serve lab %s: %w", settings.Name, err)
	}
	defer release()
	server, err := newServer(ctx, client, folder, settings, log)
	if err != nil {
		return fmt.Errorf("cannot serve lab %s: %w", settings.Name, err)
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", settings.Listen)
	if err != nil {
		return errors.Join(fmt.Errorf("cannot serve lab %s: %w", settings.Name, err), closeServer(ctx, server))
	}
	front := &http.Server{Handler: server, ReadHeaderTimeout: 10 * time.Second}
	ended := make(chan error, 1)
	go func() { ended <- front.Serve(listener) }()
	select {
	case err = <-ended:
	case <-ctx.Done():
	}
	return errors.Join(err, front.Close(), closeServer(ctx, server))
}

func closeServer(ctx context.Context, server *api.Server) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeLimit)
	defer cancel()
	return server.Close(ctx)
}

func newServer(ctx context.Context, client docker.CLI, folder Folder, settings Settings, log io.Writer) (*api.Server, error) {
	release, err := settings.Release()
	if err != nil {
		return nil, err
	}
	images, err := image.Ensure(ctx, client, release, log)
	if err != nil {
		return nil, err
	}
	hardware, err := machine.Up(ctx, client, machine.Config{Name: settings.Name, Subnet: settings.Subnet, Images: images, Volumes: true})
	if err != nil {
		return nil, err
	}
	imagesOf := func(ctx context.Context, release image.Release) (image.Images, error) {
		return image.Ensure(ctx, client, release, log)
	}
	logger := slog.New(slog.NewTextHandler(log, nil))
	return api.NewServer(ctx, api.Options{
		Token: settings.Token, Backend: backend{hardware, imagesOf}, StateFile: folder.StateFile(),
		PublicPrefix: settings.Subnet, FirstPublic: nth(settings.Subnet, firstHost),
		BalancerDelay: func() time.Duration {
			delay, err := folder.BalancerDelay()
			if err != nil {
				logger.Error("NodeBalancers act at once", "error", err)
			}
			return delay
		},
		Logger: logger,
	})
}

func nth(subnet netip.Prefix, number int) netip.Addr {
	address := subnet.Masked().Addr()
	for range number {
		address = address.Next()
	}
	return address
}
