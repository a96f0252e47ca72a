package notice

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"signpost/host/config"
	"signpost/host/diag"
	"signpost/host/event"
)

const (
	programWait  = 10 * time.Second // that a program may take for one notice
	programGrace = time.Second      // for what it leaves behind with its output
	outputLenMax = 4 << 10          // that is kept of what it prints
)

// program runs once for each notice.
type program struct {
	config config.ExecCheck
	dir    string
	wait   time.Duration // for one run
}

func (t *Teller) startProgram(c config.ExecCheck) *sink {
	s := &sink{name: "the program " + c.Command, kind: "exec", program: &program{config: c, dir: t.options.ExecDir, wait: programWait}}
	return t.start(s, s.runProgram)
}

// runProgram tells what comes until the sink is closed.
func (s *sink) runProgram(ctx context.Context) {
	for {
		closing := false
		select {
		case <-s.closing:
			closing = true
		case <-s.queue.wake:
		}
		for ctx.Err() == nil {
			one, _ := s.queue.take(1)
			if len(one) == 0 {
				break
			}
			s.report(1, s.program.run(ctx, &one[0]))
		}
		if closing {
			return
		}
	}
}

// run runs the program with one notice on its standard input. It gets nothing of the server's environment but where programs are.
func (p *program) run(ctx context.Context, e *event.Event) error {
	path, err := p.path()
	if err != nil {
		return err
	}
	input, err := marshal(e)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, p.wait)
	defer cancel()
	command := exec.CommandContext(ctx, path, p.config.Arguments...)
	command.Dir = p.dir
	command.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), "LANG=C.UTF-8"}
	command.Stdin = bytes.NewReader(input)
	var printed output
	command.Stdout, command.Stderr = &printed, &printed
	command.WaitDelay = programGrace
	killWhole(command)
	err = command.Run()
	switch {
	case err == nil:
		return nil
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return fmt.Errorf("it took longer than %v", p.wait)
	}
	if said := printed.firstLine(); said != "" {
		return fmt.Errorf("%w: %s", err, said)
	}
	return err
}

// path is the program's, which stands in the directory for such programs itself.
func (p *program) path() (string, error) {
	name := p.config.Command
	if name != filepath.Base(name) || !filepath.IsLocal(name) || name == "." {
		return "", fmt.Errorf("%q is not the name of a program in %s", name, p.dir)
	}
	return filepath.Abs(filepath.Join(p.dir, name))
}

// output keeps the beginning of what a program prints, and takes the rest.
type output struct{ text []byte }

func (o *output) Write(p []byte) (int, error) {
	o.text = append(o.text, p[:min(len(p), outputLenMax-len(o.text))]...)
	return len(p), nil
}

func (o *output) firstLine() string {
	first, _, _ := strings.Cut(strings.TrimSpace(string(o.text)), "\n")
	return diag.OneLine(strings.ToValidUTF8(first[:min(len(first), saidLenMax)], ""))
}
