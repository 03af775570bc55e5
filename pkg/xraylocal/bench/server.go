//go:build linux

package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"runtime/debug"
	"runtime/pprof"
	"strings"
	"syscall"
	"time"

	"github.com/bragg-tracing/bragg/pkg/xraylocal"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/servicegraph"
)

// serverVariable names the data directory for a process that is to serve.
const serverVariable = "BRAGG_BENCH_SERVE"

// profileVariable is the name of files for the servers' processor profiles, to
// which the process id is added; none are written if it is not set.
const profileVariable = "BRAGG_BENCH_PROFILE"

// serve is what the process under measurement does: X-Ray Local without
// retention, until it is interrupted.
func serve(dir string) error {
	if name := os.Getenv(profileVariable); name != "" {
		f, err := os.Create(fmt.Sprintf("%s.%d", name, os.Getpid()))
		if err != nil {
			return err
		}
		defer f.Close()
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	debug.SetGCPercent(300) // as `bragg local`
	server, err := xraylocal.Open(xraylocal.Config{
		Dir: dir, Listen: "127.0.0.1:0", TimeBasis: servicegraph.ByDocument, MaxAge: -1, MaxSize: -1,
		Logger: slog.New(slog.NewTextHandler(os.Stderr, nil)),
	})
	if err != nil {
		return err
	}
	if err := server.Start(); err != nil {
		return errors.Join(err, server.Close(context.Background()))
	}
	fmt.Println(server.Addr())
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	<-ctx.Done()
	return server.Close(context.Background())
}

// A process is a server under measurement.
type process struct {
	cmd     *exec.Cmd
	addr    string
	started time.Duration // until it listened
}

func startProcess(dir string) (*process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), serverVariable+"="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	begin := time.Now()
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	addr, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return nil, errors.Join(fmt.Errorf("the server did not start: %w", err), cmd.Wait())
	}
	return &process{cmd: cmd, addr: strings.TrimSpace(addr), started: time.Since(begin)}, nil
}

// stop ends the server, and returns the processor time and the most memory, in
// bytes, that it used.
func (p *process) stop() (cpu time.Duration, memory int64, err error) {
	if err := p.cmd.Process.Signal(os.Interrupt); err != nil {
		return 0, 0, err
	}
	if err := p.cmd.Wait(); err != nil {
		return 0, 0, fmt.Errorf("server: %w", err)
	}
	state := p.cmd.ProcessState
	if usage, ok := state.SysUsage().(*syscall.Rusage); ok {
		memory = usage.Maxrss << 10
	}
	return state.UserTime() + state.SystemTime(), memory, nil
}
