package machine

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strconv"
	"strings"
	"time"
)

const (
	// BalancerFolder is where a balancer's configuration and files lie.
	BalancerFolder = "/etc/haproxy/lab"
	// AdminSocket is where a balancer's HAProxy takes commands.
	AdminSocket = "/run/haproxy/admin.sock"

	masterSocket = "/run/haproxy/master.sock"
	newFolder    = BalancerFolder + ".new"
	reloadLimit  = 15 * time.Second
)

// ApplyBalancer makes a balancer work by a specification: it creates it where
// it does not exist, else it hands the listening sockets over to a new HAProxy
// process, which loses no connection. A configuration that HAProxy refuses
// changes nothing.
func (r *Region) ApplyBalancer(ctx context.Context, spec BalancerSpec) error {
	defer r.balancers.lock(spec.ID)()
	err := r.applyBalancer(ctx, spec)
	if err != nil {
		return fmt.Errorf("cannot configure balancer %d: %w", spec.ID, err)
	}
	return nil
}

func (r *Region) applyBalancer(ctx context.Context, spec BalancerSpec) error {
	files, err := balancerFiles(spec)
	if err != nil {
		return err
	}
	name := r.balancerName(spec.ID)
	if err := r.ensureBalancer(ctx, spec); err != nil {
		return err
	}
	before, err := r.workers(ctx, name)
	if err != nil {
		return err
	}
	if _, err := r.execIn(ctx, name, []string{"rm", "-rf", newFolder}, nil); err != nil {
		return err
	}
	if err := r.copyIn(ctx, name, files); err != nil {
		return err
	}
	// The running process has read everything, so the folders may be swapped
	// to check the new one under the paths that it uses.
	if out, err := r.execIn(ctx, name, []string{"sh", "-c", swapScript}, nil); err != nil {
		return fmt.Errorf("%w %s", err, out)
	}
	if err := r.keepServerState(ctx, name, spec); err != nil {
		return err
	}
	if _, err := r.docker.Run(ctx, "kill", "--signal", "USR2", name); err != nil {
		return err
	}
	return r.waitReload(ctx, name, before)
}

// swapScript puts the new configuration in place if HAProxy accepts it.
const swapScript = `set -e
cd /etc/haproxy
rm -rf lab.old
mv lab lab.old
mv lab.new lab
if ! haproxy -c -f lab; then
    rm -rf lab
    mv lab.old lab
    exit 1
fi
rm -rf lab.old`

const baseConfig = `global
    stats socket ` + AdminSocket + ` mode 600 level admin expose-fd listeners
    hard-stop-after 30s
`

// idleConfig makes a configuration without listeners valid.
const idleConfig = `frontend lab-idle
    mode tcp
    timeout client 1s
    bind unix@/run/haproxy/idle.sock
`

func balancerFiles(spec BalancerSpec) ([]file, error) {
	folder := strings.TrimPrefix(newFolder, "/")
	var files []file
	if !strings.Contains(spec.Config, "stats socket") {
		files = append(files, file{folder + "/00-base.cfg", 0o600, []byte(baseConfig)})
	}
	files = append(files,
		file{folder + "/50-balancer.cfg", 0o600, []byte(spec.Config)},
		file{folder + "/99-idle.cfg", 0o600, []byte(idleConfig)})
	for name, content := range spec.Files {
		if name != path.Clean(name) || path.IsAbs(name) || strings.HasPrefix(name, "..") || strings.HasSuffix(name, ".cfg") {
			return nil, fmt.Errorf("%q is no name for a file of a balancer", name)
		}
		files = append(files, file{folder + "/" + name, 0o600, content})
	}
	return files, nil
}

func (r *Region) ensureBalancer(ctx context.Context, spec BalancerSpec) error {
	name := r.balancerName(spec.ID)
	state, err := r.state(ctx, name)
	if err != nil || state == "running" {
		return err
	}
	if state == "" {
		if err := r.createBalancer(ctx, spec); err != nil {
			return err
		}
	}
	if _, err := r.docker.Run(ctx, "start", name); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, reloadLimit, fmt.Errorf("not within %s", reloadLimit))
	defer cancel()
	return poll(ctx, func() error {
		_, err := r.workers(ctx, name)
		return err
	})
}

