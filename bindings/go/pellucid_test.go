package pellucid

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// A set that finds one mark, and the mark.
func engine(t *testing.T) (*Engine, *Set, string) {
	t.Helper()
	set, err := OpenSet(os.Getenv("PELLUCID_TEST_SET"))
	if err != nil {
		t.Fatal(err)
	}
	engine, err := NewEngine(set)
	if err != nil {
		t.Fatal(err)
	}
	return engine, set, os.Getenv("PELLUCID_TEST_MARK")
}

func TestFilesAreScanned(t *testing.T) {
	engine, _, mark := engine(t)
	path := filepath.Join(t.TempDir(), "marked")
	if err := os.WriteFile(path, []byte("before "+mark), 0o600); err != nil {
		t.Fatal(err)
	}
	result, err := engine.ScanPath(context.Background(), path)
	if err != nil || result.IsClean() || len(result.Findings) != 1 {
		t.Fatal(result, err)
	}
	if one := result.Findings[0]; one.Name != "Test.Mark" || one.Offset != 7 || one.Verdict != "malicious" {
		t.Fatal(one)
	}
	result, err = engine.ScanPath(context.Background(), "/nonexistent")
	if err != nil || result.Completeness != "not-scanned" || result.Reasons[0] != "unreadable" {
		t.Fatal(result, err)
	}
}

func TestStreamsAreScannedWhileSetsAreSwapped(t *testing.T) {
	engine, set, mark := engine(t)
	var group sync.WaitGroup
	for i := 0; i < 8; i++ {
		group.Add(1)
		go func() {
			defer group.Done()
			for j := 0; j < 20; j++ {
				result, err := engine.ScanReader(context.Background(), strings.NewReader("x"+mark))
				if err != nil || len(result.Findings) == 0 || !strings.Contains(result.JSON, "Test.Mark") {
					t.Error(result, err)
				}
			}
		}()
	}
	for i := 0; i < 50; i++ {
		if err := engine.Swap(set, set); err != nil {
			t.Error(err)
		}
	}
	group.Wait()
}

func TestTheContextEndsAScan(t *testing.T) {
	engine, _, mark := engine(t)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	result, err := engine.ScanReader(ctx, strings.NewReader(mark))
	if err != nil || result.IsClean() || result.Reasons[0] != "cancelled" {
		t.Fatal(result, err)
	}
}

func TestFailuresAreErrors(t *testing.T) {
	_, err := OpenSet("/nonexistent")
	var failed *Error
	if !errors.As(err, &failed) || !strings.Contains(err.Error(), "/nonexistent") {
		t.Fatal(err)
	}
	if _, err := NewEngine(); err == nil {
		t.Fatal("nothing ever scans with no signatures")
	}
}
