package region

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

const (
	// startLimit bounds the wait for the API to answer.
	startLimit = 30 * time.Second
	// stopLimit is longer than the time that the API gives its work to end.
	stopLimit = closeLimit + 10*time.Second
	pollEvery = 50 * time.Millisecond
)

// claim makes this process the one that serves the lab: it holds a lock on the
// file with its number, so a number that is left from a crash, and now another
// process's, is never taken for the API's.
func (f Folder) claim(ctx context.Context) (release func(), err error) {
	file, err := os.OpenFile(f.lockFile(), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	// Whoever looks whether the API runs has the lock for a moment.
	const moments = 20
	free, err := lock(file)
	for attempt := 0; err == nil && !free && attempt < moments; attempt++ {
		select {
		case <-ctx.Done():
			err = ctx.Err()
		case <-time.After(pollEvery):
			free, err = lock(file)
		}
	}
	if err == nil && !free {
		err = errors.New("another process serves this lab")
	}
	if err == nil {
		err = file.Truncate(0)
	}
	if err == nil {
		_, err = file.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	return func() { file.Close() }, nil
}

// Process returns the number of the process that serves the lab, 0 where none
// does.
func (f Folder) Process() (int, error) {
	file, err := os.Open(f.lockFile())
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("cannot look for the lab's API: %w", err)
	}
	defer file.Close()
	free, err := lock(file)
	if err != nil {
		return 0, fmt.Errorf("cannot look for the lab's API: %w", err)
	}
	if free {
		return 0, nil
	}
	content, err := os.ReadFile(f.lockFile())
	if err != nil {
		return 0, fmt.Errorf("cannot look for the lab's API: %w", err)
	}
	// A process that has the lock and not yet written its number is starting.
	number, err := strconv.Atoi(strings.TrimSpace(string(content)))
	if err != nil {
		return 0, fmt.Errorf("cannot look for the lab's API: it is just starting or ending: %w", err)
	}
	return number, nil
}

// start runs a command in the background as the process that serves the lab,
// and waits until it answers.
func (f Folder) start(ctx context.Context, command []string, settings Settings) error {
	log, err := os.OpenFile(f.LogFile(), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("cannot keep the API's log: %w", err)
	}
	defer log.Close()
	// Not bound to ctx: the API lives on when "lab up" has ended.
	process := exec.CommandContext(context.WithoutCancel(ctx), command[0], command[1:]...)
	process.Stdout, process.Stderr = log, log
	detach(process)
	if err := process.Start(); err != nil {
		return fmt.Errorf("cannot start the lab's API: %w", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- process.Wait() }()
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	for {
		last := answers(ctx, settings)
		if last == nil {
			return nil
		}
		select {
		case err := <-ended:
			return fmt.Errorf("cannot start the lab's API: it has ended, see %s: %w", f.LogFile(), err)
		case <-ctx.Done():
			return fmt.Errorf("cannot start the lab's API: it does not answer, see %s: %w", f.LogFile(), last)
		case <-time.After(pollEvery):
		}
	}
}

// answers asks the API something that takes no work.
func answers(ctx context.Context, settings Settings) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, settings.URL()+"/v4/profile", nil)
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+settings.Token)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("it answers %s", response.Status)
	}
	return nil
}

// stop ends the process that serves the lab, if there is one.
func (f Folder) stop(ctx context.Context) error {
	number, err := f.Process()
	if err != nil || number == 0 {
		return err
	}
	process, err := os.FindProcess(number)
	if err == nil {
		err = terminate(process)
	}
	if err != nil {
		return fmt.Errorf("cannot stop the lab's API, process %d: %w", number, err)
	}
	ctx, cancel := context.WithTimeout(ctx, stopLimit)
	defer cancel()
	for {
		running, err := f.Process()
		if err == nil && running == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("cannot stop the lab's API: process %d has not ended within %s", number, stopLimit)
		case <-time.After(pollEvery):
		}
	}
}
