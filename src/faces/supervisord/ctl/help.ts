// `help`: the list of actions, and a few lines about each. Tabs and words are those that users' eyes and scripts know.

const topics = {
  add: ['add <name> [...]\tActivates any updates in config for process/group'],
  avail: ['avail\t\t\tDisplay all configured processes'],
  clear: [
    "clear <name>\t\tClear a process' log files.",
    "clear <name> <name>\tClear multiple process' log files",
    "clear all\t\tClear all process' log files",
  ],
  exit: ['exit\tExit the supervisor shell.'],
  fg: ['fg <process>\tConnect to a process in foreground mode', '\t\tCtrl-C to exit'],
  help: ['help\t\tPrint a list of available actions', 'help <action>\tPrint help for <action>'],
  maintail: [
    'maintail -f \tContinuous tail of supervisor main log file (Ctrl-C to exit)',
    'maintail -100\tlast 100 *bytes* of supervisord main log file',
    'maintail\tlast 1600 *bytes* of supervisor main log file',
    '',
  ],
  open: [
    'open <url>\tConnect to a remote supervisord process.',
    '\t\t(for UNIX domain socket, use unix:///socket/path)',
  ],
  pid: [
    'pid\t\t\tGet the PID of supervisord.',
    'pid <name>\t\tGet the PID of a single child process by name.',
    'pid all\t\t\tGet the PID of every child process, one per line.',
  ],
  quit: ['quit\tExit the supervisor shell.'],
  reload: ['reload \t\tRestart the remote supervisord.'],
  remove: ['remove <name> [...]\tRemoves process/group from active config'],
  reread: ["reread \t\t\tReload the daemon's configuration files without add/remove"],
  restart: [
    'restart <name>\t\tRestart a process',
    'restart <gname>:*\tRestart all processes in a group',
    'restart <name> <name>\tRestart multiple processes or groups',
    'restart all\t\tRestart all processes',
    'Note: restart does not reread config files. For that, see reread and update.',
  ],
  'rolling-restart': [
    'rolling-restart <gname>:*\tRestart all processes in a group, one after the other',
    'rolling-restart <name> <name>\tRestart these processes, one after the other',
    'rolling-restart all\t\tRestart all processes, one after the other',
    'Each is RUNNING, and healthy where that is checked, before the next is stopped. The first failure ends it.',
  ],
  shutdown: ['shutdown \tShut the remote supervisord down.'],
  signal: [
    'signal <signal name> <name>\t\tSignal a process',
    'signal <signal name> <gname>:*\t\tSignal all processes in a group',
    'signal <signal name> <name> <name>\tSignal multiple processes or groups',
    'signal <signal name> all\t\tSignal all processes',
  ],
  start: [
    'start <name>\t\tStart a process',
    'start <gname>:*\t\tStart all processes in a group',
    'start <name> <name>\tStart multiple processes or groups',
    'start all\t\tStart all processes',
  ],
  status: [
    'status <name>\t\tGet status for a single process',
    'status <gname>:*\tGet status for all processes in a group',
    'status <name> <name>\tGet status for multiple named processes',
    'status\t\t\tGet all process status info',
  ],
  stop: [
    'stop <name>\t\tStop a process',
    'stop <gname>:*\t\tStop all processes in a group',
    'stop <name> <name>\tStop multiple processes or groups',
    'stop all\t\tStop all processes',
  ],
  tail: [
    'tail [-f] <name> [stdout|stderr] (default stdout)',
    'Ex:',
    'tail -f <name>\t\tContinuous tail of named process stdout',
    '\t\t\tCtrl-C to exit.',
    'tail -100 <name>\tlast 100 *bytes* of process stdout',
    'tail <name> stderr\tlast 1600 *bytes* of process stderr',
  ],
  update: [
    'update\t\t\tReload config and add/remove as necessary, and will restart affected programs',
    'update all\t\tReload config and add/remove as necessary, and will restart affected programs',
    'update <gname> [...]\tUpdate specific groups',
  ],
  version: ['version\t\t\tShow the version of the remote supervisord process'],
} as const satisfies Record<string, readonly string[]>

export type Topic = keyof typeof topics

/** Whether there is such an action. */
export const isTopic = (word: string): word is Topic => Object.hasOwn(topics, word)

/** For completion, in the real one's order. */
export const actions: readonly Topic[] = [
  'help',
  ...Object.keys(topics)
    .filter(isTopic)
    .filter((name) => name !== 'help'),
]

/** What `help ACTION` says. */
export const helpOn = (topic: Topic): string => topics[topic].join('\n')

/** What `help` alone shows, to the letter: columns as Python's cmd.Cmd lays them out. What is ours stands in `usage`. */
export const overview = `
default commands (type help <topic>):
=====================================
add    exit      open  reload  restart   start   tail   
avail  fg        pid   remove  shutdown  status  update 
clear  maintail  quit  reread  signal    stop    version
`

/** What `-h` prints. @param program as it was called */
export const usage = (
  program: string,
): string => `supervisorctl -- control applications run by supervisord from the cmd line.

Usage: ${program} [options] [action [arguments]]

Options:
-c/--configuration FILENAME -- read [supervisorctl] from this file (else the usual places are searched)
-s/--serverurl URL -- where supervisord listens, http://host:port or unix:///path/to/socket
     (default "http://localhost:9001"; as "pidpiper ctl", the control socket of an agent that runs here).
-u/--username USERNAME -- name for a server that asks for one
-p/--password PASSWORD -- password that goes with it
-r/--history-file FILENAME -- keep the lines of the shell in this file
-i/--interactive -- behave as the shell does: ask before shutdown and reload
-h/--help -- print this text and exit
--json -- print one JSON document: command, exitCode, results
--watch[=SECONDS] -- repeat status every SECONDS (2), until Ctrl-C

Actions are commands like "tail" or "stop". Names may be patterns: "restart web*".
One of them is new: "rolling-restart group:*" restarts one process after the other (see "help rolling-restart").
Without an action a shell reads actions, line by line. The action "help" lists the others.
`
