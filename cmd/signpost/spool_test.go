package main

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
)

// Protects the order of what is said to two places.
func TestSpoolKeepsOrder(t *testing.T) {
	var out bytes.Buffer
	s := newSpool(func(int) {})
	a, b := s.to(&out), s.to(struct{ io.Writer }{&out})
	want := ""
	for i := range 1000 {
		to := a
		if i%3 == 0 {
			to = b
		}
		text := fmt.Sprintln(i)
		want += text
		if n, err := to.Write([]byte(text)); n != len(text) || err != nil {
			t.Fatalf("Write: got %d %v", n, err)
		}
	}
	s.close()
	if got := out.String(); got != want {
		t.Errorf("got %q, want the numbers from 0 to 999", got)
	}
}

// Protects the server from a reader that stands still: writing and closing return, memory is bounded, the loss is told afterwards.
func TestSpoolWithoutReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reader, writer := io.Pipe()
		var s *spool
		s = newSpool(func(count int) { fmt.Fprintf(s.to(writer), "%d lost\n", count) })
		line := []byte(strings.Repeat("x", 1023) + "\n")
		const lines = 5000
		for range lines {
			if _, err := s.to(writer).Write(line); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		read := make(chan string)
		go func() {
			text, _ := io.ReadAll(reader)
			read <- string(text)
		}()
		synctest.Wait()
		if s.waiting != 0 {
			t.Errorf("got %d bytes waiting after everything was read, want 0", s.waiting)
		}
		s.close()
		_ = writer.Close()
		text := <-read
		kept := strings.Count(text, "x\n")
		if want := fmt.Sprintf("%d lost\n", lines-kept); kept < spoolMax/2048 || kept > 2*spoolMax/1024 || !strings.HasSuffix(text, want) {
			t.Errorf("got %d lines and %q at the end, want about %d and %q", kept, text[max(0, len(text)-20):], spoolMax/1024, want)
		}
	})
}

// Protects the end of the process.
func TestSpoolClosesWithoutReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reader, writer := io.Pipe()
		s := newSpool(func(int) {})
		fmt.Fprintln(s.to(writer), "nobody reads this")
		s.close() // a write that hangs would be a deadlock
		fmt.Fprintln(s.to(writer), "nor this")
		_ = reader.Close() // ends the write: the test has to
	})
}
