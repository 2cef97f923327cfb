package webtier

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// leaveUnit does nothing until it is stopped, which is before the servers are: visitors
// leave then. Changes of ours have drained the machine by then and know the balancer.
const leaveUnit = "terraform-ha-web-leave.service"

// leaveMargin is for what the program does beside waiting, in seconds.
const leaveMargin = 30

func (s Spec) leaveProgram() string { return s.library() + "/leave" }

// leavePrograms are what the unit runs.
func leavePrograms(s Spec) []host.File {
	data := struct {
		Name, HealthPath, OKFile, DrainFile, DrainMark, MaintenanceFile string
		Port, Seconds                                                   int
	}{s.Name, s.HealthPath, okFile, drainFile, drainMark, s.maintenanceFile(), s.Port, *s.DrainSeconds}
	return []host.File{rendered(s.leaveProgram(), "0755", "leave.tmpl", data)}
}

func leaveUnits(s Spec) []host.File {
	data := struct {
		Name, Library, Probe string
		Limit                int
	}{s.Name, s.library(), probeUnit, *s.DrainSeconds + leaveMargin}
	return []host.File{rendered(systemUnits+leaveUnit, "0644", "leave.service.tmpl", data)}
}

var awaitDepartureScript = shell.Embedded(scripts, "await-departure")

// longestDeparture is more than a tier can want visitors to have to leave.
const longestDeparture = time.Hour + time.Minute

// AwaitDeparture waits until a load balancer has let go of a machine of a tier which it was
// told to forget: for quiet nobody came to it, also no health check, and no connection is
// open. It changes nothing, and does not wait for longer than the tier's drain_seconds; forgotten is
// false if somebody still came then. A machine that does not serve is left alone.
func AwaitDeparture(ctx context.Context, view host.View, name string, quiet time.Duration) (forgotten bool, err error) {
	program := Spec{Name: name}.leaveProgram()
	seconds := strconv.Itoa(int(quiet.Seconds()))
	_, err = view.Query(ctx, shell.Script(awaitDepartureScript, program, seconds).WithLimit(longestDeparture))
	if exit, failed := errors.AsType[*shell.ExitError](err); failed && exit.Status == 1 {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("cannot wait for visitors to leave %s: %w", view.Name(), err)
	}
	return true, nil
}
