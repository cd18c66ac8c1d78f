// What `--help` prints: enough to run a first Calculator without any other document.

const overview = `pidpiper - the entrypoint of a data-processing container: Kafka records become lines on the STDIN of
your program (the Calculator), the lines it writes to STDOUT become Kafka records.

Usage
  pidpiper [run] --bin PROGRAM [--args A,B] [--in FILE] [--out FILE]   run the Calculator
  pidpiper -c FILE [--bin PROGRAM ...]   run a supervisord configuration, and a Calculator beside it
  pidpiper check [--json]      show the configuration in force and where it comes from
  pidpiper check -c FILE       explain a supervisord configuration and what in it will not work
  pidpiper health [--ready]    ask the running agent, for HEALTHCHECK and probes
  pidpiper doctor              look at Kafka, Consul, the Calculator and the container, and name the cures
  pidpiper dlq ls|show|replay|purge   dead letters: look, send them back, delete them
  pidpiper consul policy       the rights that the agent's Consul token needs
  pidpiper ctl [ACTION]        supervisorctl: control this agent, or any supervisord
  pidpiper install             give this file the names of supervisord's programs
  pidpiper help COMMAND        more about one command
  pidpiper --version

Your program reads lines, writes lines that end in a newline, flushes before it waits for more, and logs to STDERR.

Try it without Kafka
  printf 'one\\ntwo\\n' | OUTPUT_FORMAT=raw pidpiper --bin tr --args a-z,A-Z --in - --out -

In a container
  ENTRYPOINT ["/opt/pidpiper"]
  CMD ["--bin", "python3", "--args", "/opt/app/main.py,/var/model"]

Variables you will need (all of them: docs/variables.md, or pidpiper check)
  NODE_ID          workspace id, required with Kafka or Consul
  KAFKA_DSN        brokers, host:port[,host:port...]
  INPUT_TOPICS     topics to read           OUTPUT_TOPIC   topic to write
  CONSUL_DSN       Consul agent, host:port; brings registration and the run document
  PROGRAM          the Calculator, where --bin is not given
  OUTPUT_JSON      true embeds each line as JSON    OUTPUT_FORMAT  raw sends plain lines
  PROTOCOL         relay, one-to-one, keyed, many, sink, source or batch
  HTTP_LISTEN      health and metrics, :8080        LOG_LEVEL      info

Exit codes
  0 clean stop    the Calculator's own code, or 128 + signal, where it ends the container
  64 wrong command line    69 a needed service or port is not available    70 bug    78 wrong configuration
  76 with --in: the Calculator broke its PROTOCOL
`

const streamOptions = `  --bin PROGRAM   absolute path or a name in PATH; wins over PROGRAM
  --args A,B      arguments of the Calculator, separated by commas; \\, is a comma, '' is none
  --arg A         one argument as it is; may be repeated
  --in FILE       read lines from a file instead of Kafka; - is stdin
  --out FILE      write lines to a file instead of Kafka; - is stdout
The word after --bin, --args and --arg is its value even when it begins with dashes; --bin=X works too.
`

const run = `pidpiper [run] - start the Calculator and keep it fed and alive until SIGTERM.

Options
${streamOptions}
Examples
  pidpiper --bin python3 --args /opt/app/main.py,/var/model
  pidpiper --bin /opt/app/score --args --logs=stderr,/var/model
  pidpiper --bin cat --in records.txt --out -

With --in the Calculator's exit code is the agent's, once the input has ended; it is 76 where the protocol was not kept:
records without an answer, or a line too many. An input that cannot be read on (or has a line above 64 MiB), and an
output that cannot be written, end it with 69. SIGTERM drains, a second one does not.
`

const check = `pidpiper check - show the configuration in force, each value with its origin; secrets are masked.

Options
  --json          for programs: variables, problems, warnings
${streamOptions}
Examples
  pidpiper check --bin python3 --args /opt/app/main.py
  pidpiper check --json | jq -r '.problems[] | .name + " " + .expected'
  pidpiper check -c /etc/supervisor/supervisord.conf    a supervisord configuration; CONFIG_FILE is looked at, too

Connects to nothing: pidpiper doctor does. Exit code 0, or 78 (with -c 2) with every problem in one message.
`

