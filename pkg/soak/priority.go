package main

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"syscall"
)

// harnessNice is how far this process stands back from the collector and the
// demo. What it runs (X-Ray, New Relic, everybody who sends) is elsewhere in
// real life, and must not take the processors from what is being judged.
const harnessNice = 10

// programs starts programs with the priority that this process had when it
// began. Nil starts them as they come.
var programs chan func()

// stepBack gives every thread of this process the lower priority, but for one,
// which starts the programs: the kernel keeps a priority for each thread, and
// what a thread starts has its.
func stepBack() error {
	programs = make(chan func())
	thread := make(chan int)
	go func() {
		runtime.LockOSThread()
		thread <- syscall.Gettid()
		for start := range programs {
			start()
		}
	}()
	starter := <-thread
	for range 2 { // a thread may come from one that was not asked yet
		tasks, err := os.ReadDir("/proc/self/task")
		if err != nil {
			return fmt.Errorf("lower the priority: %w", err)
		}
		for _, task := range tasks {
			if id, err := strconv.Atoi(task.Name()); err == nil && id != starter {
				syscall.Setpriority(syscall.PRIO_PROCESS, id, harnessNice) //nolint:errcheck // it may have ended
			}
		}
	}
	return nil
}

// start starts a program that is killed when this process ends.
func start(cmd *exec.Cmd) error {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if programs == nil {
		return cmd.Start()
	}
	done := make(chan error)
	programs <- func() { done <- cmd.Start() }
	return <-done
}