func (r *Region) createBalancer(ctx context.Context, spec BalancerSpec) error {
	source, err := r.freeBalancerSource(ctx)
	if err != nil {
		return err
	}
	args := []string{"create", "--name", r.balancerName(spec.ID), "--hostname", "nodebalancer-" + strconv.Itoa(spec.ID),
		"--network", r.publicName(), "--ip", spec.PublicIPv4, "--cap-add", "NET_ADMIN", "--restart", "on-failure"}
	args = append(args, r.owned(kindBalancer)...)
	args = append(args, label(idLabel, strconv.Itoa(spec.ID))...)
	args = append(args, label(publicLabel, spec.PublicIPv4)...)
	args = append(args, label(privateLabel, source)...)
	args = append(args, r.config.Images.Balancer, source+"/"+strconv.Itoa(privateNetwork.Bits()))
	if _, err = r.docker.Run(ctx, args...); err != nil {
		r.Release(source)
	}
	return err
}

// workers returns the process numbers of the current HAProxy workers.
func (r *Region) workers(ctx context.Context, name string) (map[string]bool, error) {
	out, err := r.socket(ctx, name, masterSocket, "show proc")
	if err != nil {
		return nil, err
	}
	workers := parseWorkers(string(out))
	if len(workers) == 0 {
		return nil, errors.New("haproxy has no worker")
	}
	return workers, nil
}

// parseWorkers reads "show proc" of HAProxy's master, which lists the workers
// that still finish old connections under "# old workers".
func parseWorkers(out string) map[string]bool {
	workers := map[string]bool{}
	for line := range strings.Lines(out) {
		if strings.HasPrefix(line, "# old workers") {
			break
		}
		fields := strings.Fields(line)
		if len(fields) > 1 && fields[1] == "worker" {
			workers[fields[0]] = true
		}
	}
	return workers
}

func (r *Region) waitReload(ctx context.Context, name string, before map[string]bool) error {
	ctx, cancel := context.WithTimeoutCause(ctx, reloadLimit, fmt.Errorf("not within %s", reloadLimit))
	defer cancel()
	return poll(ctx, func() error {
		now, err := r.workers(ctx, name)
		if err != nil {
			return err
		}
		for worker := range now {
			if before[worker] {
				return errors.New("haproxy has not taken its new configuration")
			}
		}
		return nil
	})
}

// BalancerStats returns HAProxy's statistics as it prints them: comma-separated
// values with a line of names that starts with "# ".
func (r *Region) BalancerStats(ctx context.Context, id int) ([]byte, error) {
	return r.BalancerCommand(ctx, id, "show stat")
}

// BalancerCommand gives one command to a balancer's HAProxy and returns the
// answer.
func (r *Region) BalancerCommand(ctx context.Context, id int, command string) ([]byte, error) {
	out, err := r.socket(ctx, r.balancerName(id), AdminSocket, command)
	if err != nil {
		return nil, fmt.Errorf("cannot ask balancer %d: %w", id, err)
	}
	return out, nil
}

func (r *Region) socket(ctx context.Context, container, socket, command string) ([]byte, error) {
	return r.execIn(ctx, container, []string{"socat", "-t", "5", "stdio", "unix-connect:" + socket},
		strings.NewReader(command+"\n"))
}

// DeleteBalancer removes a balancer; one that does not exist is deleted
// already.
func (r *Region) DeleteBalancer(ctx context.Context, id int) error {
	defer r.balancers.lock(id)()
	containers, err := listContainers(ctx, r.docker, r.filter(), "label="+kindLabel+"="+kindBalancer,
		"label="+idLabel+"="+strconv.Itoa(id))
	if err == nil {
		err = r.removeContainer(ctx, r.balancerName(id))
	}
	if err != nil {
		return fmt.Errorf("cannot delete balancer %d: %w", id, err)
	}
	for _, container := range containers {
		r.Release(container.PublicIPv4, container.PrivateIPv4)
	}
	return nil
}
