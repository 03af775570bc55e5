package truth

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"testing"

	"github.com/bragg-tracing/bragg/pkg/collector/collectortest"
)

// postgres is a cluster that lasts as long as the tests.
var postgres struct {
	once sync.Once
	err  error
	dir  string
	url  string
	stop func() error
}

// postgresURL returns the data source name of a PostgreSQL server, which is
// started with the first call.
func postgresURL(t *testing.T) string {
	t.Helper()
	postgres.once.Do(func() { postgres.err = startPostgres() })
	if postgres.err != nil {
		t.Fatalf("PostgreSQL: %v (Debian: apt-get install postgresql)", postgres.err)
	}
	return postgres.url
}

// startPostgres makes a cluster in a directory of its own, which only its unix
// socket and a free port of 127.0.0.1 lead to. PostgreSQL does not run as root:
// then it runs as Debian's user postgres.
func startPostgres() error {
	bin, err := postgresBin()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "truth-postgres-")
	if err != nil {
		return err
	}
	postgres.dir = dir
	attr := &syscall.SysProcAttr{}
	if os.Geteuid() == 0 {
		u, err := user.Lookup("postgres")
		if err != nil {
			return err
		}
		uid, _ := strconv.Atoi(u.Uid)
		gid, _ := strconv.Atoi(u.Gid)
		attr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)} //nolint:gosec // ids are no larger
		if err := os.Chown(dir, uid, gid); err != nil {
			return err
		}
	}
	port, err := collectortest.FreePort()
	if err != nil {
		return err
	}
	run := func(name string, args ...string) error {
		cmd := exec.Command(filepath.Join(bin, name), args...)
		cmd.SysProcAttr, cmd.Dir, cmd.Env = attr, dir, []string{"PATH=/usr/bin:/bin", "LC_ALL=C"}
		var out bytes.Buffer
		cmd.Stderr = &out
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("%s: %w: %s", name, err, out.String())
		}
		return nil
	}
	data := filepath.Join(dir, "data")
	if err := run("initdb", "-D", data, "-U", "app", "-A", "trust", "--no-sync", "--no-instructions", "-E", "UTF8"); err != nil {
		return err
	}
	options := fmt.Sprintf("-k %s -p %s -c listen_addresses=127.0.0.1 -c fsync=off -c shared_buffers=1MB -c max_connections=10 -c autovacuum=off", dir, port)
	postgres.stop = func() error { return run("pg_ctl", "-D", data, "-m", "immediate", "-w", "stop") }
	if err := run("pg_ctl", "-D", data, "-l", filepath.Join(dir, "log"), "-o", options, "-w", "-t", "20", "start"); err != nil {
		log, _ := os.ReadFile(filepath.Join(dir, "log"))
		return fmt.Errorf("%w: %s", err, log)
	}
	postgres.url = "postgres://app:secret@127.0.0.1:" + port + "/postgres?sslmode=disable"
	return nil
}

// postgresBin is where Debian puts the programs of the newest version.
func postgresBin() (string, error) {
	dirs, err := filepath.Glob("/usr/lib/postgresql/*/bin")
	if err != nil || len(dirs) == 0 {
		return "", errors.New("/usr/lib/postgresql is not there")
	}
	return slices.Max(dirs), nil
}

func stopPostgres() error {
	if postgres.dir == "" {
		return nil
	}
	var err error
	if postgres.stop != nil {
		err = postgres.stop()
	}
	return errors.Join(err, os.RemoveAll(postgres.dir))
}
