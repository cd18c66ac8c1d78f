// What echo_supervisord_conf prints: a file to start from. What is set is what a first try needs; every other key stands
// in a comment with its default, or with an example where it has none.

/** Sections and active values are those of supervisord's own sample. */
export const sampleConfiguration = `; Sample supervisor config file.
;
; Remove the semicolon in front of a line to use it; a value behind it is the default unless it is called an example.
; A semicolon or hash sign with a blank before it starts a comment, also after a value and also within quotes.
; %(ENV_HOME)s becomes the environment variable HOME, %(here)s the folder of this file, %% a percent sign.

[unix_http_server]
file=/tmp/supervisor.sock   ; path of the socket that supervisorctl connects to
;chmod=0700                 ; mode of the socket
;chown=nobody:nogroup       ; example; owner of the socket, user or user:group; else the user of supervisord
;username=user              ; example; ask clients for a name, together with a password
;password=123               ; example; plain, or {SHA} and the 40 hex digits of its SHA-1

; Whoever can connect here controls all programs: set a name and a password.
;[inet_http_server]
;port=127.0.0.1:9001        ; example; host:port, :port or *:port for all addresses
;username=user              ; example
;password=123               ; example

[supervisord]
logfile=/tmp/supervisord.log ; the main log; default supervisord.log in the folder it is started in
logfile_maxbytes=50MB        ; size at which the main log is rotated; 0 is never
logfile_backups=10           ; old main logs to keep
loglevel=info                ; critical, error, warn, info, debug, trace or blather
pidfile=/tmp/supervisord.pid ; default supervisord.pid in the folder it is started in
nodaemon=false               ; true: stay in the foreground (as PID 1 always)
silent=false                 ; true: in the foreground, no copy of the main log on stdout
minfds=1024                  ; open files that must be allowed
minprocs=200                 ; processes that must be allowed
;umask=022                   ; of supervisord when it daemonises
;user=supervisor             ; example; user to become, when started as root
;identifier=supervisor       ; name of this supervisord, for events and AUTO logs
;directory=/tmp              ; example; folder to work in when it daemonises
;nocleanup=false             ; true: leave AUTO logs of earlier runs alone
;childlogdir=/tmp            ; folder for AUTO logs; default the system's temporary folder
;environment=KEY="value"     ; example; for all programs
;strip_ansi=false            ; true: take colour codes out of logs

; Without this section supervisorctl and the web page have nobody to talk to.
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface

[supervisorctl]
serverurl=unix:///tmp/supervisor.sock ; default http://localhost:9001
;username=user               ; example; as the server asks for
;password=123                ; example
;prompt=supervisor           ; what the shell shows
;history_file=~/.sc_history  ; example; keep the lines of the shell

; One such section for each program. Keys of the last part are pidpiper's own, supervisord ignores them.
;[program:theprogramname]
;command=/bin/cat              ; required; the program and its arguments, no shell is involved
;process_name=%(program_name)s ; with numprocs above 1 it needs %(process_num), as in %(program_name)s_%(process_num)02d
;numprocs=1                    ; processes to start
;numprocs_start=0              ; number of the first
;directory=/tmp                ; example; folder to work in
;umask=022                     ; example; else that of supervisord
;priority=999                  ; low ones start first and stop last
;autostart=true                ; start with supervisord
;autorestart=unexpected        ; after an exit: true, false, or unexpected: when the code is not in exitcodes
;startsecs=1                   ; seconds it has to stay up to count as started
;startretries=3                ; failed starts in a row before it is given up
;exitcodes=0                   ; expected exit codes, separated by commas
;stopsignal=TERM               ; signal that ends it
;stopwaitsecs=10               ; seconds until SIGKILL
;stopasgroup=false             ; send the stop signal to its whole process group
;killasgroup=false             ; send SIGKILL to its whole process group; default as stopasgroup
;user=chrism                   ; example; user to run as, when supervisord is root
;redirect_stderr=false         ; put stderr into the log of stdout
;stdout_logfile=AUTO           ; path, /dev/stdout, NONE, or AUTO for a file that goes with the next start
;stdout_logfile_maxbytes=50MB  ; size at which it is rotated; 0 is never
;stdout_logfile_backups=10     ; old logs to keep
;stdout_capture_maxbytes=0     ; above 0: text between the tokens of capture mode becomes an event
;stdout_events_enabled=false   ; true: what is written becomes PROCESS_LOG events
;stdout_syslog=false           ; true: send it to syslog too
;stderr_logfile=AUTO           ; for stderr as for stdout
;stderr_logfile_maxbytes=50MB
;stderr_logfile_backups=10
;stderr_capture_maxbytes=0
;stderr_events_enabled=false
;stderr_syslog=false
;environment=A="1",B="2"       ; example; added to the environment of supervisord
;serverurl=AUTO                ; SUPERVISOR_SERVER_URL in its environment; AUTO: the first server of this file
; -- pidpiper's own:
;depends_on=db,cache           ; example; programs and groups that have to be RUNNING first
;exit_on=never                 ; fatal or exit: supervisord ends with it, with its exit code, as containers want
;envfiles=/etc/app.env         ; example; files with lines KEY=value, before environment
;restart_delay=0.5             ; example; seconds between an exit and the restart; else at once
;backoff_max=30                ; example; seconds between failed starts at most; else 1, 2, 3 ... without end
;log_format=raw                ; lines in its logs: raw as they are, prefix with name and time, or json
;user_environment=false        ; HOME, USER and LOGNAME as user has them
;numprocs_live=false           ; true: another numprocs starts and stops only the processes that come and go
;healthcheck_http=http://127.0.0.1:8080/health ; example; an answer of 200 ... 399 is healthy; or one of these two:
;healthcheck_command=/bin/check ; example; 0 is healthy
;healthcheck_tcp=127.0.0.1:80  ; example; who can be connected to is healthy
;healthcheck_interval=10       ; seconds between two checks
;healthcheck_timeout=5         ; seconds for one
;healthcheck_retries=3         ; failures in a row until it is restarted
;healthcheck_start_period=0    ; seconds after the start in which failures do not count
;memory_limit=512MB            ; example; more in memory, and it is restarted
;pre_start=/bin/prepare        ; example; before each start, which fails with it
;post_start=/bin/announce      ; example; when it is RUNNING
;post_stop=/bin/clean          ; example; after a stop
;on_exit=/bin/mail             ; example; after an end that nobody asked for
;hook_timeout=30               ; seconds until such a command is killed
;rlimit_nofile=4096:8192       ; example; soft:hard, one value for both, or unlimited
;rlimit_core=0                 ; example; bytes
;rlimit_as=2GB                 ; example
;rlimit_cpu=3600               ; example; seconds
;rlimit_data=1GB               ; example
;rlimit_fsize=1GB              ; example
;rlimit_memlock=64KB           ; example
;rlimit_nproc=500              ; example
;rlimit_sigpending=1000        ; example
;rlimit_stack=8MB              ; example; 1MB at least
;stdout_logfile_compress=false ; true: old logs become .1.gz, .2.gz ...
;stderr_logfile_compress=false

; A listener reads events on stdin and answers on stdout. All keys of a program but redirect_stderr, and:
;[eventlistener:theeventlistenername]
;command=/bin/eventlistener    ; example
;events=EVENT                  ; required; names of events, separated by commas: PROCESS_STATE, TICK_60, ...
;buffer_size=10                ; events that may wait
;priority=-1
;result_handler=supervisor.dispatchers:default_handler ; no other is known here

; Processes that share a listening socket on their stdin. All keys of a program, and:
;[fcgi-program:thefcgiprogramname]
;command=/usr/bin/example.fcgi ; example
;socket=unix:///var/run/%(program_name)s.sock ; required, an example; or tcp://localhost:9002
;socket_backlog=128            ; example; connections that may wait, else what the system allows
;socket_owner=chrism           ; example; user or user:group, of a unix socket
;socket_mode=0700              ; of a unix socket

; Programs to name and order together, as thegroupname:progname1.
;[group:thegroupname]
;programs=progname1,progname2  ; required, an example
;priority=999

; Further files are read after this one, in the order given, sorted within each pattern.
;[include]
;files = relative/directory/*.ini ; example; patterns separated by blanks
`
