package deploy

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"syscall"
	"time"

	"github.com/compose-spec/compose-go/v2/types"
)

// A process is a service that runs.
type process struct {
	name   string
	cmd    *exec.Cmd
	output bytes.Buffer // of both streams; to be read after done
	done   chan struct{}
	err    error // of Wait, after done
}

// start starts a service, unless it runs, when those that it depends on are
// healthy. It returns when the service is healthy itself.
func (s *stage) start(name string) {
	s.t.Helper()
	if slices.ContainsFunc(s.running, func(p *process) bool { return p.name == name }) {
		return
	}
	service := s.project.Services[name]
	for dependency := range service.DependsOn {
		s.start(dependency)
	}
	argv, env := s.command(service)
	check := s.healthCheck(service)
	if check != nil && s.exec(check, env) == nil {
		s.t.Fatalf("%s is healthy before it runs: %q", name, check)
	}
	p := &process{name: name, cmd: exec.Command(argv[0], argv[1:]...), done: make(chan struct{})}
	p.cmd.Env, p.cmd.Dir = env, s.t.TempDir()
	p.cmd.Stdout, p.cmd.Stderr = &p.output, &p.output
	if err := p.cmd.Start(); err != nil {
		s.t.Fatalf("start %s: %v", name, err)
	}
	go func() { defer close(p.done); p.err = p.cmd.Wait() }()
	s.running = append(s.running, p)
	if check != nil {
		s.awaitHealth(p, service, check, env)
	}
}

// awaitHealth gives a service the time that compose gives it.
func (s *stage) awaitHealth(p *process, service types.ServiceConfig, check, env []string) {
	s.t.Helper()
	h := service.HealthCheck
	deadline := time.Now().Add(time.Duration(*h.StartPeriod) + time.Duration(*h.Retries)*time.Duration(*h.Interval))
	for {
		err := s.exec(check, env)
		if err == nil {
			return
		}
		select {
		case <-p.done:
			s.t.Fatalf("%s ended: %v\n%s", p.name, p.err, p.output.String())
		case <-time.After(100 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			p.cmd.Process.Kill()
			<-p.done
			s.t.Fatalf("%s is not healthy: %v\n%s", p.name, err, p.output.String())
		}
	}
}

func (s *stage) exec(argv, env []string) error {
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Env = env
	if output, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, bytes.TrimSpace(output))
	}
	return nil
}

// waitExit waits for a service that ends by itself, and wants it to succeed.
func (s *stage) waitExit(name string) {
	s.t.Helper()
	i := slices.IndexFunc(s.running, func(p *process) bool { return p.name == name })
	p := s.running[i]
	select {
	case <-p.done:
	case <-time.After(2 * time.Minute):
		s.t.Fatalf("%s has not ended", name)
	}
	if p.err != nil {
		s.t.Fatalf("%s: %v\n%s", name, p.err, p.output.String())
	}
	s.running = slices.Delete(s.running, i, i+1)
}

// stop sends SIGTERM as `docker compose stop` does, to a service before those
// that it depends on. Each must end with status 0 in Docker's ten seconds.
func (s *stage) stop() {
	s.t.Helper()
	for _, p := range slices.Backward(s.running) {
		if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
			s.t.Errorf("stop %s: %v", p.name, err)
		}
		select {
		case <-p.done:
		case <-time.After(10 * time.Second):
			s.t.Errorf("%s does not stop", p.name)
			p.cmd.Process.Kill()
			<-p.done
		}
		if p.err != nil {
			s.t.Errorf("%s ended with %v\n%s", p.name, p.err, p.output.String())
		}
	}
	s.running = nil
}

// killAll ends what a test that failed has left running.
func (s *stage) killAll() {
	for _, p := range s.running {
		if err := p.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
			s.t.Errorf("kill %s: %v", p.name, err)
		}
		<-p.done
		if s.t.Failed() {
			s.t.Logf("%s said:\n%s", p.name, p.output.String())
		}
	}
}
