package labtest

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"testing"
)

const roleVariable = "LABTEST_ROLE"

// TestMain plays a test that starts a process to serve its lab, and that process.
func TestMain(m *testing.M) {
	switch os.Getenv(roleVariable) {
	case "test":
		child := exec.Command(os.Args[0])
		child.Env = append(os.Environ(), roleVariable+"=serve")
		child.Stdout = os.Stdout
		if err := child.Run(); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
	case "serve":
		ctx, cancel := ServeContext(context.Background(), false)
		defer cancel()
		fmt.Println("serving")
		<-ctx.Done()
		fmt.Println("ended")
	default:
		os.Exit(m.Run())
	}
}

func TestServeContextEndsWithAKilledTest(t *testing.T) {
	t.Parallel()
	read, write := io.Pipe()
	test := exec.CommandContext(t.Context(), os.Args[0])
	test.Env = append(os.Environ(), roleVariable+"=test")
	test.Stdout = write
	must(t, test.Start())
	lines := bufio.NewScanner(read)
	lines.Scan()
	if got := lines.Text(); got != "serving" {
		t.Fatalf("first line %q", got)
	}
	must(t, test.Process.Kill())
	// Wait ends when the last process with the pipe has: without the watch that
	// is never, and the test's own limit would end it.
	go func() { _ = test.Wait(); write.Close() }()
	lines.Scan()
	if got := lines.Text(); got != "ended" {
		t.Errorf("last line %q", got)
	}
}
