package bus

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"testing"

	"github.com/seed-09a2cce4/automl/trials"
)

// childEnv makes the test binary a process that stores trials in the directory
// and says so after each, until it is killed.
const childEnv = "AUTOML_BUS_CHILD_DIR"

func child() {
	srv, err := StartServer(ServerConfig{Dir: os.Getenv(childEnv)})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	ctx := context.Background()
	b, err := Connect(ctx, Config{Server: srv})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	for n := 0; ; n++ {
		r := &trials.Record{Spec: *spec("j", n), State: trials.Queued}
		if err := b.Trials().Create(ctx, r); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		if err := b.Enqueue(ctx, &r.Spec); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println("stored", n)
	}
}

// A process killed at any moment leaves a directory that the next one opens,
// with all that was acknowledged.
func TestKilledServerLosesNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	last := -1
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if _, err := fmt.Sscanf(lines.Text(), "stored %d", &last); err != nil {
			t.Fatalf("child: %s", lines.Text())
		}
		if last == 30 {
			_ = cmd.Process.Kill()
		}
	}
	_ = cmd.Wait()
	b := connect(t, Config{Server: startServer(t, ServerConfig{Dir: dir})})
	list, err := b.Trials().List(testContext(t), "j")
	if err != nil || len(list) <= last {
		t.Errorf("%d records of %d, %v", len(list), last+1, err)
	}
	q, err := b.Queue(testContext(t))
	if err != nil || q.Waiting <= last {
		t.Errorf("queue %+v, want %d, %v", q, last+1, err)
	}
}
