package freeport

import (
	"net"
	"sync"
	"testing"
)

func TestAddressConcurrentSafe(t *testing.T) {
	var mu sync.Mutex
	seen := map[string]bool{}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 20 {
				address, err := Address("tcp", "udp")
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				if seen[address] {
					t.Errorf("%s twice", address)
				}
				seen[address] = true
				mu.Unlock()
			}
		})
	}
	all.Wait()
}

// TestTakenPortsAreNotFree: of one network suffices.
func TestTakenPortsAreNotFree(t *testing.T) {
	address, err := Address("udp")
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.ListenPacket("udp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if try(address, []string{"tcp", "udp"}) == nil {
		t.Errorf("%s is taken", address)
	}
}