const health = `pidpiper health - ask the agent of this container how it is, on HTTP_LISTEN.

Options
  --ready         ask /readyz (is data flowing) instead of /livez (is the agent alive)

Examples
  HEALTHCHECK CMD ["/opt/pidpiper", "health"]            in a Dockerfile
  kubectl exec POD -- /opt/pidpiper health --ready       why it is not ready

Exit code 0 when the answer is good, 1 when it is not or none comes. What lies behind it: curl localhost:8080/status
`

const doctor = `pidpiper doctor - look at everything the agent will need, and say what to do about what is wrong.

Options
  --json          for programs: problems, warnings, findings
  --no-calculator   do not start the Calculator
${streamOptions}
Looks at: the configuration, the container (memory, processes, open files, health port, STATE_DIR), Consul (answer,
clock, token, rights, run document), each broker (TLS, login, versions), topics and their partitions, who may read and
write them, the dead-letter topic, the consumer group and its members, the producer, the Calculator's start.
Run it in the agent's container. Nothing is registered, joined or written; the Calculator is started once, for a second
or for CALCULATOR_STARTSECS (5 s at most), gets no record, and is ended again.

Examples
  kubectl exec POD -- /opt/pidpiper doctor
  docker run --rm --env-file agent.env my-image doctor --no-calculator

Exit codes
  0 no problem (there may be warnings)    1 a problem    64 wrong words    78 wrong configuration
`

const consul = `pidpiper consul policy - print the rights that the agent's Consul token needs, and no more.

Options
  --json          as JSON instead of HCL; Consul takes both

Example
  pidpiper consul policy | consul acl policy create -name pidpiper -rules -

Uses NODE_ID, CONSUL_NAME_TPL, CONSUL_DIR and CONSUL_NAMESPACE; connects to nothing.
Exit code 0, or 78 where one of them is wrong or NODE_ID is missing.
`

const dlq = `pidpiper dlq ACTION - records that could not be processed or delivered, in the dead-letter topic.
Brokers, login and topic are those of the agent's variables: run it in the agent's container.

Actions
  ls                      a line per letter, then how many by reason
  show PARTITION:OFFSET   everything one letter says; --raw writes its value alone
  replay [PARTITION:OFFSET]   send letters back to the topics they came from, each once
  purge                   delete letters up to a point, from the oldest on

Which letters (ls, replay)
  --reason R              of this reason; may be repeated
  --since T, --until T    written at or after, before: 2026-01-31T08:00:00Z, or how long ago, 2h, 7d
  --partition N           of this partition of the dead-letter topic
  --limit N               at most so many

replay
  --to TOPIC              there instead, by key; needed for lines of the Calculator's output
  --force                 also letters that were cut short
  --again                 also letters that were replayed before
  --yes                   do not ask; needed where nobody can be asked, unless PARTITION:OFFSET names the letter

purge
  --before T|OFFSET       written before, or lying before an offset (with --partition); --all: what is there now
  --partition N, --reason R, --replayed   only these; a purge ends at the first letter that is not meant
  --yes                   do it; without it you are told what would be done

Examples
  pidpiper dlq ls --since 2h --limit 20
  pidpiper dlq show 0:15
  pidpiper dlq replay --reason crash --yes

Always
  --topic T               instead of DEAD_LETTER_TOPIC
  --json                  for programs; ls writes a line per letter

Exit codes
  0 done, or no letters    1 refused by Kafka or by you, some letters could not be sent, or there is no such topic
  64 wrong words, or --yes is missing    69 Kafka cannot be reached    78 wrong configuration
  130, 143 interrupted; what was sent is not sent again
`

const install = `pidpiper install - link the names supervisord, supervisorctl, echo_supervisord_conf, pidproxy and pidpiper to
this file.

Options
  --prefix DIR    links go to DIR/bin, the unit to DIR/lib/systemd/system; /usr/local unless given
  --systemd       write a unit supervisord.service too
  --dry-run       say what would be done, do nothing
  --force         replace files that are not pidpiper's

Example
  pidpiper install --dry-run --systemd

Exit code 0, or 1 with the list of files in the way; then nothing is changed.
`

const version = `pidpiper --version - print the version.
`

const topics = { run, check, health, doctor, dlq, consul, install, version } as const

/** `topic` null: the help of pidpiper as a whole. */
export const helpText = (topic: keyof typeof topics | null): string => (topic === null ? overview : topics[topic])
