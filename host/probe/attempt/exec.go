package attempt

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"signpost/host/config"
	"signpost/host/diag"
)

const (
	outputMax = 4 << 10 // of what a program prints is looked at
	outputLen = 200     // of its first line is told
	// killWait is how long a program that was killed may take to end. One that waits for a dead disk does not end at all.
	killWait = time.Second
	// lateWait is how long after its end somebody whom it has started, and who is out of reach, may hold what it prints to.
	lateWait = 50 * time.Millisecond
)

// execProber is the Prober of CheckExec.
type execProber struct {
	name   string
	check  config.ExecCheck
	dir    string
	within time.Duration
	pos    diag.Pos
}

func newExec(name string, c *config.Check, o Options) (*execProber, error) {
	p := &execProber{name, c.Exec, o.ExecDir, c.Respond, c.Pos}
	_, err := p.program()
	return p, err
}

func (p *execProber) Close() {}

// program finds the program. It is a file of the directory itself: neither a path nor a link leads out of it.
func (p *execProber) program() (string, error) {
	command := p.check.Command
	if p.dir == "" {
		return "", &Obstacle{p.pos, "exec: programs run only with --exec-dir DIR"}
	}
	if command == "" || command == "." || command == ".." || strings.ContainsAny(command, `/\`) || strings.ContainsRune(command, 0) {
		return "", &Obstacle{p.pos, "exec: " + quote(command) + " is not the name of a program in the directory of --exec-dir"}
	}
	dir, err := filepath.Abs(p.dir)
	if err == nil {
		dir, err = filepath.EvalSymlinks(dir)
	}
	if err != nil {
		return "", unreadable(config.File{Path: "exec: --exec-dir", Pos: p.pos}, err)
	}
	path, err := filepath.EvalSymlinks(filepath.Join(dir, command))
	if err != nil {
		return "", unreadable(config.File{Path: "exec: " + command, Pos: p.pos}, err)
	}
	if inside, err := filepath.Rel(dir, path); err != nil || !filepath.IsLocal(inside) {
		return "", &Obstacle{p.pos, "exec: " + command + " is a link out of the directory of --exec-dir"}
	}
	if _, err := exec.LookPath(path); err != nil {
		return "", &Obstacle{p.pos, "exec: " + command + " is not executable"}
	}
	return path, nil
}

// Attempt runs the program.
func (p *execProber) Attempt(ctx context.Context, endpoint string) Result {
	started := time.Now()
	if ctx.Err() != nil {
		return failed(started, 0, stopped)
	}
	path, err := p.program()
	if err != nil {
		return failed(started, 0, err.Error())
	}
	command := exec.Command(path)
	for _, argument := range p.check.Arguments {
		command.Args = append(command.Args, strings.ReplaceAll(argument, "%ENDPOINT%", endpoint))
	}
	command.Args[0] = p.check.Command
	command.Dir = filepath.Dir(path)
	command.Env = append(environment(), "SIGNPOST_ENDPOINT="+endpoint, "SIGNPOST_CHECK="+p.name)
	apart(command)
	output, writer, err := os.Pipe()
	if err != nil {
		return refused(started, reason("exec", p.within, err), err)
	}
	defer output.Close()
	command.Stdout, command.Stderr = writer, writer // files: package exec starts no goroutine to copy
	err = command.Start()
	writer.Close()
	if err != nil {
		return refused(started, reason("exec", p.within, err), err)
	}
	return p.await(ctx, command, output, started)
}

// await waits for the program, and kills it and all that it has started at the timeout.
func (p *execProber) await(ctx context.Context, command *exec.Cmd, output *os.File, started time.Time) Result {
	last := started.Add(p.within + killWait)
	output.SetReadDeadline(last)
	timer := time.AfterFunc(time.Until(started.Add(p.within)), func() { killAll(command) })
	defer timer.Stop()
	defer context.AfterFunc(ctx, func() { killAll(command) })()
	ended := make(chan error, 1)
	// One of the few goroutines below floor 5: what a program prints and its end are waited for together. It ends with the program.
	go func() {
		err := reap(command)
		output.SetReadDeadline(time.Now().Add(lateWait))
		ended <- err
	}()
	said := firstLine(output)
	select {
	case err := <-ended:
		if inTime := timer.Stop(); ctx.Err() == nil && inTime {
			return p.judge(started, said, err)
		}
	case <-time.After(time.Until(last)):
		return failed(started, 0, "timeout after "+p.within.String()+", and it cannot be killed")
	}
	if ctx.Err() != nil {
		return failed(started, 0, stopped)
	}
	return failed(started, 0, "timeout after "+p.within.String())
}

// judge tells how a program ended.
func (p *execProber) judge(started time.Time, said string, err error) Result {
	var exit *exec.ExitError
	switch {
	case err == nil && said == "":
		return passed(started, 0, "exit status 0")
	case err == nil:
		return passed(started, 0, said)
	case !errors.As(err, &exit):
		return refused(started, reason("exec", p.within, err), err)
	case said == "":
		return failed(started, 0, exit.String())
	}
	return failed(started, 0, exit.String()+": "+said)
}

// firstLine reads all that a program prints, so that none waits for a reader, and returns the first line.
func firstLine(output *os.File) string {
	raw, length := make([]byte, 2*outputMax), 0
	for {
		n, err := output.Read(raw[length:])
		length = min(length+n, outputMax) // what comes later is read over
		if err != nil {
			break
		}
	}
	text, _, _ := strings.Cut(strings.TrimSpace(string(raw[:length])), "\n")
	return diag.OneLine(strings.ToValidUTF8(strings.TrimSpace(text[:min(len(text), outputLen)]), ""))
}
