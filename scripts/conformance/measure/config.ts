// Configurations for measurements: one section repeated.
const head = `[unix_http_server]
file=%(here)s/sock
[inet_http_server]
port=127.0.0.1:%(ENV_PORT)s
[supervisord]
logfile=%(here)s/main.log
logfile_maxbytes=0
pidfile=%(here)s/pid
childlogdir=%(here)s
nodaemon=true
silent=true
minfds=4096
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
`

/** `count` programs p000, p001 … with these keys. */
export const programs = (count: number, keys: string): string =>
  head + Array.from({ length: count }, (_, at) => `[program:p${String(at).padStart(3, '0')}]\n${keys}\n`).join('')
