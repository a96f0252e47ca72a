package main

import "strconv"

// echoCommand is the hidden subcommand that runs the echo floor: peerbench echo ADDR THREADS.
const echoCommand = "echo"

// echoPeer is the floor: what the kernel charges for a datagram in and out.
func echoPeer() peer {
	return peer{
		name: echoCommand, title: "echo floor", echo: true, dialect: dialectPlain, zonePath: standardZonePath,
		prepare: func(s site) (setup, error) {
			return setup{args: []string{echoCommand, s.addr(), strconv.Itoa(s.threads)}, env: []string{"GODEBUG=asyncpreemptoff=1"}}, nil
		},
	}
}
